// @ts-check
import { fasterThan } from "../harness/budget.mjs"
import { expectEqual } from "../harness/expect.mjs"
import { loadFp4ts } from "../harness/fp4ts.mjs"
import { loadFunfix } from "../harness/funfix.mjs"
import { loadRapid } from "../harness/library.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const COUNT = 500_000
const expected = (COUNT * (COUNT - 1)) / 2

/** @type {About} */
export const about = {
  title: "500k callbacks, one after the other, each called in a microtask; the floor is an await of a new Promise",
  variants: [
    ...["native", "rapid", "effect"],
    ...["effect3", "fp4ts", "funfix", "bluebird", "fluture", "effection", "rxjs"],
  ],
  floor: "native",
  budgets: [fasterThan("effect")],
}

/** @type {Variant} */
export async function native() {
  return async () => {
    let sum = 0
    for (let i = 0; i < COUNT; i++) sum += await new Promise((resolve) => queueMicrotask(() => resolve(i)))
    expectEqual(sum, expected, "the sum")
  }
}

/** @type {Variant} */
export async function rapid() {
  const { Task } = await loadRapid()
  const called = (/** @type {number} */ i) =>
    Task.async((/** @type {(task: import("../../dist/index.js").Task<number>) => void} */ resume) =>
      queueMicrotask(() => resume(Task.pure(i))),
    )
  const program = Task.gen(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) sum += yield* called(i)
    return sum
  })
  return async () => expectEqual(await program, expected, "the sum")
}

/** @type {Variant} */
export async function effect() {
  const Effect = await import("effect/Effect")
  const called = (/** @type {number} */ i) =>
    Effect.callback((/** @type {(effect: import("effect/Effect").Effect<number>) => void} */ resume) =>
      queueMicrotask(() => resume(Effect.succeed(i))),
    )
  const program = Effect.gen(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) sum += yield* called(i)
    return sum
  })
  return async () => expectEqual(await Effect.runPromise(program), expected, "the sum")
}

/** @type {Variant} */
export async function effect3() {
  const Effect = await import("effect3/Effect")
  const called = (/** @type {number} */ i) =>
    Effect.async((/** @type {(effect: import("effect3/Effect").Effect<number>) => void} */ resume) =>
      queueMicrotask(() => resume(Effect.succeed(i))),
    )
  const program = Effect.gen(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) sum += yield* called(i)
    return sum
  })
  return async () => expectEqual(await Effect.runPromise(program), expected, "the sum")
}

/** @type {Variant} */
export async function fp4ts() {
  const { IO } = await loadFp4ts()
  const { Right } = await import("@fp4ts/cats")
  /** @type {(i: number) => import("@fp4ts/effect").IO<number>} */
  const called = (i) => IO.async_((resume) => queueMicrotask(() => resume(Right(i))))
  /** @type {(i: number, sum: number) => import("@fp4ts/effect").IO<number>} */
  const loop = (i, sum) => (i === COUNT ? IO.pure(sum) : called(i).flatMap((value) => loop(i + 1, sum + value)))
  return async () => expectEqual(await loop(0, 0).unsafeRunToPromise(), expected, "the sum")
}

/** @type {Variant} */
export async function funfix() {
  const { IO, scheduler } = await loadFunfix()
  const { Success } = await import("funfix-core")
  /** @type {(i: number) => import("funfix-effect").IO<number>} */
  const called = (i) => IO.async((_, resume) => queueMicrotask(() => resume(Success(i))))
  /** @type {(i: number, sum: number) => import("funfix-effect").IO<number>} */
  const loop = (i, sum) => (i === COUNT ? IO.pure(sum) : called(i).flatMap((value) => loop(i + 1, sum + value)))
  return async () => expectEqual(await loop(0, 0).run(scheduler), expected, "the sum")
}

/** @type {Variant} */
export async function bluebird() {
  const { default: Bluebird } = await import("bluebird")
  const program = Bluebird.coroutine(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) sum += yield new Bluebird((resolve) => queueMicrotask(() => resolve(i)))
    return sum
  })
  return async () => expectEqual(await program(), expected, "the sum")
}

/** @type {Variant} */
export async function fluture() {
  const { Future, go, promise } = await import("fluture")
  /** @type {(i: number) => import("fluture").FutureInstance<never, number>} */
  const called = (i) =>
    Future((_, resolve) => {
      queueMicrotask(() => resolve(i))
      return () => {}
    })
  const program = go(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) sum += yield called(i)
    return sum
  })
  return async () => expectEqual(await promise(program), expected, "the sum")
}

/** @type {Variant} */
export async function effection() {
  const { action, run } = await import("effection")
  /** @type {(i: number) => import("effection").Operation<number>} */
  const called = (i) =>
    action((resolve) => {
      queueMicrotask(() => resolve(i))
      return () => {}
    })
  const sum = () =>
    run(function* () {
      let sum = 0
      for (let i = 0; i < COUNT; i++) sum += yield* called(i)
      return sum
    })
  return async () => expectEqual(await sum(), expected, "the sum")
}

/** `repeat`, for `concatMap` over a range keeps in an array what it has not come to yet. @type {Variant} */
export async function rxjs() {
  const { Observable, defer, lastValueFrom, reduce, repeat } = await import("rxjs")
  /** @type {(i: number) => import("rxjs").Observable<number>} */
  const called = (i) =>
    new Observable((subscriber) =>
      queueMicrotask(() => {
        subscriber.next(i)
        subscriber.complete()
      }),
    )
  return async () => {
    let i = 0
    const source = defer(() => called(i++)).pipe(
      repeat(COUNT),
      reduce((sum, value) => sum + value, 0),
    )
    expectEqual(await lastValueFrom(source), expected, "the sum")
  }
}
