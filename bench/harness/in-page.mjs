// @ts-check
import { repeat } from "./repeat.mjs"
/** @import { Iteration, Iterations, Measured } from "./types.d.ts" */

/** @type {import("./repeat.mjs").Host} */
const page = {
  pause: () => new Promise((resolve) => setTimeout(resolve)),
  cpu: () => undefined,
}

/**
 * The iterations of one page: a browser tells the time, and nothing else.
 *
 * @param {Iteration} iteration
 * @param {Iterations} of
 * @returns {Promise<Measured>}
 */
export async function measureInPage(iteration, { warmups, iterations, seconds }) {
  await repeat(warmups, seconds, iteration, page)
  return { readings: await repeat(iterations, seconds, iteration, page) }
}
