// @ts-check
import { readFileSync } from "node:fs"
import { caseSection } from "./case.mjs"
import { machineText, packagesText, reportOf } from "./cases.mjs"
import { markup, trusted } from "./markup.mjs"
import { wordFor } from "./standing.mjs"
import { summarySection } from "./summary.mjs"
/** @import { Case, Entry, Machine, Report } from "./types.d.ts" */

const style = readFileSync(new URL("style.css", import.meta.url), "utf8")

/**
 * One file that needs no other, no network and no script.
 *
 * @param {readonly Entry[]} entries
 */
export function html(entries) {
  const report = reportOf(entries)
  const ids = new Map(report.cases.map(({ name }, index) => [name, `case-${slug(name) || index}`]))
  const date = report.machines[0]?.date
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>rapid-fiber benchmarks${date === undefined ? undefined : `, ${date}`}</title>
<style>
${trusted(style)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the results</a>
${header(report)}${index(report.cases, ids)}<main id="main" tabindex="-1">
${summarySection(report, ids)}${reading}<section aria-labelledby="cases">
<h2 id="cases">Cases</h2>
${report.cases.map((of) => caseSection(ids.get(of.name) ?? "", of))}</section>
</main>
</body>
</html>
`
  return page.text
}

/** @param {string} name */
const slug = (name) => name.toLowerCase().replace(/[^a-z0-9]+/g, "-")

/** @param {Report} report */
function header({ machines, runtimes, commands }) {
  const items = [
    ...machines.flatMap(machineItems),
    item("Runtimes", runtimes.join(" · ")),
    ...commands.map((command) => item("Command", markup`<code>${command}</code>`)),
  ]
  return markup`<header>
<h1>rapid-fiber benchmarks</h1>
<dl>
${items}</dl>
</header>
`
}

/** @param {Machine} machine */
const machineItems = (machine) => [
  item("Date", machine.date === undefined ? "" : `${machine.date} UTC`),
  item("Machine", machineText(machine)),
  item("Packages", packagesText(machine)),
]

/**
 * @param {string} term
 * @param {unknown} of
 */
const item = (term, of) =>
  of === ""
    ? undefined
    : markup`<div><dt>${term}</dt><dd>${of}</dd></div>
`

/**
 * @param {readonly Case[]} cases
 * @param {ReadonlyMap<string, string>} ids
 */
function index(cases, ids) {
  const links = cases.map(
    (of) => markup`<li><a href="#${ids.get(of.name)}">${of.name}</a> <small>${wordFor(of)}</small></li>
`,
  )
  return markup`<nav aria-label="Cases">
<ul>
<li><a href="#summary">Summary</a></li>
${links}</ul>
</nav>
`
}

const reading = markup`<section aria-labelledby="reading">
<h2 id="reading">How to read it</h2>
<ul class="keys">
<li><span class="key rapid"></span>rapid-fiber: solid, its name in bold</li>
<li><span class="key rival"></span>a rival: hatched</li>
<li><span class="key floor"></span>the floor, the least that the platform allows for the same work: hollow, and a dashed
line through what is compared with it</li>
</ul>
<p>Less is better everywhere. The figure is the median, and the thin line upon a bar its 95 % interval, by the
bootstrap over processes; without a line there was one value. Ratios of one run are comparable, times of different
runs or machines are not: rows of other runtimes stand beside ours, and are compared with those of their own. A row
that failed says how, in place of its bar. Where the largest bar of a chart is more than 20 times the smallest, its
scale is logarithmic, and says so.</p>
</section>
`
