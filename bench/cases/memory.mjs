// @ts-check
import { loadFp4ts } from "../harness/fp4ts.mjs"
import { loadFunfix } from "../harness/funfix.mjs"
import { memoryInUse } from "../harness/heap.mjs"
import { loadRapid } from "../harness/library.mjs"
import { rowsFor } from "../harness/rows.mjs"
/** @import { About, Reading, Variant } from "../harness/types.d.ts" */

const COUNT = 1_000_000
const inc = () => {}

/**
 * Of some a million do not fit into the heap, as many-sleeps shows: fewer tell what one takes.
 *
 * @type {About}
 */
export const about = {
  title: "bytes per sleeper of 1M, heap and typed arrays, after a forced collection (--expose-gc)",
  rows: () => [
    { name: "native timer", variant: "timer" },
    { name: "native promise", variant: "promise" },
    { name: "rapid shared", variant: "shared", rival: "effect" },
    { name: "rapid closure", variant: "closure", rival: "effect" },
    { name: "rapid held", variant: "held", rival: "effect" },
    { name: "effect", variant: "effect" },
    ...rowsFor({
      variants: ["effect3", "fp4ts", "funfix", "bluebird", "fluture", "effection", "rxjs"],
      reduced: { effect3: 100_000, fp4ts: 100_000, effection: 100_000 },
    }),
  ],
  unit: "B",
  once: true,
  forks: 1,
  flags: ["--expose-gc"],
}

/** @type {Variant} */
export async function timer() {
  return () => weigh((ms) => void setTimeout(inc, ms))
}

/** @type {Variant} */
export async function promise() {
  return () => weigh((ms) => void new Promise((resolve) => setTimeout(resolve, ms)).then(inc))
}

/** @type {Variant} */
export async function shared() {
  const { Task } = await loadRapid()
  return () => weigh((ms) => Task.sleep(ms).map(inc).runAndForget())
}

/** @type {Variant} */
export async function closure() {
  const { Task } = await loadRapid()
  return () =>
    weigh((ms) =>
      Task.sleep(ms)
        .map(() => inc())
        .runAndForget(),
    )
}

/** Its array of 8 bytes each is part of the form. @type {Variant} */
export async function held() {
  const { Task } = await loadRapid()
  return () => {
    /** @type {unknown[]} */
    const fibers = []
    return weigh((ms) => void fibers.push(Task.sleep(ms).map(inc).run()))
  }
}

/** @type {Variant} */
export async function effect() {
  const Effect = await import("effect/Effect")
  return () => weigh((ms) => void Effect.runFork(Effect.map(Effect.sleep(ms), inc)))
}

/** @type {Variant} */
export async function effect3({ count }) {
  const Effect = await import("effect3/Effect")
  return () => weigh((ms) => void Effect.runFork(Effect.map(Effect.sleep(ms), inc)), Number(count))
}

/** @type {Variant} */
export async function fp4ts({ count }) {
  const { IO } = await loadFp4ts()
  return () => weigh((ms) => IO.sleep(ms).map(inc).unsafeRunAsync(inc), Number(count))
}

/** @type {Variant} */
export async function funfix() {
  const { IO, scheduler } = await loadFunfix()
  return () => weigh((ms) => void IO.delayedTick(ms).map(inc).run(scheduler))
}

/** @type {Variant} */
export async function bluebird() {
  const { default: Bluebird } = await import("bluebird")
  return () => weigh((ms) => void Bluebird.delay(ms).then(inc))
}

/** @type {Variant} */
export async function fluture() {
  const { after, value } = await import("fluture")
  return () => weigh((ms) => void value(inc)(after(ms)(undefined)))
}

/** @type {Variant} */
export async function effection({ count }) {
  const { run, sleep } = await import("effection")
  const start = (/** @type {number} */ ms) =>
    void run(function* () {
      yield* sleep(ms)
      inc()
    })
  return () => weigh(start, Number(count))
}

/** @type {Variant} */
export async function rxjs() {
  const { timer } = await import("rxjs")
  return () => weigh((ms) => void timer(ms).subscribe(inc))
}

/**
 * @param {(ms: number) => void} start
 * @param {number} [count]
 * @returns {Promise<Reading>}
 */
async function weigh(start, count = COUNT) {
  start(100_000)
  const before = await memoryInUse()
  for (let i = 0; i < count; i++) start(60_000 + (i % 10_000))
  const after = await memoryInUse()
  return {
    value: (after.heap - before.heap) / count,
    details: { "resident bytes": (after.rss - before.rss) / count },
  }
}
