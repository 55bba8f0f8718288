// @ts-check
/** @import { Iteration, Measured } from "./types.d.ts" */

/**
 * What the host is asked for: nothing here is of one runtime only.
 *
 * @typedef {object} Host
 * @property {() => Promise<void>} pause a turn of the event loop
 * @property {() => number | undefined} cpu milliseconds of all threads so far; undefined where the host does not tell
 */

/**
 * A slow variant gets by with fewer iterations.
 *
 * @param {number} times
 * @param {number} seconds
 * @param {Iteration} iteration
 * @param {Host} host
 */
export async function repeat(times, seconds, iteration, host) {
  const readings = []
  const started = performance.now()
  while (readings.length < times && (readings.length === 0 || performance.now() - started < seconds * 1000)) {
    readings.push(await once(iteration, host))
    await host.pause()
  }
  return readings
}

/**
 * @param {Iteration} iteration
 * @param {Host} host
 * @returns {Promise<Measured["readings"][number]>}
 */
async function once(iteration, { cpu }) {
  const before = cpu()
  const started = performance.now()
  const reading = await iteration()
  const wall = performance.now() - started
  const after = cpu()
  return {
    value: wall,
    ...reading,
    wall,
    ...(before !== undefined && after !== undefined && { cpu: after - before }),
  }
}
