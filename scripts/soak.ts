import { availableParallelism } from "node:os"
import { openGate } from "../test/leaks/gate.ts"
import { planted } from "../test/leaks/planted.ts"
import { pooled } from "../test/leaks/pool.ts"
import { leaksIn, type Report, slopeIn } from "../test/leaks/report.ts"
import type { Shape } from "../test/leaks/shape.ts"
import { shapes } from "../test/leaks/shapes/index.ts"

/**
 * The leak gate's long form: every shape, or those whose names start so (`npm run soak -- race memoize-read`), for about a
 * million rounds, with the optimizers at work. `--short` runs the form of the tests; `planted` shows what a leak looks like.
 */
const words = process.argv.slice(2)
const form = words.includes("--short") ? "short" : "long"
const selected = select(words.filter((word) => word !== "--short"))
const columns = [
  ["shape", -Math.max(...selected.map(({ name }) => name.length))],
  ["origin", -Math.max(...selected.map(({ origin }) => origin.length))],
  ["rounds", 9],
  ["bytes/round", 15],
  ["listeners", 9],
  ["timers", 6],
  ["verdict", -7],
] as const

const started = performance.now()
let leaking = 0
{
  using gate = await openGate()
  print(columns.map(([title]) => title))
  const reports = pooled(selected, Math.min(2, availableParallelism()), (shape) => gate.measure(shape, form))
  const rows = reports.map((report) => report.then((found) => () => show(found), failed))
  for (const row of rows) (await row)()
}
const seconds = ((performance.now() - started) / 1000).toFixed(0)
console.log(`\n${selected.length - leaking} of ${selected.length} shapes leave nothing behind (${seconds} s)`)
if (leaking > 0) process.exitCode = 1

function select(names: readonly string[]): readonly Shape[] {
  if (names.length === 0) return shapes
  const known = [...shapes, ...planted]
  const unknown = names.filter((name) => !known.some((shape) => shape.name.startsWith(name)))
  if (unknown.length > 0) {
    throw new Error(
      `Expected the beginnings of names of shapes, got ${unknown.join(", ")}: they are ${known.map(({ name }) => name).join(", ")}`,
    )
  }
  return known.filter((shape) => names.some((name) => shape.name === name || shape.name.startsWith(name)))
}

function show(report: Report): void {
  const leaks = leaksIn(report)
  if (leaks.length > 0) leaking++
  const { name, origin, rounds, listeners, timers } = report
  const counted = [rounds.toLocaleString("en"), slopeIn(report), listeners, timers]
  print([name, origin, ...counted, leaks.length === 0 ? "ok" : `LEAK ${leaks.join("; ")}`])
}

function failed(error: unknown): () => void {
  return () => {
    leaking++
    console.error(error)
  }
}

function print(cells: readonly (string | number)[]): void {
  const padded = cells.map((cell, i) => {
    const [, width] = columns[i]
    return width < 0 ? String(cell).padEnd(-width) : String(cell).padStart(width)
  })
  console.log(padded.join("  ").trimEnd())
}
