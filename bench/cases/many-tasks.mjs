// @ts-check
import { fasterThan, timesFloor } from "../harness/budget.mjs"
import { expectEqual } from "../harness/expect.mjs"
import { latch } from "../harness/latch.mjs"
import { loadRapid } from "../harness/library.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const COUNT = 1_000_000

/** @type {About} */
export const about = {
  title: "1M fibers: sqrt, round, count down; the floor is an array of 1M closures filled and drained",
  variants: ["closures", "native", "rapid", "effect"],
  floor: "closures",
  budgets: [timesFloor(0.4), fasterThan("native", "effect")],
}

/** @type {Variant} */
export async function closures() {
  return () =>
    countDown((down) => {
      const queue = []
      for (let i = 0; i < COUNT; i++) queue.push(() => down(Math.round(Math.sqrt(i))))
      for (const call of queue) call()
    })
}

/** @type {Variant} */
export async function native() {
  return () =>
    countDown((down) => {
      for (let i = 0; i < COUNT; i++) void Promise.resolve(i).then(Math.sqrt).then(Math.round).then(down)
    })
}

/** @type {Variant} */
export async function rapid() {
  const { Task } = await loadRapid()
  return () =>
    countDown((down) => {
      for (let i = 0; i < COUNT; i++) Task.pure(i).map(Math.sqrt).map(Math.round).map(down).runAndForget()
    })
}

/** @type {Variant} */
export async function effect() {
  const Effect = await import("effect/Effect")
  return () =>
    countDown((down) => {
      for (let i = 0; i < COUNT; i++) {
        Effect.runFork(Effect.succeed(i).pipe(Effect.map(Math.sqrt), Effect.map(Math.round), Effect.map(down)))
      }
    })
}

const expected = Array.from({ length: COUNT }, (_, i) => Math.round(Math.sqrt(i))).reduce((sum, root) => sum + root)

/** @param {(down: (value: number) => void) => void} start */
async function countDown(start) {
  const { opened, down } = latch(COUNT)
  let sum = 0
  start((value) => {
    sum += value
    down()
  })
  await opened
  expectEqual(sum, expected, "the sum of the roots")
}
