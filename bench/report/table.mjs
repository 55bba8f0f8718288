// @ts-check
import { figure, range, ratioText } from "./figure.mjs"
import { markup } from "./markup.mjs"
import { notesOf } from "./notes.mjs"
/** @import { Beside, Case, Figure, Row } from "./types.d.ts" */

/** @typedef {{ title: string, cell: (row: Row) => unknown, number?: boolean, shown?: (row: Row) => boolean }} Column */

const roles = { rapid: "ours", rival: "rival", floor: "floor" }

/**
 * The same figures as in the charts, and those that have none.
 *
 * @param {string} id
 * @param {Case} of
 */
export function tableOf(id, { name, unit, rows }) {
  const columns = columnsOf(unit).filter(({ shown }) => shown === undefined || rows.some(shown))
  const heads = columns.map((column) => markup`<th scope="col"${align(column)}>${column.title}</th>`)
  return markup`<div class="scroll" role="region" tabindex="0" aria-label="Figures of ${name}">
<table id="${id}-table">
<caption class="unseen">Figures of ${name}</caption>
<thead><tr><th scope="col">Variant</th>${heads}</tr></thead>
<tbody>
${rows.map((row) => line(row, columns))}</tbody>
</table>
</div>`
}

/**
 * @param {Row} row
 * @param {readonly Column[]} columns
 */
function line(row, columns) {
  const name = markup`<span class="key ${row.role}"></span>${row.label} <small>${roles[row.role]}</small>`
  const cells = columns.map((column) => markup`<td${align(column)}>${column.cell(row)}</td>`)
  return markup`<tr class="${row.role}"><th scope="row">${name}</th>${cells}</tr>
`
}

/** @param {Column} column */
const align = ({ number = false }) => (number ? markup` class="number"` : undefined)

/**
 * @param {string} unit
 * @returns {Column[]}
 */
function columnsOf(unit) {
  return [
    { title: `Median, ${unit}`, number: true, cell: valueOf },
    { title: "95 % interval", number: true, cell: ({ value }) => value && range(value) },
    ...beside("peakRss", "Peak RSS, MiB"),
    ratioColumn("toFloor", "÷ floor"),
    ratioColumn("toBest", "÷ best rival"),
    ...beside("heapAfter", "Heap after, MiB"),
    ...beside("cpu", "CPU, ms"),
    ...beside("gc", "GC, ms"),
    ...beside("delay", "Delay, ms"),
    { title: "Values", number: true, cell: ({ value }) => value && countOf(value) },
    { title: "Budget", cell: ({ budgets }) => budgets.map(judged), shown: ({ budgets }) => budgets.length > 0 },
    { title: "Notes", cell: (row) => notesOf(row).join(" · "), shown: (row) => notesOf(row).length > 0 },
  ]
}

/**
 * @param {Beside} name
 * @param {string} title
 * @returns {Column[]}
 */
function beside(name, title) {
  const cell = (/** @type {Row} */ { beside: { [name]: of } }) => of && data(of.estimate)
  return [{ title, number: true, cell, shown: (row) => row.beside[name] !== undefined }]
}

/**
 * Rounded for the eye, exact for a program.
 *
 * @param {number} value
 */
const data = (value) => markup`<data value="${value}">${figure(value)}</data>`

/** @param {Row} row */
const valueOf = ({ value, failures }) =>
  value === undefined ? markup`<span class="fail">✗ ${failures[0] ?? "no result"}</span>` : data(value.estimate)

/**
 * @param {"toFloor" | "toBest"} name
 * @param {string} title
 * @returns {Column}
 */
const ratioColumn = (name, title) => ({
  title,
  cell: ({ [name]: ratio }) => ratio && ratioText(ratio),
  shown: ({ [name]: ratio }) => ratio !== undefined,
})

/** @param {Figure} of */
function countOf({ raw }) {
  const count = raw.flat().length
  if (count === 0) return ""
  return `${count} in ${raw.length} ${raw.length === 1 ? "process" : "processes"}`
}

/** @param {Row["budgets"][number]} budget */
function judged({ text, holds }) {
  if (holds === undefined) return markup`<span class="budget">${text}</span> `
  const word = holds ? "kept" : "missed"
  const sign = markup`<span aria-hidden="true">${holds ? "✓" : "✗"}</span><span class="unseen">${word}:</span>`
  return markup`<span class="budget">${sign} ${text}</span> `
}
