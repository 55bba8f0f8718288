// @ts-check
import { none, peakRss, timesFloor } from "./budget.mjs"
/** @import { Budget, Options, Row } from "./types.d.ts" */

const MILLION = 1_000_000

/** What the design allows each form at 10M: times the longest sleep, and MiB. */
const forms = {
  shared: [timesFloor(1.2, "longest"), peakRss(450), none("early")],
  closure: [timesFloor(1.5, "longest"), peakRss(1126), none("early")],
  held: [timesFloor(1.7, "longest"), peakRss(1741), none("early")],
}

/** Those which do not survive 10M are shown at 1M; the others only where every form is asked for. */
const rivals = ["timer", "promise", "effect"]
const others = ["effect3", "fp4ts", "funfix", "bluebird", "fluture", "effection", "rxjs"]

/**
 * The rows of many-sleeps: each form with the whole count, then the rivals at 1M beside our own at 1M.
 *
 * @param {Options} options
 * @returns {Row[]}
 */
export function sleepRows({ count, full }) {
  const atMillion = (/** @type {string} */ distribution) => [
    ...(count === MILLION
      ? []
      : [row("shared", distribution, MILLION, { rival: nameOf("effect", distribution, MILLION) })]),
    ...[...rivals, ...(full ? others : [])].map((variant) => row(variant, distribution, MILLION)),
  ]
  const ours = (/** @type {keyof typeof forms} */ variant, /** @type {string} */ distribution) =>
    row(variant, distribution, count, {
      budgets: count === 10 * MILLION ? forms[variant] : [none("early")],
      rival: count === MILLION ? nameOf("effect", distribution, MILLION) : undefined,
    })
  return [
    ours("shared", "seconds"),
    ours("shared", "uniform"),
    ours("closure", "seconds"),
    ...(full ? [ours("closure", "uniform")] : []),
    ours("held", "seconds"),
    ...(full ? [ours("held", "uniform")] : []),
    ...atMillion("seconds"),
    ...(full ? atMillion("uniform") : []),
  ]
}

/**
 * @param {string} variant
 * @param {string} distribution
 * @param {number} count
 * @param {{ budgets?: readonly Budget[], rival?: string | undefined }} [more]
 * @returns {Row}
 */
function row(variant, distribution, count, more) {
  return { name: nameOf(variant, distribution, count), variant, options: { count, distribution }, ...more }
}

/**
 * @param {string} variant
 * @param {string} distribution
 * @param {number} count
 */
function nameOf(variant, distribution, count) {
  const size = count % MILLION === 0 ? `${count / MILLION}M` : `${count}`
  return `${variant} ${distribution} ${size}`
}
