// @ts-check
import { fasterThan } from "../harness/budget.mjs"
import { expectEqual } from "../harness/expect.mjs"
import { loadRapid } from "../harness/library.mjs"
import { rounds } from "../harness/rounds.mjs"
import { rowsFor } from "../harness/rows.mjs"
/** @import { About, Iteration, Variant } from "../harness/types.d.ts" */

/** Elements of all rounds of an iteration together: of what takes nanoseconds for each, and of what takes microseconds. */
const MANY = 5_000_000
const FEW = 200_000

const sizes = [
  { size: 1_000, short: "1k" },
  { size: 10_000, short: "10k" },
]

const isEven = (/** @type {number} */ n) => n % 2 === 0
const double = (/** @type {number} */ n) => n * 2
const add = (/** @type {number} */ a, /** @type {number} */ b) => a + b

/** What each comes to. @type {Readonly<Record<string, (items: number[]) => readonly number[] | number>>} */
const expected = {
  toList: (items) => items,
  filter: (items) => items.filter(isEven),
  map: (items) => items.map(double),
  "parForeach(32)": (items) => items.reduce(add),
  "parFold(32)": (items) => items.reduce(add),
  "par(32) toList": (items) => items,
  "par(32) map": (items) => items.map(double),
  "par(8) filter": (items) => items.filter(isEven),
  "par(32) fold": (items) => items.reduce(add),
}

/**
 * What Rapid's StreamBenchmark and ParallelStreamBenchmark measure, under their names, of an array of 1 … size. A
 * million divided by the value is Rapid's own figure, operations in a second.
 *
 * @type {About}
 */
export const about = {
  title:
    "the benchmarks of Rapid's own Stream, 1k and 10k elements, µs for each run; the effects of its parallel ones are " +
    "there at once: what is measured is the stage",
  unit: "µs",
  rows: () =>
    Object.keys(expected).flatMap((name) =>
      sizes.flatMap(({ size, short }) => {
        const form = `, ${name} ${short}`
        const options = { name, size }
        return rowsFor({ variants: ["rapid", "effect"], form, options, budgets: [fasterThan(`effect${form}`)] })
      }),
    ),
}

/** @type {Variant} */
export async function rapid(options) {
  const { Stream, Task } = await loadRapid()
  const items = itemsOf(options)
  const stream = Stream.from(items)
  const pure = (/** @type {number} */ n) => Task.pure(n)
  const par = stream.mapTask(pure, { concurrency: 32 })
  /** @type {Readonly<Record<string, import("../../dist/index.js").Task<number[] | number>>>} */
  const programs = {
    toList: stream.toArray(),
    filter: stream.filter(isEven).toArray(),
    map: stream.map(double).toArray(),
    "parForeach(32)": Task.defer(() => {
      let sum = 0
      const one = (/** @type {number} */ n) => {
        sum += n
        return Task.unit
      }
      return stream.forEach(one, { concurrency: 32 }).map(() => sum)
    }),
    "parFold(32)": stream.parFold(0, pure, add, { concurrency: 32 }),
    "par(32) toList": par.toArray(),
    "par(32) map": stream.mapTask((n) => Task.sync(() => n * 2), { concurrency: 32 }).toArray(),
    "par(8) filter": stream.filter(isEven).mapTask(pure, { concurrency: 8 }).toArray(),
    "par(32) fold": par.reduce((a, b) => Task.pure(a + b), 0),
  }
  const program = programs[String(options["name"])]
  return measured(options, items, () => program.toPromise())
}

/** @type {Variant} */
export async function effect(options) {
  const Effect = await import("effect/Effect")
  const Stream = await import("effect/Stream")
  const items = itemsOf(options)
  const stream = Stream.fromIterable(items)
  const ordered = { concurrency: 32 }
  const unordered = { concurrency: 32, unordered: true }
  const par = Stream.mapEffect(stream, Effect.succeed, ordered)
  /** @type {Readonly<Record<string, import("effect/Effect").Effect<number[] | number>>>} */
  const programs = {
    toList: Stream.runCollect(stream),
    filter: Stream.runCollect(Stream.filter(stream, isEven)),
    map: Stream.runCollect(Stream.map(stream, double)),
    "parForeach(32)": Effect.suspend(() => {
      let sum = 0
      const one = (/** @type {number} */ n) => {
        sum += n
        return Effect.void
      }
      return Effect.map(Stream.runDrain(Stream.mapEffect(stream, one, unordered)), () => sum)
    }),
    "parFold(32)": Stream.runFold(Stream.mapEffect(stream, Effect.succeed, unordered), () => 0, add),
    "par(32) toList": Stream.runCollect(par),
    "par(32) map": Stream.runCollect(Stream.mapEffect(stream, (n) => Effect.sync(() => n * 2), ordered)),
    "par(8) filter": Stream.runCollect(
      Stream.mapEffect(Stream.filter(stream, isEven), Effect.succeed, { concurrency: 8 }),
    ),
    "par(32) fold": Stream.runFoldEffect(par, () => 0, (a, b) => Effect.succeed(a + b)),
  }
  const program = programs[String(options["name"])]
  return measured(options, items, () => Effect.runPromise(program))
}

/** @param {Readonly<Record<string, unknown>>} options */
const itemsOf = ({ size }) => Array.from({ length: Number(size) }, (_, i) => i + 1)

/**
 * @param {Readonly<Record<string, unknown>>} options
 * @param {number[]} items
 * @param {() => Promise<readonly number[] | number>} run
 * @returns {Iteration}
 */
function measured({ name }, items, run) {
  const times = (String(name).startsWith("par") ? FEW : MANY) / items.length
  const result = expected[String(name)](items)
  const all = rounds(times, async () => verify(await run(), result))
  return async () => {
    const started = performance.now()
    await all()
    return { value: ((performance.now() - started) * 1000) / times }
  }
}

/**
 * A list by its length, as Rapid does, and by its last value.
 *
 * @param {readonly number[] | number} actual
 * @param {readonly number[] | number} wanted
 */
function verify(actual, wanted) {
  if (typeof actual === "number" || typeof wanted === "number") return expectEqual(actual, wanted, "the sum")
  expectEqual(actual.length, wanted.length, "the number of values")
  expectEqual(actual.at(-1), wanted.at(-1), "the last value")
}
