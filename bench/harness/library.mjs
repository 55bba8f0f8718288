// @ts-check
import { existsSync } from "node:fs"
import { fileURLToPath, pathToFileURL } from "node:url"
import { UsageError } from "./usage-error.mjs"

/** The repository's root, with a slash at its end. */
export const root = fileURLToPath(new URL("../../", import.meta.url))

/** The entry of the build that is measured: the runner's copy, or the repository's own where a case is run by hand. */
export const entry = `${process.env["RAPID_FIBER_BENCH_LIBRARY"] ?? root}/dist/index.js`

/** The same for `import`. */
export const entryUrl = pathToFileURL(entry).href

/**
 * Loads the library. Only the variants that use it call this, for what is loaded counts as memory.
 *
 * @returns {Promise<typeof import("../../dist/index.js")>}
 */
export const loadRapid = () => import(entryUrl)

/**
 * Loads its subpath for tests.
 *
 * @returns {Promise<typeof import("../../dist/testing/index.js")>}
 */
export const loadTesting = () => import(new URL("testing.js", entryUrl).href)

/**
 * Loads its subpath for who watches.
 *
 * @returns {Promise<typeof import("../../dist/monitor/index.js")>}
 */
export const loadMonitor = () => import(new URL("monitor.js", entryUrl).href)

/**
 * Loads its subpath for traces.
 *
 * @returns {Promise<typeof import("../../dist/trace/index.js")>}
 */
export const loadTrace = () => import(new URL("trace.js", entryUrl).href)

/** @param {string} library */
export function mustBeBuilt(library) {
  if (existsSync(`${library}/dist/index.js`)) return
  throw new UsageError(`Expected a built package in ${library}, found no dist/index.js: run \`npm run build\` first`)
}
