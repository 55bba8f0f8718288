// @ts-check
import { createRequire } from "node:module"
import { gzipSync } from "node:zlib"
import { atMost } from "../harness/budget.mjs"
import { entry, root } from "../harness/library.mjs"
/** @import { About, Reading, Variant } from "../harness/types.d.ts" */

/** @type {About} */
export const about = {
  title: "KiB, minified by esbuild and gzipped: all of Task, and the part of Effect that forks, sleeps and joins",
  variants: ["rapid", "effect"],
  unit: "KiB",
  rss: false,
  once: true,
  forks: 1,
  budgets: [atMost(10, "KiB")],
}

/** @type {Variant} */
export async function rapid() {
  return () => sizeOf(`export { Task } from ${JSON.stringify(entry)}`)
}

/** @type {Variant} */
export async function effect() {
  return () =>
    sizeOf(`
      import { Effect, Fiber } from "effect"
      Effect.runFork(Effect.flatMap(Effect.forkChild(Effect.sleep(1)), Fiber.join))
    `)
}

/**
 * @param {string} contents
 * @returns {Promise<Reading>}
 */
async function sizeOf(contents) {
  const esbuild = /** @type {typeof import("esbuild")} */ (createRequire(`${root}package.json`)("esbuild"))
  const { outputFiles } = await esbuild.build({
    stdin: { contents, resolveDir: `${root}bench` },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    platform: "neutral",
    write: false,
  })
  const [{ contents: code }] = outputFiles
  return { value: gzipSync(code, { level: 9 }).length / 1024, details: { "KiB minified": code.length / 1024 } }
}
