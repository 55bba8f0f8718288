import { describe, expect, it } from "vitest"
import { type Fiber, Queue, Runtime, Semaphore, Task } from "rapid-fiber"
import { TestRuntime } from "rapid-fiber/testing"
import { turn } from "../watch.ts"

const text = (of?: Parameters<typeof Runtime.dump>[0], limit?: number): string =>
  String(Runtime.dump(of, limit === undefined ? undefined : { limit })).replaceAll(/fiber-\d+/g, "fiber-n")

describe("Runtime.dump", () => {
  it("is a tree of the fibers, with what each does and waits for", async () => {
    await using runtime = Runtime.make()
    const queue = Queue.unbounded<number>()
    const permits = Semaphore.make(1)
    const child = (name: string, task: Task<unknown, unknown>): Task<unknown> => task.start({ name })
    const main = Task.gen(function* () {
      yield* child("sleeper", Task.sleep(1000))
      yield* child("taker", queue.take())
      yield* child("holder", permits.withPermits(1, Task.never))
      yield* child("next", permits.withPermits(1, Task.never))
      yield* child(
        "fetcher",
        Task.promise(() => new Promise(() => {})),
      )
      yield* child(
        "parent",
        child(
          "grandchild",
          Task.uncancelable(() => Task.sleep(50)),
        ).andThen(Task.yield()),
      )
      yield* child(
        "caller",
        Task.async(() => {}),
      )
      yield* Task.all([Task.never, Task.sleep(1000)])
    }).run({ runtime, name: "main" })
    await turn()
    expect(text(runtime).split("\n")).toEqual([
      "main (fiber-n) waiting for the members of its group: fiber-n, fiber-n",
      "  caller (fiber-n) waiting for a callback (Task.async)",
      "  parent (fiber-n) ending: waits for its children: grandchild",
      "    grandchild (fiber-n) sleeping, being cancelled",
      "  fetcher (fiber-n) waiting for a promise",
      "  next (fiber-n) waiting for a permit of a semaphore",
      "  holder (fiber-n) waiting for nothing (Task.never)",
      "  taker (fiber-n) waiting for an item of a queue",
      "  sleeper (fiber-n) sleeping",
      "  fiber-n sleeping",
      "  fiber-n waiting for nothing (Task.never)",
    ])
    await main.cancel()
  })

  it("is of one fiber and its children where it is given one", async () => {
    const worker = Task.never.start({ name: "inner" }).andThen(Task.never).run({ name: "worker" })
    const other = Task.never.run({ name: "other" })
    await turn()
    expect(text(worker).split("\n")).toEqual([
      "worker (fiber-n) waiting for nothing (Task.never)",
      "  inner (fiber-n) waiting for nothing (Task.never)",
    ])
    await Promise.all([worker.cancel(), other.cancel()])
    expect(text(worker)).toBe("no fibers")
  })

  it("sees who runs, who is ready and who is being cancelled, and counts sleepers that nobody holds", async () => {
    await using runtime = Runtime.make()
    let seen = ""
    const main = Task.gen(function* () {
      const stuck = yield* Task.uncancelable(() => Task.sleep(20)).start({ name: "stuck" })
      yield* Task.sleep(1)
      stuck.abort()
      yield* Task.unit.start({ name: "ready" })
      seen = text(runtime)
    }).run({ runtime, name: "main" })
    for (let i = 0; i < 3; i++) Task.sleep(1000).runAndForget({ runtime })
    await main
    const lines = seen.split("\n")
    expect(lines.slice(0, 3)).toEqual([
      "main (fiber-n) running",
      "  ready (fiber-n) ready",
      "  stuck (fiber-n) sleeping, being cancelled",
    ])
    // Where an async context is always there, each of them is a fiber that carries it.
    const fibers = Array.from({ length: 3 }, () => "fiber-n sleeping")
    expect([["3 sleepers that nobody holds"], fibers]).toContainEqual(lines.slice(3))
  })

  it("looks at no more than it is told, and says that there is more", async () => {
    await using runtime = Runtime.make()
    const many = Task.all(Array.from({ length: 100 }, () => Task.never)).run({ runtime })
    await turn()
    await turn()
    const dump = Runtime.dump(runtime, { limit: 10 })
    expect(dump.partial).toBe(true)
    expect(dump.fibers[0]?.children.length).toBe(9)
    expect(String(dump)).toMatch(/ and 90 more/)
    expect(String(dump).split("\n").at(-1)).toBe("and more")
    await many.cancel()
  })

  it("is not deep: a chain of a ten thousand children", async () => {
    await using runtime = Runtime.make()
    const nest = (depth: number): Task<unknown> =>
      depth === 0
        ? Task.never
        : Task.defer(() => nest(depth - 1))
            .start()
            .flatMap((inner) => inner.join())
    const chain = nest(10_000).run({ runtime })
    while (!String(Runtime.dump(runtime, { limit: 20_000 })).includes("Task.never")) await turn()
    const dump = Runtime.dump(runtime, { limit: 20_000 })
    expect(String(dump).split("\n").length).toBe(10_001)
    await chain.cancel()
  })

  it.each([undefined, 1, 2, 3])("changes nothing: in the order of a test, seed %s", async (seed) => {
    const run = async (dumps: boolean): Promise<string[]> => {
      const test = TestRuntime.make(seed === undefined ? {} : { seed })
      const seen: string[] = []
      const one = (name: string): Task<unknown> =>
        Task.sleep(1)
          .tap(() => {
            if (dumps) Runtime.dump(test)
          })
          .tap(() => void seen.push(name))
          .andThen(Task.yield())
          .tap(() => void seen.push(name))
      await test.run(Task.all(["a", "b", "c", "d", "e"].map(one)))
      await test.close()
      return seen
    }
    expect(await run(true)).toEqual(await run(false))
  })

  it("shows all that are ready, in the order of a test, too", async () => {
    const test = TestRuntime.make({ seed: 5 })
    let shown: string[] = []
    for (let i = 0; i < 6; i++)
      Task.yield()
        .andThen(Task.yield())
        .run({ runtime: test, name: `ready-${i}` })
    await test.run(Task.sync(() => (shown = Runtime.dump(test).fibers.map(({ name }) => name))))
    expect(shown.filter((name) => name.startsWith("ready")).length).toBeGreaterThan(2)
    expect(new Set(shown).size).toBe(shown.length)
    await test.close()
  })

  it("of one fiber looks at that one, however many others there are", async () => {
    await using runtime = Runtime.make()
    const first = Task.never.start({ name: "child" }).andThen(Task.never).run({ runtime, name: "first" })
    for (let i = 0; i < 1500; i++) Task.never.run({ runtime })
    await turn()
    expect(Runtime.dump(runtime).partial).toBe(true)
    expect(text(first).split("\n")).toEqual([
      "first (fiber-n) waiting for nothing (Task.never)",
      "  child (fiber-n) waiting for nothing (Task.never)",
    ])
  })

  it("does not let a name look like a line", async () => {
    const odd = Task.never.run({ name: "odd\nforged (fiber-1) running" })
    await turn()
    expect(text(odd)).toBe("odd\\u000aforged (fiber-n) running (fiber-n) waiting for nothing (Task.never)")
    await odd.cancel()
  })

  it("refuses a limit that is no count, and what is neither a runtime nor a fiber", () => {
    expect(() => Runtime.dump(undefined, { limit: 0 })).toThrow("Expected `limit` to be an integer >= 1, got 0.")
    expect(() => Runtime.dump({} as unknown as Fiber<unknown>)).toThrow(/^Expected `runtime` to come from Runtime.make/)
  })
})
