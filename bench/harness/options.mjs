// @ts-check
import { parseArgs } from "node:util"
import { resolve } from "node:path"
import { root } from "./library.mjs"
import { UsageError } from "./usage-error.mjs"
/** @import { Options } from "./types.d.ts" */

export const usage = `npm run bench -- [case …] [options]

  --forks <n>       fresh processes per variant (default 2; many-sleeps 1)
  --quick           1 million sleepers in place of 10
  --count <n>       so many sleepers
  --full            every form of many-sleeps in both distributions, rivals too
  --json <file>     write every raw value
  --library <dir>   measure the package built there (default: this repository)
  --help`

/**
 * @param {string[]} argv
 * @returns {Options | undefined} undefined if help was asked for
 */
export function readOptions(argv) {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      forks: { type: "string" },
      quick: { type: "boolean", default: false },
      count: { type: "string" },
      full: { type: "boolean", default: false },
      json: { type: "string" },
      library: { type: "string", default: root },
      help: { type: "boolean", default: false },
    },
  })
  if (values.help) return undefined
  return {
    cases: positionals,
    forks: values.forks === undefined ? undefined : positive("forks", values.forks),
    count: values.count === undefined ? (values.quick ? 1_000_000 : 10_000_000) : positive("count", values.count),
    full: values.full,
    json: values.json,
    library: resolve(values.library),
  }
}

/**
 * @param {string} name
 * @param {string} text
 */
function positive(name, text) {
  const value = Number(text.replaceAll("_", ""))
  if (Number.isInteger(value) && value > 0) return value
  throw new UsageError(`Expected --${name} to be an integer >= 1, got ${text}`)
}
