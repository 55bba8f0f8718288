// @ts-check
import { fasterThan } from "../harness/budget.mjs"
import { expectEqual, expectRejection } from "../harness/expect.mjs"
import { loadFp4ts } from "../harness/fp4ts.mjs"
import { loadFunfix } from "../harness/funfix.mjs"
import { loadRapid } from "../harness/library.mjs"
import { rowsFor } from "../harness/rows.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const COUNT = 100_000
const SECOND = 1000
const expected = (COUNT * (COUNT - 1)) / 2
const variants = [
  ...["native", "rapid", "effect"],
  ...["effect3", "fp4ts", "funfix", "bluebird", "fluture", "effection", "rxjs"],
]
const reduced = { effection: 5_000 }

/**
 * A value is there before any timer need be set; for what is called in a microtask a timer is set, and cleared. Each
 * variant first lets a time come, for a time-out that never comes would be the fastest of all.
 *
 * @type {About}
 */
export const about = {
  title: "100k × a time-out of 1 s around a value, in one fiber; the floor is Promise.race and a timer that is cleared",
  rows: () => [
    ...rowsFor({ variants, floor: "native", reduced, budgets: [fasterThan("effect")] }),
    ...rowsFor({
      variants,
      floor: "native callback",
      form: " callback",
      options: { callback: true },
      reduced,
      budgets: [fasterThan("effect callback")],
    }),
  ],
}

/** @type {Variant} */
export async function native({ callback }) {
  /** @type {(i: number) => Promise<number>} */
  const work = (i) =>
    callback === true ? new Promise((resolve) => queueMicrotask(() => resolve(i))) : Promise.resolve(i)
  /** @type {<A>(promise: Promise<A>, ms: number) => Promise<A>} */
  const timeout = async (promise, ms) => {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer
    const late = /** @type {Promise<never>} */ (
      new Promise((_, reject) => (timer = setTimeout(() => reject(new Error("too late")), ms)))
    )
    try {
      return await Promise.race([promise, late])
    } finally {
      clearTimeout(timer)
    }
  }
  await expectRejection(timeout(new Promise(() => {}), 1), "the wait for ever")
  return async () => {
    let sum = 0
    for (let i = 0; i < COUNT; i++) sum += await timeout(work(i), SECOND)
    expectEqual(sum, expected, "the sum")
  }
}

/** @type {Variant} */
export async function rapid({ callback }) {
  const { Task } = await loadRapid()
  /** @type {(i: number) => import("../../dist/index.js").Task<number>} */
  const work = (i) =>
    callback === true ? Task.async((resume) => queueMicrotask(() => resume(Task.pure(i)))) : Task.pure(i)
  const program = Task.gen(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) sum += yield* work(i).timeout(SECOND)
    return sum
  })
  await expectRejection(Task.never.timeout(1).toPromise(), "the wait for ever")
  return async () => expectEqual(await program, expected, "the sum")
}

/** @type {Variant} */
export async function effect({ callback }) {
  const Effect = await import("effect/Effect")
  /** @type {(i: number) => import("effect/Effect").Effect<number>} */
  const work = (i) =>
    callback === true ? Effect.callback((resume) => queueMicrotask(() => resume(Effect.succeed(i)))) : Effect.succeed(i)
  const program = Effect.gen(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) sum += yield* Effect.timeout(work(i), SECOND)
    return sum
  })
  await expectRejection(Effect.runPromise(Effect.timeout(Effect.never, 1)), "the wait for ever")
  return async () => expectEqual(await Effect.runPromise(program), expected, "the sum")
}

/** @type {Variant} */
export async function effect3({ callback }) {
  const Effect = await import("effect3/Effect")
  /** @type {(i: number) => import("effect3/Effect").Effect<number>} */
  const work = (i) =>
    callback === true ? Effect.async((resume) => queueMicrotask(() => resume(Effect.succeed(i)))) : Effect.succeed(i)
  const program = Effect.gen(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) sum += yield* Effect.timeout(work(i), SECOND)
    return sum
  })
  await expectRejection(Effect.runPromise(Effect.timeout(Effect.never, 1)), "the wait for ever")
  return async () => expectEqual(await Effect.runPromise(program), expected, "the sum")
}

/** @type {Variant} */
export async function fp4ts({ callback }) {
  const { IO } = await loadFp4ts()
  const { Right } = await import("@fp4ts/cats")
  /** @type {(i: number) => import("@fp4ts/effect").IO<number>} */
  const work = (i) => (callback === true ? IO.async_((resume) => queueMicrotask(() => resume(Right(i)))) : IO.pure(i))
  /** @type {(i: number, sum: number) => import("@fp4ts/effect").IO<number>} */
  const loop = (i, sum) =>
    i === COUNT
      ? IO.pure(sum)
      : work(i)
          .timeout(SECOND)
          .flatMap((value) => loop(i + 1, sum + value))
  await expectRejection(IO.never.timeout(1).unsafeRunToPromise(), "the wait for ever")
  return async () => expectEqual(await loop(0, 0).unsafeRunToPromise(), expected, "the sum")
}

/** @type {Variant} */
export async function funfix({ callback }) {
  const { IO, scheduler } = await loadFunfix()
  const { Success } = await import("funfix-core")
  /** @type {(i: number) => import("funfix-effect").IO<number>} */
  const work = (i) =>
    callback === true ? IO.async((_, resume) => queueMicrotask(() => resume(Success(i)))) : IO.pure(i)
  /** @type {(i: number, sum: number) => import("funfix-effect").IO<number>} */
  const loop = (i, sum) =>
    i === COUNT
      ? IO.pure(sum)
      : work(i)
          .timeout(SECOND)
          .flatMap((value) => loop(i + 1, sum + value))
  const late = IO.async(() => {}).timeout(1)
  await expectRejection(Promise.resolve(late.run(scheduler)), "the wait for ever")
  return async () => expectEqual(await loop(0, 0).run(scheduler), expected, "the sum")
}

/** @type {Variant} */
export async function bluebird({ callback }) {
  const { default: Bluebird } = await import("bluebird")
  /** @type {(i: number) => import("bluebird")<number>} */
  const work = (i) =>
    callback === true ? new Bluebird((resolve) => queueMicrotask(() => resolve(i))) : Bluebird.resolve(i)
  const program = Bluebird.coroutine(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) sum += yield work(i).timeout(SECOND)
    return sum
  })
  await expectRejection(Promise.resolve(new Bluebird(() => {}).timeout(1)), "the wait for ever")
  return async () => expectEqual(await program(), expected, "the sum")
}

/** It has no time-out: one writes a race with a later rejection. @type {Variant} */
export async function fluture({ callback }) {
  const { Future, go, never, promise, race, rejectAfter, resolve } = await import("fluture")
  /** @typedef {import("fluture").FutureInstance<Error, number>} Work */
  /** @type {(i: number) => Work} */
  const work = (i) =>
    callback === true
      ? Future((_, settle) => {
          queueMicrotask(() => settle(i))
          return () => {}
        })
      : resolve(i)
  const tooLate = new Error("too late")
  /** @type {(work: Work, ms: number) => Work} */
  const timeout = (work, ms) => race(work)(rejectAfter(ms)(tooLate))
  const program = go(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) sum += yield timeout(work(i), SECOND)
    return sum
  })
  await expectRejection(promise(timeout(never, 1)), "the wait for ever")
  return async () => expectEqual(await promise(program), expected, "the sum")
}

/** It has no time-out: one writes a race with a sleep. @type {Variant} */
export async function effection({ callback, count }) {
  const { action, call, race, run, sleep, suspend } = await import("effection")
  const times = Number(count)
  /** @typedef {import("effection").Operation<number>} Work */
  /** @type {(i: number) => Work} */
  const work = (i) =>
    callback === true
      ? action((resolve) => {
          queueMicrotask(() => resolve(i))
          return () => {}
        })
      : call(() => i)
  /** @type {(ms: number) => Work} */
  const late = (ms) =>
    call(function* () {
      yield* sleep(ms)
      throw new Error("too late")
    })
  const sum = () =>
    run(function* () {
      let sum = 0
      for (let i = 0; i < times; i++) sum += yield* race([work(i), late(SECOND)])
      return sum
    })
  const never = /** @type {import("effection").Operation<never>} */ (suspend())
  await expectRejection(
    run(() => race([never, late(1)])),
    "the wait for ever",
  )
  return async () => expectEqual(await sum(), (times * (times - 1)) / 2, "the sum")
}

/** `repeat`, for `concatMap` over a range keeps in an array what it has not come to yet. @type {Variant} */
export async function rxjs({ callback }) {
  const { NEVER, Observable, concatMap, defer, lastValueFrom, of, range, reduce, repeat, timeout } =
    await import("rxjs")
  /** @type {(i: number) => import("rxjs").Observable<number>} */
  const called = (i) =>
    new Observable((subscriber) =>
      queueMicrotask(() => {
        subscriber.next(i)
        subscriber.complete()
      }),
    )
  const add = (/** @type {number} */ sum, /** @type {number} */ value) => sum + value
  const source = defer(() => {
    let i = 0
    return callback === true
      ? defer(() => called(i++).pipe(timeout(SECOND))).pipe(repeat(COUNT))
      : range(0, COUNT).pipe(concatMap((value) => of(value).pipe(timeout(SECOND))))
  }).pipe(reduce(add, 0))
  await expectRejection(lastValueFrom(NEVER.pipe(timeout(1))), "the wait for ever")
  return async () => expectEqual(await lastValueFrom(source), expected, "the sum")
}
