// @ts-check
/** @import { Budget, Row } from "./types.d.ts" */

/**
 * One row per variant, for a case in which some do less, or that has several forms.
 *
 * Where a library would take minutes, `reduced` says how many it does instead: its row says so in its name, and is
 * compared with nobody.
 *
 * @param {{
 *   readonly variants: readonly string[],
 *   readonly floor?: string,
 *   readonly form?: string,
 *   readonly options?: Readonly<Record<string, unknown>>,
 *   readonly reduced?: Readonly<Record<string, number>>,
 *   readonly rivals?: readonly string[],
 *   readonly budgets?: readonly Budget[],
 * }} of `form` is what the names of the rows end in
 * @returns {Row[]}
 */
export function rowsFor({ variants, floor, form = "", options, reduced = {}, rivals, budgets }) {
  return variants.map((variant) => {
    const count = reduced[variant]
    if (count !== undefined) {
      return { name: `${variant} ${short(count)}${form}`, variant, options: { ...options, count } }
    }
    const row = { name: `${variant}${form}`, variant, ...(options !== undefined && { options }), floor }
    if (row.name === floor) return { ...row, role: "floor" }
    if (!variant.startsWith("rapid")) return row
    return { ...row, rival: variants.includes("effect") ? `effect${form}` : undefined, rivals, budgets }
  })
}

/** @param {number} count */
function short(count) {
  if (count % 1_000_000 === 0) return `${count / 1_000_000}M`
  return count % 1000 === 0 ? `${count / 1000}k` : `${count}`
}
