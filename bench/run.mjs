// @ts-check
import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { loadCases, rowsOf } from "./harness/cases.mjs"
import { compareFiles } from "./harness/compare.mjs"
import { fork } from "./harness/fork.mjs"
import { Journal } from "./harness/journal.mjs"
import { mustBeBuilt } from "./harness/library.mjs"
import { describeMachine, header } from "./harness/machine.mjs"
import { readOptions, usage } from "./harness/options.mjs"
import { Progress } from "./harness/progress.mjs"
import { entryOf } from "./harness/results.mjs"
import { findRuntimes } from "./harness/runtimes.mjs"
import { compare, summarize } from "./harness/summary.mjs"
import { format, heading } from "./harness/table.mjs"
import { UsageError } from "./harness/usage-error.mjs"
/** @import { About, Options, Outcome, Result, Row, Runtime } from "./harness/types.d.ts" */

try {
  const argv = process.argv.slice(2)
  if (argv[0] === "compare") process.exitCode = compareFiles(argv.slice(1))
  else {
    const options = readOptions(argv)
    if (options === undefined) console.log(usage)
    else await main(options)
  }
} catch (error) {
  // What was asked for cannot be done: the message says it all.
  const asked = error instanceof UsageError || String(Object(error).code).startsWith("ERR_PARSE_ARGS")
  console.error(asked ? Object(error).message : error)
  process.exitCode = 1
}

/** @param {Options} of */
async function main(of) {
  mustBeBuilt(of.library)
  const cases = await loadCases(of.cases)
  const runtimes = findRuntimes(of.runtimes)
  const machine = { ...describeMachine(of.library), command: of.command }
  const library = copy(of.library)
  process.on("exit", () => rmSync(library, { recursive: true, force: true }))
  process.on("SIGINT", () => process.exit(130))
  process.on("SIGTERM", () => process.exit(143))

  const plans = cases.flatMap(({ name, about }) =>
    runtimes.filter((runtime) => runtime.cases?.test(name) ?? true).map((runtime) => ({ name, about, runtime, rows: rowsOf(about, of), rounds: roundsOf(about, of) })),
  )
  const journal = new Journal(join(of.out, "journal.jsonl"), identityOf(of, library, machine))
  const total = plans.reduce((sum, { rows, rounds }) => sum + rows.length * rounds, 0)
  const progress = new Progress(total, Math.min(journal.size, total))
  console.log(header(machine))
  if (journal.size > 0) console.log(`Going on with a run that was interrupted: ${journal.size} processes are measured.`)
  console.log(`\n${heading}`)

  /** @type {object[]} */
  const entries = []
  for (const { name, about, runtime, rows, rounds } of plans) {
    const measure = measuring(name, about, runtime, { library, journal, progress, of })
    const results = await inRounds(rows, rounds, measure)
    const byName = new Map(results.map((result) => [result.row.name, result]))
    const label = runtime.name === "node" ? name : `${name} ${runtime.name}`
    for (const result of results) {
      const compared = compare(result, byName)
      console.log(format(label, about, compared))
      entries.push(entryOf({ name, about, compared, options: of, runtime, machine }))
    }
    write(of.out, "results.json", `${JSON.stringify(entries, undefined, 1)}\n`)
  }
  if (of.jvm) {
    const { jvmEntries } = await import("./harness/jvm.mjs")
    entries.push(...(await jvmEntries(of, machine, journal)))
    write(of.out, "results.json", `${JSON.stringify(entries, undefined, 1)}\n`)
  }
  progress.end()
  journal.end()
  report(of.out)
}

/**
 * Each row once per round, in the order of the table and then in the reverse: what drifts hits all alike. One process at
 * a time: nothing that is measured overlaps.
 *
 * @param {readonly Row[]} rows
 * @param {number} rounds
 * @param {(row: Row, round: number) => Promise<Outcome>} measure
 * @returns {Promise<Result[]>}
 */
async function inRounds(rows, rounds, measure) {
  const outcomes = new Map(rows.map((row) => [row, /** @type {Outcome[]} */ ([])]))
  for (let round = 0; round < rounds; round++) {
    for (const row of round % 2 === 0 ? rows : rows.toReversed()) outcomes.get(row)?.push(await measure(row, round))
  }
  return rows.map((row) => summarize(row, outcomes.get(row) ?? []))
}

/**
 * @param {string} name
 * @param {About} about
 * @param {Runtime} runtime
 * @param {{ readonly library: string, readonly journal: Journal, readonly progress: Progress, readonly of: Options }} with_
 * @returns {(row: Row, round: number) => Promise<Outcome>}
 */
function measuring(name, about, runtime, { library, journal, progress, of }) {
  return async (row, round) => {
    const key = [name, row.name, runtime.name, round].join("|")
    const known = journal.find(key)
    if (known !== undefined) return known
    progress.show(`${name}: ${row.name} (${runtime.name}, ${round + 1})`)
    const started = performance.now()
    const outcome = await fork(name, about, row, { library, runtime, iterations: of.iterations })
    progress.add(performance.now() - started)
    journal.keep(key, outcome)
    return outcome
  }
}

/**
 * @param {About} about
 * @param {Options} of
 */
function roundsOf(about, of) {
  // What is measured once per process takes seconds each time: a quick run sees it once.
  return of.forks ?? about.forks ?? (of.quick && about.once === true ? 1 : 2)
}

/**
 * What must be the same for results to belong together.
 *
 * @param {Options} of
 * @param {string} library
 * @param {{ readonly packages: unknown, readonly node: string }} machine
 */
function identityOf({ iterations, count, fresh }, library, { packages, node }) {
  const code = createHash("sha256")
  for (const file of readdirSync(join(library, "dist"), { recursive: true, encoding: "utf8" }).toSorted()) {
    if (file.endsWith(".js")) code.update(readFileSync(join(library, "dist", file)))
  }
  return { iterations, count, packages, node, code: code.digest("hex"), started: fresh ? Date.now() : undefined }
}

/**
 * The package as it is built now, so that a build meanwhile disturbs nothing.
 *
 * @param {string} library
 */
function copy(library) {
  const folder = mkdtempSync(join(tmpdir(), "rapid-fiber-bench-"))
  for (const part of ["package.json", "dist"]) cpSync(join(library, part), join(folder, part), { recursive: true })
  // Where its optional peers are found.
  symlinkSync(join(resolve(library), "node_modules"), join(folder, "node_modules"), "junction")
  return folder
}

/**
 * @param {string} folder
 * @param {string} name
 * @param {string} text
 */
function write(folder, name, text) {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, name), text)
}

/**
 * A process of its own, so that the charts' library is loaded only now.
 *
 * @param {string} out
 */
function report(out) {
  const command = fileURLToPath(new URL("report/index.mjs", import.meta.url))
  const [results, html, markdown] = ["results.json", "report.html", "report.md"].map((name) => join(out, name))
  execFileSync(process.execPath, [command, results, "--html", html, "--markdown", markdown], { stdio: "inherit" })
  console.log(`\n${html}`)
}
