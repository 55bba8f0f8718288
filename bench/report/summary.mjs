// @ts-check
import { ratioText } from "./figure.mjs"
import { markup } from "./markup.mjs"
import { drawRatios } from "./ratios.mjs"
import { ranked, standingOf } from "./standing.mjs"
/** @import { Point } from "./ratios.mjs" */
/** @import { Ratio, Report, Row, Standpoint } from "./types.d.ts" */

/**
 * Where rapid-fiber is ahead, where there is no difference, and where it is behind.
 *
 * @param {Report} report
 * @param {ReadonlyMap<string, string>} ids of the cases
 */
export function summarySection(report, ids) {
  const standing = standingOf(report)
  const { ahead, same, behind, failed, alone, uncompared } = standing
  const link = (/** @type {Row} */ row) => markup`<a href="#${ids.get(row.case)}">${nameOf(row)}</a>`
  const named = (/** @type {Row} */ row) => markup`<li>${link(row)}</li>`
  const compared = (/** @type {Standpoint} */ { row, ratio }) =>
    markup`<li>${link(row)} <span class="told">${ratioText(ratio)}${alike(ratio)}</span></li>`
  const failure = (/** @type {Row} */ row) =>
    markup`<li>${link(row)} <span class="fail">✗ ${row.failures[0] ?? "no result"}</span></li>`
  const lists = [
    list("Ahead", "the best first", ahead.map(compared)),
    list("No difference", "", same.map(compared)),
    list("Behind", "the worst first", behind.map(compared)),
    list("Failed", "", failed.map(failure)),
    list("Only rapid-fiber finished", "", alone.map(named)),
    list("Nothing to compare with", "", uncompared.map(named)),
  ]
  const counts = [
    count(ahead.length, "ahead"),
    count(same.length, "no difference"),
    count(behind.length, "behind"),
    count(failed.length, "failed"),
  ]
  return markup`<section aria-labelledby="summary">
<h2 id="summary">Summary</h2>
<p>Each row of rapid-fiber against the best rival that does the same work. The ratio is ours over theirs: less is better,
and where its 95 % interval spans 1 the data show no difference.</p>
<ul class="counts">
${counts}</ul>
<div class="standing">
<div>
${lists}</div>
${overview(ranked(standing))}</div>
</section>
`
}

/** @param {Ratio} ratio */
const alike = ({ low, high }) => (low === high ? ", one value each: no interval" : undefined)

/**
 * @param {number} number
 * @param {string} what
 */
const count = (number, what) => markup`<li><b>${number}</b> ${what}</li>
`

/**
 * @param {string} title
 * @param {string} order
 * @param {readonly unknown[]} items
 */
function list(title, order, items) {
  if (items.length === 0) return undefined
  const sorted = order !== "" && items.length > 1 ? markup` <small>${order}</small>` : undefined
  return markup`<h3>${title}${sorted}</h3>
<ul>
${items.map(
  (item) => markup`${item}
`,
)}</ul>
`
}

/** @param {readonly Standpoint[]} standpoints */
function overview(standpoints) {
  if (standpoints.length === 0) return undefined
  /** @type {Point[]} */
  const points = standpoints.map(({ row, ratio }) => ({ label: nameOf(row), ratio, to: "best" }))
  return markup`<figure>
<figcaption>Ratio to the best rival (logarithmic): left of the line is ahead</figcaption>
${drawRatios({ id: "overview", title: "Ratio of each row of rapid-fiber to its best rival", points })}
</figure>
`
}

/**
 * "callback" says it all where the row is just ours.
 *
 * @param {Row} row
 */
const nameOf = ({ case: of, label }) => (label === "rapid" ? of : `${of}: ${label}`)
