// @ts-check
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
/** @import { About, Iterations, Outcome, Row, Runtime } from "./types.d.ts" */

const child = fileURLToPath(new URL("../child.mjs", import.meta.url))

/**
 * Measures a row in a fresh process with the runtime's default flags. A crash is an outcome, not an error of ours.
 *
 * @param {string} name of the case
 * @param {About} about
 * @param {Row} row
 * @param {{ readonly library: string, readonly runtime: Runtime, readonly iterations: Iterations }} how
 * @returns {Promise<Outcome>}
 */
export function fork(name, about, row, { library, runtime, iterations }) {
  const seconds = about.timeout ?? 120
  const options = JSON.stringify(row.options ?? {})
  const started = spawn(
    runtime.binary,
    [...runtime.args, ...(runtime.flags ? (about.flags ?? []) : []), child, name, row.variant, options, JSON.stringify(iterations)],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NODE_OPTIONS: undefined, RAPID_FIBER_BENCH_LIBRARY: library },
    },
  )
  const end = () => started.kill("SIGKILL")
  process.once("exit", end)
  let output = ""
  let complaint = ""
  let late = false
  started.stdout.on("data", (chunk) => (output += chunk))
  started.stderr.on("data", (chunk) => (complaint += chunk))
  const timer = setTimeout(() => (late = end()), seconds * 1000)
  return new Promise((resolve, reject) => {
    started.on("error", reject)
    started.on("close", (code, signal) => {
      clearTimeout(timer)
      process.off("exit", end)
      const measured = code === 0 ? output.trimEnd().split("\n").at(-1) : undefined
      if (measured) return resolve({ measured: JSON.parse(measured) })
      resolve({ failure: late ? `time-out ${seconds} s` : explain(complaint, signal ?? `exit ${code}`) })
    })
  })
}

/**
 * @param {string} complaint what the process wrote to stderr
 * @param {string} ending
 */
function explain(complaint, ending) {
  if (/heap out of memory|heap limit/.test(complaint)) return "out of memory"
  if (/Maximum call stack|call stack size/.test(complaint)) return "stack overflow"
  if (ending === "exit 13") return "never settled"
  const message = /^(?:error: )?\w*Error: .*/m.exec(complaint)?.[0]
  return message === undefined ? ending : message.slice(0, 120)
}
