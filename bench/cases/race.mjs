// @ts-check
import { fasterThan } from "../harness/budget.mjs"
import { expectEqual } from "../harness/expect.mjs"
import { loadRapid } from "../harness/library.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const COUNT = 100_000
const expected = (COUNT * (COUNT - 1)) / 2

/**
 * Where the winner stands first, the loser need not be started at all; where it stands last, the loser must be cancelled.
 *
 * @type {About}
 */
export const about = {
  title: "100k × a race of a value and of what never ends, in one fiber; the floor is Promise.race",
  rows: () => [
    { name: "native", variant: "native" },
    { name: "rapid", variant: "rapid", floor: "native", rival: "effect", budgets: [fasterThan("effect")] },
    { name: "effect", variant: "effect", floor: "native" },
    {
      name: "rapid, never first",
      variant: "rapid",
      options: { neverFirst: true },
      floor: "native",
      rival: "effect, never first",
      budgets: [fasterThan("effect, never first")],
    },
    { name: "effect, never first", variant: "effect", options: { neverFirst: true }, floor: "native" },
  ],
}

/** @type {Variant} */
export async function native() {
  return async () => {
    let sum = 0
    // One promise for all the races would keep the reactions of every race.
    for (let i = 0; i < COUNT; i++) sum += await Promise.race([Promise.resolve(i), new Promise(() => {})])
    expectEqual(sum, expected, "the sum")
  }
}

/** @type {Variant} */
export async function rapid({ neverFirst }) {
  const { Task } = await loadRapid()
  const race = (/** @type {number} */ i) =>
    Task.race(neverFirst === true ? [Task.never, Task.pure(i)] : [Task.pure(i), Task.never])
  const program = Task.gen(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) sum += yield* race(i)
    return sum
  })
  return async () => expectEqual(await program, expected, "the sum")
}

/** @type {Variant} */
export async function effect({ neverFirst }) {
  const Effect = await import("effect/Effect")
  const race = (/** @type {number} */ i) =>
    neverFirst === true
      ? Effect.raceFirst(Effect.never, Effect.succeed(i))
      : Effect.raceFirst(Effect.succeed(i), Effect.never)
  const program = Effect.gen(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) sum += yield* race(i)
    return sum
  })
  return async () => expectEqual(await Effect.runPromise(program), expected, "the sum")
}
