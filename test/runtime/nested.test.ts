import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest"
import { type Fiber, Runtime, RunSyncError, Task } from "rapid-fiber"
import { ended, turn } from "../watch.ts"

const soon = <A>(promise: PromiseLike<A>, what: string) =>
  new Promise<A>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what} did not resolve`)), 3000)
    promise.then((value) => (clearTimeout(timer), resolve(value)), reject)
  })

describe("a run inside a running fiber's callback", () => {
  it("waits for its turn: the callback goes on first", async () => {
    const log: string[] = []
    const outer = Task.sync(() => {
      const inner = Task.sync(() => log.push("inner")).run()
      log.push(`outer, the inner one is ${inner.poll()?.status ?? "not done"}`)
      return inner
    })
      .flatMap((inner) => inner.join())
      .run()
    await ended(outer)
    expect(log).toEqual(["outer, the inner one is not done", "inner"])
  })

  it("at the edge starts at once, like an async function", () => {
    const log: string[] = []
    const fiber = Task.sync(() => log.push("ran")).run()
    log.push("after run")
    expect(log).toEqual(["ran", "after run"])
    expect(fiber.poll()).toEqual({ status: "fulfilled", value: 1 })
  })

  it("is a root of its own: it outlives the fiber around it", async () => {
    const handles: Fiber<string>[] = []
    const outer = Task.sync(() => void handles.push(Task.yield().andThen(Task.yield()).as("done").run())).run()
    await ended(outer)
    expect(await handles[0]).toBe("done")
  })

  it("does not fail, or cancel, the fiber around it", async () => {
    const reported: unknown[] = []
    const runtime = Runtime.make({ onUnhandled: (reason) => reported.push(reason) })
    const outer = Task.sync(() => {
      Task.fail("inner").runAndForget({ runtime })
      const cancelled = Task.never.run({ runtime })
      cancelled.abort()
    })
      .andThen(Task.sleep(2))
      .as("fine")
      .run({ runtime })
    expect(await ended(outer)).toEqual({ status: "fulfilled", value: "fine" })
    await turn()
    expect(reported).toEqual(["inner"])
  })

  it("works in every kind of callback", async () => {
    let ran = 0
    const go = () => Task.sync(() => ran++).runAndForget()
    await Task.defer(() => (go(), Task.pure(1)))
      .map(go)
      .flatMap(() => (go(), Task.unit))
      .tap(go)
      .andThen(Task.async<void>((resume) => (go(), resume(Task.unit))))
      .andThen(Task.promise(async () => go()))
      .andThen(Task.fail("x"))
      .tapError(go)
      .mapError(go)
      .catch(() => (go(), Task.unit))
      .finally(() => go())
      .andThen(
        Task.gen(function* () {
          go()
          yield* Task.sync(go)
          yield* Task.yield()
          go()
        }),
      )
    await turn()
    expect(ran).toBe(13)
  })

  it("on another runtime runs there, and each can wait for the other", async () => {
    const [a, b] = [Runtime.make({ budget: 8 }), Runtime.make({ budget: 8 })]
    const ping = (n: number): Task<number> =>
      n === 0
        ? Task.yield().as(0)
        : Task.promise(() => ping(n - 1).toPromise({ runtime: n % 2 === 0 ? a : b })).map((x) => x + 1)
    expect(await ping(100).toPromise({ runtime: a })).toBe(100)
    const far = Task.sleep(1).as("far").run({ runtime: b })
    expect(await far.join().toPromise({ runtime: a })).toBe("far")
    await Promise.all([a.close(), b.close()])
  })

  it("of a fiber on another runtime can be cancelled and joined from this one", async () => {
    const [a, b] = [Runtime.make(), Runtime.make()]
    const log: string[] = []
    const far = Task.never.finally(Task.yield().andThen(Task.sync(() => void log.push("clean")))).run({ runtime: b })
    await far.cancel("from a").toPromise({ runtime: a })
    expect(log).toEqual(["clean"])
    expect(far.poll()).toEqual({ status: "cancelled", reason: "from a" })
    await Promise.all([a.close(), b.close()])
  })

  it("of a child runs on the runtime of its parent", async () => {
    const reported: unknown[] = []
    const runtime = Runtime.make({ onUnhandled: (reason) => reported.push(reason) })
    Task.fail("detached").startDetached().runAndForget({ runtime })
    await turn()
    await turn()
    expect(reported).toEqual(["detached"])
  })
})

describe("runSync", () => {
  it("inside run inside runSync inside a generator gives its value on the spot", async () => {
    const value = await Task.gen(function* () {
      const a = yield* Task.sync(() =>
        Task.sync(() => Task.pure(1).runSync())
          .map((x) => x + 1)
          .runSync(),
      )
      const fiber = yield* Task.sync(() => Task.defer(() => Task.pure(Task.pure(10).runSync())).run())
      return a + (yield* fiber.join())
    })
    expect(value).toBe(12)
  })

  it("throws the failure, the same object, through every level", () => {
    const error = new Error("the one")
    const nested = Task.sync(() => Task.sync(() => Task.fail(error).runSync()).runSync())
    const caught = (() => {
      try {
        return nested.runSync()
      } catch (thrown) {
        return thrown
      }
    })()
    expect(caught).toBe(error)
  })

  it.each<[string, Task<unknown>]>([
    ["sleep", Task.sleep(1)],
    ["never", Task.never],
    ["a registration", Task.async(() => {})],
    ["a promise", Task.promise(() => Promise.resolve(1))],
    ["a join", Task.never.startDetached().flatMap((fiber) => fiber.join().finally(() => fiber.abort()))],
  ])("cancels what must wait at %s, with its cleanups, and says what it waited for", (_, waiting) => {
    const log: string[] = []
    const task = waiting
      .andThen(Task.sync(() => void log.push("went on")))
      .finally((exit) => void log.push(exit.status))
    expect(() => task.runSync()).toThrow(RunSyncError)
    expect(log).toEqual(["cancelled"])
  })

  it("does not run what others had started", async () => {
    const log: string[] = []
    const other = Task.yield()
      .andThen(Task.sync(() => void log.push("other")))
      .run()
    Task.sync(() => void log.push("sync")).runSync()
    expect(log).toEqual(["sync"])
    await other
  })

  it("runs children that need not wait, and yields", () => {
    const task = Task.gen(function* () {
      const child = yield* Task.yield().as(1).start()
      yield* Task.yield()
      return (yield* child.join()) + 1
    })
    expect(task.runSync()).toBe(2)
  })

  it("leaves nothing behind that runs later", async () => {
    const log: string[] = []
    const task = Task.yield()
      .andThen(Task.sleep(1))
      .andThen(Task.sync(() => void log.push("later")))
      .start()
      .andThen(Task.sleep(1))
    expect(() => task.runSync()).toThrow(RunSyncError)
    await turn()
    await turn()
    expect(log).toEqual([])
  })
})

describe("closing a runtime", () => {
  it("cancels every fiber of it, runs their cleanups, and resolves after them", async () => {
    const runtime = Runtime.make()
    const log: string[] = []
    const clean = (name: string) => Task.yield().andThen(Task.sync(() => void log.push(name)))
    const fibers = [
      Task.never.finally(clean("never")).run({ runtime }),
      Task.sleep({ days: 1 }).finally(clean("sleep")).run({ runtime }),
      Task.async(() => clean("undone")).run({ runtime }),
      Task.never.finally(clean("child")).start().andThen(Task.never).run({ runtime }),
      Task.gen(function* () {
        try {
          for (;;) yield* Task.yield()
        } finally {
          yield* clean("loop")
        }
      }).run({ runtime }),
    ]
    Task.never.finally(clean("forgotten")).runAndForget({ runtime })
    Task.never.finally(clean("detached")).startDetached().runAndForget({ runtime })
    await turn()
    await soon(runtime.close(), "close()")
    expect(log.toSorted()).toEqual(["child", "detached", "forgotten", "loop", "never", "sleep", "undone"])
    expect(fibers.map((fiber) => fiber.poll()?.status)).toEqual(Array.from({ length: 5 }, () => "cancelled"))
  })

  it("takes with it sleepers that are held and those that nobody holds", async () => {
    const runtime = Runtime.make()
    let woke = 0
    const held = Array.from({ length: 100 }, (_, i) =>
      Task.sleep(5 + i)
        .map(() => woke++)
        .run({ runtime }),
    )
    for (let i = 0; i < 100; i++)
      Task.sleep(5 + i)
        .map(() => woke++)
        .runAndForget({ runtime })
    for (let i = 0; i < 100; i++)
      Task.sleep({ days: i + 1 })
        .map(() => woke++)
        .runAndForget({ runtime })
    await soon(runtime.close(), "close()")
    const seen = woke
    expect(held.every((fiber) => fiber.poll() !== undefined)).toBe(true)
    await new Promise((resolve) => {
      setTimeout(resolve, 10)
    })
    expect(woke).toBe(seen)
  })

  it.each(["wheel", "platform"] as const)("with the %s clock leaves no timer of the host behind", async (clock) => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const runtime = Runtime.make({ clock })
    Task.sleep({ days: 1 }).runAndForget({ runtime })
    const held = Task.sleep({ days: 1 }).run({ runtime })
    expect(vi.getTimerCount()).toBeGreaterThan(0)
    await runtime.close()
    expect(held.poll()?.status).toBe("cancelled")
    expect(vi.getTimerCount()).toBe(0)
  })

  it("twice gives the same promise", async () => {
    const runtime = Runtime.make()
    Task.never.finally(Task.sleep(1)).runAndForget({ runtime })
    const closing = runtime.close()
    expect(runtime.close()).toBe(closing)
    await soon(closing, "close()")
    expect(runtime.close()).toBe(closing)
    await soon(runtime[Symbol.asyncDispose](), "dispose")
  })

  it("that never ran anything resolves", async () => {
    await expect(soon(Runtime.make().close(), "close()")).resolves.toBeUndefined()
  })

  it("makes a run on it throw, from then on", async () => {
    const runtime = Runtime.make()
    Task.never.finally(Task.sleep(1)).runAndForget({ runtime })
    let ran = 0
    const task = Task.sync(() => ran++)
    const refused = () => {
      expect(() => task.run({ runtime })).toThrow(/clos/)
      expect(() => task.runAndForget({ runtime })).toThrow(/clos/)
    }
    const closing = runtime.close()
    refused()
    await soon(closing, "close()")
    refused()
    await expect(new Promise((resolve) => resolve(task.toPromise({ runtime })))).rejects.toThrow(/clos/)
    expect(ran).toBe(0)
  })

  it("lets cleanups start children and wait for them", async () => {
    const runtime = Runtime.make()
    const log: string[] = []
    const child = Task.sleep(1).andThen(Task.sync(() => void log.push("child of the cleanup")))
    Task.never.finally(child.start().flatMap((started) => started.join())).runAndForget({ runtime })
    await soon(runtime.close(), "close()")
    expect(log).toEqual(["child of the cleanup"])
  })

  it("from inside one of its own fibers stops that fiber too, and resolves", async () => {
    const runtime = Runtime.make()
    const log: string[] = []
    const closings: Promise<void>[] = []
    const fiber = Task.sync(() => void closings.push(runtime.close()))
      .andThen(Task.yield())
      .andThen(Task.sync(() => void log.push("went on")))
      .finally(Task.yield().andThen(Task.sync(() => void log.push("clean"))))
      .run({ runtime })
    await ended(fiber)
    await soon(closings[0] ?? Promise.reject(new Error("not closed")), "close()")
    expect(fiber.poll()?.status).toBe("cancelled")
    expect(log).toEqual(["clean"])
  })

  it("and waiting for it, from inside one of its own fibers, is no deadlock", async () => {
    const runtime = Runtime.make()
    const fiber = Task.promise(() => runtime.close()).run({ runtime })
    expect((await ended(fiber)).status).toBe("cancelled")
    await soon(runtime.close(), "close()")
  })

  it("leaves other runtimes as they are", async () => {
    const [closed, open] = [Runtime.make(), Runtime.make()]
    const fiber = Task.sleep(3).as("fine").run({ runtime: open })
    Task.never.runAndForget({ runtime: closed })
    await closed.close()
    expect(await fiber).toBe("fine")
    expect(await Task.sleep(1).as("on the default").toPromise()).toBe("on the default")
    await open.close()
  })

  it("fails a fiber elsewhere that joins one of its fibers with a CancelledError", async () => {
    const runtime = Runtime.make()
    const fiber = Task.never.run({ runtime })
    const joiner = fiber.join().attempt().run()
    await runtime.close()
    expect(await joiner).toMatchObject({ status: "rejected", reason: { name: "AbortError" } })
  })

  it("reports a cleanup that fails, and resolves all the same", async () => {
    const reported: unknown[] = []
    const runtime = Runtime.make({ onUnhandled: (reason) => reported.push(reason) })
    Task.never.finally(Task.fail("cleanup")).runAndForget({ runtime })
    await soon(runtime.close(), "close()")
    await turn()
    await turn()
    expect(reported).toMatchObject([{ error: "cleanup", suppressed: { name: "AbortError" } }])
  })

  it("happens at the end of an `await using`", async () => {
    let status: string | undefined
    {
      await using runtime = Runtime.make()
      Task.never.finally((exit) => void (status = exit.status)).runAndForget({ runtime })
      expect(status).toBeUndefined()
    }
    expect(status).toBe("cancelled")
  })
})

describe("the default runtime", () => {
  const original = Runtime.default
  afterEach(() => {
    Runtime.setDefault(original)
  })

  it("is one and the same until another is put in its place", () => {
    expect(Runtime.default).toBe(original)
    const other = Runtime.make()
    Runtime.setDefault(other)
    expect(Runtime.default).toBe(other)
    Runtime.setDefault(original)
    expect(Runtime.default).toBe(original)
  })

  it("is where what is started from now on runs; what runs already stays where it is", async () => {
    const seen: string[] = []
    const [a, b] = ["a", "b"].map((name) =>
      Runtime.make({ onUnhandled: (reason) => seen.push(`${name}: ${String(reason)}`) }),
    )
    if (a === undefined || b === undefined) throw new Error("two runtimes")
    Runtime.setDefault(a)
    Task.sleep(2).andThen(Task.fail("started on a")).runAndForget()
    Runtime.setDefault(b)
    Task.fail("started on b").runAndForget()
    Task.fail("told to run on a").runAndForget({ runtime: a })
    await new Promise((resolve) => {
      setTimeout(resolve, 10)
    })
    await turn()
    expect(seen.toSorted()).toEqual(["a: started on a", "a: told to run on a", "b: started on b"])
  })

  it("that was closed refuses to run until another is put in its place", async () => {
    const closed = Runtime.make()
    Runtime.setDefault(closed)
    await closed.close()
    expect(() => Task.unit.run()).toThrow(/clos/)
    expect(() => Task.unit.runAndForget()).toThrow(/clos/)
    Runtime.setDefault(original)
    expect(await Task.pure(1)).toBe(1)
  })
})

describe("the options of a runtime", () => {
  it.each([
    ["budget", [0, -1, 1.5, Number.NaN, Infinity, "1", null]],
    ["batch", [0, -1, 1.5, Number.NaN, Infinity, "1", null]],
    ["tick", [0, -1, 0.5, Number.NaN, Infinity, "1", null]],
    ["slice", [0, -1, Number.NaN, "1", null]],
    ["clock", ["sun", "", null, 1]],
  ])("refuse a wrong %s, and name it", (name, values) => {
    for (const value of values) {
      expect(() => Runtime.make({ [name]: value }), String(value)).toThrow(RangeError)
      expect(() => Runtime.make({ [name]: value }), String(value)).toThrow(name)
    }
  })

  it("of the smallest budget still lets every program end", async () => {
    for (const budget of [3, 2, 1]) {
      const runtime = Runtime.make({ budget })
      const programs: Task<unknown>[] = [
        Task.pure(1).map((x) => x + 1),
        Task.yield().as(1),
        Task.gen(function* () {
          yield* Task.pure(1)
          yield* Task.yield()
        }),
        Task.never.startDetached().flatMap((fiber) => fiber.cancel()),
      ]
      for (const program of programs) {
        const fiber = program.run({ runtime })
        try {
          expect((await ended(fiber)).status, `budget ${budget}`).toBe("fulfilled")
        } finally {
          fiber.abort()
        }
      }
    }
  })
})
