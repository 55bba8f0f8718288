import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { root } from "../../scripts/manifest.ts"

/** What the guide recommends to users of oxlint. */
const recommended = `{
  "plugins": ["typescript"],
  "options": { "typeAware": true },
  "rules": {
    "typescript/no-floating-promises": ["error", { "checkThenables": true }],
    "typescript/no-misused-promises": "error"
  }
}
`

/** The program of somebody who forgets: each line says at its end which rule finds it. */
const program = `
import { Task } from "rapid-fiber"

class NotFound extends Error {
  override readonly name = "NotFound"
}
declare const save: (text: string) => Task<string, NotFound>

export async function forgetful(task: Task<string, NotFound>, target: EventTarget) {
  const fiber = task.run()
  Task.sync(() => target.dispatchEvent(new Event("x"))) // floating
  Task.sleep(10) // floating
  save("x") // floating
  task.map((text) => text.length) // floating
  task.flatMap(save) // floating
  task.finally(() => {}) // floating
  task.attempt() // floating
  task.start() // floating
  task.catch(NotFound, () => Task.unit) // floating
  task.toPromise() // floating
  task.run() // floating
  fiber.join() // floating
  fiber.cancel() // floating
  if (save("x")) target.dispatchEvent(new Event("x")) // misused
  ;["x", "y"].forEach((text) => save(text)) // misused
  target.addEventListener("stop", () => fiber.cancel()) // misused
  fiber.onExit(() => fiber.cancel()) // misused
}

export const inAGenerator = Task.gen(function* () {
  Task.sleep(10) // floating
  save("x") // floating
  const fiber = yield* save("x").start()
  fiber.cancel() // floating
  yield* fiber.cancel()
  return yield* fiber.join()
})

export async function mindful(task: Task<string, NotFound>, target: EventTarget) {
  await task
  void task
  task.runAndForget()
  task.tap((text) => save(text)).runAndForget()
  const fiber = task.run()
  fiber.abort()
  await fiber.cancel()
  await fiber
  task.then(
    () => {},
    () => {},
  )
  target.addEventListener("stop", () => fiber.abort())
  const unregister = () => fiber.cancel()
  await Task.async<string>((resume) => {
    resume(save("x"))
    return unregister
  })
  return task
}

export function blind(task: Task<string, NotFound>) {
  task.catch(() => Task.unit)
  task.map((text) => text.length).catch(() => Task.pure(0))
  task.run().cancel().catch(() => Task.unit)
}
`

const folder = mkdtempSync(join(tmpdir(), "rapid-fiber-lint-"))

beforeAll(() => {
  const compilerOptions = {
    strict: true,
    target: "ES2022",
    lib: ["ES2023", "ESNext.Disposable", "DOM"],
    module: "NodeNext",
    types: [],
    noEmit: true,
    allowImportingTsExtensions: true,
    paths: { "rapid-fiber": [`${root}src/index.ts`] },
  }
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["."] }))
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }))
  writeFileSync(join(folder, "program.ts"), program)
})

afterAll(() => rmSync(folder, { recursive: true }))

/** What oxlint says of the program, a line each: the line's number and the rule. */
function findings(config: string): string[] {
  writeFileSync(join(folder, "oxlintrc.json"), config)
  const args = ["-c", join(folder, "oxlintrc.json"), "--format", "json", join(folder, "program.ts")]
  // Run from the root, where it finds its type-aware half.
  const { stdout, stderr } = spawnSync(process.execPath, [`${root}node_modules/oxlint/bin/oxlint`, ...args], {
    cwd: root,
    encoding: "utf8",
  })
  expect(stderr).toBe("")
  const { diagnostics } = JSON.parse(stdout) as {
    diagnostics: { code: string; labels: { span: { line: number } }[] }[]
  }
  return diagnostics
    .map(({ code, labels }) => [labels[0].span.line, /^typescript\(no-(.+)-promises\)$/.exec(code)?.[1]] as const)
    .filter(([, rule]) => rule !== undefined)
    .toSorted(([left], [right]) => left - right)
    .map(([line, rule]) => `${line} ${rule}`)
}

const marked = program
  .split("\n")
  .flatMap((text, index) => [...text.matchAll(/ \/\/ (\w+)$/g)].map(([, rule]) => `${index + 1} ${rule}`))

describe("the linter with the recommended rules", () => {
  it("finds every forgotten Task, and nothing else; a trailing catch is its blind spot", () => {
    expect(marked).toHaveLength(20)
    expect(findings(recommended)).toEqual(marked)
  })

  it("finds no forgotten Task without checkThenables", () => {
    const plain = recommended.replace(`, { "checkThenables": true }`, "")
    expect(plain).not.toBe(recommended)
    // `toPromise` gives a promise of the platform.
    const line = program.split("\n").findIndex((text) => text.includes("toPromise")) + 1
    expect(findings(plain).filter((finding) => finding.endsWith("floating"))).toEqual([`${line} floating`])
  })
})
