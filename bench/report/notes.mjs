// @ts-check
import { figure } from "./figure.mjs"
/** @import { Row } from "./types.d.ts" */

/**
 * What no column of a table has.
 *
 * @param {Row} row
 */
export function notesOf({ value, failures, details, mean }) {
  return [
    // Where all failed, the first failure stands in place of the figure.
    ...[...new Set(failures)].slice(value === undefined ? 1 : 0).map((failure) => `a process failed: ${failure}`),
    ...Object.entries(details).map(([name, detail]) => `${name} ${figure(detail)}`),
    ...(mean && value !== undefined
      ? [value.low === value.high ? "JMH’s mean" : "JMH’s mean and its 99.9 % interval"]
      : []),
  ]
}
