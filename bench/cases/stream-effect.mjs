// @ts-check
import { Readable } from "node:stream"
import { timesRow } from "../harness/budget.mjs"
import { Calls } from "../harness/calls.mjs"
import { loadRapid } from "../harness/library.mjs"
import { rounds } from "../harness/rounds.mjs"
import { rowsFor } from "../harness/rows.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const COUNT = 100_000
const ROUNDS = 5
const items = Array.from({ length: COUNT }, (_, i) => i)

const forms = [
  { form: "", options: { callback: false } },
  { form: ", callback", options: { callback: true } },
]

/**
 * One effect after the other: the next begins when the one before has ended.
 *
 * @type {About}
 */
export const about = {
  title:
    "5 × 100k elements with an effect each, one after the other, collected: something synchronous that the library runs, " +
    "or a callback in a microtask; the floor is an async generator that awaits a value, or a promise",
  rows: () =>
    forms.flatMap(({ form, options }) =>
      rowsFor({
        variants: ["native", "rapid", "effect", "rxjs", "readable"],
        floor: `native${form}`,
        form,
        options,
        rivals: [`rxjs${form}`, `readable${form}`],
        budgets: [timesRow(0.34, `effect${form}`)],
      }),
    ),
}

/** @type {Variant} */
export async function native({ callback }) {
  const effect = callback === true ? promised : made
  return rounds(ROUNDS, async () => {
    const calls = new Calls(COUNT, 1)
    async function* mapped() {
      for (const item of items) yield await effect(calls, item)
    }
    /** @type {number[]} */
    const values = []
    for await (const value of mapped()) values.push(value)
    return calls.verify(values)
  })
}

/** @type {Variant} */
export async function rapid({ callback }) {
  const { Stream, Task } = await loadRapid()
  return rounds(ROUNDS, async () => {
    const calls = new Calls(COUNT, 1)
    const sync = (/** @type {number} */ item) => Task.sync(() => made(calls, item))
    const async = (/** @type {number} */ item) =>
      Task.async((/** @type {(task: import("../../dist/index.js").Task<number>) => void} */ resume) =>
        calls.call(item, (value) => resume(Task.pure(value))),
      )
    const stream = Stream.from(items).mapTask(callback === true ? async : sync)
    return calls.verify(await stream.toArray())
  })
}

/** @type {Variant} */
export async function effect({ callback }) {
  const Effect = await import("effect/Effect")
  const Stream = await import("effect/Stream")
  return rounds(ROUNDS, async () => {
    const calls = new Calls(COUNT, 1)
    const sync = (/** @type {number} */ item) => Effect.sync(() => made(calls, item))
    const async = (/** @type {number} */ item) =>
      Effect.callback((/** @type {(effect: import("effect/Effect").Effect<number>) => void} */ resume) =>
        calls.call(item, (value) => resume(Effect.succeed(value))),
      )
    const stream = Stream.fromIterable(items).pipe(Stream.mapEffect(callback === true ? async : sync))
    return calls.verify(await Effect.runPromise(Stream.runCollect(stream)))
  })
}

/** @type {Variant} */
export async function rxjs({ callback }) {
  const { concatMap, from, lastValueFrom, Observable, of, toArray } = await import("rxjs")
  return rounds(ROUNDS, async () => {
    const calls = new Calls(COUNT, 1)
    const sync = (/** @type {number} */ item) => of(made(calls, item))
    /** @type {(item: number) => import("rxjs").Observable<number>} */
    const async = (item) =>
      new Observable((subscriber) =>
        calls.call(item, (value) => {
          subscriber.next(value)
          subscriber.complete()
        }),
      )
    const stream = from(items).pipe(concatMap(callback === true ? async : sync), toArray())
    return calls.verify(await lastValueFrom(stream))
  })
}

/** @type {Variant} */
export async function readable({ callback }) {
  const effect = callback === true ? promised : made
  return rounds(ROUNDS, async () => {
    const calls = new Calls(COUNT, 1)
    const stream = Readable.from(items).map((item) => effect(calls, item), { concurrency: 1 })
    return calls.verify(await stream.toArray())
  })
}

/**
 * Something that takes no time, and is counted.
 *
 * @param {Calls} calls
 * @param {number} item
 */
function made(calls, item) {
  calls.begin()
  return calls.end(item)
}

/**
 * @param {Calls} calls
 * @param {number} item
 * @returns {Promise<number>}
 */
const promised = (calls, item) => new Promise((resolve) => calls.call(item, resolve))
