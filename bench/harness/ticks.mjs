// @ts-check
import { expectEqual } from "./expect.mjs"
import { latency } from "./statistics.mjs"
/** @import { Reading } from "./types.d.ts" */

/** A timer of the platform may be early by so much, in ms. */
const EARLY = 1

/** How late each tick of a loop is that should go at a fixed rate, counted from the loop's start. */
export class Ticks {
  /** @param {number} period in ms */
  constructor(period) {
    this.period = period
    /** @type {number[]} */
    this.at = []
    this.started = performance.now()
  }

  tick = () => {
    this.at.push(performance.now() - this.started)
  }

  /**
   * A tick belongs to the latest point of the grid: a loop that leaves out what it has missed is not late for ever.
   *
   * @param {number} count how many there must be by now
   * @param {number} first how many periods after the start the first one is due
   * @returns {Reading} `drift` is by how much the last tick is later than its number says
   */
  report(count, first) {
    expectEqual(this.at.length, count, "the number of ticks")
    const points = this.at.map((at) => Math.floor((at + EARLY) / this.period))
    const late = this.at.map((at, i) => at - points[i] * this.period)
    const { "late p99": value, ...others } = latency("late", late)
    const drift = this.at[count - 1] - (first + count - 1) * this.period
    const missed = points[count - 1] + 1 - first - new Set(points).size
    return { value, details: { drift, missed, ...others } }
  }
}
