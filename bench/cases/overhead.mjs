// @ts-check
import { fasterThan, timesFloor } from "../harness/budget.mjs"
import { expectEqual } from "../harness/expect.mjs"
import { loadFp4ts } from "../harness/fp4ts.mjs"
import { loadFunfix } from "../harness/funfix.mjs"
import { loadRapid } from "../harness/library.mjs"
import { rowsFor } from "../harness/rows.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const COUNT = 1_000_000

/** @type {About} */
export const about = {
  title: "1M left-nested flatMap, construction included; the floor is an array of 1M closures built and called",
  rows: () =>
    rowsFor({
      variants: [
        ...["closures", "native", "rapid", "effect"],
        ...["effect3", "fp4ts", "funfix", "bluebird", "fluture", "effection", "rxjs"],
      ],
      floor: "closures",
      budgets: [timesFloor(1.6), fasterThan("native", "effect")],
    }),
}

/** @type {Variant} */
export async function closures() {
  return () => {
    const steps = []
    for (let i = 0; i < COUNT; i++) steps.push((/** @type {number} */ x) => x + 1)
    let value = 0
    for (let i = 0; i < COUNT; i++) value = steps[i](value)
    expectEqual(value, COUNT, "the sum")
  }
}

/** @type {Variant} */
export async function native() {
  return async () => {
    let chain = Promise.resolve(0)
    for (let i = 0; i < COUNT; i++) chain = chain.then((x) => x + 1)
    expectEqual(await chain, COUNT, "the sum")
  }
}

/** @type {Variant} */
export async function rapid() {
  const { Task } = await loadRapid()
  return async () => {
    let task = Task.pure(0)
    for (let i = 0; i < COUNT; i++) task = task.flatMap((x) => Task.pure(x + 1))
    expectEqual(await task, COUNT, "the sum")
  }
}

/** @type {Variant} */
export async function effect() {
  const Effect = await import("effect/Effect")
  return async () => {
    let program = Effect.succeed(0)
    for (let i = 0; i < COUNT; i++) program = Effect.flatMap(program, (x) => Effect.succeed(x + 1))
    expectEqual(await Effect.runPromise(program), COUNT, "the sum")
  }
}

/** @type {Variant} */
export async function effect3() {
  const Effect = await import("effect3/Effect")
  return async () => {
    let program = Effect.succeed(0)
    for (let i = 0; i < COUNT; i++) program = Effect.flatMap(program, (x) => Effect.succeed(x + 1))
    expectEqual(await Effect.runPromise(program), COUNT, "the sum")
  }
}

/** @type {Variant} */
export async function fp4ts() {
  const { IO } = await loadFp4ts()
  return async () => {
    let io = IO.pure(0)
    for (let i = 0; i < COUNT; i++) io = io.flatMap((x) => IO.pure(x + 1))
    expectEqual(await io.unsafeRunToPromise(), COUNT, "the sum")
  }
}

/** @type {Variant} */
export async function funfix() {
  const { IO, scheduler } = await loadFunfix()
  return async () => {
    let io = IO.pure(0)
    for (let i = 0; i < COUNT; i++) io = io.flatMap((x) => IO.pure(x + 1))
    expectEqual(await io.run(scheduler), COUNT, "the sum")
  }
}

/** @type {Variant} */
export async function bluebird() {
  const { default: Bluebird } = await import("bluebird")
  return async () => {
    let chain = Bluebird.resolve(0)
    for (let i = 0; i < COUNT; i++) chain = chain.then((x) => x + 1)
    expectEqual(await chain, COUNT, "the sum")
  }
}

/** @type {Variant} */
export async function fluture() {
  const { chain, promise, resolve } = await import("fluture")
  return async () => {
    let future = resolve(0)
    for (let i = 0; i < COUNT; i++) future = future.pipe(chain((x) => resolve(x + 1)))
    expectEqual(await promise(future), COUNT, "the sum")
  }
}

/** Each level is a generator that delegates to the one beneath: the stack of JavaScript overflows. @type {Variant} */
export async function effection() {
  const { call, run } = await import("effection")
  return async () => {
    let operation = call(() => 0)
    for (let i = 0; i < COUNT; i++) {
      const inner = operation
      operation = call(function* () {
        return (yield* inner) + 1
      })
    }
    expectEqual(await run(() => operation), COUNT, "the sum")
  }
}

/** The levels subscribe to each other on the stack of JavaScript, which overflows. @type {Variant} */
export async function rxjs() {
  const { lastValueFrom, mergeMap, of } = await import("rxjs")
  return async () => {
    let source = of(0)
    for (let i = 0; i < COUNT; i++) source = source.pipe(mergeMap((x) => of(x + 1)))
    expectEqual(await lastValueFrom(source), COUNT, "the sum")
  }
}
