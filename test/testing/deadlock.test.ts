import { afterEach, describe, expect, it } from "vitest"
import { type Fiber, Runtime, type RuntimeOptions, Schedule, Task } from "rapid-fiber"
import { turn } from "../watch.ts"

/**
 * `onDeadlock` of a production runtime. It is told when the host's turn is over, so a few turns later it has been told, or
 * never will be.
 */
type Report = Parameters<NonNullable<RuntimeOptions["onDeadlock"]>>[0]

const open: Runtime[] = []
const watched = (options?: RuntimeOptions): { readonly runtime: Runtime; readonly reports: Report[] } => {
  const reports: Report[] = []
  const runtime = Runtime.make({ ...options, onDeadlock: (report) => void reports.push(report) })
  open.push(runtime)
  return { runtime, reports }
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((runtime) => runtime.close()))
})

const quiet = async (): Promise<void> => {
  for (let i = 0; i < 3; i++) await turn()
}

const stuck = (): Task<void> => Task.withResolvers<void>().task

/** Fibers of these names, each of which waits for the end of the next one, and the last for that of the first. */
function circle(runtime: Runtime, ...names: string[]): Fiber<unknown, unknown>[] {
  const fibers: Fiber<unknown, unknown>[] = []
  for (const [i, name] of names.entries()) {
    const next = Task.yield().flatMap(() => fibers[(i + 1) % names.length].join())
    const fiber = next.run({ runtime, name })
    // That it is cancelled in the end is no news.
    fiber.onExit(() => {})
    fibers.push(fiber)
  }
  return fibers
}

describe("a deadlock is reported", () => {
  it("where two fibers wait for each other's end", async () => {
    const { runtime, reports } = watched()
    circle(runtime, "a", "b")
    await quiet()
    expect(reports.length).toBe(1)
    const [report] = reports
    expect(report.waiting).toEqual([
      { fiber: "a", on: "the end of b", fibers: ["b"] },
      { fiber: "b", on: "the end of a", fibers: ["a"] },
    ])
    expect(report.cycles).toEqual([["a", "b"]])
    expect(String(report)).toBe("a waits for the end of b\nb waits for the end of a\na circle: a → b → a")
  })

  it("where a circle is larger, and where there are several", async () => {
    const { runtime, reports } = watched()
    circle(runtime, "a", "b", "c")
    circle(runtime, "x", "y")
    await quiet()
    expect(reports.length).toBe(1)
    expect(reports[0].cycles).toEqual([
      ["a", "b", "c"],
      ["x", "y"],
    ])
    expect(String(reports[0])).toContain("a circle: a → b → c → a\na circle: x → y → x")
  })

  it("where two want the same two locks in different orders", async () => {
    const { runtime, reports } = watched()
    const lock = (): Task<() => void> => {
      let last: Task<void> = Task.unit
      return Task.defer(() => {
        const [before, mine] = [last, Task.withResolvers<void>()]
        last = mine.task
        return before.as(() => void mine.resolve())
      })
    }
    const [a, b] = [lock(), lock()]
    const both = (first: Task<() => void>, second: Task<() => void>): Task<void> =>
      first.flatMap((giveFirst) => Task.yield().andThen(second.map((giveSecond) => (giveSecond(), giveFirst()))))
    both(a, b).run({ runtime, name: "left" })
    both(b, a).run({ runtime, name: "right" })
    await quiet()
    expect(reports.map(String)).toEqual(["left waits for a Completable\nright waits for a Completable"])
    expect(reports[0].cycles).toEqual([])
  })

  it("where a fiber waits for a Completable that nobody completes, held or not", async () => {
    const { runtime, reports } = watched()
    stuck().run({ runtime, name: "waiter" })
    await quiet()
    expect(reports.map(({ waiting }) => waiting)).toEqual([[{ fiber: "waiter", on: "a Completable", fibers: [] }]])
    const other = watched()
    stuck().runAndForget({ runtime: other.runtime })
    await quiet()
    expect(other.reports.map(String)).toEqual([expect.stringMatching(/^fiber-\d+ waits for a Completable$/)])
  })

  it("where a parent waits for such a child, by a join or at its end", async () => {
    const { runtime, reports } = watched()
    const parent = stuck()
      .start({ name: "child" })
      .flatMap((child) => child.join())
    parent.run({ runtime, name: "parent" })
    await quiet()
    expect(reports.map(String)).toEqual(["parent waits for the end of child\nchild waits for a Completable"])

    const ending = watched()
    const { task, resolve } = Task.withResolvers<void>()
    const child = Task.uncancelable(() => task)
    const fiber = child.start({ name: "child" }).andThen(Task.yield()).run({ runtime: ending.runtime, name: "parent" })
    await quiet()
    expect(ending.reports.map(String)).toEqual(["parent waits for its children: child\nchild waits for a Completable"])
    resolve()
    await fiber
  })

  it("where a child waits for its parent", async () => {
    const { runtime, reports } = watched()
    const child = (parent: Fiber<unknown, unknown>): Task<unknown, unknown> => parent.join()
    const parent = Task.self().flatMap((self) =>
      child(self)
        .start({ name: "child" })
        .flatMap((fiber) => fiber.join()),
    )
    parent.run({ runtime, name: "parent" }).onExit(() => {})
    await quiet()
    expect(reports.map(({ cycles }) => cycles)).toEqual([[["parent", "child"]]])
  })

  it("where a group waits for such members", async () => {
    const groups = [
      Task.all([stuck(), stuck()]),
      Task.race([stuck(), stuck()]),
      Task.any([stuck(), stuck()]),
      Task.allSettled([stuck(), stuck()]),
      Task.forEach([1, 2], stuck, { concurrency: 2 }),
      stuck().zip(stuck()),
    ]
    for (const group of groups) {
      const { runtime, reports } = watched()
      group.run({ runtime, name: "group" })
      await quiet()
      expect(reports.map(({ waiting }) => waiting)).toEqual([
        [
          {
            fiber: "group",
            on: expect.stringMatching(/^the members of its group: fiber-\d+, fiber-\d+$/),
            fibers: [expect.any(String), expect.any(String)],
          },
          { fiber: reports[0].waiting[0].fibers[0], on: "a Completable", fibers: [] },
          { fiber: reports[0].waiting[0].fibers[1], on: "a Completable", fibers: [] },
        ],
      ])
    }
  })

  it("with the circle that goes through any member of a group", async () => {
    const { runtime, reports } = watched()
    const fibers: Fiber<unknown, unknown>[] = []
    const group = Task.yield().andThen(Task.defer(() => Task.all([stuck(), fibers[0].join()])))
    const member = Task.yield().andThen(Task.defer(() => fibers[1].join()))
    fibers.push(member.run({ runtime, name: "member" }), group.run({ runtime, name: "group" }))
    for (const fiber of fibers) fiber.onExit(() => {})
    await quiet()
    expect(reports.length).toBe(1)
    expect(reports[0].cycles.length).toBe(1)
    expect(reports[0].cycles[0]).toEqual(expect.arrayContaining(["group", "member"]))
  })

  it("where those who share one run wait for it", async () => {
    const { runtime, reports } = watched()
    const once = stuck().memoize()
    once.run({ runtime, name: "one" })
    once.run({ runtime, name: "two" })
    await quiet()
    expect(reports.length).toBe(1)
    expect(String(reports[0])).toMatch(
      /^one waits for the end of (fiber-\d+)\ntwo waits for the end of \1\n\1 waits for a Completable$/,
    )
  })

  it("beside others that wait as they mean to, without these", async () => {
    const { runtime, reports } = watched()
    Task.never.run({ runtime, name: "server" })
    Task.sleep(Infinity).run({ runtime, name: "for ever" })
    stuck().run({ runtime, name: "waiter" })
    await quiet()
    expect(reports.map(String)).toEqual(["waiter waits for a Completable"])
  })

  it("on the platform's clock as well", async () => {
    const { runtime, reports } = watched({ clock: "platform" })
    Task.sleep(1).andThen(stuck()).run({ runtime, name: "waiter" })
    await Task.sleep(5)
    await quiet()
    expect(reports.map(String)).toEqual(["waiter waits for a Completable"])
  })

  it("wherever it comes about: after a sleep, a promise, a callback, a cancellation", async () => {
    const { runtime, reports } = watched()
    Task.sleep(1).andThen(stuck()).run({ runtime, name: "slept" })
    Task.promise(() => Promise.resolve())
      .andThen(stuck())
      .run({ runtime, name: "promised" })
    Task.async<void>((resume) => void setImmediate(() => resume(stuck()))).run({ runtime, name: "called" })
    const cleanup = Task.withResolvers<void>()
    const cancelled = Task.never.finally(cleanup.task).run({ runtime, name: "cancelled" })
    await Task.sleep(5)
    cancelled.abort()
    await quiet()
    expect(reports.at(-1)?.waiting.map(({ fiber }) => fiber)).toEqual(
      expect.arrayContaining(["slept", "promised", "called", "cancelled"]),
    )
    expect(reports.at(-1)?.waiting.length).toBe(4)
    cleanup.resolve()
  })
})

describe("no deadlock is", () => {
  const waits: ReadonlyArray<readonly [string, Task<unknown, unknown>]> = [
    ["a fiber that waits for nothing, which is meant", Task.never],
    ["who waits for such a fiber", Task.never.start().flatMap((fiber) => fiber.join())],
    ["a group with such a member", Task.race([Task.never, Task.never])],
    ["a sleeper", Task.sleep(60_000)],
    ["a sleeper that does not keep the process", Task.sleep(60_000, { ref: false })],
    ["a time limit", stuck().timeout(60_000)],
    ["a promise that is outstanding", Task.promise(() => new Promise(() => {}))],
    ["a callback that is outstanding", Task.async(() => {})],
    ["a fiber that goes on and on", Task.yield().repeat(Schedule.forever)],
  ]
  it.each(waits)("%s", async (_what, task) => {
    const { runtime, reports } = watched()
    task.run({ runtime }).onExit(() => {})
    await quiet()
    expect(reports).toEqual([])
  })

  it("hidden by a sleeper that does not keep the process, as there is one in every pool", async () => {
    const { runtime, reports } = watched()
    stuck().run({ runtime, name: "waiter" })
    Task.sleep(60_000, { ref: false }).repeat(Schedule.forever).run({ runtime, name: "housekeeping" })
    await quiet()
    expect(reports.map(String)).toEqual(["waiter waits for a Completable"])
  })

  const gettingOn = waits.filter(([what]) => /^a (sleeper|time|promise|callback|fiber that goes)/.test(what))
  it.each(gettingOn.filter(([what]) => !what.includes("keep")))("seen while there is %s", async (_what, task) => {
    const { runtime, reports } = watched()
    stuck().run({ runtime, name: "waiter" })
    const other = task.run({ runtime })
    other.onExit(() => {})
    await quiet()
    expect(reports).toEqual([])
    // It is as soon as that is over.
    other.abort()
    await quiet()
    expect(reports.map(String)).toEqual(["waiter waits for a Completable"])
  })

  it("a runtime with nothing on it, or with nothing left", async () => {
    const { runtime, reports } = watched()
    await quiet()
    await Task.all([Task.unit, Task.yield(), Task.sleep(1)]).toPromise({ runtime })
    await Task.fail("no").attempt().toPromise({ runtime })
    await quiet()
    expect(reports).toEqual([])
  })

  it("a wait for a fiber of another runtime that gets on", async () => {
    const [{ runtime, reports }, other] = [watched(), watched()]
    const far = Task.sleep(60_000).run({ runtime: other.runtime })
    far.onExit(() => {})
    far
      .join()
      .run({ runtime, name: "near" })
      .onExit(() => {})
    await quiet()
    expect(reports).toEqual([])
  })

  it("what has been brought before the turn was over", async () => {
    const { runtime, reports } = watched()
    const { task, resolve } = Task.withResolvers<string>()
    const fiber = task.run({ runtime })
    await Promise.resolve()
    resolve("here")
    expect(await fiber).toBe("here")
    await quiet()
    expect(reports).toEqual([])
  })
})

describe("a report is made", () => {
  it("once, while nothing about it changes, whatever else runs meanwhile", async () => {
    const { runtime, reports } = watched()
    stuck().run({ runtime, name: "waiter" })
    await quiet()
    expect(reports.length).toBe(1)
    for (let i = 0; i < 3; i++) {
      await Task.sleep(1).toPromise({ runtime })
      await Task.promise(() => Promise.resolve()).toPromise({ runtime })
      await quiet()
    }
    expect(reports.length).toBe(1)
  })

  it("again, where it changes: more, fewer, others", async () => {
    const { runtime, reports } = watched()
    const [one, two] = [Task.withResolvers<void>(), Task.withResolvers<void>()]
    one.task.run({ runtime, name: "one" })
    await quiet()
    two.task.run({ runtime, name: "two" })
    await quiet()
    one.resolve()
    await quiet()
    const last = stuck().run({ runtime, name: "three" })
    two.resolve()
    await quiet()
    last.abort()
    last.onExit(() => {})
    await quiet()
    expect(reports.map(({ waiting }) => waiting.map(({ fiber }) => fiber))).toEqual([
      ["one"],
      ["one", "two"],
      ["two"],
      ["three"],
    ])
  })

  it("again, where it went away and comes again", async () => {
    const { runtime, reports } = watched()
    for (let i = 1; i <= 3; i++) {
      const { task, resolve } = Task.withResolvers<void>()
      const fiber = task.run({ runtime, name: "waiter" })
      await quiet()
      expect(reports.length).toBe(i)
      resolve()
      await fiber
    }
  })

  it("from which one can act: the runtime goes on when somebody ends it", async () => {
    const resolvers: (() => void)[] = []
    const told: string[] = []
    const runtime = Runtime.make({
      onDeadlock: (report) => {
        told.push(String(report))
        for (const resolve of resolvers.splice(0)) resolve()
      },
    })
    const { task, resolve } = Task.withResolvers<string>()
    resolvers.push(() => void resolve("by the hook"))
    expect(await task.toPromise({ runtime })).toBe("by the hook")
    expect(await Task.sleep(1).as("and on").toPromise({ runtime })).toBe("and on")
    expect(told.length).toBe(1)
    await runtime.close()
  })
})

describe("the runtime", () => {
  const program = (order: string[]): Task<void, unknown> =>
    Task.gen(function* () {
      const say = (text: string): Task<void> => Task.sync(() => void order.push(text))
      const { task, resolve } = Task.withResolvers<number>()
      const waiter = yield* task.tap((n) => say(`got ${n}`)).start()
      yield* Task.all([say("a").andThen(Task.yield()).andThen(say("b")), Task.sleep(1).andThen(say("c"))])
      yield* Task.promise(() => Promise.resolve())
      resolve(5)
      yield* waiter.join()
      yield* Task.race([stuck(), Task.sleep(2)])
      yield* Task.never.timeout(1).attempt()
      yield* say("end")
    })

  it("without the option behaves as the one with it", async () => {
    const [plain, { runtime, reports }] = [Runtime.make(), watched()]
    const orders: [string[], string[]] = [[], []]
    await program(orders[0]).toPromise({ runtime: plain })
    await program(orders[1]).toPromise({ runtime })
    expect(orders[1]).toEqual(orders[0])
    expect(orders[0]).toEqual(["a", "b", "c", "got 5", "end"])
    expect(reports).toEqual([])
    // And in a deadlock both are quiet, and can be closed.
    for (const one of [plain, runtime]) {
      const [first] = circle(one, "a", "b")
      await quiet()
      expect(first.poll()).toBeUndefined()
      await one.close()
      expect(first.poll()).toMatchObject({ status: "cancelled" })
    }
    expect(reports.length).toBe(1)
  })

  /** What gets to the host by either way while `f` runs, kept from the test runner. */
  const heardBy = async (f: () => Promise<void>): Promise<unknown[]> => {
    const kinds = ["unhandledRejection", "uncaughtException"] as const
    const heard: unknown[] = []
    const hear = (reason: unknown): void => void heard.push(reason)
    const before = kinds.map((kind) => [kind, process.listeners(kind as "uncaughtException")] as const)
    for (const kind of kinds) {
      process.removeAllListeners(kind)
      process.on(kind, hear)
    }
    try {
      await f()
    } finally {
      for (const [kind, listeners] of before) {
        process.off(kind, hear)
        for (const listener of listeners) process.on(kind as "uncaughtException", listener)
      }
    }
    return heard
  }

  it("goes on where the hook throws, which is the host's to report", async () => {
    const error = new Error("hook")
    const { task, resolve } = Task.withResolvers<string>()
    const runtime = Runtime.make({
      onDeadlock: () => {
        throw error
      },
    })
    const fiber = task.run({ runtime })
    const heard = await heardBy(async () => {
      await quiet()
      expect(await Task.sleep(1).as("slept").toPromise({ runtime })).toBe("slept")
      resolve("resolved")
      expect(await fiber).toBe("resolved")
    })
    expect(heard.length).toBeGreaterThan(0)
    expect(new Set(heard)).toEqual(new Set([error]))
    await runtime.close()
  })

  it("has a hook that throws called once, too", async () => {
    let calls = 0
    const runtime = Runtime.make({
      onDeadlock: () => {
        calls++
        throw new Error("hook")
      },
    })
    stuck().run({ runtime })
    await heardBy(async () => {
      await quiet()
      for (let i = 0; i < 3; i++) await Task.sleep(1).toPromise({ runtime })
      await quiet()
    })
    await runtime.close()
    expect(calls).toBe(1)
  })

  it("refuses what is no function", () => {
    expect(() => Runtime.make({ onDeadlock: 5 as never })).toThrow("Expected `onDeadlock` to be a function, got 5.")
  })
})
