// @ts-check
/** @import { About, Budget, Compared } from "./types.d.ts" */

const widths = [16, 24, 10, 17, 10, 8, 9]
const titles = ["case", "variant", "median", "spread", "RSS MiB", "÷ floor", "÷ effect", "budget"]

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
          summary.least === summary.most ? "" : `${figure(summary.least)}–${figure(summary.most)}`,
          rss ? figure(Math.round(summary.peakRss)) : "",
          compared.toFloor === undefined ? "" : compared.toFloor.toFixed(2),
          compared.toRival === undefined ? "" : compared.toRival.toFixed(2),
        ]
  const budgets = (row.budgets ?? []).map((budget) => judge(budget, compared)).join("  ")
  const text = line([...cells, ...Array(widths.length - cells.length).fill(""), budgets])
  const details = [
    ...Object.entries(compared.toRivals).map(([rival, ratio]) => `÷ ${rival} ${ratio.toFixed(2)}`),
    ...Object.entries(summary?.details ?? {}).map(([key, value]) => `${key} ${figure(value)}`),
  ]
  if (summary !== undefined) details.push(...failures.map((failure) => `failed once: ${failure}`))
  return details.length === 0 ? text : `${text}\n${" ".repeat(widths[0] + 2)}${details.join(" · ")}`
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
