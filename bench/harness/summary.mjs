// @ts-check
import { interval, ratio } from "./bootstrap.mjs"
import { median } from "./statistics.mjs"
/** @import { Compared, Outcome, Result, Row } from "./types.d.ts" */

/**
 * What the processes of a row say together: the median of their medians and its interval, the worst memory.
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
  const forks = measured.map(({ readings: of }) => of.map(({ value }) => value))
  const values = forks.flat()
  const floors = readings.flatMap(({ floor }) => (floor === undefined ? [] : [floor]))
  const names = Object.keys(readings[0].details ?? {})
  const summary = {
    forks,
    measured,
    median: interval(forks).estimate,
    interval: interval(forks),
    least: Math.min(...values),
    most: Math.max(...values),
    peakRss: worst(measured.flatMap(({ peakRss }) => peakRss ?? [])),
    floor: floors.length === 0 ? undefined : median(floors),
    details: Object.fromEntries(
      names.map((name) => [name, median(readings.map(({ details }) => details?.[name] ?? NaN))]),
    ),
  }
  return { row, failures, summary }
}

/** @param {readonly number[]} values */
const worst = (values) => (values.length === 0 ? undefined : Math.max(...values))

/**
 * @param {Result} result
 * @param {ReadonlyMap<string, Result>} others the results of the case, by name of the row
 * @returns {Compared}
 */
export function compare(result, others) {
  const { row, summary } = result
  const over = (/** @type {string | undefined} */ name) => {
    const theirs = name === undefined ? undefined : others.get(name)?.summary
    return summary === undefined || theirs === undefined || name === row.name
      ? undefined
      : { row: name, ...ratio(summary.forks, theirs.forks) }
  }
  const own = summary?.floor
  const toFloor =
    summary === undefined || own === undefined
      ? over(row.floor)
      : { row: undefined, ...ratio(summary.forks, [[own]]) }
  return {
    result,
    toFloor,
    toRival: over(row.rival),
    toBest: roleOf(row) === "rapid" ? over(bestOf(row, others)) : undefined,
    toRivals: (row.rivals ?? []).flatMap((name) => over(name) ?? []),
    others,
  }
}

/**
 * What a row is in the comparison: ours, somebody's, or the floor, which no library is asked to beat.
 *
 * @param {Row} row
 * @returns {"rapid" | "rival" | "floor"}
 */
export function roleOf(row) {
  if (row.role !== undefined) return row.role
  return /^(rapid|shared|closure|held)/.test(row.name) ? "rapid" : /^(native|timer|promise|idle)/.test(row.name) ? "floor" : "rival"
}

/**
 * The fastest rival that does the same: where a case has several forms, the one whose name goes on alike.
 *
 * @param {Row} row
 * @param {ReadonlyMap<string, Result>} others
 */
function bestOf(row, others) {
  const form = formOf(row.name)
  const rivals = [...others.values()].filter(
    (other) => other.summary !== undefined && roleOf(other.row) === "rival" && formOf(other.row.name) === form,
  )
  rivals.sort((a, b) => (a.summary?.median ?? Infinity) - (b.summary?.median ?? Infinity))
  return rivals[0]?.row.name
}

/** "rapid, never first" and "effect, never first" have one form. @param {string} name */
const formOf = (name) => /^\w+(.*)$/.exec(name)?.[1] ?? ""
