// @ts-check
import { fasterThan, timesFloor } from "../harness/budget.mjs"
import { expectEqual } from "../harness/expect.mjs"
import { loadRapid } from "../harness/library.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const COUNT = 1_000_000
const expected = (COUNT * (COUNT - 1)) / 2
const same = async (/** @type {number} */ value) => value

/** @type {About} */
export const about = {
  title: "1M waits for something synchronous in direct style; the floor is 1M awaits of an async function",
  variants: ["native", "rapid", "effect", "effect3", "bluebird", "fluture", "effection"],
  floor: "native",
  budgets: [timesFloor(0.5), fasterThan("effect")],
}

/** @type {Variant} */
export async function native() {
  return async () => {
    let sum = 0
    for (let i = 0; i < COUNT; i++) sum += await same(i)
    expectEqual(sum, expected, "the sum")
  }
}

/** @type {Variant} */
export async function rapid() {
  const { Task } = await loadRapid()
  const program = Task.gen(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) sum += yield* Task.pure(i)
    return sum
  })
  return async () => expectEqual(await program, expected, "the sum")
}

/** @type {Variant} */
export async function effect() {
  const Effect = await import("effect/Effect")
  const program = Effect.gen(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) sum += yield* Effect.succeed(i)
    return sum
  })
  return async () => expectEqual(await Effect.runPromise(program), expected, "the sum")
}

/** @type {Variant} */
export async function effect3() {
  const Effect = await import("effect3/Effect")
  const program = Effect.gen(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) sum += yield* Effect.succeed(i)
    return sum
  })
  return async () => expectEqual(await Effect.runPromise(program), expected, "the sum")
}

/** @type {Variant} */
export async function bluebird() {
  const { default: Bluebird } = await import("bluebird")
  const program = Bluebird.coroutine(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) sum += yield Bluebird.resolve(i)
    return sum
  })
  return async () => expectEqual(await program(), expected, "the sum")
}

/** @type {Variant} */
export async function fluture() {
  const { go, promise, resolve } = await import("fluture")
  const program = go(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) sum += yield resolve(i)
    return sum
  })
  return async () => expectEqual(await promise(program), expected, "the sum")
}

/** @type {Variant} */
export async function effection() {
  const { call, run } = await import("effection")
  return async () => {
    const sum = await run(function* () {
      let sum = 0
      for (let i = 0; i < COUNT; i++) sum += yield* call(() => i)
      return sum
    })
    expectEqual(sum, expected, "the sum")
  }
}
