import { execFileSync } from "node:child_process"
import { gzipSync } from "node:zlib"
import { describe, expect, it } from "vitest"
import { bundlers } from "./bundle.ts"
import { builtIndex } from "./dist.ts"

const kilobyte = 1024
/** All of Task, and all of Stream beside it: see D24 and D69 of docs/decisions.md. */
const budget = 15
const streamBudget = 25

/** Of Schedule, Local, Timer, Unique, the second clock, the adapters and the primitives. */
const words = [
  "jittered",
  "lettersAndNumbers",
  "removeListener",
  "subscribe",
  "mailbox",
  "retryAfter",
  "a number of milliseconds > 0",
  "A logger failed",
  "Forced to exit by",
]

describe.each(Object.entries(bundlers))("a bundle of `import { Task }`, by %s,", (name, bundle) => {
  const importing = `import { Task } from ${JSON.stringify(builtIndex())}`

  it(`is at most ${budget} KB, minified and gzipped`, async () => {
    const code = await bundle(`${importing}; console.log(Task)`, { minify: true })
    const bytes = gzipSync(code, { level: 9 }).length
    console.log(`import { Task }, by ${name}: ${(bytes / kilobyte).toFixed(2)} KB min+gzip`)
    expect(bytes).toBeLessThanOrEqual(budget * kilobyte)
  })

  it(`is at most ${streamBudget} KB with Stream`, async () => {
    const both = `import { Stream, Task } from ${JSON.stringify(builtIndex())}`
    const code = await bundle(`${both}; console.log(Stream, Task)`, { minify: true })
    const bytes = gzipSync(code, { level: 9 }).length
    console.log(`import { Task, Stream }, by ${name}: ${(bytes / kilobyte).toFixed(2)} KB min+gzip`)
    expect(bytes).toBeLessThanOrEqual(streamBudget * kilobyte)
  })

  it("holds nothing that has a name of its own", async () => {
    const code = await bundle(`${importing}; console.log(Task)`, { minify: true })
    for (const word of words) expect(code).not.toContain(word)
    const all = await bundle(`export * from ${JSON.stringify(builtIndex())}`, { minify: true })
    for (const word of words) expect(all).toContain(word)
  })

  // What a module does as it is loaded is lost if a bundler takes `sideEffects: false` at its word.
  it("still runs tasks", async () => {
    const program = `${importing}; console.log(await Task.pure(41).map((n) => n + 1))`
    const code = await bundle(program, { minify: false })
    const output = execFileSync(process.execPath, ["--input-type=module"], { input: code, encoding: "utf8" })
    expect(output).toBe("42\n")
  })
})
