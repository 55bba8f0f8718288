// @ts-check
import { Readable } from "node:stream"
import { timesFloor, timesRow } from "../harness/budget.mjs"
import { expectEqual } from "../harness/expect.mjs"
import { loadRapid } from "../harness/library.mjs"
import { rounds } from "../harness/rounds.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const COUNT = 100_000
const ROUNDS = 10
const items = Array.from({ length: COUNT }, (_, i) => i)

const increment = (/** @type {number} */ n) => n + 1
const isOdd = (/** @type {number} */ n) => n % 2 === 1
const double = (/** @type {number} */ n) => n * 2

/** @type {About} */
export const about = {
  title:
    "10 × 100k numbers mapped, filtered, mapped and collected, and nothing to wait for; the floor is the methods of " +
    "an array. Generators are those that one writes by hand",
  variants: ["native", "nativeGenerator", "nativeAsyncGenerator", "rapid", "effect", "rxjs", "readable"],
  floor: "native",
  rivals: ["rxjs", "readable"],
  budgets: [timesFloor(1.3), timesRow(0.5, "effect"), timesRow(0.5, "rxjs")],
}

/** @type {Variant} */
export async function native() {
  return rounds(ROUNDS, () => verify(items.map(increment).filter(isOdd).map(double)))
}

/** @type {Variant} */
export async function nativeGenerator() {
  return rounds(ROUNDS, () => verify([...mapped(filtered(mapped(items, increment), isOdd), double)]))
}

/** @type {Variant} */
export async function nativeAsyncGenerator() {
  return rounds(ROUNDS, async () => {
    /** @type {number[]} */
    const values = []
    const last = mappedAsync(filteredAsync(mappedAsync(emitted(items), increment), isOdd), double)
    for await (const value of last) values.push(value)
    verify(values)
  })
}

/** @type {Variant} */
export async function rapid() {
  const { Stream } = await loadRapid()
  const program = Stream.from(items).map(increment).filter(isOdd).map(double).toArray()
  return rounds(ROUNDS, async () => verify(await program))
}

/** @type {Variant} */
export async function effect() {
  const Effect = await import("effect/Effect")
  const Stream = await import("effect/Stream")
  const program = Stream.fromIterable(items).pipe(
    Stream.map(increment),
    Stream.filter(isOdd),
    Stream.map(double),
    Stream.runCollect,
  )
  return rounds(ROUNDS, async () => verify(await Effect.runPromise(program)))
}

/** @type {Variant} */
export async function rxjs() {
  const { filter, from, lastValueFrom, map, toArray } = await import("rxjs")
  const program = from(items).pipe(map(increment), filter(isOdd), map(double), toArray())
  return rounds(ROUNDS, async () => verify(await lastValueFrom(program)))
}

/** @type {Variant} */
export async function readable() {
  return rounds(ROUNDS, async () =>
    verify(await Readable.from(items).map(increment).filter(isOdd).map(double).toArray()),
  )
}

/**
 * @param {Iterable<number>} of
 * @param {(n: number) => number} f
 */
function* mapped(of, f) {
  for (const n of of) yield f(n)
}

/**
 * @param {Iterable<number>} of
 * @param {(n: number) => boolean} keeps
 */
function* filtered(of, keeps) {
  for (const n of of) if (keeps(n)) yield n
}

/** @param {Iterable<number>} of */
async function* emitted(of) {
  yield* of
}

/**
 * @param {AsyncIterable<number>} of
 * @param {(n: number) => number} f
 */
async function* mappedAsync(of, f) {
  for await (const n of of) yield f(n)
}

/**
 * @param {AsyncIterable<number>} of
 * @param {(n: number) => boolean} keeps
 */
async function* filteredAsync(of, keeps) {
  for await (const n of of) if (keeps(n)) yield n
}

/** @param {readonly number[]} values 2, 6, 10 … */
function verify(values) {
  expectEqual(values.length, COUNT / 2, "the number of values")
  let wrong = -1
  for (let i = values.length - 1; i >= 0; i--) if (values[i] !== 4 * i + 2) wrong = i
  expectEqual(wrong, -1, "the index of the first wrong value")
}
