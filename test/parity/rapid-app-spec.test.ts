import { afterEach, expect, it } from "vitest"
import { App, Logger, Task } from "rapid-fiber"

/**
 * RapidAppSpec.scala: `run(args)` is the main that `App.run` is given, and `result` its option `exitCode`. What a process
 * of its own shows is in test/runtime/app.test.ts.
 */
afterEach(() => {
  process.exitCode = undefined
})

/** What a program logs. */
async function logged(program: (log: Logger) => Promise<unknown>): Promise<string[]> {
  const lines: string[] = []
  const log = Logger.console({ format: "pretty", write: (text) => void lines.push(text) })
  await program(log)
  return lines
}

it("RapidApp should return exit code 0 on successful run", async () => {
  expect(await App.run(() => Task.unit)).toBe(0)
  expect(process.exitCode).toBe(0)
})

it("RapidApp should return exit code 1 on failed run", async () => {
  const lines = await logged(async (log) => {
    Logger.setDefault(log)
    expect(await App.run(() => Task.fail(new Error("fail")), { grace: Infinity })).toBe(1)
    Logger.setDefault(Logger.console())
  })
  expect(lines.join("\n")).toMatch(/ERROR [^]*main failed[^]*Error: fail/)
})

it("RapidApp should pass arguments through to run", async () => {
  const before = process.argv
  process.argv = [...before.slice(0, 2), "hello", "world"]
  let captured: readonly string[] = []
  await App.run((args) =>
    Task.sync(() => {
      captured = args
    }),
  )
  process.argv = before
  expect(captured).toEqual(["hello", "world"])
})

it("RapidApp should allow overriding result for custom exit codes", async () => {
  const codes = {
    grace: Infinity,
    exitCode: ({ status }: { readonly status: string }) => (status === "fulfilled" ? 0 : 42),
  }
  const failing = Logger.use({ log: () => {} }, Task.fail(new Error("custom")))
  await logged(async (log) => {
    Logger.setDefault(log)
    expect(await App.run(() => failing, codes)).toBe(42)
    Logger.setDefault(Logger.console())
  })
  expect(await App.run(() => Task.unit, codes)).toBe(0)
})

it("RapidApp should log errors via RapidLoggerSupport", async () => {
  const lines = await logged(async (log) => {
    const failing = Logger.use(log, Logger.logErrors(Task.fail(new Error("logged")), "in the app"))
    expect(await App.run(() => failing.catch(() => Task.unit))).toBe(0)
  })
  expect(lines.join("\n")).toMatch(/ERROR main: in the app[^]*Error: logged/)
})
