// @ts-check
import { fasterThan, timesFloor } from "../harness/budget.mjs"
import { expectEqual } from "../harness/expect.mjs"
import { loadRapid } from "../harness/library.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const COUNT = 1_000_000

/** @type {About} */
export const about = {
  title: "1M left-nested flatMap, construction included; the floor is an array of 1M closures built and called",
  variants: ["closures", "native", "rapid", "effect"],
  floor: "closures",
  budgets: [timesFloor(1.6), fasterThan("native", "effect")],
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
