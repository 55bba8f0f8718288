import { describe, expect, it, vi } from "vitest"
import { Local, Runtime, Schedule, Scope, Task, toObservable } from "rapid-fiber"
import { ended, exitOf, failuresIn, turn } from "../watch.ts"

/** What went wrong here once. */
describe("a cancellation at any budget", () => {
  const budgets = Array.from({ length: 40 }, (_, i) => i + 1)

  it("lets no local out of its region", async () => {
    const local = Local.make("preset")
    for (const budget of budgets) {
      const runtime = Runtime.make({ budget })
      const seen: string[] = []
      const inner = Task.yield().andThen(local.run("inner", Task.never))
      const program = local.run(
        "outer",
        inner.finally(() => local.get().tap((value) => seen.push(value))),
      )
      const fiber = program.run({ runtime })
      const beside = Task.yield().repeat({ times: 3 }).run({ runtime })
      for (let i = 0; i < budget % 5; i++) await Promise.resolve()
      fiber.abort()
      await Promise.all([ended(fiber), ended(beside)])
      expect(seen).toEqual(["outer"])
    }
  })

  it("aborts the signal of a promise function that has returned a Task", async () => {
    for (const budget of budgets) {
      const runtime = Runtime.make({ budget })
      let signal: AbortSignal | undefined
      const fiber = Task.yield()
        .andThen(
          Task.promise((given) => {
            signal = given
            return Task.never
          }),
        )
        .run({ runtime })
      const beside = Task.yield().repeat({ times: 3 }).run({ runtime })
      for (let i = 0; i < budget % 5; i++) await Promise.resolve()
      fiber.abort("why")
      await Promise.all([ended(fiber), ended(beside)])
      if (signal !== undefined) expect(signal.reason).toBe("why")
    }
    let own: AbortSignal | undefined
    const exit = await exitOf(
      Task.self().flatMap((self) =>
        Task.promise((signal) => {
          own = signal
          self.abort("itself")
          return Task.never
        }),
      ),
    )
    expect([exit.status, own?.reason]).toEqual(["cancelled", "itself"])
  })
})

describe("a cleanup that fails while a cancellation waits for it", () => {
  const failing = Task.sleep(2).andThen(Task.fail("cleanup"))
  const programs: Record<string, Task<unknown, unknown>> = {
    "a release": Task.bracket(
      Task.unit,
      () => Task.unit,
      () => failing,
    ),
    "a finally": Task.unit.finally(failing),
    "a finally after a failure": Task.fail("body").finally(failing),
    "a finally under attempt": Task.unit.finally(failing).attempt(),
    "a scope": Task.scoped((scope) => scope.defer(failing)),
  }
  it.each(Object.entries(programs))("is not lost: %s", async (_, program) => {
    const fiber = program.run()
    await Promise.resolve()
    fiber.abort("stop")
    const exit = await ended(fiber)
    expect(exit.status).toBe("rejected")
    expect(exit).toMatchObject({ reason: { suppressed: { name: "AbortError", cause: "stop" } } })
    expect(failuresIn(exit)).toContain("cleanup")
  })

  it("gives way to nothing once it has been handled", async () => {
    const handled = Task.unit.finally(failing).catch(() => Task.never)
    const fiber = handled.run()
    await new Promise((resolve) => setTimeout(resolve, 10))
    fiber.abort()
    expect((await ended(fiber)).status).toBe("cancelled")
  })
})

describe("a group", () => {
  it("of nobody hears its signal", async () => {
    const controller = new AbortController()
    const fiber = Task.race([], { signal: controller.signal }).run()
    controller.abort("enough")
    expect(await ended(fiber)).toEqual({ status: "rejected", reason: "enough" })
    const parked = Task.race([]).run()
    await parked.cancel()
    expect(parked.poll()?.status).toBe("cancelled")
  })

  it("has its winner, though a loser had failed and waits for its children", async () => {
    const gate = Task.withResolvers<void>()
    const loser = Task.never.finally(gate.task).start().andThen(Task.yield()).andThen(Task.fail("loser"))
    const race = Task.race([loser, Task.sleep(1).as("winner")]).run()
    const late = loser.timeoutTo(1, Task.pure("late")).run()
    await new Promise((resolve) => setTimeout(resolve, 10))
    gate.resolve(undefined)
    expect([await ended(race), await ended(late)]).toEqual([
      { status: "fulfilled", value: "winner" },
      { status: "fulfilled", value: "late" },
    ])
  })

  it("tells its losers why", async () => {
    const reasons: unknown[] = []
    const loser = Task.never.onCancel((reason) => void reasons.push(reason))
    await exitOf(Task.all([loser, Task.yield().andThen(Task.fail("sibling"))]))
    await exitOf(loser.timeout(1))
    expect(reasons).toMatchObject(["sibling", { name: "TimeoutError", duration: 1 }])
  })
})

describe("what runSync has given up", () => {
  it("does not keep others from a memoized task", async () => {
    let runs = 0
    const memoized = Task.uncancelable(() => Task.sleep(1).map(() => ++runs)).memoize()
    expect(() => memoized.runSync()).toThrow(/suspended at `sleep`/)
    expect(await memoized).toBe(1)
  })
})

describe("a memoized run", () => {
  it("is counted apart from the one before it", async () => {
    const memoized = Task.never.memoize()
    const first = memoized.run()
    await first.cancel()
    const [second, third] = [memoized.run(), memoized.run()]
    await second.cancel()
    expect(third.poll()).toBeUndefined()
    await third.cancel()
    expect(third.poll()?.status).toBe("cancelled")
  })
})

describe("a scope", () => {
  it("that a release of its own closes does not wait for itself", async () => {
    expect(await exitOf(Task.scoped((scope) => scope.defer(scope.close())))).toMatchObject({ status: "fulfilled" })
    const scope = Scope.make()
    await scope.defer(() => scope.close())
    expect(await exitOf(scope.close())).toMatchObject({ status: "fulfilled" })
  })
})

describe("completables", () => {
  it("that settle one another do so on a flat stack", () => {
    const cells = Array.from({ length: 100_000 }, () => Task.withResolvers<number>())
    for (const [i, { onExit }] of cells.entries()) onExit(() => void cells[i + 1]?.resolve(i))
    cells[0]?.resolve(0)
    expect(cells.at(-1)?.poll()).toEqual({ status: "fulfilled", value: 99_998 })
  })
})

describe("an observer", () => {
  it("that unsubscribes when it has its value hears no more", async () => {
    const heard: string[] = []
    const subscription = toObservable(Task.sleep(1).as("value")).subscribe({
      next: (value) => {
        heard.push(value)
        subscription.unsubscribe()
      },
      complete: () => heard.push("complete"),
    })
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(heard).toEqual(["value"])
  })
})

describe("logErrors", () => {
  it("keeps the failure though the log fails", async () => {
    const logged = Task.fail("failure").logErrors(() => {
      throw new Error("full")
    })
    expect(await exitOf(logged)).toMatchObject({ reason: { error: { message: "full" }, suppressed: "failure" } })
  })
})

describe("one signal for many", () => {
  it("gets one listener, whoever waits for it, and none when all have ended [node#48419, p-queue#235]", async () => {
    const warned = vi.fn()
    process.on("warning", warned)
    const { signal } = new AbortController()
    const add = vi.spyOn(signal, "addEventListener")
    const remove = vi.spyOn(signal, "removeEventListener")
    await Task.all(Array.from({ length: 300 }, () => Task.yield().abortOn(signal).repeat({ times: 3 })))
    await Promise.all(Array.from({ length: 300 }, () => Task.yield().toPromise({ signal })))
    await turn()
    process.off("warning", warned)
    expect(warned).not.toHaveBeenCalled()
    expect(add.mock.calls.length).toBe(remove.mock.calls.length)
    expect(add.mock.calls.length).toBeLessThan(300)
  })

  it("tells all of them", async () => {
    const controller = new AbortController()
    const fibers = Array.from({ length: 20 }, () => Task.never.run({ signal: controller.signal }))
    const failing = Task.never.abortOn(controller.signal).run()
    controller.abort("all")
    for (const fiber of fibers) expect(await ended(fiber)).toEqual({ status: "cancelled", reason: "all" })
    expect(await ended(failing)).toEqual({ status: "rejected", reason: "all" })
  })
})

describe("onCancel", () => {
  it("runs though a cleanup inside it has failed during the cancellation", async () => {
    const rollback = vi.fn()
    const fiber = Task.never
      .onCancel(() => Task.fail("inner"))
      .onCancel(rollback)
      .run({ runtime: Runtime.make({ onUnhandled() {} }) })
    fiber.abort("stop")
    expect(await ended(fiber)).toMatchObject({ status: "rejected", reason: { error: "inner" } })
    expect(rollback.mock.calls).toEqual([["stop"]])
  })

  it("does not run for the failure of one who joined a cancelled fiber", async () => {
    const rollback = vi.fn()
    const gone = Task.never.run()
    gone.abort()
    expect((await exitOf(gone.join().onCancel(rollback))).status).toBe("rejected")
    expect(rollback).not.toHaveBeenCalled()
  })
})

describe("a schedule", () => {
  it("refuses at the call what is no function or no schedule", () => {
    type Words = Record<"while" | "until" | "and" | "or" | "andThen", (given?: unknown) => unknown>
    const forever = Schedule.forever as unknown as Words
    for (const word of ["while", "until", "and", "or", "andThen"] as const) {
      expect(() => forever[word](5)).toThrow(/^Expected (new S|s)chedule/)
    }
    expect(() => new Schedule(5 as never)).toThrow(/^Expected new Schedule to get a function, got 5/)
  })

  it.each([NaN, -1, -Infinity])("of one's own that answers %d is a failure, not a race", async (answer) => {
    const exit = await exitOf(Task.unit.repeat(new Schedule(() => () => answer)))
    expect(exit).toMatchObject({ status: "rejected", reason: { name: "RangeError" } })
  })
})
