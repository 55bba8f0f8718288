// @ts-check
/** @import { Iteration, Reading } from "./types.d.ts" */

/**
 * So many rounds in one iteration: a single one would be over before the optimizer has seen it.
 *
 * @param {number} count
 * @param {Iteration} round
 * @returns {Iteration} its value is the time of all rounds together, its details those of the last
 */
export const rounds = (count, round) => async () => {
  /** @type {Reading | void} */
  let reading = undefined
  for (let i = 0; i < count; i++) reading = await round()
  return reading
}
