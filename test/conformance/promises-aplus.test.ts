import { spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { root } from "../../scripts/manifest.ts"

/**
 * The suite of Promises/A+, all of it, over what can be awaited as a promise. It drives a test runner of its own and leaves
 * many rejections unhandled on purpose, so each run has a process of its own.
 */
const folder = mkdtempSync(join(tmpdir(), "rapid-fiber-promises-aplus-"))
const program = join(folder, "program.mjs")
const TESTS = 872
const require = createRequire(import.meta.url)

beforeAll(() =>
  build({
    entryPoints: [fileURLToPath(new URL("./promises-aplus-program.ts", import.meta.url))],
    outfile: program,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    alias: { "rapid-fiber": `${root}src/index.ts` },
    // The sources are not the package: `sideEffects` is meant of what is built of them.
    ignoreAnnotations: true,
    logLevel: "silent",
  }),
)

afterAll(() => rmSync(folder, { recursive: true }))

interface Report {
  readonly passed: number
  readonly failures: readonly string[]
  /** Assertions that failed where no test saw it. */
  readonly stray: number
}

function run(subject: string): Promise<Report> {
  return new Promise((resolve, reject) => {
    const permissions = "Deno" in globalThis ? ["run", "-A"] : []
    const args = [...permissions, program, subject, require.resolve("promises-aplus-tests")]
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] })
    const stuck = setTimeout(() => child.kill("SIGKILL"), 60_000)
    let [out, err] = ["", ""]
    child.stdout.on("data", (chunk) => (out += String(chunk)))
    child.stderr.on("data", (chunk) => (err += String(chunk)))
    child.on("error", reject)
    child.on("close", (code) => {
      clearTimeout(stuck)
      const report = /^report (.*)$/m.exec(out)?.[1]
      if (report === undefined) reject(new Error(`Expected a report, got ${code}:\n${out}\n${err}`))
      else resolve(JSON.parse(report) as Report)
    })
  })
}

describe("Promises/A+", () => {
  // Bun gives functions of scripts another `this`, by which its own promises fail two of the tests.
  let native: Promise<Report>
  beforeAll(() => void (native = run("Promise")))

  it.concurrent.each(["Fiber", "Completable"])("holds of a %s", { timeout: 90_000 }, async (subject) => {
    const { passed, failures, stray } = await run(subject)
    console.log(`promises-aplus over ${subject}: ${passed} passed`)
    const host = await native
    expect({ failures, stray }).toEqual({ failures: host.failures, stray: host.stray })
    expect(host.failures.length).toBeLessThanOrEqual("Bun" in globalThis ? 2 : 0)
    expect(passed + failures.length).toBe(TESTS)
  })

  it.concurrent("does not hold of what is none", { timeout: 90_000 }, async () => {
    const { failures } = await run("no promise")
    expect(failures.length).toBeGreaterThan(0)
  })
})
