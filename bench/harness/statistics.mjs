// @ts-check

/**
 * The value below which the share `p` of the values lies; NaN if there are none.
 *
 * @param {ArrayLike<number>} values
 * @param {number} p from 0 to 1
 */
export function percentile(values, p) {
  const sorted = Float64Array.from(values).sort()
  if (sorted.length === 0) return NaN
  const at = (sorted.length - 1) * p
  const below = Math.floor(at)
  const above = Math.ceil(at)
  return sorted[below] + (sorted[above] - sorted[below]) * (at - below)
}

/** @param {ArrayLike<number>} values */
export const median = (values) => percentile(values, 0.5)

/**
 * The three figures that a latency is reported by.
 *
 * @param {string} name
 * @param {ArrayLike<number>} values
 * @returns {Record<string, number>}
 */
export function latency(name, values) {
  return {
    [`${name} p50`]: percentile(values, 0.5),
    [`${name} p99`]: percentile(values, 0.99),
    [`${name} max`]: percentile(values, 1),
  }
}

/**
 * By how much y grows per x: the slope of the line through the points that errs by the least squares.
 *
 * @param {ArrayLike<number>} x
 * @param {ArrayLike<number>} y
 */
export function slope(x, y) {
  const [centreX, centreY] = [mean(x), mean(y)]
  let together = 0
  let alone = 0
  for (let i = 0; i < x.length; i++) {
    together += (x[i] - centreX) * (y[i] - centreY)
    alone += (x[i] - centreX) ** 2
  }
  return together / alone
}

/** @param {ArrayLike<number>} values */
const mean = (values) => Array.from(values).reduce((sum, value) => sum + value) / values.length
