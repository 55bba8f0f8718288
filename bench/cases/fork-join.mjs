// @ts-check
import { fasterThan } from "../harness/budget.mjs"
import { expectEqual } from "../harness/expect.mjs"
import { loadRapid } from "../harness/library.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const COUNT = 200_000
const expected = (COUNT * (COUNT - 1)) / 2
const same = async (/** @type {number} */ value) => value

/** @type {About} */
export const about = {
  title: "200k × start and join of a child in one fiber; the floor is the call of an async function and its await",
  variants: ["native", "rapid", "effect", "effectImmediate"],
  floor: "native",
  budgets: [fasterThan("effect", "effectImmediate")],
}

/** @type {Variant} */
export async function native() {
  return async () => {
    let sum = 0
    for (let i = 0; i < COUNT; i++) {
      const child = same(i)
      sum += await child
    }
    expectEqual(sum, expected, "the sum")
  }
}

/** @type {Variant} */
export async function rapid() {
  const { Task } = await loadRapid()
  const program = Task.gen(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) {
      const child = yield* Task.pure(i).start()
      sum += yield* child.join()
    }
    return sum
  })
  return async () => expectEqual(await program, expected, "the sum")
}

/** @type {Variant} */
export const effect = () => forkChild({ startImmediately: false })

/** @type {Variant} */
export const effectImmediate = () => forkChild({ startImmediately: true })

/** @param {{ startImmediately: boolean }} options */
async function forkChild(options) {
  const Effect = await import("effect/Effect")
  const Fiber = await import("effect/Fiber")
  const program = Effect.gen(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) {
      const child = yield* Effect.forkChild(Effect.succeed(i), options)
      sum += yield* Fiber.join(child)
    }
    return sum
  })
  return async () => expectEqual(await Effect.runPromise(program), expected, "the sum")
}
