import { createContext, runInContext } from "node:vm"
import { build } from "esbuild"
import { describe, expect, it } from "vitest"
import { builtIndex } from "./dist.ts"

/**
 * `runSync` on a host that has the language and nothing else: no timers, no microtask queue, no Promise, no clock, no
 * AbortController, no process. Edge hosts forbid much of that while a module loads, or count it.
 */
async function onBareHost(program: string): Promise<unknown> {
  const { outputFiles } = await build({
    stdin: {
      contents: `import * as library from ${JSON.stringify(builtIndex())}; globalThis.library = library`,
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    format: "iife",
    target: "es2022",
    platform: "neutral",
    external: ["node:*"],
    write: false,
  })
  const host = createContext({})
  runInContext("delete globalThis.Promise; delete globalThis.performance", host)
  const missing = ["setTimeout", "setImmediate", "queueMicrotask", "MessageChannel", "AbortController", "process"]
  expect(runInContext(JSON.stringify([...missing, "Promise"]) + ".filter((name) => name in globalThis)", host)).toEqual(
    [],
  )
  runInContext(outputFiles[0]?.text ?? "", host)
  return JSON.parse(
    String(runInContext(`JSON.stringify((() => { const { Task, Local, Schedule } = library; ${program} })())`, host)),
  )
}

describe("a synchronous program on a bare host", () => {
  const programs: Record<string, readonly [string, unknown]> = {
    "straight-line code": [
      `return Task.gen(function* () { return (yield* Task.pure(1)) + (yield* Task.sync(() => 2).map((n) => n * 10)) }).runSync()`,
      21,
    ],
    "failures and cleanups": [
      `const log = []
       const exit = Task.fail("no").finally(() => void log.push("clean")).catch((e) => Task.fail(e + "!")).attempt().runSync()
       return [exit, log]`,
      [{ status: "rejected", reason: "no!" }, ["clean"]],
    ],
    "children, groups and races": [
      `const child = Task.yield().as("child").start().flatMap((fiber) => fiber.join())
       return Task.all({ child, race: Task.race([Task.pure(1), Task.never]), any: Task.any([Task.fail(0), Task.pure(2)]) }).runSync()`,
      { child: "child", race: 1, any: 2 },
    ],
    "resources, masks and locals": [
      `const log = [], local = Local.make(0)
       const used = Task.scoped((scope) => scope.acquire(Task.pure("r"), (r) => void log.push(r)))
       return [local.run(5, Task.bracket(used, () => local.get(), () => Task.unit)).runSync(), log]`,
      [5, ["r"]],
    ],
    "policies that need no pause": [
      `let n = 0
       const flaky = Task.sync(() => { if (++n < 3) throw n; return n })
       return [flaky.retry(Schedule.times(5)).runSync(), flaky.repeat({ times: 4 }).timeout(1000).memoize().runSync()]`,
      [3, 8],
    ],
    completables: [
      `const { task, resolve } = Task.withResolvers(); resolve("brought"); return task.runSync()`,
      "brought",
    ],
  }
  for (const [what, [program, expected]] of Object.entries(programs)) {
    it(`runs ${what} (effect#3057, effect#6651)`, async () => {
      expect(await onBareHost(program)).toEqual(expected)
    })
  }

  it("that must wait says so, and has run its cleanups", async () => {
    const program = `const log = []
      try { Task.sleep(1).finally(() => void log.push("clean")).runSync() } catch (error) { log.push(error.name, error.operation) }
      return log`
    expect(await onBareHost(program)).toEqual(["clean", "RunSyncError", "sleep"])
  })
})
