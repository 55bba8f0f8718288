// @ts-check
import { fasterThan } from "../harness/budget.mjs"
import { expectEqual } from "../harness/expect.mjs"
import { loadFp4ts } from "../harness/fp4ts.mjs"
import { loadRapid } from "../harness/library.mjs"
import { rowsFor } from "../harness/rows.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const COUNT = 200_000
const expected = (COUNT * (COUNT - 1)) / 2
const same = async (/** @type {number} */ value) => value

/**
 * The libraries that have fibers, and bluebird, which starts a promise as the floor does.
 *
 * @type {About}
 */
export const about = {
  title: "200k × start and join of a child in one fiber; the floor is the call of an async function and its await",
  rows: () =>
    rowsFor({
      variants: [...["native", "rapid", "effect", "effectImmediate"], ...["effect3", "fp4ts", "bluebird", "effection"]],
      floor: "native",
      reduced: { effection: 20_000 },
      rivals: ["effectImmediate"],
      budgets: [fasterThan("effect", "effectImmediate")],
    }),
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

/** @type {Variant} */
export async function effect3() {
  const Effect = await import("effect3/Effect")
  const Fiber = await import("effect3/Fiber")
  const program = Effect.gen(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) {
      const child = yield* Effect.fork(Effect.succeed(i))
      sum += yield* Fiber.join(child)
    }
    return sum
  })
  return async () => expectEqual(await Effect.runPromise(program), expected, "the sum")
}

/** @type {Variant} */
export async function fp4ts() {
  const { IO } = await loadFp4ts()
  /** @type {(i: number, sum: number) => import("@fp4ts/effect").IO<number>} */
  const loop = (i, sum) =>
    i === COUNT
      ? IO.pure(sum)
      : IO.pure(i)
          .fork.flatMap((child) => child.joinWithNever())
          .flatMap((value) => loop(i + 1, sum + value))
  return async () => expectEqual(await loop(0, 0).unsafeRunToPromise(), expected, "the sum")
}

/** @type {Variant} */
export async function bluebird() {
  const { default: Bluebird } = await import("bluebird")
  const program = Bluebird.coroutine(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) {
      const child = Bluebird.try(() => i)
      sum += yield child
    }
    return sum
  })
  return async () => expectEqual(await program(), expected, "the sum")
}

/** @type {Variant} */
export async function effection({ count }) {
  const { run, spawn } = await import("effection")
  const times = Number(count)
  return async () => {
    const sum = await run(function* () {
      let sum = 0
      for (let i = 0; i < times; i++) {
        const child = yield* spawn(function* () {
          return i
        })
        sum += yield* child
      }
      return sum
    })
    expectEqual(sum, (times * (times - 1)) / 2, "the sum")
  }
}
