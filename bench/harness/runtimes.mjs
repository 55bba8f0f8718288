// @ts-check
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { UsageError } from "./usage-error.mjs"
/** @import { Runtime } from "./types.d.ts" */

const installed = fileURLToPath(new URL("../../test/runtimes/node_modules/", import.meta.url))

/** @type {Readonly<Record<string, { readonly binary: string, readonly args: readonly string[], readonly flags: boolean }>>} */
const known = {
  node: { binary: process.execPath, args: [], flags: true },
  node22: { binary: `${installed}node22/bin/node`, args: [], flags: true },
  node24: { binary: `${installed}node24/bin/node`, args: [], flags: true },
  node26: { binary: `${installed}node26/bin/node`, args: [], flags: true },
  bun: { binary: `${installed}@oven/bun-linux-x64/bin/bun`, args: [], flags: false },
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
    if (!existsSync(found.binary))
      throw new UsageError(`Expected ${name} at ${found.binary}, found none: run \`npm ci\` in test/runtimes`)
    return { name, ...found, version: versionOf(found.binary) }
  })
}

/** @param {string} binary */
function versionOf(binary) {
  const { stdout } = spawnSync(binary, ["--version"], { encoding: "utf8" })
  return stdout.split("\n")[0].replace(/^(?:v|deno )?/, "").replace(/ .*/, "")
}
