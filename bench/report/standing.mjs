// @ts-check
import { verdict } from "./figure.mjs"
/** @import { Case, Report, Row, Standing, Standpoint } from "./types.d.ts" */

/**
 * Where rapid-fiber stands: its best first where it is ahead, its worst first where it is behind. Every row of ours is
 * in exactly one list, so that none can be left out.
 *
 * @param {Report} report
 * @returns {Standing}
 */
export function standingOf({ cases }) {
  const ours = cases.flatMap((of) => of.rows.filter(({ role }) => role === "rapid").map((row) => ({ row, of })))
  const compared = ours.flatMap(({ row }) =>
    row.value === undefined || row.toBest === undefined ? [] : [{ row, ratio: row.toBest }],
  )
  const rest = ours.filter(({ row }) => row.value !== undefined && row.toBest === undefined)
  const by = (/** @type {string} */ wanted) =>
    compared
      .filter(({ ratio }) => verdict(ratio) === wanted)
      .toSorted((left, right) => left.ratio.estimate - right.ratio.estimate)
  return {
    ahead: by("ahead"),
    same: by("same"),
    behind: by("behind").toReversed(),
    failed: ours.flatMap(({ row }) => (row.value === undefined ? [row] : [])),
    alone: rest.flatMap(({ row, of }) => (rivalsFailed(row, of) ? [row] : [])),
    uncompared: rest.flatMap(({ row, of }) => (rivalsFailed(row, of) ? [] : [row])),
  }
}

/**
 * @param {Row} row
 * @param {Case} of
 */
function rivalsFailed({ runtime }, { rows }) {
  const rivals = rows.filter((row) => row.role === "rival" && row.runtime === runtime)
  return rivals.length > 0 && rivals.every(({ value }) => value === undefined)
}

/**
 * All that was compared, the best first.
 *
 * @param {Standing} standing
 * @returns {Standpoint[]}
 */
export const ranked = ({ ahead, same, behind }) => [...ahead, ...same, ...behind.toReversed()]

/**
 * A word for a whole case.
 *
 * @param {Case} of
 */
export function wordFor({ rows }) {
  const ours = rows.filter(({ role }) => role === "rapid")
  if (ours.some(({ value }) => value === undefined)) return "failed"
  const words = new Set(ours.flatMap(({ toBest }) => (toBest === undefined ? [] : [verdict(toBest)])))
  if (words.size > 1) return "mixed"
  const [word] = words
  return word === "same" ? "no difference" : (word ?? "")
}
