// @ts-check
import { setImmediate } from "node:timers/promises"
import { fasterThan } from "../harness/budget.mjs"
import { expectEqual } from "../harness/expect.mjs"
import { loadRapid } from "../harness/library.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const COUNT = 1_000_000
const MINUTE = 60_000

/** @type {About} */
export const about = {
  title: "1M sleepers started, held in an array, cancelled, and awaited; the floor is setTimeout and clearTimeout",
  variants: ["native", "rapid", "effect"],
  floor: "native",
  budgets: [fasterThan("effect")],
}

/** @type {Variant} */
export async function native() {
  return () => {
    let fired = 0
    const timers = []
    for (let i = 0; i < COUNT; i++) timers.push(setTimeout(() => fired++, MINUTE))
    for (const timer of timers) clearTimeout(timer)
    expectEqual(fired, 0, "the number of timers that fired")
  }
}

/** @type {Variant} */
export async function rapid() {
  const { Task } = await loadRapid()
  return async () => {
    const fibers = []
    for (let i = 0; i < COUNT; i++) fibers.push(Task.sleep(MINUTE).run())
    for (const fiber of fibers) fiber.abort()
    for (const fiber of fibers) {
      while (fiber.poll() === undefined) await setImmediate()
      expectEqual(fiber.poll()?.status, "cancelled", "the status")
    }
  }
}

/** @type {Variant} */
export async function effect() {
  const Effect = await import("effect/Effect")
  const Exit = await import("effect/Exit")
  const Fiber = await import("effect/Fiber")
  return async () => {
    const fibers = []
    for (let i = 0; i < COUNT; i++) fibers.push(Effect.runFork(Effect.sleep(MINUTE)))
    await Effect.runPromise(Fiber.interruptAll(fibers))
    for (const fiber of fibers) {
      const exit = fiber.pollUnsafe()
      expectEqual(exit !== undefined && Exit.hasInterrupts(exit), true, "the interruption")
    }
  }
}
