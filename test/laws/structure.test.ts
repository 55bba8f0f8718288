import { describe, expect, it } from "vitest"
import { type Exit, type Fiber, Runtime, Task } from "rapid-fiber"
import { ended, turn } from "../watch.ts"

/** A runtime that keeps what would have been reported as unhandled. */
function reporting(): { readonly runtime: Runtime; readonly reported: unknown[] } {
  const reported: unknown[] = []
  return { runtime: Runtime.make({ onUnhandled: (reason) => reported.push(reason) }), reported }
}

/** Runs to the end on a runtime of its own; what was reported until the next turn is part of the outcome. */
async function outcome<A>(task: Task<A, unknown>): Promise<{ exit: Exit<A>; reported: readonly unknown[] }> {
  const { runtime, reported } = reporting()
  const exit = await ended(task.run({ runtime }))
  await turn()
  return { exit, reported }
}

/** Waits for a condition by letting the host run. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turn()
}

/** Something to wait for that a test opens. */
function gate(): { readonly wait: Task<void>; open: () => void } {
  const made = { open: () => {}, wait: Task.unit }
  made.wait = Task.async<void>((resume) => {
    made.open = () => resume(Task.unit)
  })
  return made
}

describe("a child", () => {
  it("is cancelled and awaited when its parent succeeds, and the parent keeps its value", async () => {
    const log: string[] = []
    const child = Task.never.finally((exit) =>
      Task.yield().andThen(Task.sync(() => void log.push(`child ${exit.status}`))),
    )
    const parent = child.start().andThen(Task.yield()).as("value")
    const { exit, reported } = await outcome(parent.finally(() => void log.push("parent's own cleanup")))
    log.push("exit")
    expect(exit).toEqual({ status: "fulfilled", value: "value" })
    expect(log).toContain("child cancelled")
    expect(log.at(-1)).toBe("exit")
    expect(reported).toEqual([])
  })

  it("is cancelled and awaited when its parent fails, and the parent keeps its failure", async () => {
    const log: string[] = []
    const child = Task.never.finally(Task.yield().andThen(Task.sync(() => void log.push("child's cleanup"))))
    const { exit } = await outcome(child.start().andThen(Task.yield()).andThen(Task.fail("own")))
    expect(exit).toEqual({ status: "rejected", reason: "own" })
    expect(log).toEqual(["child's cleanup"])
  })

  it("is cancelled and awaited when its parent is cancelled", async () => {
    const log: string[] = []
    const open = gate()
    const child = Task.never.finally(open.wait.andThen(Task.sync(() => void log.push("child's cleanup"))))
    const parent = child.start().andThen(Task.never).run()
    await turn()
    let resolved = false
    const wait = parent
      .cancel("stop")
      .toPromise()
      .then(() => (resolved = true))
    await turn()
    expect([resolved, parent.poll(), log]).toEqual([false, undefined, []])
    open.open()
    await wait
    expect(log).toEqual(["child's cleanup"])
    expect(parent.poll()).toEqual({ status: "cancelled", reason: "stop" })
  })

  it("that was started last and never ran its first step runs nothing when the parent ends at once", async () => {
    const log: string[] = []
    const { exit, reported } = await outcome(
      Task.gen(function* () {
        for (let i = 0; i < 10; i++)
          yield* Task.yield()
            .andThen(Task.sync(() => void log.push("ran")))
            .start()
        return "done"
      }),
    )
    expect(exit).toEqual({ status: "fulfilled", value: "done" })
    expect(log).toEqual([])
    expect(reported).toEqual([])
  })

  it("and its own children, however deep, end before the parent does", async () => {
    const log: number[] = []
    const nest = (depth: number): Task<unknown> =>
      (depth === 0
        ? Task.never
        : nest(depth - 1)
            .start()
            .andThen(Task.never)
      ).finally(Task.yield().andThen(Task.sync(() => void log.push(depth))))
    const fiber = nest(20).run()
    await turn()
    await fiber.cancel()
    expect(log.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 21 }, (_, i) => i))
  })

  it("may be joined, and gives its value any number of times", async () => {
    const { exit } = await outcome(
      Task.gen(function* () {
        const child = yield* Task.yield().as(1).start()
        return [yield* child.join(), yield* child.join(), child.poll()]
      }),
    )
    expect(exit).toEqual({ status: "fulfilled", value: [1, 1, { status: "fulfilled", value: 1 }] })
  })

  it("that is cancelled does not fail its parent; a join of it does", async () => {
    const quiet = await outcome(
      Task.gen(function* () {
        const child = yield* Task.never.start()
        yield* child.cancel("enough")
        yield* Task.yield()
        return child.poll()
      }),
    )
    expect(quiet).toEqual({
      exit: { status: "fulfilled", value: { status: "cancelled", reason: "enough" } },
      reported: [],
    })
    const joined = await outcome(
      Task.gen(function* () {
        const child = yield* Task.never.start()
        child.abort("enough")
        return yield* child.join()
      }),
    )
    expect(joined.exit).toMatchObject({ status: "rejected", reason: { name: "AbortError", cause: "enough" } })
  })

  it("that a join waits for when the parent is cancelled is cancelled with it", async () => {
    const log: string[] = []
    const child = Task.never.finally(() => void log.push("child"))
    const parent = child
      .start()
      .flatMap((started) => started.join())
      .finally(() => void log.push("parent"))
      .run()
    await turn()
    await parent.cancel()
    expect(log.toSorted()).toEqual(["child", "parent"])
  })

  it("that joins its own parent is cancelled when the parent ends, and is no deadlock", async () => {
    const { exit } = await outcome(
      Task.self().flatMap((parent) => parent.join().attempt().start().andThen(Task.yield()).as("ended")),
    )
    expect(exit).toEqual({ status: "fulfilled", value: "ended" })
  })

  it("that cancels its parent and waits ends with it, and is no deadlock", async () => {
    const log: string[] = []
    const fiber = Task.self()
      .flatMap((parent) =>
        parent
          .cancel("by the child")
          .finally(() => void log.push("child"))
          .start()
          .andThen(Task.never),
      )
      .run()
    expect(await ended(fiber)).toEqual({ status: "cancelled", reason: "by the child" })
    expect(log).toEqual(["child"])
  })

  it("has an id of its own and the name that it was given", async () => {
    const [named, other] = await Task.gen(function* () {
      const a = yield* Task.unit.start({ name: "worker" })
      const b = yield* Task.unit.start()
      return [a, b].map(({ id, name }) => ({ id, name }))
    })
    expect(named?.name).toBe("worker")
    expect(other?.name).toBe(`fiber-${other?.id}`)
    expect(other?.id).not.toBe(named?.id)
  })

  it("knows itself as its parent knows it", async () => {
    const [inside, outside] = await Task.gen(function* () {
      const child = yield* Task.yield()
        .andThen(Task.self())
        .map((self) => self.id)
        .start()
      return [yield* child.join(), child.id]
    })
    expect(inside).toBe(outside)
  })
})

describe("a child's failure", () => {
  it.each([
    ["is joined", (child: Fiber<unknown, unknown>) => child.join()],
    ["is not joined", () => Task.never],
    ["is joined later", (child: Fiber<unknown, unknown>) => Task.sleep({ days: 1 }).andThen(child.join())],
    ["is waited for with a handler", (child: Fiber<unknown, unknown>) => child.join().catch(() => Task.never)],
  ])("becomes its parent's where the child %s, the same object, and is not reported again", async (_, then) => {
    const error = new Error("child")
    const task = Task.yield().andThen(Task.fail(error)).start().flatMap(then)
    const { runtime, reported } = reporting()
    const exit = await ended(task.run({ runtime }))
    await turn()
    expect(exit.status === "rejected" && exit.reason).toBe(error)
    expect(reported).toEqual([])
  })

  it("cancels the parent's body, which runs its cleanups, and no more of it", async () => {
    const log: string[] = []
    const { exit } = await outcome(
      Task.yield()
        .andThen(Task.fail("child"))
        .start()
        .andThen(Task.never)
        .catch(() => Task.sync(() => void log.push("caught")))
        .attempt()
        .andThen(Task.sync(() => void log.push("went on")))
        .finally((seen) => void log.push(`finally ${seen.status}`)),
    )
    expect(exit).toEqual({ status: "rejected", reason: "child" })
    expect(log).toEqual([expect.stringMatching(/^finally/)])
  })

  it("cannot be kept from the parent by a handler around the start", async () => {
    const { exit } = await outcome(
      Task.gen(function* () {
        try {
          yield* Task.yield().andThen(Task.fail("child")).start()
          yield* Task.never
        } catch {
          return "caught"
        }
        return "went on"
      }),
    )
    expect(exit).toEqual({ status: "rejected", reason: "child" })
  })

  it("cancels its siblings and awaits them before the parent ends", async () => {
    const log: string[] = []
    const sibling = (name: string) =>
      Task.never.finally((exit) => Task.yield().andThen(Task.sync(() => void log.push(`${name} ${exit.status}`))))
    const { exit } = await outcome(
      Task.gen(function* () {
        yield* sibling("a").start()
        yield* Task.yield().andThen(Task.fail("child")).start()
        yield* sibling("b").start()
        yield* Task.never
      }),
    )
    log.push("exit")
    expect(exit).toEqual({ status: "rejected", reason: "child" })
    expect(log.slice(0, 2).toSorted()).toEqual(["a cancelled", "b cancelled"])
    expect(log[2]).toBe("exit")
  })

  it("cancels its siblings at once, not only when the parent's cleanups have ended", async () => {
    const log: string[] = []
    const open = gate()
    const { runtime } = reporting()
    const sibling = gate()
    const fiber = Task.gen(function* () {
      yield* sibling.wait.andThen(Task.sync(() => void log.push("sibling went on"))).start()
      yield* Task.yield().andThen(Task.fail("child")).start()
      yield* Task.never.finally(open.wait)
    }).run({ runtime })
    await turn()
    sibling.open()
    await turn()
    open.open()
    expect(await ended(fiber)).toEqual({ status: "rejected", reason: "child" })
    expect(log).toEqual([])
  })

  it("climbs through every generation to the root, the same object", async () => {
    const error = new Error("deep")
    const nest = (depth: number): Task<unknown, unknown> =>
      depth === 0
        ? Task.yield().andThen(Task.fail(error))
        : nest(depth - 1)
            .start()
            .andThen(Task.never)
    const { exit, reported } = await outcome(nest(50))
    expect(exit.status === "rejected" && exit.reason).toBe(error)
    expect(reported).toEqual([])
  })

  it("stays a value where the child attempts it", async () => {
    const { exit, reported } = await outcome(
      Task.gen(function* () {
        const child = yield* Task.yield().andThen(Task.fail("child")).attempt().start()
        yield* Task.yield()
        yield* Task.yield()
        return yield* child.join()
      }),
    )
    expect(exit).toEqual({ status: "fulfilled", value: { status: "rejected", reason: "child" } })
    expect(reported).toEqual([])
  })

  it("that comes as the parent ends is the parent's all the same: the parent was not over", async () => {
    const child = Task.never.finally(Task.yield().andThen(Task.fail("late")))
    const { exit, reported } = await outcome(child.start().andThen(Task.yield()).as("value"))
    const late = exit.status === "rejected" ? exit.reason : undefined
    expect(late).toMatchObject({ error: "late", suppressed: { name: "AbortError" } })
    expect(reported).toEqual([])
  })

  it("and a failure of the parent's own are both kept", async () => {
    const child = Task.never.finally(Task.yield().andThen(Task.fail("child's cleanup")))
    const { exit, reported } = await outcome(child.start().andThen(Task.yield()).andThen(Task.fail("parent")))
    expect(flatten([exit, ...reported])).toEqual(expect.arrayContaining(["parent", "child's cleanup"]))
    expect(exit.status).toBe("rejected")
  })

  it("of several children at the same time loses none", async () => {
    const { exit, reported } = await outcome(
      Task.gen(function* () {
        for (const name of ["a", "b", "c"]) yield* Task.yield().andThen(Task.fail(name)).start()
        yield* Task.never
      }),
    )
    expect(exit.status).toBe("rejected")
    // The first is the parent's; the others were cancelled before they could fail, or are held or reported, but not lost.
    expect(flatten([exit, ...reported])).toContain("a")
  })

  it("in the cleanup of a cancelled sibling is not lost beside the first", async () => {
    const { exit, reported } = await outcome(
      Task.gen(function* () {
        yield* Task.never.finally(Task.fail("sibling's cleanup")).start()
        yield* Task.yield().andThen(Task.fail("first")).start()
        yield* Task.never
      }),
    )
    expect(exit.status).toBe("rejected")
    expect(flatten([exit, ...reported])).toEqual(expect.arrayContaining(["first", "sibling's cleanup"]))
  })

  it("waits for a masked parent: what runs in its cleanup ends first, and then it fails", async () => {
    const log: string[] = []
    const open = gate()
    const { runtime } = reporting()
    const fiber = Task.unit
      .finally(
        Task.yield()
          .andThen(Task.fail("child"))
          .start()
          .andThen(open.wait)
          .andThen(Task.sync(() => void log.push("cleaned"))),
      )
      .andThen(Task.sync(() => void log.push("went on")))
      .run({ runtime })
    await turn()
    expect([log, fiber.poll()]).toEqual([[], undefined])
    open.open()
    expect(await ended(fiber)).toEqual({ status: "rejected", reason: "child" })
    expect(log).toEqual(["cleaned"])
  })

  it("reaches a masked parent also when the parent had started it before", async () => {
    const log: string[] = []
    const open = gate()
    const { runtime } = reporting()
    const fiber = Task.yield()
      .andThen(Task.yield())
      .andThen(Task.fail("child"))
      .start()
      .andThen(Task.unit.finally(open.wait.andThen(Task.sync(() => void log.push("cleaned")))))
      .andThen(Task.sync(() => void log.push("went on")))
      .run({ runtime })
    await turn()
    expect([log, fiber.poll()]).toEqual([[], undefined])
    open.open()
    expect(await ended(fiber)).toEqual({ status: "rejected", reason: "child" })
    expect(log).toEqual(["cleaned"])
  })

  it("of a child that fails at its very first step is the parent's too", async () => {
    const log: string[] = []
    const { exit, reported } = await outcome(
      Task.fail("at once")
        .start()
        .andThen(Task.yield())
        .andThen(Task.sync(() => void log.push("went on"))),
    )
    expect(exit).toEqual({ status: "rejected", reason: "at once" })
    expect(log).toEqual([])
    expect(reported).toEqual([])
  })
})

/** Every failure that an outcome holds, through SuppressedErrors and causes. */
function flatten(held: readonly unknown[]): unknown[] {
  const found: unknown[] = []
  const look = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return void found.push(value)
    const { reason, error, suppressed, errors } = value as Record<string, unknown>
    if ("reason" in value) look(reason)
    if ("error" in value) look(error)
    if ("suppressed" in value) look(suppressed)
    if (Array.isArray(errors)) errors.forEach(look)
  }
  held.forEach(look)
  return found
}

describe("a detached fiber", () => {
  it("outlives the fiber that started it, by whatever outcome", async () => {
    for (const end of [Task.pure(1), Task.fail("x").attempt(), Task.self().flatMap((self) => self.cancel())]) {
      const open = gate()
      let detached: Fiber<string> | undefined
      const fiber = open.wait
        .as("done")
        .startDetached()
        .tap((started) => {
          detached = started
        })
        .flatMap((): Task<unknown> => end)
        .run()
      await ended<unknown>(fiber)
      await turn()
      if (detached === undefined) throw new Error("not started")
      expect(detached.poll()).toBeUndefined()
      open.open()
      expect(await detached).toBe("done")
    }
  })

  it("does not fail the fiber that started it", async () => {
    const { exit, reported } = await outcome(
      Task.yield().andThen(Task.fail("detached")).startDetached().andThen(Task.sleep(3)).as("fine"),
    )
    expect(exit).toEqual({ status: "fulfilled", value: "fine" })
    expect(reported).toEqual(["detached"])
  })

  it("does not count as a child of a child's parent either", async () => {
    const open = gate()
    const handles: Fiber<unknown>[] = []
    const { exit } = await outcome(
      Task.gen(function* () {
        const child = yield* open.wait
          .startDetached()
          .tap((started) => void handles.push(started))
          .start()
        yield* child.join()
      }),
    )
    expect(exit.status).toBe("fulfilled")
    expect(handles.map((handle) => handle.poll())).toEqual([undefined])
    open.open()
    await handles[0]
  })
})

describe("an unhandled failure", () => {
  it("of a root is reported once, the same object, with its fiber", async () => {
    const seen: { reason: unknown; id: unknown }[] = []
    const runtime = Runtime.make({
      onUnhandled: (reason, fiber) => seen.push({ reason, id: (fiber as Fiber<unknown> | undefined)?.id }),
    })
    const error = new Error("lost")
    const fiber = Task.yield().andThen(Task.fail(error)).run({ runtime })
    for (let i = 0; i < 3; i++) await turn()
    expect(seen).toEqual([{ reason: error, id: fiber.id }])
    expect(seen[0]?.reason).toBe(error)
  })

  it("is reported for what nobody holds too", async () => {
    const { runtime, reported } = reporting()
    Task.fail("at once").runAndForget({ runtime })
    Task.yield().andThen(Task.fail("later")).runAndForget({ runtime })
    Task.sleep(1).andThen(Task.fail("after a sleep")).runAndForget({ runtime })
    await until(() => reported.length >= 3)
    await turn()
    expect(reported).toEqual(["at once", "later", "after a sleep"])
  })

  it.each<[string, (fiber: Fiber<unknown, unknown>) => unknown]>([
    ["awaited", (fiber) => Promise.allSettled([fiber])],
    ["made a promise", (fiber) => Promise.allSettled([fiber.toPromise()])],
    ["given a callback", (fiber) => fiber.onExit(() => {})],
    ["joined", (fiber) => fiber.join().attempt().runAndForget()],
  ])("is not reported for a fiber that is %s, before its end or in the same turn after it", async (_, observe) => {
    const { runtime, reported } = reporting()
    observe(Task.yield().andThen(Task.fail("before")).run({ runtime }))
    observe(Task.fail("after").run({ runtime }))
    const late = Task.fail("in a microtask").run({ runtime })
    await Promise.resolve()
    observe(late)
    for (let i = 0; i < 3; i++) await turn()
    expect(reported).toEqual([])
  })

  it.each<[string, (fiber: Fiber<unknown, unknown>) => unknown]>([
    ["a look", (fiber) => fiber.poll()],
    ["a callback that was taken back", (fiber) => fiber.onExit(() => {})()],
    ["a joiner that was cancelled", (fiber) => fiber.join().run().cancel().toPromise()],
    ["the description of a join, which nobody ran", (fiber) => void fiber.join()],
    ["its name", (fiber) => fiber.name],
  ])("is not taken for observed by %s", async (_, look) => {
    const { runtime, reported } = reporting()
    const open = gate()
    const fiber = open.wait.andThen(Task.fail("lost")).run({ runtime })
    await look(fiber)
    open.open()
    for (let i = 0; i < 3; i++) await turn()
    expect(fiber.poll()?.status).toBe("rejected")
    expect(reported).toEqual(["lost"])
  })

  it("is none where the fiber was cancelled", async () => {
    const { runtime, reported } = reporting()
    const fiber = Task.never.run({ runtime })
    fiber.abort()
    Task.self()
      .flatMap((self) => self.cancel())
      .runAndForget({ runtime })
    for (let i = 0; i < 3; i++) await turn()
    expect(reported).toEqual([])
  })

  it("of a child is the parent's alone, and reported once where nobody observes the parent", async () => {
    const { runtime, reported } = reporting()
    Task.yield().andThen(Task.fail("child")).start().andThen(Task.never).runAndForget({ runtime })
    for (let i = 0; i < 3; i++) await turn()
    expect(reported).toEqual(["child"])
  })

  it("lets the other fibers be when the hook throws, and the host reports what it throws", async () => {
    const fiber = await hostReports(async (seen) => {
      const runtime = Runtime.make({
        onUnhandled: (reason) => {
          throw reason
        },
      })
      Task.fail("lost").runAndForget({ runtime })
      Task.fail("lost too").runAndForget({ runtime })
      const other = Task.sleep(1).as("fine").run({ runtime })
      const exit = await ended(other)
      for (let i = 0; i < 3; i++) await turn()
      expect(seen).toEqual(["lost", "lost too"])
      return exit
    })
    expect(fiber).toEqual({ status: "fulfilled", value: "fine" })
  })

  it("is the host's own unhandled rejection where no hook is given, with the original object", async () => {
    const error = new Error("lost")
    await hostReports(async (seen) => {
      Task.yield().andThen(Task.fail(error)).run()
      Task.fail(error).attempt().runAndForget()
      for (let i = 0; i < 3; i++) await turn()
      expect(seen).toHaveLength(1)
      expect(seen[0]).toBe(error)
    })
  })
})

/** Stands in for the host's reports, which would end the process. */
async function hostReports<A>(body: (seen: readonly unknown[]) => Promise<A>): Promise<A> {
  const seen: unknown[] = []
  const kinds = ["unhandledRejection", "uncaughtException"] as const
  const before = kinds.map((kind) => process.listeners(kind as "uncaughtException"))
  for (const kind of kinds) {
    process.removeAllListeners(kind)
    process.on(kind, (reason: unknown) => void seen.push(reason))
  }
  try {
    return await body(seen)
  } finally {
    kinds.forEach((kind, at) => {
      process.removeAllListeners(kind)
      for (const listener of before[at] ?? []) process.on(kind, listener)
    })
  }
}

describe("many starts", () => {
  it("nested a million deep, each joined by its parent, do not deepen the stack", { timeout: 60_000 }, async () => {
    const nest = (depth: number): Task<number> =>
      depth === 0
        ? Task.pure(0)
        : Task.defer(() => nest(depth - 1))
            .start()
            .flatMap((child) => child.join())
            .map((n) => n + 1)
    expect(await nest(1_000_000)).toBe(1_000_000)
  })

  it("nested a hundred thousand deep are all cancelled from the root", async () => {
    let alive = 0
    const nest = (depth: number): Task<unknown> =>
      Task.sync(() => void alive++)
        .andThen(depth === 0 ? Task.never : Task.defer(() => nest(depth - 1)).start())
        .andThen(Task.never)
        .finally(() => void alive--)
    const fiber = nest(100_000).run()
    await until(() => alive > 100_000)
    await fiber.cancel()
    expect(alive).toBe(0)
  })

  it("nested a hundred thousand deep carry a failure from the innermost to the root", async () => {
    const nest = (depth: number): Task<unknown, unknown> =>
      depth === 0
        ? Task.yield().andThen(Task.fail("innermost"))
        : Task.defer(() => nest(depth - 1))
            .start()
            .andThen(Task.never)
    expect(await outcome(nest(100_000))).toEqual({ exit: { status: "rejected", reason: "innermost" }, reported: [] })
  })

  it("from one parent, a hundred thousand, are all awaited", async () => {
    let open = 0
    const child = Task.sync(() => void open++)
      .andThen(Task.never)
      .finally(() => void open--)
    let most = 0
    await Task.gen(function* () {
      for (let i = 0; i < 100_000; i++) yield* child.start()
      yield* Task.promise(() => until(() => open === 100_000))
      most = open
    })
    expect([most, open]).toEqual([100_000, 0])
  })

  it("of children that end leave nothing with a parent that lives on", { timeout: 60_000 }, async () => {
    const collect = (globalThis as { gc?: () => void }).gc
    if (collect === undefined) throw new Error("Run with --expose-gc")
    const used: number[] = []
    await Task.gen(function* () {
      for (let round = 0; round < 4; round++) {
        for (let i = 0; i < 50_000; i++) {
          const child = yield* Task.yield().start()
          if (i % 2 === 0) yield* child.join()
        }
        yield* Task.sleep(1)
        collect()
        used.push(process.memoryUsage().heapUsed)
      }
    })
    const [, second = 0, , last = Infinity] = used
    // 100k forgotten children of even 40 bytes would be 4 MB.
    expect(last - second).toBeLessThan(2_000_000)
  })
})
