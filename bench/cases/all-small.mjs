// @ts-check
import { fasterThan } from "../harness/budget.mjs"
import { expectEqual } from "../harness/expect.mjs"
import { loadFp4ts } from "../harness/fp4ts.mjs"
import { loadFunfix } from "../harness/funfix.mjs"
import { loadRapid } from "../harness/library.mjs"
import { rowsFor } from "../harness/rows.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const COUNT = 20_000
const numbers = Array.from({ length: 32 }, (_, i) => i)
const expected = COUNT * numbers.reduce(add)
const libraries = ["rapid", "effect", "effect3", "fp4ts", "funfix", "fluture", "effection", "rxjs"]
const reduced = { fp4ts: 1000, effection: 200 }

/**
 * Effect knows a finished value by its look and takes it without a fiber; for what must be run it starts one each.
 *
 * @type {About}
 */
export const about = {
  title: "20k × all of 32 values, or of 32 synchronous calls, in one fiber; the floor is Promise.all",
  rows: () => [
    ...rowsFor({
      variants: ["native", ...libraries, "bluebird"],
      floor: "native",
      reduced,
      budgets: [fasterThan("effect")],
    }),
    ...rowsFor({
      variants: libraries,
      floor: "native",
      form: " sync",
      options: { sync: true },
      reduced,
      budgets: [fasterThan("effect sync")],
    }),
  ],
}

/** @type {Variant} */
export async function native() {
  return async () => {
    let sum = 0
    for (let i = 0; i < COUNT; i++) sum += (await Promise.all(numbers.map((n) => Promise.resolve(n)))).reduce(add)
    expectEqual(sum, expected, "the sum")
  }
}

/** @type {Variant} */
export async function rapid({ sync }) {
  const { Task } = await loadRapid()
  const make = (/** @type {number} */ n) => (sync === true ? Task.sync(() => n) : Task.pure(n))
  const program = Task.gen(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) sum += (yield* Task.all(numbers.map(make))).reduce(add)
    return sum
  })
  return async () => expectEqual(await program, expected, "the sum")
}

/** @type {Variant} */
export async function effect({ sync }) {
  const Effect = await import("effect/Effect")
  const make = (/** @type {number} */ n) => (sync === true ? Effect.sync(() => n) : Effect.succeed(n))
  const program = Effect.gen(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) {
      sum += (yield* Effect.all(numbers.map(make), { concurrency: "unbounded" })).reduce(add)
    }
    return sum
  })
  return async () => expectEqual(await Effect.runPromise(program), expected, "the sum")
}

/** @type {Variant} */
export async function effect3({ sync }) {
  const Effect = await import("effect3/Effect")
  const make = (/** @type {number} */ n) => (sync === true ? Effect.sync(() => n) : Effect.succeed(n))
  const program = Effect.gen(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) {
      sum += (yield* Effect.all(numbers.map(make), { concurrency: "unbounded" })).reduce(add)
    }
    return sum
  })
  return async () => expectEqual(await Effect.runPromise(program), expected, "the sum")
}

/** It traverses its own lists, not arrays. @type {Variant} */
export async function fp4ts({ sync, count }) {
  const { IO } = await loadFp4ts()
  const { List } = await import("@fp4ts/collections")
  const times = Number(count)
  const make = (/** @type {number} */ n) => (sync === true ? IO.delay(() => n) : IO.pure(n))
  const all = IO.parSequence(List.TraversableFilter)
  /** @type {(i: number, sum: number) => import("@fp4ts/effect").IO<number>} */
  const loop = (i, sum) =>
    i === times
      ? IO.pure(sum)
      : all(List.fromArray(numbers.map(make))).flatMap((values) => loop(i + 1, sum + values.toArray.reduce(add)))
  return async () => expectEqual(await loop(0, 0).unsafeRunToPromise(), (expected / COUNT) * times, "the sum")
}

/** @type {Variant} */
export async function funfix({ sync }) {
  const { IO, scheduler } = await loadFunfix()
  const make = (/** @type {number} */ n) => (sync === true ? IO.of(() => n) : IO.pure(n))
  /** @type {(i: number, sum: number) => import("funfix-effect").IO<number>} */
  const loop = (i, sum) =>
    i === COUNT ? IO.pure(sum) : IO.gather(numbers.map(make)).flatMap((values) => loop(i + 1, sum + values.reduce(add)))
  return async () => expectEqual(await loop(0, 0).run(scheduler), expected, "the sum")
}

/** Its promises are values: there is nothing to call. @type {Variant} */
export async function bluebird() {
  const { default: Bluebird } = await import("bluebird")
  const make = (/** @type {number} */ n) => Bluebird.resolve(n)
  const program = Bluebird.coroutine(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) sum += (yield Bluebird.all(numbers.map(make))).reduce(add)
    return sum
  })
  return async () => expectEqual(await program(), expected, "the sum")
}

/** @type {Variant} */
export async function fluture({ sync }) {
  const { attempt, go, parallel, promise, resolve } = await import("fluture")
  /** @type {(n: number) => import("fluture").FutureInstance<Error, number>} */
  const make = (n) => (sync === true ? attempt(() => n) : resolve(n))
  const all = parallel(Infinity)
  const program = go(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) sum += (yield all(numbers.map(make))).reduce(add)
    return sum
  })
  return async () => expectEqual(await promise(program), expected, "the sum")
}

/** It has one way to write both. @type {Variant} */
export async function effection({ count }) {
  const { all, call, run } = await import("effection")
  const times = Number(count)
  const make = (/** @type {number} */ n) => call(() => n)
  const sum = () =>
    run(function* () {
      let sum = 0
      for (let i = 0; i < times; i++) sum += (yield* all(numbers.map(make))).reduce(add)
      return sum
    })
  return async () => expectEqual(await sum(), (expected / COUNT) * times, "the sum")
}

/** @type {Variant} */
export async function rxjs({ sync }) {
  const { concatMap, defer, forkJoin, lastValueFrom, map, of, range, reduce } = await import("rxjs")
  const make = (/** @type {number} */ n) => (sync === true ? defer(() => of(n)) : of(n))
  const source = range(0, COUNT).pipe(
    concatMap(() => forkJoin(numbers.map(make))),
    map((values) => values.reduce(add)),
    reduce(add, 0),
  )
  return async () => expectEqual(await lastValueFrom(source), expected, "the sum")
}

/**
 * @param {number} left
 * @param {number} right
 */
function add(left, right) {
  return left + right
}
