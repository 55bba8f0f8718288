import { readFileSync, readdirSync } from "node:fs"
import { transform } from "esbuild"
import { describe, expect, it } from "vitest"
import * as library from "rapid-fiber"
import * as cron from "rapid-fiber/cron"
import * as monitor from "rapid-fiber/monitor"
import * as node from "rapid-fiber/node"
import * as opentelemetry from "rapid-fiber/opentelemetry"
import * as pino from "rapid-fiber/pino"
import * as testing from "rapid-fiber/testing"
import * as trace from "rapid-fiber/trace"

/**
 * Every example that users read is run: the `@example` blocks of the sources and the `ts` blocks of the Markdown. A line
 * that ends in a comment which is a JavaScript value asserts it: `await Task.pure(1) // 1`. What a block imports from the
 * package and its subpaths is there without the import.
 */
const root = new URL("../../", import.meta.url)

interface Example {
  readonly where: string
  readonly code: string
}

function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(new URL(folder, root), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ending) && !name.includes("node_modules"))
    .map((name) => `${folder}${name.replaceAll("\\", "/")}`)
}

function examplesOf(file: string): Example[] {
  const text = readFileSync(new URL(file, root), "utf8")
  const code = file.endsWith(".ts") ? text.replaceAll(/^ *\* ?/gm, "") : text
  const blocks = [...code.matchAll(/^```ts\n([\s\S]*?)^```$/gm)]
  return blocks.map((block, index) => ({ where: `${file} #${index + 1}`, code: block[1] }))
}

/** `expression // value` becomes an assertion if the comment is a value. */
function asserting(line: string): string {
  const match = /^(?!(?:const|let|import|return|\/\/|\s|\}))(.+?);? \/\/ (.+)$/.exec(line)
  if (match === null || !isValue(match[2])) return line
  return `;__expect(${match[1]}).toEqual(${match[2]})`
}

function isValue(text: string): boolean {
  try {
    // oxlint-disable-next-line typescript/no-implied-eval -- the text is our own documentation
    new Function(`"use strict"; return (${text})`)()
    return true
  } catch {
    return false
  }
}

async function runExample({ code }: Example): Promise<void> {
  const body = code
    .split("\n")
    .filter((line) => !/^import .* from "rapid-fiber(?:\/\w+)?"$/.test(line))
    .map(asserting)
    .join("\n")
  // A function declaration: esbuild puts its helpers for `using` before it.
  const source = `async function __example() {\n${body}\n}`
  const { code: script } = await transform(source, { loader: "ts", target: "es2022" })
  const exported: Readonly<Record<string, unknown>> = {
    ...library,
    ...cron,
    ...monitor,
    ...node,
    ...opentelemetry,
    ...pino,
    ...testing,
    ...trace,
  }
  const names = Object.keys(exported)
  // oxlint-disable-next-line typescript/no-implied-eval -- the text is our own documentation
  const example = new Function("__expect", "console", ...names, `${script}\nreturn __example()`)
  await example(expect, { log() {}, error() {} }, ...names.map((name) => exported[name]))
}

const examples = [...filesBelow("src/", ".ts"), ...filesBelow("docs/", ".md"), "README.md"].flatMap(examplesOf)

describe("the example in", () => {
  it.each(examples)("$where runs and says the truth", (example) => runExample(example))

  it("a docstring can fail: a wrong value in a comment is found", async () => {
    await expect(runExample({ where: "here", code: "await Task.pure(1) // 2" })).rejects.toThrow(/to deeply equal 2/)
  })
})
