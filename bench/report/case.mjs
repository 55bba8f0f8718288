// @ts-check
import { drawBars, isLogarithmic } from "./bars.mjs"
import { floorOf } from "./cases.mjs"
import { figure } from "./figure.mjs"
import { markup } from "./markup.mjs"
import { drawRatios } from "./ratios.mjs"
import { tableOf } from "./table.mjs"
/** @import { Bar } from "./bars.mjs" */
/** @import { Point } from "./ratios.mjs" */
/** @import { Case, Ratio, Row } from "./types.d.ts" */

/**
 * What a case measured: charts, the table, the command, and every raw value.
 *
 * @param {string} id
 * @param {Case} of
 */
export function caseSection(id, of) {
  return markup`<article id="${id}" aria-labelledby="${id}-heading">
<h3 id="${id}-heading">${of.name}</h3>
${of.title === "" ? undefined : markup`<p>${of.title}</p>`}
<div class="charts">
${valueChart(id, of)}${ratioChart(id, of)}${memoryChart(id, of)}</div>
${tableOf(id, of)}
${of.commands.map(commandLine)}
${rawValues(of)}
</article>
`
}

/** @param {string} command */
const commandLine = (command) =>
  markup`<p class="command"><span class="unseen">Command: </span><code>${command}</code></p>`

/**
 * @param {string} id
 * @param {Case} of
 */
function valueChart(id, { name, unit, rows }) {
  /** @type {Bar[]} */
  const bars = rows.map((row) => {
    const { label, role, value, failures } = row
    return { label, role, value, floor: floorOf(row, rows), failure: failures[0] }
  })
  const title = `${name}: median and interval of each variant, in ${unit}`
  const chart = drawBars({ id: `${id}-values`, title, unit, bars })
  return figureOf(chart, `Median and its interval, ${unit}`, isLogarithmic(bars))
}

/**
 * @param {string} id
 * @param {Case} of
 */
function ratioChart(id, { name, rows }) {
  const ours = rows.filter(({ role }) => role === "rapid")
  /** @type {Point[]} */
  const points = ours.flatMap(({ label, toBest, toFloor }) => [
    ...pointOf(label, toBest, "best"),
    ...pointOf(label, toFloor, "floor"),
  ])
  if (points.length === 0) return undefined
  const title = `${name}: ratios of rapid-fiber to the best rival and to the floor`
  const chart = drawRatios({ id: `${id}-ratios`, title, points })
  return figureOf(chart, "Ratios: ◆ to the best rival, ○ to the floor; the line is 1", true)
}

/**
 * Both do the same, so that the first word tells who the other is.
 *
 * @param {string} label
 * @param {Ratio | undefined} ratio
 * @param {Point["to"]} to
 * @returns {Point[]}
 */
function pointOf(label, ratio, to) {
  if (ratio === undefined) return []
  const other = ratio.row?.split(/[ ,]/)[0] ?? (to === "best" ? "best rival" : "floor")
  return [{ label: `${label} ÷ ${other}`, ratio, to }]
}

/**
 * @param {string} id
 * @param {Case} of
 */
function memoryChart(id, { name, rows }) {
  const measured = rows.filter(({ beside }) => beside.peakRss !== undefined)
  if (measured.length === 0) return undefined
  /** @type {Bar[]} */
  const bars = measured.map(({ label, role, beside: { peakRss: value } }) => ({ label, role, value }))
  const title = `${name}: peak resident memory of each variant, in MiB`
  const chart = drawBars({ id: `${id}-memory`, title, unit: "MiB", bars })
  return figureOf(chart, "Peak resident memory, MiB", isLogarithmic(bars))
}

/**
 * @param {unknown} chart
 * @param {string} caption
 * @param {boolean} logarithmic
 */
function figureOf(chart, caption, logarithmic) {
  return markup`<figure>
<figcaption>${caption}${logarithmic ? " (logarithmic)" : ""}</figcaption>
${chart}
</figure>
`
}

/** @param {Case} of */
function rawValues({ name, unit, rows }) {
  const measured = rows.filter(({ value }) => value !== undefined && value.raw.flat().length > 0)
  if (measured.length === 0) return undefined
  return markup`<details>
<summary>Raw values<span class="unseen"> of ${name}</span></summary>
<p>In ${unit}, a process in each pair of brackets.</p>
<dl>${measured.map(rawOf)}</dl>
</details>`
}

/** @param {Row} row */
function rawOf({ label, value }) {
  const processes = (value?.raw ?? []).map((values) => `[${values.map(figure).join(", ")}]`)
  return markup`<dt>${label}</dt><dd>${processes.join(" ")}</dd>`
}
