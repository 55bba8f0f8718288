// @ts-check
import { fasterThan } from "../harness/budget.mjs"
import { expectEqual } from "../harness/expect.mjs"
import { loadRapid } from "../harness/library.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const COUNT = 500_000
const expected = (COUNT * (COUNT - 1)) / 2

/** @type {About} */
export const about = {
  title: "500k callbacks, one after the other, each called in a microtask; the floor is an await of a new Promise",
  variants: ["native", "rapid", "effect"],
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
