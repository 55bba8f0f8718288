// @ts-check
import { parseArgs } from "node:util"
import { resolve } from "node:path"
import { root } from "./library.mjs"
import { UsageError } from "./usage-error.mjs"
/** @import { Options } from "./types.d.ts" */

export const usage = `npm run bench -- [case …] [options]
npm run bench -- compare <base.json> <head.json> [--threshold <percent>]

  -f,  --forks <n>        fresh processes per variant (default 2; many-sleeps 1)
  -wi, --warmups <n>      iterations of each before it is measured (default 3)
  -i,  --iterations <n>   measured iterations of each (default 3)
  -r,  --seconds <n>      for the warm-up, and as many for what is measured: slow variants get by with fewer (default 8)
  --quick                 less of everything: our rows, the floors, Effect 4 and p-map; 1 million sleepers
  --count <n>             so many sleepers (default 10 million)
  --full                  every form of many-sleeps in both distributions, every rival
  --runtimes <a,b>        node (this one), node22, node24, node26, bun, deno, chromium (default node); jvm: Rapid, Cats
                          Effect and ZIO beside ours, where there is a JDK
  --out <dir>             where results.json, report.html and report.md go (default bench/out)
  --fresh                 forget what an interrupted run has measured
  --library <dir>         measure the package built there (default: this repository)
  --help

JMH's words mean what they mean there. An interrupted run goes on where it was.`

/** JMH's short names, which Node's parser does not know. */
const short = new Map([
  ["-f", "--forks"],
  ["-wi", "--warmups"],
  ["-i", "--iterations"],
  ["-r", "--seconds"],
])

/**
 * @param {string[]} argv
 * @returns {Options | undefined} undefined if help was asked for
 */
export function readOptions(argv) {
  const { values, positionals } = parseArgs({
    args: argv.map((word) => short.get(word) ?? word),
    allowPositionals: true,
    options: {
      forks: { type: "string" },
      warmups: { type: "string" },
      iterations: { type: "string" },
      seconds: { type: "string" },
      quick: { type: "boolean", default: false },
      count: { type: "string" },
      full: { type: "boolean", default: false },
      runtimes: { type: "string", default: "node" },
      out: { type: "string", default: `${root}bench/out` },
      fresh: { type: "boolean", default: false },
      library: { type: "string", default: root },
      help: { type: "boolean", default: false },
    },
  })
  if (values.help) return undefined
  const { quick } = values
  const runtimes = values.runtimes.split(",").filter(Boolean)
  const number = (/** @type {"forks" | "warmups" | "iterations" | "seconds" | "count"} */ name, /** @type {number} */ preset) => {
    const given = values[name]
    return given === undefined ? preset : positive(name, given)
  }
  return {
    cases: positionals,
    forks: values.forks === undefined ? undefined : positive("forks", values.forks),
    iterations: {
      warmups: number("warmups", quick ? 1 : 3),
      iterations: number("iterations", quick ? 2 : 3),
      seconds: number("seconds", quick ? 1 : 8),
    },
    count: number("count", quick ? 1_000_000 : 10_000_000),
    quick,
    full: values.full,
    runtimes: runtimes.filter((name) => name !== "jvm"),
    jvm: runtimes.includes("jvm"),
    out: resolve(values.out),
    fresh: values.fresh,
    library: resolve(values.library),
    command: commandOf(argv),
  }
}

/**
 * What does the same elsewhere: where the results went is nobody's business.
 *
 * @param {readonly string[]} argv
 */
function commandOf(argv) {
  const words = argv.filter((word, index) => word !== "--out" && argv[index - 1] !== "--out")
  return ["npm run bench", ...(words.length === 0 ? [] : ["--", ...words])].join(" ")
}

/**
 * @param {string} name
 * @param {string} text
 */
export function positive(name, text) {
  const value = Number(text.replaceAll("_", ""))
  if (Number.isInteger(value) && value > 0) return value
  throw new UsageError(`Expected --${name} to be an integer >= 1, got ${text}`)
}
