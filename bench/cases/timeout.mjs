// @ts-check
import { fasterThan } from "../harness/budget.mjs"
import { expectEqual, expectRejection } from "../harness/expect.mjs"
import { loadRapid } from "../harness/library.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const COUNT = 100_000
const SECOND = 1000
const expected = (COUNT * (COUNT - 1)) / 2

/**
 * A value is there before any timer need be set; for what is called in a microtask a timer is set, and cleared. Each
 * variant first lets a time come, for a time-out that never comes would be the fastest of all.
 *
 * @type {About}
 */
export const about = {
  title: "100k × a time-out of 1 s around a value, in one fiber; the floor is Promise.race and a timer that is cleared",
  rows: () => [
    { name: "native", variant: "native" },
    { name: "rapid", variant: "rapid", floor: "native", rival: "effect", budgets: [fasterThan("effect")] },
    { name: "effect", variant: "effect", floor: "native" },
    { name: "native callback", variant: "native", options: { callback: true } },
    {
      name: "rapid callback",
      variant: "rapid",
      options: { callback: true },
      floor: "native callback",
      rival: "effect callback",
      budgets: [fasterThan("effect callback")],
    },
    { name: "effect callback", variant: "effect", options: { callback: true }, floor: "native callback" },
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
