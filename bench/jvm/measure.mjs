// @ts-check
import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
/** @import { Cell } from "./cells.mjs" */

/**
 * What JMH writes about one benchmark, as far as it is read here.
 *
 * @typedef {object} Entry
 * @property {{ rawData: number[][] }} primaryMetric
 * @property {Record<string, { score: number }>} secondaryMetrics
 */

/**
 * @typedef {object} Plan
 * @property {number | undefined} warmups
 * @property {number | undefined} iterations
 * @property {number} time seconds of an iteration; what takes longer is done once
 * @property {number | undefined} timeout seconds
 */

/** Each library as its own benchmarks have it; where memory runs out, the end of the process says so at once. */
const flags = [
  "-XX:+ExitOnOutOfMemoryError",
  "-Dcats.effect.tracing.mode=none",
  "-Dcats.effect.tracing.exceptions.enhanced=false",
]

/**
 * Measures a cell in a fresh JVM. A crash is an outcome, not an error of ours.
 *
 * @param {string} java
 * @param {string} jar
 * @param {Cell} cell
 * @param {Plan} plan
 * @returns {Promise<{ entry: Entry } | { failure: string }>}
 */
export async function measure(java, jar, cell, plan) {
  const folder = mkdtempSync(join(tmpdir(), "rapid-fiber-jvm-"))
  const file = join(folder, "jmh.json")
  try {
    const seconds = plan.timeout ?? cell.seconds
    const { output, late } = await run(java, argumentsFor(jar, cell, plan, file), seconds)
    if (late) return { failure: `time-out ${seconds} s` }
    // Two at once would measure each other: no result, not even a failure.
    if (output.includes("JMH lock")) throw new Error("Another JMH is running; JMH measures one at a time")
    const entry = read(file)
    return entry === undefined || output.includes("<failure>") ? { failure: explain(output) } : { entry }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * @param {string} jar
 * @param {Cell} cell
 * @param {Plan} plan
 * @param {string} file
 */
function argumentsFor(jar, cell, { warmups, iterations, time }, file) {
  return [
    ...["-jar", jar, `^${cell.benchmark.replaceAll(".", "\\.")}$`],
    ...Object.entries(cell.params).flatMap(([key, value]) => ["-p", `${key}=${value}`]),
    ...["-f", "1", "-wi", `${cell.long ? 1 : (warmups ?? 3)}`, "-i", `${cell.long ? 1 : (iterations ?? 3)}`],
    ...["-w", `${time}s`, "-r", `${time}s`, "-prof", "bench.Readings", "-rf", "json", "-rff", file],
    ...["-jvmArgs", [`-Xmx${cell.heap}`, ...flags].join(" ")],
  ]
}

/**
 * @param {string} java
 * @param {readonly string[]} args
 * @param {number} seconds
 * @returns {Promise<{ output: string, late: boolean }>}
 */
function run(java, args, seconds) {
  // A group of its own: JMH forks the JVM that it measures, and both must end.
  const started = spawn(java, args, { stdio: ["ignore", "pipe", "pipe"], detached: true })
  const end = () => {
    try {
      process.kill(-Number(started.pid), "SIGKILL")
    } catch {
      // It has ended by itself.
    }
  }
  process.once("exit", end)
  let output = ""
  let late = false
  for (const stream of [started.stdout, started.stderr]) stream.on("data", (chunk) => (output += chunk))
  const timer = setTimeout(() => {
    late = true
    end()
  }, seconds * 1000)
  return new Promise((resolve, reject) => {
    started.on("error", reject)
    started.on("close", () => {
      clearTimeout(timer)
      process.off("exit", end)
      resolve({ output, late })
    })
  })
}

/** @param {string} file */
function read(file) {
  try {
    /** @type {Entry | undefined} */
    const entry = JSON.parse(readFileSync(file, "utf8"))[0]
    return entry
  } catch {
    return undefined
  }
}

/** @param {string} output what both JVMs wrote */
function explain(output) {
  if (/java\.lang\.OutOfMemoryError/.test(output)) return "out of memory"
  if (/java\.lang\.StackOverflowError/.test(output)) return "stack overflow"
  const message = /^\s*(?:Caused by: )?[\w.$]+(?:Exception|Error): (.*)/m.exec(output)?.[0]
  const exit = /<forked VM failed with exit code -?\d+>/.exec(output)?.[0]
  return (message ?? exit ?? output.trim().split("\n").at(-1) ?? "no result").trim().slice(0, 160)
}
