// @ts-check
import { spawnSync } from "node:child_process"
import { atMost } from "../harness/budget.mjs"
import { entryUrl, root } from "../harness/library.mjs"
import { median } from "../harness/statistics.mjs"
/** @import { About, Reading, Variant } from "../harness/types.d.ts" */

const ROUNDS = 20

/** @type {About} */
export const about = {
  title: "ms to import the package, over an empty process: the median of 20 pairs of processes, alternating",
  variants: ["rapid", "effect", "effectDeep"],
  rss: false,
  once: true,
  forks: 1,
  budgets: [atMost(20, "ms")],
}

/** @type {Variant} */
export async function rapid() {
  return () => timeToImport(entryUrl)
}

/** @type {Variant} */
export async function effect() {
  return () => timeToImport("effect")
}

/** Only the modules of effects and fibers. @type {Variant} */
export async function effectDeep() {
  return () => timeToImport("effect/Effect", "effect/Fiber")
}

/**
 * @param {...string} specifiers
 * @returns {Reading}
 */
function timeToImport(...specifiers) {
  const program = specifiers.map((specifier) => `import ${JSON.stringify(specifier)}`).join("\n")
  const empty = []
  const full = []
  timeOf("")
  timeOf(program)
  for (let round = 0; round < ROUNDS; round++) {
    if (round % 2 === 0) empty.push(timeOf(""))
    full.push(timeOf(program))
    if (round % 2 === 1) empty.push(timeOf(""))
  }
  const base = median(empty)
  return { value: median(full) - base, details: { "empty process": base, least: Math.min(...full) - base } }
}

/** @param {string} program */
function timeOf(program) {
  const started = performance.now()
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: `${root}bench`,
    encoding: "utf8",
  })
  if (status !== 0) throw new Error(`Expected the import to succeed, got exit status ${status}: ${stderr}`)
  return performance.now() - started
}
