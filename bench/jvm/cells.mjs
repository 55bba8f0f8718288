// @ts-check
import { spawnSync } from "node:child_process"

/**
 * One benchmark of one library with one value for each parameter.
 *
 * @typedef {object} Cell
 * @property {string} name as the report and the filter have it: `Cats.manySleeps count=1000000 distribution=seconds`
 * @property {string} benchmark
 * @property {string} library
 * @property {string} workload
 * @property {Record<string, string>} params
 * @property {string} heap
 * @property {number} seconds that a process may take
 * @property {boolean} long it waits, so that repetition makes it no faster
 */

/** The classes of the libraries, in the order of the table. */
const libraries = ["RapidVirtual", "RapidFixed", "Cats", "Zio"]

/**
 * What the jar holds; the cells of Rapid too where it was built without, for they must not go missing.
 *
 * @param {string} java
 * @param {string} jar
 * @returns {Cell[]}
 */
export function listCells(java, jar) {
  const { stdout, status, stderr } = spawnSync(java, ["-jar", jar, "-lp"], { encoding: "utf8" })
  if (status !== 0) throw new Error(`JMH cannot list its benchmarks:\n${stderr}`)
  /** @type {Map<string, Record<string, string>[]>} */
  const workloads = new Map()
  let params = [{}]
  for (const line of stdout.split("\n").reverse()) {
    const param = /^\s+param "(\w+)" = \{(.*)\}/.exec(line)
    if (param !== null) {
      const [, key, values] = param
      params = values.split(", ").flatMap((value) => params.map((others) => ({ [key]: value, ...others })))
    }
    const workload = /^bench\.\w+\.(\w+)$/.exec(line.trim())?.[1]
    if (workload !== undefined) {
      workloads.set(workload, params)
      params = [{}]
    }
  }
  return [...workloads]
    .reverse()
    .flatMap(([workload, all]) => all.flatMap((of) => libraries.map((library) => cell(library, workload, of))))
}

/**
 * @param {string} library
 * @param {string} workload
 * @param {Record<string, string>} params
 * @returns {Cell}
 */
function cell(library, workload, params) {
  const many = Number(params.count ?? 0) >= 10_000_000
  const pairs = Object.entries(params).map(([key, value]) => ` ${key}=${value}`)
  return {
    name: `${library}.${workload}${pairs.join("")}`,
    benchmark: `bench.${library}.${workload}`,
    library,
    workload,
    params,
    heap: many ? "16g" : "8g",
    seconds: workload !== "manySleeps" ? 300 : many ? 900 : 120,
    long: workload === "manySleeps",
  }
}
