// @ts-check
import { fasterThan } from "../harness/budget.mjs"
import { expectEqual } from "../harness/expect.mjs"
import { loadRapid } from "../harness/library.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const DEPTH = 10_000_000
const less = async (/** @type {number} */ n) => n - 1

/** @type {About} */
export const about = {
  title: "tail-recursive flatMap, 10M deep; the floor is what one writes with promises instead, a loop of 10M awaits",
  variants: ["native", "nativeRecursion", "rapid", "effect"],
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
