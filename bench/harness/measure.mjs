// @ts-check
/** @import { About, Iteration, Measured } from "./types.d.ts" */

const WARM_UP = 3
const MEASURED = 3
/** Milliseconds for the warm-up, and as many for what is measured: a slow variant gets by with fewer iterations. */
const PATIENCE = 8000

/**
 * Runs the iterations of one process.
 *
 * @param {About} about
 * @param {Iteration} iteration
 * @returns {Promise<Measured>}
 */
export async function measure(about, iteration) {
  if (about.once !== true) await repeat(WARM_UP, iteration)
  const readings = await repeat(about.once === true ? 1 : MEASURED, iteration)
  return { readings, peakRss: process.resourceUsage().maxRSS / 1024 }
}

/**
 * @param {number} times
 * @param {Iteration} iteration
 */
async function repeat(times, iteration) {
  const readings = []
  const started = performance.now()
  while (readings.length < times && (readings.length === 0 || performance.now() - started < PATIENCE)) {
    readings.push(await once(iteration))
    await new Promise((resolve) => setImmediate(resolve))
  }
  return readings
}

/** @param {Iteration} iteration */
async function once(iteration) {
  const before = process.cpuUsage()
  const started = performance.now()
  const reading = await iteration()
  const wall = performance.now() - started
  const { user, system } = process.cpuUsage(before)
  return { value: wall, ...reading, wall, cpu: (user + system) / 1000 }
}
