// @ts-check
import { setTimeout } from "node:timers/promises"

/**
 * Bytes in use after a forced collection; the process must have been started with `--expose-gc`.
 *
 * @returns {Promise<{ heap: number, rss: number }>} `heap` counts typed arrays, which live outside of V8's own
 */
export async function memoryInUse() {
  const collect = collector()
  for (let i = 0; i < 3; i++) {
    collect()
    await setTimeout(20)
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: heapUsed + external, rss }
}

/**
 * Bytes in use after a collection, for whoever cannot wait: what is freed later is counted still.
 *
 * @returns {number} as `heap` above
 */
export function collected() {
  collector()()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function collector() {
  const collect = globalThis.gc
  if (collect === undefined) throw new Error("Expected a process with a collector to call: start it with --expose-gc")
  return collect
}
