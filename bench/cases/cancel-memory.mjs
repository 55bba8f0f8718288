// @ts-check
import { setImmediate } from "node:timers/promises"
import { memoryInUse } from "../harness/heap.mjs"
import { loadRapid } from "../harness/library.mjs"
/** @import { About, Reading, Variant } from "../harness/types.d.ts" */

const COUNT = 1_000_000
const MINUTE = 60_000

/** @type {About} */
export const about = {
  title: "MiB that 1M cancelled sleepers leave behind once their handles are dropped; measured with --expose-gc",
  variants: ["native", "rapid", "effect"],
  unit: "MiB",
  once: true,
  forks: 1,
  flags: ["--expose-gc"],
}

/** @type {Variant} */
export async function native() {
  return () =>
    weigh(
      () => setTimeout(() => {}, MINUTE),
      async (timers) => timers.forEach((timer) => clearTimeout(timer)),
    )
}

/** @type {Variant} */
export async function rapid() {
  const { Task } = await loadRapid()
  return () =>
    weigh(
      () => Task.sleep(MINUTE).run(),
      async (fibers) => {
        for (const fiber of fibers) fiber.abort()
        for (const fiber of fibers) while (fiber.poll() === undefined) await setImmediate()
      },
    )
}

/** @type {Variant} */
export async function effect() {
  const Effect = await import("effect/Effect")
  const Fiber = await import("effect/Fiber")
  return () =>
    weigh(
      () => Effect.runFork(Effect.sleep(MINUTE)),
      (fibers) => Effect.runPromise(Fiber.interruptAll(fibers)),
    )
}

/**
 * @template T
 * @param {() => T} start
 * @param {(all: T[]) => Promise<void>} cancel
 * @returns {Promise<Reading>}
 */
async function weigh(start, cancel) {
  await cancel([start()])
  const before = await memoryInUse()
  const all = Array.from({ length: COUNT }, start)
  const asleep = await memoryInUse()
  await cancel(all)
  const held = await memoryInUse()
  all.length = 0
  const after = await memoryInUse()
  const over = (/** @type {{ heap: number }} */ { heap }) => (heap - before.heap) / 2 ** 20
  return {
    value: over(after),
    details: { "MiB asleep": over(asleep), "cancelled, handles held": over(held), "RSS at last": after.rss / 2 ** 20 },
  }
}
