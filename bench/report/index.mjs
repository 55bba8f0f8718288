// @ts-check
import { readFileSync, realpathSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { markdown } from "./markdown.mjs"
/** @import { Entry } from "./types.d.ts" */

export { markdown }

const usage = `node bench/report/index.mjs <results.json …> [options]

  --html <file>      one page that needs no network
  --markdown <file>  tables for the documentation; printed if there is neither
  --help`

/** What was asked for cannot be done. */
class Refusal extends Error {}

/**
 * The page. Its charts' library is loaded only now: tables need none.
 *
 * @param {readonly Entry[]} entries
 * @returns {Promise<string>}
 */
export async function html(entries) {
  try {
    return (await import("./html.mjs")).html(entries)
  } catch (error) {
    if (!/Cannot find package 'echarts'/.test(String(error))) throw error
    throw new Refusal("Expected echarts to be installed in bench/, found none: run `npm ci` there", { cause: error })
  }
}

/**
 * The entries of all the files, in their order.
 *
 * @param {readonly string[]} files
 * @returns {Entry[]}
 */
export function readEntries(files) {
  return files.flatMap((file) => {
    /** @type {unknown} */
    let read
    try {
      read = JSON.parse(readFileSync(file, "utf8"))
    } catch (error) {
      throw new Refusal(`Expected ${file} to be a file of JSON: ${Object(error).message}`, { cause: error })
    }
    if (Array.isArray(read) && read.every((entry) => isEntry(entry))) return read
    throw new Refusal(`Expected ${file} to be an array of results in JMH's format`)
  })
}

/** @param {unknown} of */
function isEntry(of) {
  const { benchmark, primaryMetric } = Object(of)
  return typeof benchmark === "string" && typeof primaryMetric?.scoreUnit === "string"
}

/** @param {string[]} argv */
async function main(argv) {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: { html: { type: "string" }, markdown: { type: "string" }, help: { type: "boolean", default: false } },
  })
  if (values.help) return console.log(usage)
  if (positionals.length === 0) throw new Refusal("Expected a file of results, got none")
  const entries = readEntries(positionals)
  if (values.markdown !== undefined) writeFileSync(values.markdown, markdown(entries))
  if (values.html !== undefined) writeFileSync(values.html, await html(entries))
  if (values.html === undefined && values.markdown === undefined) console.log(markdown(entries))
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    await main(process.argv.slice(2))
  } catch (error) {
    const asked = error instanceof Refusal || String(Object(error).code).startsWith("ERR_PARSE_ARGS")
    console.error(asked ? Object(error).message : error)
    process.exitCode = 1
  }
}
