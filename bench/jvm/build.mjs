// @ts-check
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const folder = fileURLToPath(new URL(".", import.meta.url))
const target = join(folder, "target")
const stamp = join(target, "built.json")

/** The pinned version of a dependency, as pom.xml has it. @param {string} name */
const pinned = (name) =>
  new RegExp(`<${name}.version>(.*?)<`).exec(readFileSync(join(folder, "pom.xml"), "utf8"))?.[1] ?? "?"

/** What is measured. */
export const versions = () => ({
  rapid: pinned("rapid"),
  "cats-effect": pinned("cats-effect"),
  zio: pinned("zio"),
  jmh: pinned("jmh"),
  scala: pinned("scala"),
})

/**
 * Builds the jar, unless it is there and nothing has changed since. Where Maven cannot resolve Rapid, the others are built
 * without it, and `without` says why.
 *
 * @param {{ home: string, maven: string }} toolchain
 * @returns {{ jar: string, without: string | undefined }}
 */
export function build({ home, maven }) {
  const jar = join(target, "benchmarks.jar")
  const sources = digest(home)
  const built = existsSync(stamp) && existsSync(jar) ? JSON.parse(readFileSync(stamp, "utf8")) : undefined
  // Without Rapid it is tried anew: what was not served may be by now.
  if (built?.sources === sources && built.without === null) return { jar, without: undefined }
  const whole = run(home, maven, [])
  const absent = whole === undefined ? undefined : /com\.outr:\S+/.exec(whole)?.[0]
  if (whole !== undefined && absent === undefined) throw new Error(`The build failed:\n${whole}`)
  const without = absent === undefined ? undefined : `not built: Maven cannot resolve ${coordinates()}`
  if (without !== undefined && !(built?.sources === sources && built.without === without)) {
    // Nothing of a build with Rapid may stay behind.
    rmSync(target, { recursive: true, force: true })
    const rest = run(home, maven, ["-Dwithout-rapid"])
    if (rest !== undefined) throw new Error(`The build failed:\n${rest}`)
  }
  mkdirSync(target, { recursive: true })
  writeFileSync(stamp, JSON.stringify({ sources, without: without ?? null }))
  return { jar, without }
}

const coordinates = () => `com.outr:rapid-core_3:${pinned("rapid")}`

/**
 * @param {string} home
 * @param {string} maven
 * @param {readonly string[]} more
 * @returns {string | undefined} what it complains of; undefined if it succeeds
 */
function run(home, maven, more) {
  const { status, stdout, stderr, error } = spawnSync(maven, ["-q", "-B", "-Dstyle.color=never", "package", ...more], {
    cwd: folder,
    encoding: "utf8",
    shell: process.platform === "win32",
    env: { ...process.env, JAVA_HOME: home },
  })
  if (status === 0) return undefined
  const lines = `${stdout}${stderr}`.split("\n")
  return error?.message ?? lines.filter((line) => line.includes("ERROR")).join("\n")
}

/** @param {string} home */
function digest(home) {
  const hash = createHash("sha256").update(home)
  const files = readdirSync(join(folder, "src"), { recursive: true, withFileTypes: true }).filter((file) => file.isFile())
  const paths = files.map((file) => join(file.parentPath ?? file.path, file.name)).sort()
  for (const path of [join(folder, "pom.xml"), ...paths]) hash.update(path).update(readFileSync(path))
  return hash.digest("hex")
}
