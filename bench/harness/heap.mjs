// @ts-check
import { setTimeout } from "node:timers/promises"

/**
 * Bytes in use after a forced collection; the process must have been started with `--expose-gc`.
 *
 * @returns {Promise<{ heap: number, rss: number }>} `heap` counts typed arrays, which live outside of V8's own
 */
export async function memoryInUse() {
  const collect = globalThis.gc
  if (collect === undefined) throw new Error("Expected a process with a collector to call: start it with --expose-gc")
  for (let i = 0; i < 3; i++) {
    collect()
    await setTimeout(20)
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: heapUsed + external, rss }
}
