// @ts-check
import { rowOf } from "./jmh.mjs"
/** @import { Case, Entry, Machine, Report, Row } from "./types.d.ts" */

/**
 * What the entries say, case by case, in the order in which they come.
 *
 * @param {readonly Entry[]} entries
 * @returns {Report}
 */
export function reportOf(entries) {
  const rows = entries.map(rowOf)
  const byCase = groupByCase(rows)
  const machines = entries.flatMap((entry) => entry["rapid-fiber"]?.machine ?? [])
  const commands = machines.flatMap(({ command }) => command ?? [])
  return {
    cases: [...byCase].map(([name, of]) => caseOf(name, of)),
    machines: distinct(machines, (machine) => JSON.stringify(machine)),
    runtimes: distinct(rows.map(({ vm }) => vm)),
    commands: distinct(commands.length > 0 ? commands : rows.flatMap(({ command }) => command ?? [])),
  }
}

/**
 * @param {string} name
 * @param {readonly Row[]} rows
 * @returns {Case}
 */
function caseOf(name, rows) {
  const place = (/** @type {Row} */ { runtime }) => (runtime === "node" ? 0 : runtime === "JVM" ? 2 : 1)
  return {
    name,
    title: rows.find(({ title }) => title !== "")?.title ?? "",
    unit: rows.find(({ value }) => value !== undefined)?.value?.unit ?? "ms",
    rows: rows.toSorted((left, right) => place(left) - place(right)),
    commands: distinct(rows.flatMap(({ command }) => command ?? [])),
  }
}

/**
 * By hand, for Node 20 has no Map.groupBy.
 *
 * @param {readonly Row[]} rows
 */
function groupByCase(rows) {
  /** @type {Map<string, Row[]>} */
  const groups = new Map()
  for (const row of rows) groups.set(row.case, [...(groups.get(row.case) ?? []), row])
  return groups
}

/**
 * @template A
 * @param {readonly A[]} items
 * @param {(item: A) => unknown} [by]
 */
function distinct(items, by = (item) => item) {
  return [...new Map(items.map((item) => [by(item), item])).values()]
}

/**
 * What a row's floor took: that of its own runtime. Where the floor is no row, its ratio tells.
 *
 * @param {Row} row
 * @param {readonly Row[]} rows
 */
export function floorOf({ floor, runtime, value, toFloor }, rows) {
  const found = rows.find((row) => floor !== undefined && row.name === floor && row.runtime === runtime)?.value
    ?.estimate
  if (found !== undefined || value === undefined || toFloor === undefined || toFloor.estimate === 0) return found
  return value.estimate / toFloor.estimate
}

/** @param {Machine} machine */
export function machineText({ platform, cores, memory, load }) {
  const busy = typeof load === "number" ? `load ${load.toFixed(1)} before` : undefined
  return [cores, memory, platform, busy].filter((word) => word !== undefined).join(" · ")
}

/** @param {Machine} machine */
export function packagesText({ packages = {} }) {
  return Object.entries(packages)
    .map(([name, version]) => `${name} ${version}`)
    .join(" · ")
}
