import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { root } from "./manifest.ts"
import { run } from "./run.ts"

/** Runs the tests on every runtime, or on those named: `npm run test:runtimes -- node24 chromium`. */
const folder = `${root}test/runtimes`
const installed = `${folder}/node_modules`
const vitest = ["node_modules/vitest/vitest.mjs", "run"]

type Runtime = {
  readonly name: string
  readonly binary: string
  /** The command that runs the tests, and its arguments. */
  readonly suite: readonly [command: string, ...args: ReadonlyArray<string>]
  readonly env?: NodeJS.ProcessEnv
  /** What `npm ci` brings for it. */
  readonly needs: string
}
type Outcome = {
  readonly name: string
  readonly version: string
  readonly counts: Counts
  readonly seconds: number
}
type Counts = { readonly passed: number; readonly failed: number; readonly skipped: number }

/** These measure the heap after a full collection, which only Node's `--expose-gc` gives. */
const measuresHeap = ["test/runtime/memory.test.ts", "test/sync/million.test.ts", "test/monitor/memory.test.ts"]

/** JavaScriptCore takes a function off the stack that returns what it calls: what a trace shows is then another place. */
const namesPlaces = [
  "test/trace/trace.test.ts",
  "test/trace/enable.test.ts",
  "test/trace/memory.test.ts",
  "test/trace/source-maps.test.ts",
  "test/parity/trace-spec.test.ts",
]

/** Looked up when it is selected, so that a machine without Chromium can run the others. */
const runtimes: Readonly<Record<string, () => Runtime>> = {
  current: () => native("current", process.execPath),
  node22: () => native("node22", `${installed}/node22/bin/node`),
  node24: () => native("node24", `${installed}/node24/bin/node`),
  node26: () => native("node26", `${installed}/node26/bin/node`),
  bun: () => native("bun", `${installed}/@oven/bun-linux-x64/bin/bun`, [], [...measuresHeap, ...namesPlaces]),
  deno: () => native("deno", `${installed}/@deno/linux-x64-glibc/deno`, ["run", "-A"], measuresHeap),
  chromium,
}

const selected = select(process.argv.slice(2))
if (selected.some(({ needs }) => !existsSync(needs))) run("npm", ["ci"], { cwd: folder })

const outcomes: Outcome[] = []
for (const runtime of selected) outcomes.push(await test(runtime))
printTable(outcomes)
const broken = outcomes.filter(({ counts }) => counts.failed > 0 || counts.passed === 0)
if (broken.length > 0) {
  console.error(`Expected the tests to pass everywhere, got failures on ${broken.map(({ name }) => name).join(", ")}`)
  process.exitCode = 1
}

function select(names: ReadonlyArray<string>): ReadonlyArray<Runtime> {
  const known = Object.keys(runtimes)
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    throw new Error(`Expected runtimes among ${known.join(", ")}, got ${unknown.join(", ")}: correct the name`)
  }
  return Object.entries(runtimes).flatMap(([name, find]) => (names.length === 0 || names.includes(name) ? find() : []))
}

/** A runtime that runs vitest itself. */
function native(
  name: string,
  binary: string,
  args: ReadonlyArray<string> = [],
  without: ReadonlyArray<string> = [],
): Runtime {
  const excluded = ["test/package/**", ...without].flatMap((pattern) => ["--exclude", pattern])
  return { name, binary, suite: [binary, ...args, ...vitest, ...excluded], needs: binary }
}

/** The browser of this machine: vitest runs on Node and drives it. */
function chromium(): Runtime {
  const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
  const asked = process.env["CHROMIUM_PATH"]
  const binary = (asked ? [asked] : places).find((place) => existsSync(place))
  if (binary === undefined) {
    throw new Error(
      `Expected Chromium at ${asked ? `CHROMIUM_PATH (${asked})` : places.join(" or ")}, got none: ` +
        "install it (apt-get install chromium), set CHROMIUM_PATH, or name the other runtimes",
    )
  }
  return {
    name: "chromium",
    binary,
    suite: [process.execPath, ...vitest, "--config", "test/runtimes/browser/vitest.config.ts"],
    env: { CHROMIUM_PATH: binary },
    needs: `${installed}/@vitest/browser-playwright`,
  }
}

async function test({ name, binary, suite: [command, ...args], env, needs }: Runtime): Promise<Outcome> {
  if (!existsSync(needs)) {
    throw new Error(`Expected ${needs} to exist: these runtimes are packaged for Linux on x64 only`)
  }
  console.log(`\n== ${name} ==`)
  const version = versionIn((await execute(binary, ["--version"])).output)
  const started = performance.now()
  const { output, status } = await execute(command, args, { show: true, env })
  const counts = countsIn(output)
  const failed = counts.failed === 0 && status !== 0 ? 1 : counts.failed
  return { name, version, counts: { ...counts, failed }, seconds: (performance.now() - started) / 1000 }
}

/** The counts of the reporter's closing line; a run that never printed it has failed. */
function countsIn(output: string): Counts {
  const [passed, failed, skipped] =
    [...output.matchAll(/^(\d+) passed, (\d+) failed, (\d+) skipped$/gm)].at(-1)?.slice(1) ?? []
  if (passed === undefined) return { passed: 0, failed: 1, skipped: 0 }
  return { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) }
}

/** The first line, without where it was built. */
function versionIn(output: string): string {
  return (output.split("\n")[0] ?? "").replace(/ built on .*/, "").trim()
}

function execute(
  binary: string,
  args: ReadonlyArray<string>,
  { show = false, env }: { readonly show?: boolean; readonly env?: NodeJS.ProcessEnv | undefined } = {},
): Promise<{ output: string; status: number }> {
  return new Promise((resolve, reject) => {
    const stderr = show ? "inherit" : "ignore"
    const child = spawn(binary, args, { cwd: root, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", stderr] })
    let output = ""
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      output += text
      if (show) process.stdout.write(text)
    })
    child.on("error", reject)
    child.on("close", (status) => resolve({ output, status: status ?? 1 }))
  })
}

function printTable(results: ReadonlyArray<Outcome>): void {
  const head = ["runtime", "version", "passed", "failed", "skipped", "seconds"]
  const body = results.map(({ name, version, counts, seconds }) => [
    name,
    version,
    ...[counts.passed, counts.failed, counts.skipped].map(String),
    seconds.toFixed(1),
  ])
  const rows = [head, ...body]
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  console.log()
  for (const row of rows)
    console.log(row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  "))
}
