// @ts-check
/** @import { Interval, Ratio } from "./types.d.ts" */

/** Narrow, and no line breaks there. */
const SPACE = "\u202f"

/**
 * Three digits that count, whole from a hundred on.
 *
 * @param {number} value
 */
export function figure(value) {
  return Number.isInteger(value) ? whole(value) : digits(value)
}

/** @param {number} value */
const whole = (value) => value.toLocaleString("en").replaceAll(",", SPACE)

/**
 * As many for 2 as for 1.97, so that ratios stand beneath each other.
 *
 * @param {number} value
 */
function digits(value) {
  const size = Math.abs(value)
  if (size >= 100) return whole(Math.round(value))
  if (size >= 10) return value.toFixed(1)
  if (size >= 0.1) return value.toFixed(2)
  // A size of 4e-7 would be written with an exponent, which nobody reads in a table.
  return size < 1e-5 ? "0.00" : value.toFixed(1 - Math.floor(Math.log10(size)))
}

/**
 * For the ticks of an axis, where there is little room.
 *
 * @param {number} value
 */
export function tick(value) {
  const size = Math.abs(value)
  if (size >= 1e9) return `${trim(value / 1e9)}G`
  if (size >= 1e6) return `${trim(value / 1e6)}M`
  return size >= 1e4 ? `${trim(value / 1e3)}k` : trim(value)
}

/** @param {number} value */
const trim = (value) => String(Number(value.toPrecision(3)))

/**
 * Nothing where it is a single value: then no interval is known.
 *
 * @param {Interval} of
 * @param {(value: number) => string} [write]
 */
export function range({ low, high }, write = figure) {
  return low === high ? "" : `${write(low)}–${write(high)}`
}

/**
 * Whether the data tell the two apart: an interval that spans 1 does not.
 *
 * @param {Ratio} ratio
 * @returns {"ahead" | "same" | "behind"}
 */
export function verdict({ low, high }) {
  if (high < 1) return "ahead"
  return low > 1 ? "behind" : "same"
}

/** @param {Ratio} ratio */
export function ratioWithRange(ratio) {
  const interval = range(ratio, digits)
  return interval === "" ? digits(ratio.estimate) : `${digits(ratio.estimate)} (${interval})`
}

/**
 * A ratio in words that need no heading.
 *
 * @param {Ratio} ratio
 */
export function ratioText(ratio) {
  const other = ratio.row === undefined ? "" : ` ${ratio.row}`
  const interval = range(ratio, digits)
  if (verdict(ratio) === "same") return `no difference${other && ` from${other}`}${interval && ` (${interval})`}`
  return `${digits(ratio.estimate)} ×${other}${interval && ` (${interval})`}`
}
