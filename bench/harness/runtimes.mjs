// @ts-check
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { UsageError } from "./usage-error.mjs"
/** @import { Runtime } from "./types.d.ts" */

const installed = fileURLToPath(new URL("../../test/runtimes/node_modules/", import.meta.url))

const inChromium = fileURLToPath(new URL("../chromium.mjs", import.meta.url))

/** @type {Readonly<Record<string, Omit<Runtime, "name" | "version"> & { readonly program?: string }>>} */
const known = {
  node: { binary: process.execPath, args: [], flags: true },
  node22: { binary: `${installed}node22/bin/node`, args: [], flags: true },
  node24: { binary: `${installed}node24/bin/node`, args: [], flags: true },
  node26: { binary: `${installed}node26/bin/node`, args: [], flags: true },
  bun: { binary: `${installed}@oven/bun-linux-x64/bin/bun`, args: [], flags: false },
  chromium: {
    binary: process.execPath,
    args: [inChromium],
    flags: false,
    program: process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium",
    // Those that ask the host for nothing but time.
    cases: /^(overhead|many-tasks|gen|fork-join|deep-.*|callback|race|timeout|all|all-small)$/,
  },
  deno: { binary: `${installed}@deno/linux-x64-glibc/deno`, args: ["run", "-A"], flags: false },
}

/**
 * The runtimes of these names; "node" is the one that runs the harness.
 *
 * @param {readonly string[]} names
 * @returns {Runtime[]}
 */
export function findRuntimes(names) {
  return names.map((name) => {
    const found = known[name]
    if (found === undefined)
      throw new UsageError(`Expected runtimes among ${Object.keys(known).join(", ")}, got ${name}`)
    const { program = found.binary, ...runtime } = found
    if (!existsSync(program)) {
      const remedy = program === found.binary ? "run `npm ci` in test/runtimes" : "install it, or set CHROMIUM_PATH"
      throw new UsageError(`Expected ${name} at ${program}, found none: ${remedy}`)
    }
    return { name, ...runtime, version: versionOf(program) }
  })
}

/** @param {string} binary */
function versionOf(binary) {
  const { stdout } = spawnSync(binary, ["--version"], { encoding: "utf8" })
  return /\d+(?:\.\d+)+/.exec(stdout)?.[0] ?? stdout.trim()
}
