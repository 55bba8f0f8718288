// @ts-check
import { median } from "./statistics.mjs"
/** @import { Compared, Outcome, Result, Row } from "./types.d.ts" */

/**
 * What the processes of a row say together: the median of every measured iteration, the worst memory.
 *
 * @param {Row} row
 * @param {readonly Outcome[]} outcomes
 * @returns {Result}
 */
export function summarize(row, outcomes) {
  const failures = outcomes.flatMap((outcome) => ("failure" in outcome ? [outcome.failure] : []))
  const measured = outcomes.flatMap((outcome) => ("measured" in outcome ? [outcome.measured] : []))
  if (measured.length === 0) return { row, failures, summary: undefined }
  const readings = measured.flatMap(({ readings: of }) => of)
  const values = readings.map(({ value }) => value)
  const floors = readings.flatMap(({ floor }) => (floor === undefined ? [] : [floor]))
  const names = Object.keys(readings[0].details ?? {})
  const summary = {
    values,
    median: median(values),
    least: Math.min(...values),
    most: Math.max(...values),
    cpu: median(readings.map(({ cpu }) => cpu)),
    peakRss: Math.max(...measured.map(({ peakRss }) => peakRss)),
    floor: floors.length === 0 ? undefined : median(floors),
    details: Object.fromEntries(
      names.map((name) => [name, median(readings.map(({ details }) => details?.[name] ?? NaN))]),
    ),
  }
  return { row, failures, summary }
}

/**
 * @param {Result} result
 * @param {ReadonlyMap<string, Result>} others
 * @returns {Compared}
 */
export function compare(result, others) {
  const { floor, rival, rivals = [] } = result.row
  const medianOf = (/** @type {string | undefined} */ name) =>
    name === undefined ? undefined : others.get(name)?.summary?.median
  const mine = result.summary?.median
  const over = (/** @type {number | undefined} */ yours) =>
    mine === undefined || yours === undefined ? undefined : mine / yours
  return {
    result,
    toFloor: over(result.summary?.floor ?? (floor === result.row.name ? undefined : medianOf(floor))),
    toRival: over(medianOf(rival)),
    toRivals: Object.fromEntries(
      rivals.flatMap((name) => {
        const ratio = over(medianOf(name))
        return ratio === undefined ? [] : [[name, ratio]]
      }),
    ),
    others,
  }
}
