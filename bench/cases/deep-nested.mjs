// @ts-check
import { fasterThan } from "../harness/budget.mjs"
import { expectEqual } from "../harness/expect.mjs"
import { loadRapid } from "../harness/library.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const DEPTH = 1_000_000
const increment = (/** @type {number} */ below) => below + 1

/** @type {About} */
export const about = {
  title: "recursion with work left at each of 1M levels; the floor is a recursive async function",
  variants: ["native", "rapid", "effect"],
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
