import { describe, expect, it, vi } from "vitest"
import { type Exit, type Fiber, Runtime, Scope, Task } from "rapid-fiber"
import { ended, exitOf, turn } from "../watch.ts"

const fulfilled = <A>(value: A) => ({ status: "fulfilled", value })
const rejected = (reason: unknown) => ({ status: "rejected", reason })
const cancelled = (reason?: unknown) => ({ status: "cancelled", reason })
const closed = new Error("Expected an open scope, got a closed one. Acquire before it ends.")

/** Runs to the end on a runtime of its own, which must have nothing to report. */
async function outcome<A>(task: Task<A, unknown>): Promise<Exit<A>> {
  const reported: unknown[] = []
  const exit = await ended(task.run({ runtime: Runtime.make({ onUnhandled: (reason) => reported.push(reason) }) }))
  await turn()
  expect(reported).toEqual([])
  return exit
}

describe("scoped", () => {
  it("releases in reverse order, each once, one after the other, before it is over", async () => {
    const log: string[] = []
    const slowly = (name: string) => Task.sleep(1).tap(() => log.push(name))
    const program = Task.scoped((scope) =>
      Task.gen(function* () {
        yield* scope.acquire(Task.pure("acquired"), slowly)
        yield* scope.use(Task.pure({ [Symbol.dispose]: () => void log.push("used") }))
        yield* scope.defer(slowly("deferred"))
        yield* scope.start(Task.never.finally(slowly("started")))
        yield* scope.defer(() => slowly("last"))
        log.push("body")
        return "value"
      }),
    )
    expect(await program.tap(() => log.push("over"))).toBe("value")
    expect(log).toEqual(["body", "last", "started", "deferred", "used", "acquired", "over"])
  })

  it("tells the releases how it ended, by whatever outcome", async () => {
    const exits: unknown[] = []
    const program = (body: Task<unknown, unknown>) =>
      Task.scoped((scope) =>
        scope
          .defer((exit) => void exits.push(exit))
          .andThen(scope.acquire(Task.pure(1), (_, exit) => void exits.push(exit)))
          .andThen(body),
      )
    await outcome(program(Task.pure("value")))
    await outcome(program(Task.fail("down")))
    await program(Task.never).run().cancel("stop")
    expect(exits).toEqual([fulfilled("value"), rejected("down"), cancelled("stop")].flatMap((exit) => [exit, exit]))
  })

  it("opens a new scope for each run", async () => {
    const scopes = new Set<Scope>()
    const program = Task.scoped((scope) => Task.pure(scopes.add(scope)))
    await program
    await program
    expect(scopes.size).toBe(2)
  })

  it("releases when its body throws, and fails with what it threw", async () => {
    const log: string[] = []
    const error = new Error("thrown")
    const program = Task.scoped((scope) =>
      scope
        .defer(() => void log.push("released"))
        .map(() => {
          throw error
        }),
    )
    expect(await outcome(program)).toEqual(rejected(error))
    const early = Task.scoped((): Task<void> => {
      throw error
    })
    expect(await outcome(early)).toEqual(rejected(error))
    expect(log).toEqual(["released"])
  })

  it("cannot be cancelled while it releases", async () => {
    const log: string[] = []
    const gate = Task.withResolvers<void>()
    const fiber = Task.scoped((scope) => scope.defer(gate.task.tap(() => log.push("released"))))
      .tap(() => log.push("after"))
      .run()
    await turn()
    fiber.abort("stop")
    await turn()
    expect(fiber.poll()).toBeUndefined()
    gate.resolve()
    expect(await ended(fiber)).toEqual(cancelled("stop"))
    expect(log).toEqual(["released"])
  })

  it("stops no release because another one fails, and joins what failed (D8)", async () => {
    const log: string[] = []
    const failing = (name: string) => Task.sync(() => log.push(name)).andThen(Task.fail(name))
    const program = (body: Task<unknown, unknown>) =>
      Task.scoped((scope) =>
        scope
          .defer(failing("a"))
          .andThen(scope.defer(() => void log.push("b")))
          .andThen(scope.defer(failing("c")))
          .andThen(body),
      )
    expect(await outcome(program(Task.unit))).toMatchObject(
      rejected({ name: "SuppressedError", error: "a", suppressed: "c" }),
    )
    expect(log).toEqual(["c", "b", "a"])
    expect(await outcome(program(Task.fail("down")))).toMatchObject(
      rejected({ error: { error: "a", suppressed: "c" }, suppressed: "down" }),
    )
    const fiber = program(Task.never).run({ runtime: Runtime.make({ onUnhandled() {} }) })
    fiber.abort("stop")
    expect(await ended(fiber)).toMatchObject(
      rejected({ error: { error: "a", suppressed: "c" }, suppressed: { name: "AbortError", cause: "stop" } }),
    )
  })

  it("fails with the one failure of a release as it is", async () => {
    const error = new Error("release")
    expect(await outcome(Task.scoped((scope) => scope.defer(() => Task.fail(error))))).toEqual(rejected(error))
    const throws = Task.scoped((scope) =>
      scope.acquire(Task.unit, () => {
        throw error
      }),
    )
    expect(await outcome(throws)).toEqual(rejected(error))
  })

  it("may be nested: the inner one ends first", async () => {
    const log: string[] = []
    await Task.scoped((outer) =>
      outer
        .defer(() => void log.push("outer"))
        .andThen(
          Task.scoped((inner) =>
            inner.defer(() => void log.push("inner")).andThen(outer.defer(() => void log.push("outer's second"))),
          ),
        )
        .tap(() => log.push("between")),
    )
    expect(log).toEqual(["inner", "between", "outer's second", "outer"])
  })

  it("may register in loops of a hundred thousand", async () => {
    let released = 0
    await Task.scoped((scope) => Task.forEach(Array(100_000).keys(), () => scope.defer(() => void released++)))
    expect(released).toBe(100_000)
  })

  it("runs in runSync", () => {
    const log: string[] = []
    const program = Task.scoped((scope) => scope.acquire(Task.pure(1), () => void log.push("released")))
    expect(program.runSync()).toBe(1)
    expect(log).toEqual(["released"])
  })

  it("refuses what is no function, and no Task where one is needed", async () => {
    const scoped = (body: unknown) => Task.scoped(body as () => Task<void>)
    expect(() => scoped(Task.unit)).toThrow(new TypeError("Expected Task.scoped to get a function, got a Task."))
    await expect(scoped(() => 5).toPromise()).rejects.toThrow(
      /to be a Task, got 5\. For a plain value use Task\.pure\.$/,
    )
  })
})

describe("scope.acquire", () => {
  it("yields the resource and gives it to its release", async () => {
    const resource = {}
    const release = vi.fn()
    expect(await Task.scoped((scope) => scope.acquire(Task.yield().as(resource), release))).toBe(resource)
    expect(release.mock.calls).toEqual([[resource, fulfilled(resource)]])
  })

  it("registers nothing if it fails, and what was acquired before is released", async () => {
    const log: string[] = []
    const program = Task.scoped((scope) =>
      scope
        .acquire(Task.pure("a"), (name) => void log.push(name))
        .andThen(scope.acquire(Task.fail("down").delay(0), () => void log.push("b"))),
    )
    expect(await outcome(program)).toEqual(rejected("down"))
    expect(log).toEqual(["a"])
  })

  it("is not interrupted, and what it acquired is released", async () => {
    const log: string[] = []
    const gate = Task.withResolvers<string>()
    const fiber = Task.scoped((scope) =>
      scope.acquire(gate.task, (name, exit) => void log.push(`${name} ${exit.status}`)).tap(() => log.push("went on")),
    ).run()
    fiber.abort("stop")
    await turn()
    expect(fiber.poll()).toBeUndefined()
    gate.resolve("file")
    expect(await ended(fiber)).toEqual(cancelled("stop"))
    expect(log).toEqual(["file cancelled"])
  })

  it("is interrupted where it says so by restore, and registers nothing", async () => {
    const release = vi.fn()
    const fiber = Task.scoped((scope) => scope.acquire((restore) => restore(Task.never), release)).run()
    await fiber.cancel("stop")
    expect(fiber.poll()).toEqual(cancelled("stop"))
    expect(release).not.toHaveBeenCalled()
  })

  it("takes a function of restore that fails, throws or returns no Task", async () => {
    const release = vi.fn()
    const error = new Error("thrown")
    const program = (acquire: () => unknown) =>
      Task.scoped((scope) => scope.acquire(acquire as () => Task<void>, release))
    expect(await outcome(program(() => Task.fail("down")))).toEqual(rejected("down"))
    expect(
      await outcome(
        program(() => {
          throw error
        }),
      ),
    ).toEqual(rejected(error))
    expect(await outcome(program(() => 5))).toEqual(
      rejected(
        new TypeError(
          "Expected what the acquiring function returns to be a Task, got 5. For a plain value use Task.pure.",
        ),
      ),
    )
    expect(release).not.toHaveBeenCalled()
  })

  it("in a closed scope fails and acquires nothing", async () => {
    const scope = Scope.make()
    await scope.close()
    const acquire = vi.fn()
    await expect(scope.acquire(Task.sync(acquire), () => {}).toPromise()).rejects.toThrow(closed)
    await expect(scope.use(Task.sync(acquire).as(null)).toPromise()).rejects.toThrow(closed)
    await expect(scope.start(Task.sync(acquire)).toPromise()).rejects.toThrow(closed)
    expect(acquire).not.toHaveBeenCalled()
  })

  it("that is under way when the scope closes gives back at once what it acquired, and fails", async () => {
    const log: unknown[] = []
    const gate = Task.withResolvers<string>()
    const scope = Scope.make()
    const acquiring = scope.acquire(gate.task, (name) => Task.sleep(1).tap(() => log.push(`released ${name}`))).run()
    await scope.close()
    gate.resolve("file")
    expect(await ended(acquiring)).toEqual(rejected(closed))
    expect(log).toEqual(["released file"])
  })

  it("in a cleanup of the body comes in time", async () => {
    const log: string[] = []
    await Task.scoped((scope) => Task.unit.finally(scope.acquire(Task.unit, () => void log.push("released"))))
    expect(log).toEqual(["released"])
  })

  it("by a release, while the scope closes, fails", async () => {
    const release = vi.fn()
    const program = Task.scoped((scope) => scope.defer(() => scope.acquire(Task.unit, release)))
    expect(await outcome(program)).toEqual(rejected(closed))
    expect(release).not.toHaveBeenCalled()
  })

  it("refuses bad arguments at the call", () => {
    const scope = Scope.make() as unknown as Record<"acquire" | "use" | "defer" | "start", (...args: unknown[]) => void>
    expect(() => scope.acquire(5, () => {})).toThrow(TypeError)
    expect(() => scope.acquire(Task.unit)).toThrow(
      new TypeError("Expected scope.acquire (release) to get a function, got undefined."),
    )
    expect(() => scope.use(5)).toThrow(TypeError)
    expect(() => scope.defer(5)).toThrow(TypeError)
    expect(() => scope.start(5)).toThrow(
      new TypeError("Expected the argument of scope.start to be a Task, got 5. For a plain value use Task.pure."),
    )
  })
})

describe("scope.use", () => {
  it("disposes of what has Symbol.dispose, with its this", async () => {
    const log: unknown[] = []
    const file = {
      [Symbol.dispose]() {
        log.push(this === file)
      },
    }
    expect(await Task.scoped((scope) => scope.use(Task.pure(file)).map((used) => used === file))).toBe(true)
    expect(log).toEqual([true])
  })

  it("awaits Symbol.asyncDispose, and prefers it", async () => {
    const log: string[] = []
    const socket = {
      [Symbol.dispose]: () => void log.push("sync"),
      async [Symbol.asyncDispose]() {
        await Task.sleep(1)
        log.push("async")
      },
    }
    await Task.scoped((scope) => scope.use(Task.pure(socket)))
    expect(log).toEqual(["async"])
  })

  it("passes null and undefined", async () => {
    const program = Task.scoped((scope) => scope.use(Task.pure(null)).zip(scope.use(Task.pure(undefined))))
    expect(await program).toEqual([null, undefined])
  })

  it("fails when disposing fails", async () => {
    const error = new Error("dispose")
    const sync = { [Symbol.dispose]: () => Promise.reject(error) }
    sync[Symbol.dispose] = () => {
      throw error
    }
    const later = { [Symbol.asyncDispose]: () => Promise.reject(error) }
    for (const resource of [sync, later])
      expect(await outcome(Task.scoped((scope) => scope.use(Task.pure(resource))))).toEqual(rejected(error))
  })

  it("says so if the value cannot be disposed of", async () => {
    const program = Task.scoped((scope) => scope.use(Task.pure({ a: 1 } as unknown as Disposable)))
    expect(await outcome(program)).toEqual(
      rejected(
        new TypeError(
          "Expected scope.use to get what has Symbol.asyncDispose or Symbol.dispose, got { a: 1 }. For anything else: scope.acquire(task, release).",
        ),
      ),
    )
  })

  it("holds a fiber, a scope and a runtime, which are disposable", async () => {
    const log: string[] = []
    const inner = Scope.make()
    await inner.defer(() => void log.push("scope"))
    const program = Task.scoped((scope) =>
      Task.gen(function* () {
        yield* scope.use(Task.pure(inner))
        yield* scope.use(
          Task.sync(() => Runtime.make()).tap((runtime) => {
            Task.never.onCancel(() => void log.push("runtime")).runAndForget({ runtime })
          }),
        )
        yield* scope.use(Task.sync(() => Task.never.onCancel(() => void log.push("fiber")).run()))
        yield* Task.yield()
      }),
    )
    await program
    expect(log).toEqual(["fiber", "runtime", "scope"])
  })
})

describe("scope.start", () => {
  it("starts a fiber that is cancelled and awaited at its place in the order", async () => {
    const log: string[] = []
    const program = Task.scoped((scope) =>
      scope
        .defer(() => void log.push("first"))
        .andThen(
          scope.start(
            Task.never.finally((exit) => Task.sleep(1).tap(() => log.push(`fiber ${exit.status}`))),
            { name: "worker" },
          ),
        )
        .tap((fiber) => log.push(fiber.name))
        .andThen(scope.defer(() => void log.push("last")))
        .andThen(Task.yield()),
    )
    await program
    expect(log).toEqual(["worker", "last", "fiber cancelled", "first"])
  })

  it("lets a fiber leave the scope when it ends: its failure was the scope's, its value nobody's", async () => {
    let seen: Fiber<string> | undefined
    const program = Task.scoped((scope) =>
      scope
        .start(Task.yield().as("done"))
        .tap((fiber) => void (seen = fiber))
        .andThen(Task.sleep(1)),
    )
    await program
    expect(seen?.poll()).toEqual(fulfilled("done"))
  })

  it("keeps none of the fibers that have ended", async () => {
    const gc = (globalThis as { gc?: () => void }).gc
    if (gc === undefined) throw new Error("Run with --expose-gc")
    const scope = Scope.make()
    const seen: WeakRef<object>[] = []
    const round = scope.start(Task.yield()).flatMap((fiber) => {
      seen.push(new WeakRef(fiber))
      return fiber.join()
    })
    await round.repeat({ times: 999 })
    await turn()
    gc()
    expect(seen.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(100)
    await scope.close()
  })

  it("makes a failing fiber of the scope fail the fiber that opened it (D33)", async () => {
    const log: string[] = []
    const program = Task.scoped((scope) =>
      scope
        .start(Task.fail("fiber down").delay(0))
        .andThen(scope.defer((exit) => void log.push(exit.status)))
        .andThen(Task.never),
    ).finally((exit) => void log.push(exit.status))
    expect(await outcome(program)).toEqual(rejected("fiber down"))
    expect(log).toHaveLength(2)
    expect(log).not.toContain("fulfilled")
  })

  it("from another fiber makes it a child of the one that opened the scope (D33)", async () => {
    const log: string[] = []
    const program = Task.scoped((scope) =>
      Task.gen(function* () {
        const starter = yield* scope.start(Task.never.onCancel(() => void log.push("cancelled"))).start()
        const fiber = yield* starter.join()
        yield* Task.sleep(1)
        log.push(fiber.poll() === undefined ? "lives on" : "dead")
      }),
    )
    expect((await outcome(program)).status).toBe("fulfilled")
    expect(log).toEqual(["lives on", "cancelled"])
  })

  it("in a scope by hand starts a fiber of its own, whose failure is reported", async () => {
    const reported: unknown[] = []
    const runtime = Runtime.make({ onUnhandled: (reason) => reported.push(reason) })
    const scope = Scope.make()
    const starter = scope.start(Task.fail("down").delay(0)).as("started").run({ runtime })
    expect(await ended(starter)).toEqual(fulfilled("started"))
    await turn()
    expect(reported).toEqual(["down"])
    await scope.close()
  })

  it("in a scope by hand lives on when the starter ends, until the scope closes", async () => {
    const log: string[] = []
    const scope = Scope.make()
    const program = scope.start(Task.never.onCancel(() => void log.push("ended")))
    program.runAndForget()
    await turn()
    expect(log).toEqual([])
    await scope.close()
    expect(log).toEqual(["ended"])
  })

  it("fails the scope's opener when the cleanup of a fiber fails that the scope ends", async () => {
    const program = Task.scoped((scope) =>
      scope.start(Task.never.finally(() => Task.fail("cleanup"))).andThen(Task.yield()),
    )
    expect(await outcome(program)).toMatchObject(rejected({ error: "cleanup", suppressed: { name: "AbortError" } }))
  })
})

describe("a scope by hand", () => {
  it("stays open until it is closed, and releases once", async () => {
    const release = vi.fn()
    const scope = Scope.make()
    await scope.acquire(Task.pure(1), release)
    await turn()
    expect(release).not.toHaveBeenCalled()
    await scope.close()
    await scope.close()
    expect(release.mock.calls).toEqual([[1, fulfilled(undefined)]])
  })

  it("passes on the outcome that close is told", async () => {
    const exits: unknown[] = []
    const scope = Scope.make()
    await scope.defer((exit) => void exits.push(exit))
    await scope.close({ status: "rejected", reason: "down" })
    expect(exits).toEqual([rejected("down")])
  })

  it("closes when close is run, not when it is called", async () => {
    const release = vi.fn()
    const scope = Scope.make()
    await scope.defer(release)
    const closing = scope.close()
    await turn()
    expect(release).not.toHaveBeenCalled()
    await closing
    expect(release).toHaveBeenCalledTimes(1)
  })

  it("closed twice makes the second wait for the first, failure included", async () => {
    const gate = Task.withResolvers<void>()
    const scope = Scope.make()
    await scope.defer(gate.task.andThen(Task.fail("release")))
    const closing = [scope.close().attempt().run(), scope.close().attempt().run()]
    await turn()
    expect(closing.map((fiber) => fiber.poll())).toEqual([undefined, undefined])
    gate.resolve()
    expect(await Promise.all(closing)).toEqual([rejected("release"), rejected("release")])
    expect(await scope.close().attempt()).toEqual(rejected("release"))
  })

  it("is closed to its end though who closes is cancelled; who waits for that may leave", async () => {
    const gate = Task.withResolvers<void>()
    const scope = Scope.make()
    const log: string[] = []
    await scope.defer(gate.task.tap(() => log.push("released")))
    const [first, second] = [scope.close().run(), scope.close().run()]
    first.abort()
    second.abort()
    expect(await ended(second)).toEqual(cancelled())
    expect(first.poll()).toBeUndefined()
    gate.resolve()
    expect(await ended(first)).toEqual(cancelled())
    expect(log).toEqual(["released"])
    await scope.close()
  })

  it("gives back a cleanup that comes too late at once", async () => {
    const release = vi.fn()
    const scope = Scope.make()
    await scope.close()
    await expect(scope.defer(release).toPromise()).rejects.toThrow(closed)
    expect(release).toHaveBeenCalledTimes(1)
  })

  it("is closed by await using, in reverse order, also when the block throws", async () => {
    const log: string[] = []
    const block = async (fails: boolean) => {
      await using scope = Scope.make()
      await scope.acquire(Task.pure("a"), (name) => Task.sleep(1).tap(() => log.push(name)))
      await scope.acquire(Task.pure("b"), (name) => void log.push(name))
      log.push("block")
      if (fails) throw new Error("block")
      return "value"
    }
    expect(await block(false)).toBe("value")
    await expect(block(true)).rejects.toThrow("block")
    expect(log).toEqual(["block", "b", "a", "block", "b", "a"])
  })

  it("rejects the await using block when a release fails", async () => {
    const block = async () => {
      await using scope = Scope.make()
      await scope.defer(() => Task.fail("release"))
    }
    await expect(block()).rejects.toBe("release")
  })

  it("may be shared by many that acquire in it at once, and releases by the order of their success", async () => {
    const log: number[] = []
    const scope = Scope.make()
    const gates = [1, 2, 3].map(() => Task.withResolvers<void>())
    const fibers = gates.map(({ task }, n) => scope.acquire(task.as(n), () => void log.push(n)).run())
    for (const n of [1, 0, 2]) {
      gates[n].resolve()
      await fibers[n]
    }
    await scope.close()
    expect(log).toEqual([2, 0, 1])
  })
})

describe("using in a generator", () => {
  const disposable = (log: string[], name: string) => ({ name, [Symbol.dispose]: () => void log.push(name) })

  it("disposes in reverse order at the end, on failure and on cancellation", async () => {
    const log: string[] = []
    const program = (last: Task<unknown, unknown>) =>
      Task.gen(function* () {
        using first = disposable(log, "a")
        yield* Task.yield()
        using second = disposable(log, "b")
        log.push(`${first.name} ${second.name} open`)
        return yield* last
      })
    expect(await outcome(program(Task.pure("value")))).toEqual(fulfilled("value"))
    expect(await outcome(program(Task.fail("down")))).toEqual(rejected("down"))
    const fiber = program(Task.never).run()
    await turn()
    await fiber.cancel()
    expect(fiber.poll()).toEqual(cancelled())
    expect(log).toEqual(Array.from({ length: 3 }, () => ["a b open", "b", "a"]).flat())
  })

  it("that throws while it disposes fails the program", async () => {
    const error = new Error("dispose")
    const program = Task.gen(function* () {
      using _ = {
        [Symbol.dispose]: () => {
          throw error
        },
      }
      yield* Task.yield()
    })
    expect(await exitOf(program)).toEqual(rejected(error))
  })
})
