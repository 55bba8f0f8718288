// @ts-check
import { memoryInUse } from "../harness/heap.mjs"
import { loadRapid } from "../harness/library.mjs"
/** @import { About, Reading, Variant } from "../harness/types.d.ts" */

const COUNT = 1_000_000
const inc = () => {}

/** @type {About} */
export const about = {
  title: "bytes per sleeper of 1M, heap and typed arrays, after a forced collection (--expose-gc)",
  rows: () => [
    { name: "native timer", variant: "timer" },
    { name: "native promise", variant: "promise" },
    { name: "rapid shared", variant: "shared", rival: "effect" },
    { name: "rapid closure", variant: "closure", rival: "effect" },
    { name: "rapid held", variant: "held", rival: "effect" },
    { name: "effect", variant: "effect" },
  ],
  unit: "B",
  once: true,
  forks: 1,
  flags: ["--expose-gc"],
}

/** @type {Variant} */
export async function timer() {
  return () => weigh((ms) => void setTimeout(inc, ms))
}

/** @type {Variant} */
export async function promise() {
  return () => weigh((ms) => void new Promise((resolve) => setTimeout(resolve, ms)).then(inc))
}

/** @type {Variant} */
export async function shared() {
  const { Task } = await loadRapid()
  return () => weigh((ms) => Task.sleep(ms).map(inc).runAndForget())
}

/** @type {Variant} */
export async function closure() {
  const { Task } = await loadRapid()
  return () =>
    weigh((ms) =>
      Task.sleep(ms)
        .map(() => inc())
        .runAndForget(),
    )
}

/** Its array of 8 bytes each is part of the form. @type {Variant} */
export async function held() {
  const { Task } = await loadRapid()
  return () => {
    /** @type {unknown[]} */
    const fibers = []
    return weigh((ms) => void fibers.push(Task.sleep(ms).map(inc).run()))
  }
}

/** @type {Variant} */
export async function effect() {
  const Effect = await import("effect/Effect")
  return () => weigh((ms) => void Effect.runFork(Effect.map(Effect.sleep(ms), inc)))
}

/**
 * @param {(ms: number) => void} start
 * @returns {Promise<Reading>}
 */
async function weigh(start) {
  start(100_000)
  const before = await memoryInUse()
  for (let i = 0; i < COUNT; i++) start(60_000 + (i % 10_000))
  const after = await memoryInUse()
  return {
    value: (after.heap - before.heap) / COUNT,
    details: { "resident bytes": (after.rss - before.rss) / COUNT },
  }
}
