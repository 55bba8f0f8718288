// @ts-check
import { expectEqual } from "../harness/expect.mjs"
import { collected } from "../harness/heap.mjs"
import { loadRapid } from "../harness/library.mjs"
import { slope } from "../harness/statistics.mjs"
/** @import { About, Budget, Reading, Variant } from "../harness/types.d.ts" */

const MILLION = 1_000_000
const SAMPLES = 25
/** Until the optimizer has settled; what grows goes on growing after it. */
const WARM_UP = 5

const increment = (/** @type {number} */ n) => n + 1
const isOdd = (/** @type {number} */ n) => n % 2 === 1

/** @type {Budget} */
const flat = {
  text: "≤ 1 MiB more than before",
  holds: ({ result }) => (result.summary?.details["MiB more than before"] ?? Infinity) <= 1,
}

/**
 * One run of a long stream. Its heap is looked at 25 times, after a collection, in the middle of it: what a run keeps
 * for itself counts.
 *
 * @type {About}
 */
export const about = {
  title:
    "MiB of heap, the library's code included, at the most while 100M numbers are mapped, filtered and added up in " +
    "one run, after a collection; rivals do 10M (--expose-gc)",
  rows: () => [
    { name: "native 10M", variant: "native", options: { count: 10 * MILLION } },
    { name: "rapid 100M", variant: "rapid", options: { count: 100 * MILLION }, budgets: [flat] },
    { name: "rapid 10M", variant: "rapid", options: { count: 10 * MILLION }, rival: "effect 10M", budgets: [flat] },
    { name: "effect 10M", variant: "effect", options: { count: 10 * MILLION } },
  ],
  unit: "MiB",
  once: true,
  forks: 1,
  flags: ["--expose-gc"],
  timeout: 300,
}

/** @type {Variant} */
export async function native({ count }) {
  async function* range(/** @type {number} */ end) {
    for (let n = 0; n < end; n++) yield n
  }
  async function* mapped(/** @type {AsyncIterable<number>} */ of) {
    for await (const n of of) yield increment(n)
  }
  async function* filtered(/** @type {AsyncIterable<number>} */ of) {
    for await (const n of of) if (isOdd(n)) yield n
  }
  return () =>
    watch(Number(count), async (add) => {
      let sum = 0
      for await (const n of filtered(mapped(range(Number(count))))) sum = add(sum, n)
      return sum
    })
}

/** @type {Variant} */
export async function rapid({ count }) {
  const { Stream } = await loadRapid()
  const stream = Stream.range(0, Number(count)).map(increment).filter(isOdd)
  return () => watch(Number(count), (add) => stream.reduce(add, 0).toPromise())
}

/** @type {Variant} */
export async function effect({ count }) {
  const Effect = await import("effect/Effect")
  const Stream = await import("effect/Stream")
  const stream = Stream.range(0, Number(count) - 1).pipe(Stream.map(increment), Stream.filter(isOdd))
  return () => watch(Number(count), (add) => Effect.runPromise(Stream.runFold(stream, () => 0, add)))
}

/**
 * @param {number} count of all numbers; every second one is added
 * @param {(add: (sum: number, n: number) => number) => Promise<number>} run
 * @returns {Promise<Reading>}
 */
async function watch(count, run) {
  const added = count / 2
  const at = new Float64Array(SAMPLES)
  const heap = new Float64Array(SAMPLES)
  let taken = 0
  let seen = 0
  const add = (/** @type {number} */ sum, /** @type {number} */ n) => {
    if (++seen % (added / SAMPLES) === 0) {
      heap[taken] = collected()
      at[taken++] = seen * 2
    }
    return sum + n
  }
  const before = collected()
  const started = performance.now()
  expectEqual(await run(add), added ** 2, "the sum")
  const seconds = (performance.now() - started) / 1000
  expectEqual(taken, SAMPLES, "the number of samples")
  const most = Math.max(...heap)
  return {
    value: most / 2 ** 20,
    details: {
      "MiB more than before": (most - before) / 2 ** 20,
      "MiB at last": heap[SAMPLES - 1] / 2 ** 20,
      "bytes for each element": slope(at.subarray(WARM_UP), heap.subarray(WARM_UP)),
      "million elements a second": count / MILLION / seconds,
    },
  }
}
