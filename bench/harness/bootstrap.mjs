// @ts-check
import { random } from "./random.mjs"
import { median, percentile } from "./statistics.mjs"

/**
 * Intervals by the bootstrap (Efron, 1979). The unit of replication is the process: iterations within one share its heap
 * layout, its compiled code and its neighbours, so they are not independent. Each resample draws processes with
 * replacement, then iterations within each, and takes the median of the processes' medians. The seed is fixed: the same
 * data give the same interval.
 *
 * @typedef {readonly (readonly number[])[]} Forks the values of each process
 * @typedef {{ readonly estimate: number, readonly low: number, readonly high: number }} Interval
 */

const RESAMPLES = 2000
const CONFIDENCE = 0.95

/**
 * The median and its 95 % interval.
 *
 * @param {Forks} forks
 * @returns {Interval}
 */
export function interval(forks) {
  const next = random(1)
  const resampled = Array.from({ length: RESAMPLES }, () => resample(forks, next))
  return { estimate: centre(forks), ...bounds(resampled) }
}

/**
 * How many times `ours` takes what `theirs` takes, and its 95 % interval: both are drawn anew each time.
 *
 * @param {Forks} ours
 * @param {Forks} theirs
 * @returns {Interval}
 */
export function ratio(ours, theirs) {
  const next = random(1)
  const resampled = Array.from({ length: RESAMPLES }, () => resample(ours, next) / resample(theirs, next))
  return { estimate: centre(ours) / centre(theirs), ...bounds(resampled) }
}

/**
 * Whether the data tell the two apart: an interval that spans 1 does not.
 *
 * @param {Interval} of
 */
export const differs = ({ low, high }) => low > 1 || high < 1

/** @param {Forks} forks */
const centre = (forks) => median(forks.map((values) => median(values)))

/**
 * @param {Forks} forks
 * @param {() => number} next
 */
function resample(forks, next) {
  return median(
    forks.map(() => {
      const values = forks[Math.floor(next() * forks.length)]
      return median(values.map(() => values[Math.floor(next() * values.length)]))
    }),
  )
}

/** @param {readonly number[]} resampled */
function bounds(resampled) {
  const tail = (1 - CONFIDENCE) / 2
  return { low: percentile(resampled, tail), high: percentile(resampled, 1 - tail) }
}
