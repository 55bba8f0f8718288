// @ts-check
import { existsSync, readFileSync } from "node:fs"
import { arch, cpus, loadavg, platform, totalmem } from "node:os"
import { UsageError } from "./usage-error.mjs"

const rivals = Object.keys(manifest(new URL("../package.json", import.meta.url)).dependencies)

/**
 * What the figures were measured on.
 *
 * @param {string} library
 */
export function describeMachine(library) {
  return {
    date: new Date().toISOString().slice(0, 16).replace("T", " "),
    packages: {
      "rapid-fiber": manifest(`${library}/package.json`).version,
      ...Object.fromEntries(rivals.map((name) => [name, installed(name)])),
    },
    node: process.version,
    platform: `${platform()} ${arch()}`,
    cores: `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown"}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    load: loadavg()[0],
  }
}

/** @param {ReturnType<typeof describeMachine>} machine */
export function header({ date, packages, node, platform: system, cores, memory, load }) {
  const versions = Object.entries(packages).map(([name, number]) => `${name} ${number}`)
  return [...versions, `Node ${node}`, system, cores, memory, `load ${load.toFixed(1)}`, `${date} UTC`].join(" · ")
}

/**
 * The version of a rival.
 *
 * @param {string} name
 */
function installed(name) {
  const file = new URL(`../node_modules/${name}/package.json`, import.meta.url)
  if (existsSync(file)) return manifest(file).version
  throw new UsageError(`Expected ${name} to be installed in bench/, found none: run \`npm ci\` there`)
}

/**
 * @param {string | URL} file
 * @returns {{ version: string, dependencies: Readonly<Record<string, string>> }}
 */
function manifest(file) {
  return JSON.parse(readFileSync(file, "utf8"))
}
