// @ts-check
import { readdirSync } from "node:fs"
import { roleOf } from "./summary.mjs"
import { UsageError } from "./usage-error.mjs"
/** @import { About, Options, Row } from "./types.d.ts" */

const folder = new URL("../cases/", import.meta.url)

/** Rapid's own three first, then what a fiber does, then what it costs. */
const order = [
  ...["overhead", "many-tasks", "many-sleeps", "gen", "fork-join", "cancel", "deep", "callback"],
  ...["race", "timeout", "all", "drift", "http", "fairness"],
]

/**
 * The cases whose names start with one of `filters`, in the order of the table.
 *
 * @param {readonly string[]} filters
 * @returns {Promise<{ name: string, about: About }[]>}
 */
export async function loadCases(filters) {
  const all = readdirSync(folder).map((file) => file.replace(/\.mjs$/, ""))
  const unknown = filters.find((filter) => !all.some((name) => name.startsWith(filter)))
  if (unknown !== undefined)
    throw new UsageError(`Expected the name of a case, got ${unknown}; there are: ${all.join(", ")}`)
  const names = all.filter((name) => filters.length === 0 || filters.some((filter) => name.startsWith(filter)))
  names.sort((left, right) => place(left) - place(right) || (left < right ? -1 : 1))
  return Promise.all(names.map(async (name) => ({ name, about: (await import(`../cases/${name}.mjs`)).about })))
}

/** @param {string} name */
function place(name) {
  const found = order.findIndex((prefix) => name.startsWith(prefix))
  return found < 0 ? order.length : found
}

/**
 * The rows of a case: what it says, or one per variant.
 *
 * @param {About} about
 * @param {Options} options
 * @returns {readonly Row[]}
 */
export function rowsOf(about, options) {
  const rows = allRowsOf(about, options)
  return options.quick ? rows.filter((row) => !slow.test(row.name) && (roleOf(row) !== "rival" || fast.test(row.name))) : rows
}

/** Of the rivals, those that a quick run waits for. */
const fast = /^(effect(?!3|ion)|pMap)/

/** What it does not wait for though it is no rival. */
const slow = /^(nativeRecursion$|promise |shared uniform )/

/**
 * @param {About} about
 * @param {Options} options
 * @returns {readonly Row[]}
 */
function allRowsOf(about, options) {
  if (about.rows !== undefined) return about.rows(options)
  const variants = about.variants ?? []
  return variants.map((variant) => ({
    name: variant,
    variant,
    floor: about.floor,
    ...(variant.startsWith("rapid") && {
      rival: variants.includes("effect") ? "effect" : undefined,
      rivals: about.rivals,
      budgets: about.budgets,
    }),
  }))
}
