// @ts-check
import { writeFileSync } from "node:fs"
import { pathToFileURL } from "node:url"
import { parseArgs } from "node:util"
import { build, versions } from "./build.mjs"
import { listCells } from "./cells.mjs"
import { measure } from "./measure.mjs"
import { findToolchain } from "./toolchain.mjs"
/** @import { Cell } from "./cells.mjs" */
/** @import { Entry } from "./measure.mjs" */

const usage = `node bench/jvm/run.mjs [regex] [options]

  regex             cells whose names match, e.g. overhead, "Cats|Zio", "manySleeps count=1000000"
  --forks <n>       fresh JVMs per cell (default 2; manySleeps 1)
  --warmups <n>     iterations before (default 3; manySleeps always 1)
  --iterations <n>  iterations measured (default 3; manySleeps always 1)
  --time <s>        of an iteration (default 5)
  --timeout <s>     that a JVM may take (default 300; 1 million sleepers 120, 10 million 900)
  --quick           no 10 million sleepers; 1 fork, 1 warm-up, 1 iteration of 1 s
  --json <file>     write every entry of JMH, and the failures
  --list            the cells, without measuring
  --help`

/**
 * @typedef {object} JvmOptions
 * @property {string} [regex]
 * @property {number} [forks]
 * @property {number} [warmups]
 * @property {number} [iterations]
 * @property {number} [time]
 * @property {number} [timeout]
 * @property {boolean} [quick]
 * @property {boolean} [list]
 * @property {(result: CellResult) => void} [onResult] as soon as the last process of a cell has ended
 * @property {{ find(key: string): Measured | undefined, keep(key: string, outcome: Measured): void }} [journal] what an
 *   interrupted run has measured
 */

/** @typedef {Awaited<ReturnType<typeof measure>>} Measured */

/**
 * @typedef {object} CellResult
 * @property {string} name
 * @property {string} library `RapidVirtual`, `RapidFixed`, `Cats` or `Zio`
 * @property {string} workload
 * @property {Record<string, string>} params
 * @property {readonly number[]} values ms per operation, of each measured iteration
 * @property {number | undefined} median
 * @property {number | undefined} peakRss MiB, the worst process
 * @property {Record<string, number>} details `cpu` in ms per operation; of the sleepers `early` and how `late`
 * @property {string | undefined} failure what went wrong instead
 * @property {readonly Entry[]} jmh one of each process
 */

/**
 * Measures on the JVM; `skipped` says why where that cannot be done here.
 *
 * @param {JvmOptions} [options]
 * @returns {Promise<{ skipped: string } | { jdk: number, versions: Record<string, string>, cells: CellResult[] }>}
 */
export async function runJvm(options = {}) {
  const toolchain = findToolchain()
  if ("missing" in toolchain) return { skipped: toolchain.missing }
  const { jar, without } = build(toolchain)
  const wanted = new RegExp(options.regex ?? "")
  const cells = listCells(toolchain.java, jar).filter(
    ({ name, params }) => wanted.test(name) && !(options.quick === true && params.count === "10000000"),
  )
  const once = options.quick === true ? 1 : undefined
  const plan = {
    warmups: options.warmups ?? once,
    iterations: options.iterations ?? once,
    time: options.time ?? once ?? 5,
    timeout: options.timeout,
  }
  const outcomes = new Map(cells.map((cell) => [cell, /** @type {Measured[]} */ ([])]))
  /** @param {Cell} cell */
  const forksOf = (cell) => options.forks ?? once ?? (cell.long ? 1 : 2)
  const rounds = options.list === true ? 0 : Math.max(0, ...cells.map(forksOf))
  for (let round = 0; round < rounds; round++) {
    // In the reverse order every other time: what drifts hits all alike.
    for (const cell of round % 2 === 0 ? cells : cells.toReversed()) {
      const of = outcomes.get(cell) ?? []
      // What failed once is not tried again: a time-out costs minutes.
      const failed = of.some((outcome) => "failure" in outcome)
      if (round >= forksOf(cell) || failed) continue
      const absent = without !== undefined && cell.library.startsWith("Rapid")
      const key = `jvm|${cell.name}|${round}`
      const known = absent ? { failure: without } : options.journal?.find(key)
      const outcome = known ?? (await measure(toolchain.java, jar, cell, plan))
      if (known === undefined) options.journal?.keep(key, outcome)
      of.push(outcome)
      if (round === forksOf(cell) - 1 || "failure" in of[round]) options.onResult?.(summarize(cell, of))
    }
  }
  return {
    jdk: toolchain.version,
    versions: versions(),
    cells: cells.map((cell) => summarize(cell, outcomes.get(cell) ?? [])),
  }
}

/**
 * @param {Cell} cell
 * @param {readonly Measured[]} outcomes
 * @returns {CellResult}
 */
function summarize({ name, library, workload, params }, outcomes) {
  const jmh = outcomes.flatMap((outcome) => ("entry" in outcome ? [outcome.entry] : []))
  const failure = outcomes.flatMap((outcome) => ("failure" in outcome ? [outcome.failure] : []))[0]
  const values = jmh.flatMap(({ primaryMetric }) => primaryMetric.rawData.flat())
  /** @param {string} metric */
  const read = (metric) => jmh.map(({ secondaryMetrics }) => secondaryMetrics[metric]?.score ?? NaN)
  const names = Object.keys(jmh[0]?.secondaryMetrics ?? {}).filter((metric) => metric !== "rss")
  return {
    name,
    library,
    workload,
    params,
    values,
    median: values.length === 0 ? undefined : median(values),
    peakRss: jmh.length === 0 ? undefined : Math.max(...read("rss")),
    details: Object.fromEntries(names.map((metric) => [metric, median(read(metric))])),
    failure,
    jmh,
  }
}

/** @param {readonly number[]} values */
function median(values) {
  const sorted = [...values].sort((left, right) => left - right)
  const middle = (sorted.length - 1) / 2
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2
}

/** @param {CellResult} result */
function format({ name, values, median: of, peakRss, details, failure }) {
  const spread = `${figure(Math.min(...values))}–${figure(Math.max(...values))}`
  const more = Object.entries(details).map(([key, value]) => ` · ${key} ${figure(value)}`)
  const measured =
    of === undefined ? [] : [`${figure(of)} ms (${spread}) · RSS ${figure(peakRss ?? NaN)} MiB${more.join("")}`]
  return `${name.padEnd(60)}${[...measured, ...(failure === undefined ? [] : [`failed: ${failure}`])].join(" · ")}`
}

/** @param {number} value */
const figure = (value) => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3))

/** @param {string[]} argv */
async function main(argv) {
  const number = /** @type {const} */ ({ type: "string" })
  const flag = /** @type {const} */ ({ type: "boolean" })
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      ...{ forks: number, warmups: number, iterations: number, time: number, timeout: number },
      ...{ json: { type: "string" }, quick: flag, list: flag, help: flag },
    },
  })
  if (values.help === true) return console.log(usage)
  const count = (/** @type {"forks" | "warmups" | "iterations" | "time" | "timeout"} */ name, least = 1) => {
    const text = values[name]
    if (text === undefined) return undefined
    if (Number.isInteger(Number(text)) && Number(text) >= least) return Number(text)
    throw new Error(`Expected --${name} to be an integer >= ${least}, got ${text}`)
  }
  process.on("SIGINT", () => process.exit(130))
  process.on("SIGTERM", () => process.exit(143))
  const report = await runJvm({
    regex: positionals[0],
    forks: count("forks"),
    warmups: count("warmups", 0),
    iterations: count("iterations"),
    time: count("time"),
    timeout: count("timeout"),
    quick: values.quick,
    list: values.list,
    onResult: (result) => console.log(format(result)),
  })
  if ("skipped" in report) return console.log(`jvm: skipped, ${report.skipped}`)
  if (values.list === true) for (const { name } of report.cells) console.log(name)
  const json = /** @type {string | undefined} */ (values.json)
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, undefined, 2)}\n`)
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  main(process.argv.slice(2)).catch((error) => {
    console.error(Object(error).message ?? error)
    process.exitCode = 1
  })
}
