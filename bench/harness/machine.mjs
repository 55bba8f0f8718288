// @ts-check
import { readFileSync } from "node:fs"
import { arch, cpus, loadavg, platform, totalmem } from "node:os"

/**
 * What the figures were measured on.
 *
 * @param {string} library
 */
export function describeMachine(library) {
  return {
    date: new Date().toISOString().slice(0, 16).replace("T", " "),
    packages: {
      "rapid-fiber": version(`${library}/package.json`),
      effect: version(new URL("../node_modules/effect/package.json", import.meta.url)),
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

/** @param {string | URL} file */
function version(file) {
  return /** @type {{ version: string }} */ (JSON.parse(readFileSync(file, "utf8"))).version
}
