/**
 * The figures that the documentation quotes, each with its source behind it in a comment that no reader sees:
 *
 *     10.3 s<!-- = many-sleeps/shared seconds 10M -->     the median of a row (case/row, @runtime if it is not Node)
 *     275 MiB<!-- = many-sleeps/shared seconds 10M : peakRss -->     another metric of it
 *     0.67 ×<!-- = fork-join/rapid ÷ effectImmediate -->     its ratio to another row of the case
 *     5 ms<!-- given -->                                 a bound, a setting, an example: nothing that was measured
 *     30.9 s<!-- from https://… -->                      somebody else's
 *
 * `npm run figures` writes into the documents what `bench/results` says; a test fails where they differ, and where a
 * figure has no source.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { pathToFileURL } from "node:url"
import { root } from "./manifest.ts"

/** The documents whose figures are kept so. */
export const documents = ["README.md", "docs/performance.md", "docs/evidence.md", "docs/decisions.md"] as const

/** What of an entry of `bench/results` is read here. */
export interface Entry {
  readonly params?: { readonly runtime?: string }
  readonly primaryMetric: Metric
  readonly secondaryMetrics: Readonly<Record<string, Metric>>
  readonly "rapid-fiber": {
    readonly case: string
    readonly row: string
    readonly details?: Readonly<Record<string, number>>
  }
}

interface Metric {
  readonly score: number | "NaN"
}

/** Every entry by `case/row@runtime`; a file that sorts later has the last word. */
export type Results = ReadonlyMap<string, Entry>

export function readResults(folder = `${root}bench/results`): Results {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".json"))
  const entries = files
    .toSorted()
    .flatMap((file) => JSON.parse(readFileSync(`${folder}/${file}`, "utf8")) as readonly Entry[])
  return resultsOf(entries)
}

export function resultsOf(entries: readonly Entry[]): Results {
  return new Map(
    entries.map((entry) => {
      const { case: name, row } = entry["rapid-fiber"]
      return [`${name}/${row}@${entry.params?.runtime ?? "node"}`, entry]
    }),
  )
}

const UNIT = String.raw`\s?(?:s|ms|µs|ns|MiB|KiB|KB|bytes|B|×|%)(?![\w/])`
const NUMBER = String.raw`-?\d(?:[\d.,\u202f]*\d)?`
const tagged = new RegExp(String.raw`(${NUMBER})((?:${UNIT})?\**)<!-- = (.+?) -->`, "g")
const sourced = new RegExp(String.raw`${NUMBER}(?:${UNIT})?\**<!-- (?:= |given -->|from https://).*?(?:-->|$)`, "gm")
const measured = new RegExp(String.raw`(?<![\w.])${NUMBER}${UNIT}`, "g")

/** The text with every figure as the results have it. Throws where a source is unknown. */
export function withFigures(text: string, results: Results): string {
  return text.replaceAll(tagged, (_, _figure: string, unit: string, source: string) => {
    return `${written(valueOf(source, results), unit)}${unit}<!-- = ${source} -->`
  })
}

/** The figures with a unit and no source, outside code. */
export function withoutSource(text: string): string[] {
  const prose = text
    .replaceAll(/^```[\s\S]*?^```$/gm, "")
    .replaceAll(sourced, "")
    .replaceAll(/`[^`\n]*`/g, "")
  return prose.match(measured) ?? []
}

function valueOf(source: string, results: Results): number {
  const [, path, metric, other] = /^(.+?)(?: : (.+)| ÷ (.+))?$/.exec(source) ?? []
  const value = read(path, metric, source, results)
  if (other === undefined) return value
  const [, runtime = ""] = /(@\w+)$/.exec(path) ?? []
  const beside = other.includes("/") ? other : `${path.split("/")[0]}/${other}${runtime}`
  return value / read(beside, undefined, source, results)
}

function read(path: string, metric: string | undefined, source: string, results: Results): number {
  const entry = results.get(path.includes("@") ? path : `${path}@node`)
  if (entry === undefined) throw new Error(`Expected a row of bench/results, got ${path} in "${source}"`)
  const { details } = entry["rapid-fiber"]
  const found =
    metric === undefined ? entry.primaryMetric.score : (entry.secondaryMetrics[metric]?.score ?? details?.[metric])
  if (typeof found !== "number") throw new Error(`Expected a value for "${source}", got ${found}`)
  return found
}

/** Three digits that count; milliseconds as seconds where the document says so. */
function written(value: number, unit: string): string {
  const inUnit = /^\s?s\b/.test(unit) ? value / 1000 : value
  const size = Math.abs(inUnit)
  if ((/^\s?(?:MiB|bytes|B)/.test(unit) && size >= 10) || size >= 100) return String(Math.round(inUnit))
  return size >= 10 ? inUnit.toFixed(1) : inUnit.toFixed(2)
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const results = readResults()
  for (const document of documents) {
    const file = `${root}${document}`
    writeFileSync(file, withFigures(readFileSync(file, "utf8"), results))
  }
}
