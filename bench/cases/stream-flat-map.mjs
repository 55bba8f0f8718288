// @ts-check
import { fasterThan } from "../harness/budget.mjs"
import { expectEqual } from "../harness/expect.mjs"
import { loadRapid } from "../harness/library.mjs"
import { rounds } from "../harness/rounds.mjs"
import { rowsFor } from "../harness/rows.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const ROUNDS = 5
const COUNT = 100_000
const items = Array.from({ length: COUNT }, (_, i) => i)

/** Streams that run side by side, and how many elements each has. */
const STREAMS = 100
const EACH = COUNT / STREAMS
const starts = Array.from({ length: STREAMS }, (_, stream) => stream * EACH)

/**
 * "Nested" is how a loop puts streams together: the last concat has all others inside. Of the merged, rxjs knows no
 * back-pressure: each stream is pushed to its end before the next one begins.
 *
 * @type {About}
 */
export const about = {
  title:
    "5 × streams of streams, made, run and collected: 100k inner ones of 3 elements; a concat of 100k, and one nested " +
    "100k deep; a merge of 100 of 1000 elements each, and one in which each element waits for a microtask; the floor " +
    "is arrays, generators and promises, by hand",
  rows: () =>
    ["", ", concat", ", nested", ", merge", ", waiting"].flatMap((form) =>
      rowsFor({
        variants: [...(form === ", nested" ? [] : ["native"]), "rapid", "effect", "rxjs"],
        floor: form === ", nested" ? "native, concat" : `native${form}`,
        form,
        options: { form },
        rivals: [`rxjs${form}`],
        budgets: [fasterThan(`effect${form}`)],
      }),
    ),
}

/** @type {Variant} */
export async function native({ form }) {
  if (form === "") return rounds(ROUNDS, () => verifyThrees(items.flatMap((n) => [n, n, n])))
  if (form === ", concat") {
    return rounds(ROUNDS, () => {
      const streams = items.map((n) => [n])
      /** @type {number[]} */
      const values = []
      for (const stream of streams) for (const value of stream) values.push(value)
      verify(values)
    })
  }
  async function* from(/** @type {number} */ start) {
    for (let n = start; n < start + EACH; n++) {
      if (form === ", waiting") await microtask()
      yield n
    }
  }
  return rounds(ROUNDS, async () => {
    /** @type {number[]} */
    const values = []
    const drain = async (/** @type {number} */ start) => {
      for await (const value of from(start)) values.push(value)
    }
    await Promise.all(starts.map(drain))
    verifyMerged(values)
  })
}

/** @type {Variant} */
export async function rapid({ form }) {
  const { Stream, Task } = await loadRapid()
  if (form === "") {
    const program = Stream.from(items)
      .flatMap((n) => Stream.of(n, n, n))
      .toArray()
    return rounds(ROUNDS, async () => verifyThrees(await program))
  }
  if (form === ", concat") {
    return rounds(ROUNDS, async () => {
      const [first, ...others] = items.map((n) => Stream.of(n))
      verify(await first.concat(...others).toArray())
    })
  }
  if (form === ", nested") {
    return rounds(ROUNDS, async () => {
      /** @type {import("../../dist/index.js").Stream<number>} */
      let stream = Stream.empty
      for (const n of items) stream = stream.concat(Stream.of(n))
      verify(await stream.toArray())
    })
  }
  const wait = (/** @type {number} */ n) =>
    Task.async((/** @type {(task: import("../../dist/index.js").Task<number>) => void} */ resume) =>
      queueMicrotask(() => resume(Task.pure(n))),
    )
  return rounds(ROUNDS, async () => {
    const streams = starts.map((start) => Stream.range(start, start + EACH))
    const merged = Stream.from(form === ", waiting" ? streams.map((stream) => stream.mapTask(wait)) : streams).mergeAll()
    verifyMerged(await merged.toArray())
  })
}

/** @type {Variant} */
export async function effect({ form }) {
  const Effect = await import("effect/Effect")
  const Stream = await import("effect/Stream")
  const collect = (/** @type {import("effect/Stream").Stream<number>} */ stream) =>
    Effect.runPromise(Stream.runCollect(stream))
  if (form === "") {
    const stream = Stream.fromIterable(items).pipe(Stream.flatMap((n) => Stream.make(n, n, n)))
    return rounds(ROUNDS, async () => verifyThrees(await collect(stream)))
  }
  if (form === ", concat") {
    return rounds(ROUNDS, async () => {
      const streams = items.map((n) => Stream.succeed(n))
      verify(await collect(Stream.flatten(Stream.fromIterable(streams))))
    })
  }
  if (form === ", nested") {
    return rounds(ROUNDS, async () => {
      /** @type {import("effect/Stream").Stream<number>} */
      let stream = Stream.empty
      for (const n of items) stream = Stream.concat(stream, Stream.succeed(n))
      verify(await collect(stream))
    })
  }
  const wait = (/** @type {number} */ n) =>
    Effect.callback((/** @type {(effect: import("effect/Effect").Effect<number>) => void} */ resume) =>
      queueMicrotask(() => resume(Effect.succeed(n))),
    )
  return rounds(ROUNDS, async () => {
    const streams = starts.map((start) => Stream.range(start, start + EACH - 1))
    const all = form === ", waiting" ? streams.map((stream) => Stream.mapEffect(stream, wait)) : streams
    verifyMerged(await collect(Stream.mergeAll(all, { concurrency: "unbounded" })))
  })
}

/** @type {Variant} */
export async function rxjs({ form }) {
  const { concat, concatMap, EMPTY, from, lastValueFrom, merge, Observable, of, range, toArray } = await import("rxjs")
  const collect = (/** @type {import("rxjs").Observable<number>} */ stream) => lastValueFrom(stream.pipe(toArray()))
  if (form === "") {
    const stream = from(items).pipe(concatMap((n) => of(n, n, n)))
    return rounds(ROUNDS, async () => verifyThrees(await collect(stream)))
  }
  if (form === ", concat") {
    return rounds(ROUNDS, async () => verify(await collect(concat(...items.map((n) => of(n))))))
  }
  if (form === ", nested") {
    return rounds(ROUNDS, async () => {
      /** @type {import("rxjs").Observable<number>} */
      let stream = EMPTY
      for (const n of items) stream = concat(stream, of(n))
      verify(await collect(stream))
    })
  }
  /** @type {(n: number) => import("rxjs").Observable<number>} */
  const wait = (n) =>
    new Observable((subscriber) =>
      queueMicrotask(() => {
        subscriber.next(n)
        subscriber.complete()
      }),
    )
  return rounds(ROUNDS, async () => {
    const streams = starts.map((start) => range(start, EACH))
    const all = form === ", waiting" ? streams.map((stream) => stream.pipe(concatMap(wait))) : streams
    verifyMerged(await collect(merge(...all)))
  })
}

/** @returns {Promise<void>} */
const microtask = () => new Promise((resolve) => queueMicrotask(resolve))

/** @param {readonly number[]} values 0, 1, 2 … */
function verify(values) {
  expectEqual(values.length, COUNT, "the number of values")
  expectEqual(
    values.findIndex((value, index) => value !== index),
    -1,
    "the first index out of order",
  )
}

/** @param {readonly number[]} values 0, 0, 0, 1, 1, 1 … */
function verifyThrees(values) {
  expectEqual(values.length, 3 * COUNT, "the number of values")
  expectEqual(
    values.findIndex((value, index) => value !== Math.floor(index / 3)),
    -1,
    "the first index out of order",
  )
}

/** @param {readonly number[]} values those of each stream in their order, the streams in any */
function verifyMerged(values) {
  expectEqual(values.length, COUNT, "the number of values")
  const next = [...starts]
  for (const value of values) expectEqual(value, next[Math.floor(value / EACH)]++, "the next value of its stream")
}
