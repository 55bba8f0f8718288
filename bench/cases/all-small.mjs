// @ts-check
import { fasterThan } from "../harness/budget.mjs"
import { expectEqual } from "../harness/expect.mjs"
import { loadRapid } from "../harness/library.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const COUNT = 20_000
const numbers = Array.from({ length: 32 }, (_, i) => i)
const expected = COUNT * numbers.reduce(add)

/**
 * Effect knows a finished value by its look and takes it without a fiber; for what must be run it starts one each.
 *
 * @type {About}
 */
export const about = {
  title: "20k × all of 32 values, or of 32 synchronous calls, in one fiber; the floor is Promise.all",
  rows: () => [
    { name: "native", variant: "native" },
    { name: "rapid", variant: "rapid", floor: "native", rival: "effect", budgets: [fasterThan("effect")] },
    { name: "effect", variant: "effect", floor: "native" },
    {
      name: "rapid sync",
      variant: "rapid",
      options: { sync: true },
      floor: "native",
      rival: "effect sync",
      budgets: [fasterThan("effect sync")],
    },
    { name: "effect sync", variant: "effect", options: { sync: true }, floor: "native" },
  ],
}

/** @type {Variant} */
export async function native() {
  return async () => {
    let sum = 0
    for (let i = 0; i < COUNT; i++) sum += (await Promise.all(numbers.map((n) => Promise.resolve(n)))).reduce(add)
    expectEqual(sum, expected, "the sum")
  }
}

/** @type {Variant} */
export async function rapid({ sync }) {
  const { Task } = await loadRapid()
  const make = (/** @type {number} */ n) => (sync === true ? Task.sync(() => n) : Task.pure(n))
  const program = Task.gen(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) sum += (yield* Task.all(numbers.map(make))).reduce(add)
    return sum
  })
  return async () => expectEqual(await program, expected, "the sum")
}

/** @type {Variant} */
export async function effect({ sync }) {
  const Effect = await import("effect/Effect")
  const make = (/** @type {number} */ n) => (sync === true ? Effect.sync(() => n) : Effect.succeed(n))
  const program = Effect.gen(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) {
      sum += (yield* Effect.all(numbers.map(make), { concurrency: "unbounded" })).reduce(add)
    }
    return sum
  })
  return async () => expectEqual(await Effect.runPromise(program), expected, "the sum")
}

/**
 * @param {number} left
 * @param {number} right
 */
function add(left, right) {
  return left + right
}
