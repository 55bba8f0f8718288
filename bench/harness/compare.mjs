// @ts-check
import { readFileSync } from "node:fs"
import { parseArgs } from "node:util"
import { differs, ratio } from "./bootstrap.mjs"
import { UsageError } from "./usage-error.mjs"

/**
 * `bench compare base.json head.json`: each result of the second file over its like in the first. A regression is a ratio
 * whose whole interval lies above 1, and whose estimate is above the threshold.
 *
 * @param {string[]} argv
 * @returns {number} the exit status: 1 if something has become slower
 */
export function compareFiles(argv) {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: { threshold: { type: "string", default: "5" } },
  })
  const threshold = Number(values.threshold)
  if (!(threshold >= 0)) throw new UsageError(`Expected --threshold to be a percentage, got ${values.threshold}`)
  const [base, head] = positionals.map(read)
  if (base === undefined || head === undefined || positionals.length > 2)
    throw new UsageError(`Expected two files of results, got ${positionals.length}: compare <base.json> <head.json>`)

  let regressions = 0
  let compared = 0
  for (const [key, ours] of head) {
    const theirs = base.get(key)
    if (theirs === undefined) continue
    compared++
    const verdict = judge(ours, theirs, threshold)
    if (verdict.regression) regressions++
    console.log(`${verdict.mark} ${key.padEnd(52)} ${verdict.text}`)
  }
  if (compared === 0) throw new UsageError("Expected results that both files have, got none")
  console.log(`${compared} compared, ${regressions} slower by more than ${threshold} %`)
  return regressions > 0 ? 1 : 0
}

/**
 * @param {number[][]} ours
 * @param {number[][]} theirs
 * @param {number} threshold in percent
 */
function judge(ours, theirs, threshold) {
  if (ours.length === 0) return { mark: "✗", regression: theirs.length > 0, text: theirs.length > 0 ? "fails now" : "fails, as before" }
  if (theirs.length === 0) return { mark: "✓", regression: false, text: "no longer fails" }
  const over = ratio(ours, theirs)
  const range = `${over.estimate.toFixed(3)} (${over.low.toFixed(3)}–${over.high.toFixed(3)})`
  if (!differs(over)) return { mark: "=", regression: false, text: `${range} no difference` }
  const regression = over.estimate > 1 + threshold / 100
  return { mark: regression ? "✗" : over.estimate < 1 ? "✓" : "=", regression, text: range }
}

/**
 * The raw data of a file in JMH's format, by benchmark and parameters.
 *
 * @param {string} file
 * @returns {Map<string, number[][]>}
 */
function read(file) {
  /** @type {{ benchmark: string, params?: Record<string, string>, primaryMetric: { rawData: number[][] } }[]} */
  const entries = JSON.parse(readFileSync(file, "utf8"))
  return new Map(
    entries.map(({ benchmark, params = {}, primaryMetric }) => {
      const runtime = params["runtime"] === undefined || params["runtime"] === "node" ? "" : ` on ${params["runtime"]}`
      return [`${benchmark}${runtime}`, primaryMetric.rawData]
    }),
  )
}
