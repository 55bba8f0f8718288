// @ts-check
import { builtinModules, createRequire } from "node:module"
import { createServer } from "node:http"
import { once } from "node:events"
import { writeSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { entry } from "./harness/library.mjs"

/**
 * One variant in a fresh headless Chromium: what child.mjs is for the other runtimes, with the same arguments behind the
 * first, which is that file. The case and what it imports are bundled into one script, which a page on loopback runs.
 */
const [, name, variant, options = "{}", iterations = "{}"] = process.argv.slice(2)
const { build } = createRequire(new URL("../package.json", import.meta.url))("esbuild")
const { chromium } = createRequire(new URL("../test/runtimes/package.json", import.meta.url))("playwright")

const script = await bundle()
const server = createServer((request, response) => {
  if (request.url === "/script.js") response.setHeader("content-type", "text/javascript").end(script)
  else response.setHeader("content-type", "text/html").end('<!doctype html><script src="script.js"></script>')
})
await once(server.listen(0, "127.0.0.1"), "listening")
const { port } = /** @type {import("node:net").AddressInfo} */ (server.address())
const browser = await chromium.launch({
  executablePath: process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium",
  // Chromium's sandbox refuses to work for root.
  chromiumSandbox: process.getuid?.() !== 0,
})
try {
  const page = await browser.newPage()
  await page.goto(`http://127.0.0.1:${port}/`)
  const measured = await page.evaluate("measured")
  writeSync(1, `${JSON.stringify(measured)}\n`)
} finally {
  await browser.close()
  server.close()
}

/** @returns {Promise<string>} */
async function bundle() {
  const folder = fileURLToPath(new URL(".", import.meta.url))
  const contents = `
    import * as benchmark from "./cases/${name}.mjs"
    import { measureInPage } from "./harness/in-page.mjs"
    globalThis.measured = (async () => {
      const iteration = await benchmark[${JSON.stringify(variant)}](${options})
      return measureInPage(iteration, ${iterations})
    })()`
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: folder },
    bundle: true,
    write: false,
    format: "iife",
    platform: "browser",
    target: "es2024",
    supported: { "top-level-await": true },
    define: { "process.env.NODE_ENV": '"production"', global: "globalThis" },
    // A rival that needs one of them fails as it is loaded, and no other.
    external: [...builtinModules, "node:*"],
    logLevel: "silent",
    plugins: [{ name: "library", setup: theLibrary }],
  })
  return outputFiles[0].text
}

/**
 * The build that is measured, by a name that a bundler can follow.
 *
 * @param {any} of esbuild's
 */
function theLibrary(of) {
  of.onLoad({ filter: /harness[\\/]library\.mjs$/ }, () => ({
    contents: `export const loadRapid = () => import(${JSON.stringify(entry)})`,
    resolveDir: fileURLToPath(new URL(".", import.meta.url)),
  }))
}
