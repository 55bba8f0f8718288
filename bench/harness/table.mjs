// @ts-check
import { differs } from "./bootstrap.mjs"
/** @import { About, Budget, Compared, Ratio } from "./types.d.ts" */

const widths = [16, 24, 10, 19, 10, 8, 26]
const titles = ["case", "variant", "median", "95 % interval", "RSS MiB", "÷ floor", "÷ best rival", "budget"]

/** The first two lines of the table. */
export const heading = `${line(titles)}\n${line([...widths.map((width) => "─".repeat(width - 2)), "──────"])}`

/**
 * A row, and a line for what else it has to tell.
 *
 * @param {string} name
 * @param {About} about
 * @param {Compared} compared
 */
export function format(name, { unit = "ms", rss = true }, compared) {
  const { row, summary, failures } = compared.result
  const cells =
    summary === undefined
      ? [name, row.name, failures[0]]
      : [
          name,
          row.name,
          `${figure(summary.median)} ${unit}`,
          summary.least === summary.most ? "" : `${figure(summary.interval.low)}–${figure(summary.interval.high)}`,
          rss && summary.peakRss !== undefined ? figure(Math.round(summary.peakRss)) : "",
          compared.toFloor === undefined ? "" : compared.toFloor.estimate.toFixed(2),
          compared.toBest === undefined ? "" : ratioText(compared.toBest),
        ]
  const budgets = (row.budgets ?? []).map((budget) => judge(budget, compared)).join("  ")
  const text = line([...cells, ...Array(widths.length - cells.length).fill(""), budgets])
  const details = [
    ...compared.toRivals.map(({ row: rival, estimate }) => `÷ ${rival} ${estimate.toFixed(2)}`),
    ...Object.entries(summary?.details ?? {}).map(([key, value]) => `${key} ${figure(value)}`),
  ]
  if (summary !== undefined) details.push(...failures.map((failure) => `failed once: ${failure}`))
  return details.length === 0 ? text : `${text}\n${" ".repeat(widths[0] + 2)}${details.join(" · ")}`
}

/** @param {Ratio} ratio */
function ratioText(ratio) {
  const { row, estimate, low, high } = ratio
  const range = differs(ratio) ? `${low.toFixed(2)}–${high.toFixed(2)}` : "no difference"
  return `${estimate.toFixed(2)} ${row} (${range})`
}

/**
 * @param {Budget} budget
 * @param {Compared} compared
 */
function judge(budget, compared) {
  const holds = budget.holds(compared)
  return holds === undefined ? budget.text : `${holds ? "✓" : "✗"} ${budget.text}`
}

/**
 * Each cell at its place; one that is too long pushes only what it reaches.
 *
 * @param {string[]} cells
 */
function line(cells) {
  let text = ""
  let start = 0
  cells.forEach((cell, index) => {
    if (cell !== "") text = (text === "" || text.length < start ? text.padEnd(start) : `${text}  `) + cell
    start += widths[index] ?? 0
  })
  return text
}

/**
 * Three digits that count, whole from a hundred on.
 *
 * @param {number} value
 */
export function figure(value) {
  const size = Math.abs(value)
  if (Number.isInteger(value) || size >= 100) return Math.round(value).toLocaleString("en").replaceAll(",", " ")
  return value.toFixed(size >= 10 ? 1 : 2)
}
