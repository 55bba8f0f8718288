// @ts-check
import { fasterThan } from "../harness/budget.mjs"
import { expectEqual } from "../harness/expect.mjs"
import { loadFp4ts } from "../harness/fp4ts.mjs"
import { loadFunfix } from "../harness/funfix.mjs"
import { loadRapid } from "../harness/library.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const DEPTH = 1_000_000
const increment = (/** @type {number} */ below) => below + 1

/** @type {About} */
export const about = {
  title: "recursion with work left at each of 1M levels; the floor is a recursive async function",
  variants: [
    ...["native", "rapid", "effect"],
    ...["effect3", "fp4ts", "funfix", "bluebird", "fluture", "effection", "rxjs"],
  ],
  floor: "native",
  budgets: [fasterThan("native", "effect")],
}

/** @type {Variant} */
export async function native() {
  /** @type {(n: number) => Promise<number>} */
  const depth = async (n) => {
    if (n === 0) return 0
    // Without this wait the calls would nest on the stack of JavaScript, and overflow it.
    await undefined
    return 1 + (await depth(n - 1))
  }
  return async () => expectEqual(await depth(DEPTH), DEPTH, "the depth")
}

/** @type {Variant} */
export async function rapid() {
  const { Task } = await loadRapid()
  /** @type {(n: number) => import("../../dist/index.js").Task<number>} */
  const depth = (n) => (n === 0 ? Task.pure(0) : Task.defer(() => depth(n - 1)).map(increment))
  return async () => expectEqual(await depth(DEPTH), DEPTH, "the depth")
}

/** @type {Variant} */
export async function effect() {
  const Effect = await import("effect/Effect")
  /** @type {(n: number) => import("effect/Effect").Effect<number>} */
  const depth = (n) =>
    n === 0
      ? Effect.succeed(0)
      : Effect.map(
          Effect.suspend(() => depth(n - 1)),
          increment,
        )
  return async () => expectEqual(await Effect.runPromise(depth(DEPTH)), DEPTH, "the depth")
}

/** @type {Variant} */
export async function effect3() {
  const Effect = await import("effect3/Effect")
  /** @type {(n: number) => import("effect3/Effect").Effect<number>} */
  const depth = (n) =>
    n === 0
      ? Effect.succeed(0)
      : Effect.map(
          Effect.suspend(() => depth(n - 1)),
          increment,
        )
  return async () => expectEqual(await Effect.runPromise(depth(DEPTH)), DEPTH, "the depth")
}

/** @type {Variant} */
export async function fp4ts() {
  const { IO } = await loadFp4ts()
  /** @type {(n: number) => import("@fp4ts/effect").IO<number>} */
  const depth = (n) => (n === 0 ? IO.pure(0) : IO.defer(() => depth(n - 1)).map(increment))
  return async () => expectEqual(await depth(DEPTH).unsafeRunToPromise(), DEPTH, "the depth")
}

/** @type {Variant} */
export async function funfix() {
  const { IO, scheduler } = await loadFunfix()
  /** @type {(n: number) => import("funfix-effect").IO<number>} */
  const depth = (n) => (n === 0 ? IO.pure(0) : IO.suspend(() => depth(n - 1)).map(increment))
  return async () => expectEqual(await depth(DEPTH).run(scheduler), DEPTH, "the depth")
}

/** @type {Variant} */
export async function bluebird() {
  const { default: Bluebird } = await import("bluebird")
  /** @type {(n: number) => import("bluebird")<number>} */
  const depth = (n) =>
    n === 0
      ? Bluebird.resolve(0)
      : Bluebird.resolve(n - 1)
          .then(depth)
          .then(increment)
  return async () => expectEqual(await depth(DEPTH), DEPTH, "the depth")
}

/** @type {Variant} */
export async function fluture() {
  const { chain, map, promise, resolve } = await import("fluture")
  /** @type {(n: number) => import("fluture").FutureInstance<never, number>} */
  const depth = (n) =>
    n === 0
      ? resolve(0)
      : resolve(n - 1)
          .pipe(chain(depth))
          .pipe(map(increment))
  return async () => expectEqual(await promise(depth(DEPTH)), DEPTH, "the depth")
}

/** The generators delegate to each other: the stack of JavaScript overflows. @type {Variant} */
export async function effection() {
  const { run } = await import("effection")
  /** @type {(n: number) => import("effection").Operation<number>} */
  function* depth(n) {
    return n === 0 ? 0 : 1 + (yield* depth(n - 1))
  }
  return async () => expectEqual(await run(() => depth(DEPTH)), DEPTH, "the depth")
}

/** Each level subscribes to the next on the stack of JavaScript, which overflows. @type {Variant} */
export async function rxjs() {
  const { defer, lastValueFrom, map, of } = await import("rxjs")
  /** @type {(n: number) => import("rxjs").Observable<number>} */
  const depth = (n) => (n === 0 ? of(0) : defer(() => depth(n - 1)).pipe(map(increment)))
  return async () => expectEqual(await lastValueFrom(depth(DEPTH)), DEPTH, "the depth")
}
