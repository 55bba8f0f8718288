// @ts-check
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync, realpathSync } from "node:fs"
import { delimiter, dirname, join } from "node:path"

const LEAST = 21
const executable = process.platform === "win32" ? ".exe" : ""

/**
 * A JDK that is new enough, JAVA_HOME first, and Maven; or why there is none.
 *
 * @returns {{ home: string, java: string, version: number, maven: string } | { missing: string }}
 */
export function findToolchain() {
  const found = homes().flatMap((home) => {
    const version = versionOf(home)
    return version === undefined ? [] : [{ home, version }]
  })
  const jdk = found.find(({ version }) => version >= LEAST)
  if (jdk === undefined) {
    const others = [...new Set(found.map(({ version }) => version))].join(", ")
    return { missing: `no JDK >= ${LEAST} (found ${others || "none"})` }
  }
  const maven = onPath(process.platform === "win32" ? "mvn.cmd" : "mvn")
  if (maven === undefined) return { missing: "no Maven (no mvn on the PATH)" }
  return { ...jdk, java: join(jdk.home, "bin", `java${executable}`), maven }
}

/** Where a JDK may be: JAVA_HOME, then the PATH, then where Linux puts them, the newest first. */
function homes() {
  const linux = "/usr/lib/jvm"
  const installed = existsSync(linux) ? readdirSync(linux).map((name) => join(linux, name)) : []
  const java = onPath(`java${executable}`)
  return [
    ...(process.env.JAVA_HOME === undefined ? [] : [process.env.JAVA_HOME]),
    ...(java === undefined ? [] : [dirname(dirname(realpathSync(java)))]),
    ...installed.sort((left, right) => (versionOf(right) ?? 0) - (versionOf(left) ?? 0)),
  ]
}

/** @type {Map<string, number | undefined>} */
const versions = new Map()

/**
 * The major version of a JDK; undefined if there is none, or a mere runtime without a compiler.
 *
 * @param {string} home
 */
function versionOf(home) {
  if (!versions.has(home)) versions.set(home, askVersion(home))
  return versions.get(home)
}

/** @param {string} home */
function askVersion(home) {
  const compiler = join(home, "bin", `javac${executable}`)
  if (!existsSync(compiler)) return undefined
  const { stdout, stderr } = spawnSync(compiler, ["-version"], { encoding: "utf8" })
  const major = /javac (?:1\.)?(\d+)/.exec(`${stdout}${stderr}`)?.[1]
  return major === undefined ? undefined : Number(major)
}

/** @param {string} name */
function onPath(name) {
  const folders = (process.env.PATH ?? "").split(delimiter)
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file))
}
