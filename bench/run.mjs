// @ts-check
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { loadCases, rowsOf } from "./harness/cases.mjs"
import { fork } from "./harness/fork.mjs"
import { mustBeBuilt } from "./harness/library.mjs"
import { describeMachine, header } from "./harness/machine.mjs"
import { readOptions, usage } from "./harness/options.mjs"
import { progress } from "./harness/progress.mjs"
import { compare, summarize } from "./harness/summary.mjs"
import { format, heading } from "./harness/table.mjs"
import { UsageError } from "./harness/usage-error.mjs"
/** @import { About, Options, Outcome, Result } from "./harness/types.d.ts" */

try {
  const options = readOptions(process.argv.slice(2))
  if (options === undefined) console.log(usage)
  else await main(options)
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
  const machine = describeMachine(of.library)
  const library = copy(of.library)
  process.on("exit", () => rmSync(library, { recursive: true, force: true }))
  process.on("SIGINT", () => process.exit(130))
  process.on("SIGTERM", () => process.exit(143))
  console.log(`${header(machine)}\n\n${heading}`)
  const report = []
  for (const { name, about } of cases) {
    const results = await measureCase(name, about, library, of)
    const byName = new Map(results.map((result) => [result.row.name, result]))
    for (const result of results) console.log(format(name, about, compare(result, byName)))
    report.push({ case: name, title: about.title, unit: about.unit ?? "ms", results })
  }
  if (of.json !== undefined) writeFileSync(of.json, `${JSON.stringify({ machine, cases: report }, undefined, 2)}\n`)
}

/**
 * Each variant once per round, in the order of the table and then in the reverse: what drifts hits all alike.
 *
 * @param {string} name
 * @param {About} about
 * @param {string} library
 * @param {Options} of
 * @returns {Promise<Result[]>}
 */
async function measureCase(name, about, library, of) {
  const rows = rowsOf(about, of)
  const outcomes = new Map(rows.map((row) => [row, /** @type {Outcome[]} */ ([])]))
  const rounds = of.forks ?? about.forks ?? 2
  for (let round = 0; round < rounds; round++) {
    for (const row of round % 2 === 0 ? rows : rows.toReversed()) {
      progress(`${name}: ${row.name} (${round + 1} of ${rounds})`)
      outcomes.get(row)?.push(await fork(name, about, row, library))
    }
  }
  progress("")
  return rows.map((row) => summarize(row, outcomes.get(row) ?? []))
}

/**
 * The package as it is built now, so that a build meanwhile disturbs nothing.
 *
 * @param {string} library
 */
function copy(library) {
  const folder = mkdtempSync(join(tmpdir(), "rapid-fiber-bench-"))
  for (const part of ["package.json", "dist"]) cpSync(join(library, part), join(folder, part), { recursive: true })
  return folder
}
