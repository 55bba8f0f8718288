// @ts-check
import { fasterThan } from "../harness/budget.mjs"
import { expectEqual } from "../harness/expect.mjs"
import { loadFp4ts } from "../harness/fp4ts.mjs"
import { loadFunfix } from "../harness/funfix.mjs"
import { loadRapid } from "../harness/library.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const DEPTH = 10_000_000
const less = async (/** @type {number} */ n) => n - 1

/** @type {About} */
export const about = {
  title: "tail-recursive flatMap, 10M deep; the floor is what one writes with promises instead, a loop of 10M awaits",
  variants: [
    ...["native", "nativeRecursion", "rapid", "effect"],
    ...["effect3", "fp4ts", "funfix", "bluebird", "fluture", "effection", "rxjs"],
  ],
  floor: "native",
  budgets: [fasterThan("effect")],
}

/** @type {Variant} */
export async function native() {
  return async () => {
    let n = DEPTH
    while (n > 0) n = await less(n)
    expectEqual(n, 0, "what is left")
  }
}

/** @type {Variant} */
export async function nativeRecursion() {
  /** @type {(n: number) => Promise<number>} */
  const loop = async (n) => (n === 0 ? n : loop(await less(n)))
  return async () => expectEqual(await loop(DEPTH), 0, "what is left")
}

/** @type {Variant} */
export async function rapid() {
  const { Task } = await loadRapid()
  /** @type {(n: number) => import("../../dist/index.js").Task<number>} */
  const loop = (n) => (n === 0 ? Task.pure(n) : Task.pure(n - 1).flatMap(loop))
  return async () => expectEqual(await loop(DEPTH), 0, "what is left")
}

/** @type {Variant} */
export async function effect() {
  const Effect = await import("effect/Effect")
  /** @type {(n: number) => import("effect/Effect").Effect<number>} */
  const loop = (n) => (n === 0 ? Effect.succeed(n) : Effect.flatMap(Effect.succeed(n - 1), loop))
  return async () => expectEqual(await Effect.runPromise(loop(DEPTH)), 0, "what is left")
}

/** @type {Variant} */
export async function effect3() {
  const Effect = await import("effect3/Effect")
  /** @type {(n: number) => import("effect3/Effect").Effect<number>} */
  const loop = (n) => (n === 0 ? Effect.succeed(n) : Effect.flatMap(Effect.succeed(n - 1), loop))
  return async () => expectEqual(await Effect.runPromise(loop(DEPTH)), 0, "what is left")
}

/** @type {Variant} */
export async function fp4ts() {
  const { IO } = await loadFp4ts()
  /** @type {(n: number) => import("@fp4ts/effect").IO<number>} */
  const loop = (n) => (n === 0 ? IO.pure(n) : IO.pure(n - 1).flatMap(loop))
  return async () => expectEqual(await loop(DEPTH).unsafeRunToPromise(), 0, "what is left")
}

/** @type {Variant} */
export async function funfix() {
  const { IO, scheduler } = await loadFunfix()
  /** @type {(n: number) => import("funfix-effect").IO<number>} */
  const loop = (n) => (n === 0 ? IO.pure(n) : IO.pure(n - 1).flatMap(loop))
  return async () => expectEqual(await loop(DEPTH).run(scheduler), 0, "what is left")
}

/** @type {Variant} */
export async function bluebird() {
  const { default: Bluebird } = await import("bluebird")
  /** @type {(n: number) => import("bluebird")<number>} */
  const loop = (n) => (n === 0 ? Bluebird.resolve(n) : Bluebird.resolve(n - 1).then(loop))
  return async () => expectEqual(await loop(DEPTH), 0, "what is left")
}

/** @type {Variant} */
export async function fluture() {
  const { chain, promise, resolve } = await import("fluture")
  /** @type {(n: number) => import("fluture").FutureInstance<never, number>} */
  const loop = (n) => (n === 0 ? resolve(n) : resolve(n - 1).pipe(chain(loop)))
  return async () => expectEqual(await promise(loop(DEPTH)), 0, "what is left")
}

/** A generator that delegates is no tail call: the stack of JavaScript overflows. @type {Variant} */
export async function effection() {
  const { call, run } = await import("effection")
  /** @type {(n: number) => import("effection").Operation<number>} */
  function* loop(n) {
    return n === 0 ? n : yield* loop(yield* call(() => n - 1))
  }
  return async () => expectEqual(await run(() => loop(DEPTH)), 0, "what is left")
}

/** Each level subscribes to the next on the stack of JavaScript, which overflows. @type {Variant} */
export async function rxjs() {
  const { lastValueFrom, mergeMap, of } = await import("rxjs")
  /** @type {(n: number) => import("rxjs").Observable<number>} */
  const loop = (n) => (n === 0 ? of(n) : of(n - 1).pipe(mergeMap(loop)))
  return async () => expectEqual(await lastValueFrom(loop(DEPTH)), 0, "what is left")
}
