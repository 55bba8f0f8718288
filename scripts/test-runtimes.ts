import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { root } from "./manifest.ts"
import { run } from "./run.ts"

/** Runs the tests on every runtime, or on those named: `npm run test:runtimes -- node24 bun`. */
const folder = `${root}test/runtimes`
const installed = `${folder}/node_modules`

type Runtime = {
  readonly name: string
  readonly binary: string
  readonly args: ReadonlyArray<string>
  readonly without?: ReadonlyArray<string>
}
type Outcome = {
  readonly runtime: Runtime
  readonly version: string
  readonly counts: Counts
  readonly seconds: number
}
type Counts = { readonly passed: number; readonly failed: number; readonly skipped: number }

/** These measure the heap after a full collection, which only Node's `--expose-gc` gives. */
const measuresHeap = ["test/runtime/memory.test.ts"]

const runtimes: ReadonlyArray<Runtime> = [
  { name: "current", binary: process.execPath, args: [] },
  { name: "node22", binary: `${installed}/node22/bin/node`, args: [] },
  { name: "node24", binary: `${installed}/node24/bin/node`, args: [] },
  { name: "node26", binary: `${installed}/node26/bin/node`, args: [] },
  { name: "bun", binary: `${installed}/@oven/bun-linux-x64/bin/bun`, args: [], without: measuresHeap },
  { name: "deno", binary: `${installed}/@deno/linux-x64-glibc/deno`, args: ["run", "-A"], without: measuresHeap },
]

const selected = select(process.argv.slice(2))
if (selected.some(({ binary }) => !existsSync(binary))) run("npm", ["ci"], { cwd: folder })

const outcomes: Outcome[] = []
for (const runtime of selected) outcomes.push(await test(runtime))
printTable(outcomes)
const broken = outcomes.filter(({ counts }) => counts.failed > 0 || counts.passed === 0)
if (broken.length > 0) {
  console.error(
    `Expected the tests to pass everywhere, got failures on ${broken.map((o) => o.runtime.name).join(", ")}`,
  )
  process.exitCode = 1
}

function select(names: ReadonlyArray<string>): ReadonlyArray<Runtime> {
  const known = runtimes.map(({ name }) => name)
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    throw new Error(`Expected runtimes among ${known.join(", ")}, got ${unknown.join(", ")}: correct the name`)
  }
  return names.length === 0 ? runtimes : runtimes.filter(({ name }) => names.includes(name))
}

async function test(runtime: Runtime): Promise<Outcome> {
  if (!existsSync(runtime.binary)) {
    throw new Error(`Expected ${runtime.binary} to exist: these runtimes are packaged for Linux on x64 only`)
  }
  console.log(`\n== ${runtime.name} ==`)
  const version = (await execute(runtime.binary, ["--version"], false)).output.split("\n")[0] ?? ""
  const started = performance.now()
  const excluded = ["test/package/**", ...(runtime.without ?? [])].flatMap((pattern) => ["--exclude", pattern])
  const suite = [...runtime.args, "node_modules/vitest/vitest.mjs", "run", ...excluded]
  const { output, status } = await execute(runtime.binary, suite, true)
  const counts = countsIn(output)
  const failed = counts.failed === 0 && status !== 0 ? 1 : counts.failed
  return { runtime, version, counts: { ...counts, failed }, seconds: (performance.now() - started) / 1000 }
}

/** The counts of the reporter's closing line; a run that never printed it has failed. */
function countsIn(output: string): Counts {
  const [passed, failed, skipped] =
    [...output.matchAll(/^(\d+) passed, (\d+) failed, (\d+) skipped$/gm)].at(-1)?.slice(1) ?? []
  if (passed === undefined) return { passed: 0, failed: 1, skipped: 0 }
  return { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) }
}

function execute(
  binary: string,
  args: ReadonlyArray<string>,
  show: boolean,
): Promise<{ output: string; status: number }> {
  return new Promise((resolve, reject) => {
    const child = spawn(binary, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] })
    let output = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text
      if (show) process.stdout.write(text)
    })
    child.on("error", reject)
    child.on("close", (status) => resolve({ output, status: status ?? 1 }))
  })
}

function printTable(results: ReadonlyArray<Outcome>): void {
  const head = ["runtime", "version", "passed", "failed", "skipped", "seconds"]
  const body = results.map(({ runtime, version, counts, seconds }) => [
    runtime.name,
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
