import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { CancelledError, Runtime, Schedule, Task, TimeoutError, Timer, Unique } from "rapid-fiber"
import { ended, exitOf } from "../watch.ts"
import { heapInUse } from "../heap.ts"

/**
 * What Rapid for Scala gets wrong in Task and Fiber, as tests of this library. Each name ends with the weakness, by its
 * number in docs/from-scala.md or by the operation that has it.
 */

/** Counts its runs, and the heap after the first tenth and after all of them. */
class Rounds {
  readonly all: number
  done = 0
  #early = 0
  #late = 0

  constructor(all: number) {
    this.all = all
  }

  readonly next = (): boolean => {
    this.done++
    if (this.done === this.all / 10) this.#early = heapInUse()
    if (this.done === this.all) this.#late = heapInUse()
    return this.done === this.all
  }

  get growth(): number {
    return this.#late - this.#early
  }
}

describe("cancellation", () => {
  it("passes every handler by [rapid 12: cancel is an error that can be caught]", async () => {
    const handled = vi.fn(() => Task.pure("swallowed"))
    const fiber = Task.never.catch(handled).tapError(handled).attempt().catch(handled).run()
    await fiber.cancel("stop")
    expect(fiber.poll()).toEqual({ status: "cancelled", reason: "stop" })
    expect(handled).not.toHaveBeenCalled()
  })

  it("of a fiber that waits runs its finalizers [rapid 12: no finalizers while suspended]", async () => {
    const seen: string[] = []
    for (const waiting of [
      Task.never,
      Task.sleep(1e6),
      Task.async(() => {}),
      Task.promise(() => new Promise(() => {})),
    ]) {
      const fiber = waiting.finally((exit) => Task.sleep(1).map(() => void seen.push(exit.status))).run()
      await fiber.cancel()
    }
    expect(seen).toEqual(["cancelled", "cancelled", "cancelled", "cancelled"])
  })

  it("of a fiber that waits is its end [rapid 12: the continuation of a suspended fiber runs later]", async () => {
    const wentOn = vi.fn()
    const gate = Task.withResolvers<string>()
    const target = gate.task.run()
    const fibers = [gate.task, target.join(), Task.sleep(2)].map((waiting) => waiting.map(wentOn).run())
    for (const fiber of fibers) await fiber.cancel()
    gate.resolve("late")
    await target
    await Task.sleep(5)
    expect(wentOn).not.toHaveBeenCalled()
  })
})

describe("the interpreter", () => {
  it("ends a fiber whose handler throws [rapid 13: a throwing handler escapes the loop]", async () => {
    const thrown = new Error("thrown by the handler")
    const rethrow = (): never => {
      throw thrown
    }
    const failing = Task.sleep(1).andThen(Task.fail("first"))
    for (const task of [failing.catch(rethrow), failing.mapError(rethrow), failing.tapError(rethrow)]) {
      expect(await exitOf(task)).toEqual({ status: "rejected", reason: thrown })
    }
  })

  it("gives a handler's own failure to the next handler [rapid handleError: a MatchError skips its handler]", async () => {
    const own = new TypeError("no case for this")
    const outer = vi.fn((error: unknown) => Task.pure(error))
    const task = Task.fail("first").catch(() => {
      throw own
    })
    expect(await task.catch(outer)).toBe(own)
    expect(outer.mock.calls).toEqual([[own]])
  })

  it("gives a sleep its own value [rapid 13: a sleep writes its value after it was scheduled]", async () => {
    const values = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        Task.pure("before")
          .flatMap(() => Task.sleep((i % 4) / 2))
          .map((value) => [value, i]),
      ),
    )
    expect(values).toEqual(Array.from({ length: 200 }, (_, i) => [undefined, i]))
  })

  it("handles a million failures in one fiber [rapid 14: the loop calls itself for each handled error]", async () => {
    const count = (n: number): Task<number> =>
      n === 0 ? Task.pure(0) : Task.fail(n).catch((error) => count((error as number) - 1))
    expect(await count(1_000_000)).toBe(0)
    let nested: Task<number, number> = Task.fail(0)
    for (let i = 0; i < 1_000_000; i++) nested = nested.catch((error) => Task.fail((error as number) + 1))
    expect(await nested.attempt()).toEqual({ status: "rejected", reason: 1_000_000 })
  })

  it("maps a million times [rapid 14: fused map chains overflow]", () => {
    let mapped: Task<number> = Task.sync(() => 0)
    for (let i = 0; i < 1_000_000; i++) mapped = mapped.map((n) => n + 1)
    expect(mapped.runSync()).toBe(1_000_000)
  })

  it("keeps nothing per round of a recursion [rapid 15: one trace per flatMap in tail position]", async () => {
    const rounds = new Rounds(500_000)
    const loop = (): Task<void> => Task.sync(rounds.next).flatMap((over) => (over ? Task.unit : loop()))
    await loop()
    // A frame of even 16 bytes per round would be 7 MB.
    expect(rounds.growth).toBeLessThan(2_000_000)
  })

  it("starts and joins without a timer of the host [rapid 17: a timer of 0 ms for each join]", async () => {
    const armed = vi.spyOn(globalThis, "setTimeout")
    try {
      const child = Task.yield().as(1)
      const rounds = Task.gen(function* () {
        let sum = 0
        for (let i = 0; i < 1000; i++) sum += yield* (yield* child.start()).join()
        return sum
      })
      expect(await rounds).toBe(1000)
      expect(armed).not.toHaveBeenCalled()
    } finally {
      armed.mockRestore()
    }
  })

  it("lets the host have its turns beside a fiber that never waits [rapid 17: no yielding]", async () => {
    let spins = 0
    const busy = Task.sync(() => spins++)
      .repeat(Schedule.forever)
      .run()
    await new Promise((resolve) => {
      setTimeout(resolve, 1)
    })
    await busy.cancel()
    expect(spins).toBeGreaterThan(0)
  })
})

describe("cleaning up", () => {
  it("that fails with the very failure stays that failure [rapid 16: guarantee with one exception twice]", async () => {
    const failure = new Error("both")
    const task = Task.fail(failure)
      .finally(Task.fail(failure))
      .finally(() => {
        throw failure
      })
    expect(await exitOf(task)).toEqual({ status: "rejected", reason: failure })
    expect((await exitOf(task)) as { reason: unknown }).toHaveProperty("reason", failure)
  })

  it("has a bracket, whose resource is released once by any outcome [rapid 16: no bracket]", async () => {
    const log: string[] = []
    const bracket = (use: Task<unknown, unknown>): Task<unknown, unknown> =>
      Task.bracket(
        Task.sleep(1).map(() => void log.push("acquired")),
        () => use,
        (_, exit) => void log.push(exit.status),
      )
    await exitOf(bracket(Task.unit))
    await exitOf(bracket(Task.fail("no")))
    const using = bracket(Task.never).run()
    await Task.sleep(3)
    await using.cancel()
    const acquiring = bracket(Task.never).run()
    await acquiring.cancel()
    expect(log).toEqual(["fulfilled", "rejected", "cancelled", "cancelled"].flatMap((status) => ["acquired", status]))
  })

  it("has a scope, which releases in reverse order [rapid 16: no scope]", async () => {
    const log: string[] = []
    const fiber = Task.scoped((scope) =>
      scope
        .acquire(Task.pure("first"), (name) => void log.push(name))
        .andThen(scope.acquire(Task.pure("second"), (name) => void log.push(name)))
        .andThen(Task.never),
    ).run()
    await fiber.cancel()
    expect(log).toEqual(["second", "first"])
  })

  it("has a mask, which a cancellation waits for [rapid 16: no uncancelable]", async () => {
    const log: string[] = []
    const fiber = Task.uncancelable((restore) =>
      Task.sleep(1)
        .map(() => log.push("masked"))
        .andThen(restore(Task.sync(() => log.push("restored")))),
    ).run()
    await fiber.cancel()
    expect(log).toEqual(["masked"])
    expect(fiber.poll()?.status).toBe("cancelled")
  })

  it("leaves no timer of a timeout or a race behind [rapid 17: timeout timers keep the process alive]", async () => {
    vi.useFakeTimers()
    try {
      await Task.pure(1).timeout({ hours: 1 })
      await Task.fail(1).timeout({ hours: 1 }).attempt()
      await Task.never.timeout({ hours: 1 }).run().cancel()
      await Task.race([Task.sleep({ hours: 1 }), Task.yield()])
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })
})

describe("failures", () => {
  class NotFound extends Error {
    override readonly name = "NotFound"
  }

  it("are handled by class [rapid 16: no typed errors]", async () => {
    const find = (): Task<string, NotFound> => Task.fail(new NotFound())
    const found: Task<string> = find().catch(NotFound, () => Task.pure("a default"))
    expect(await found).toBe("a default")
  })

  it("of a child end its parent, which waits for the others [rapid 16: no supervision]", async () => {
    const log: string[] = []
    const parent = Task.never
      .finally(() => Task.sleep(1).map(() => void log.push("sibling ended")))
      .start()
      .andThen(Task.yield().andThen(Task.fail("child")).start())
      .andThen(Task.never)
    expect(await exitOf(parent)).toEqual({ status: "rejected", reason: "child" })
    expect(log).toEqual(["sibling ended"])
  })

  it("that nobody hears of are reported once [rapid 16: no hook for unhandled errors]", async () => {
    const onUnhandled = vi.fn()
    const runtime = Runtime.make({ onUnhandled })
    Task.fail("unheard").run({ runtime })
    Task.fail("forgotten").runAndForget({ runtime })
    await vi.waitFor(() => expect(onUnhandled).toHaveBeenCalledTimes(2))
    expect(onUnhandled.mock.calls.map(([reason]) => reason as unknown)).toEqual(["unheard", "forgotten"])
  })
})

describe("a completable", () => {
  it("is itself and no other, wherever it was made [rapid 18: distinct completables compare equal]", () => {
    const [one, other] = [1, 2].map(() => Task.withResolvers<string>())
    expect(one).not.toBe(other)
    const seen = new Map([one, other].map((each, i) => [each, i]))
    expect(seen.size).toBe(2)
    one.resolve("mine")
    expect(one.poll()).toEqual({ status: "fulfilled", value: "mine" })
    expect(other.poll()).toBeUndefined()
  })

  it("calls back in the order of asking [rapid Completable: last in, first out]", () => {
    const completable = Task.withResolvers<number>()
    const order: number[] = []
    for (let i = 0; i < 5; i++) completable.onExit(() => order.push(i))
    completable.resolve(1)
    expect(order).toEqual([0, 1, 2, 3, 4])
  })

  it("says who won [rapid Completable: completing twice is Unit both times]", () => {
    const { resolve, reject, poll } = Task.withResolvers<number, string>()
    expect([resolve(1), resolve(2), reject("late")]).toEqual([true, false, false])
    expect(poll()).toEqual({ status: "fulfilled", value: 1 })
  })

  it("does not swallow what a callback throws [rapid Completable: exceptions are swallowed]", async () => {
    const before = Runtime.default
    const onUnhandled = vi.fn()
    Runtime.setDefault(Runtime.make({ onUnhandled }))
    try {
      const completable = Task.withResolvers<number>()
      const next = vi.fn()
      completable.onExit(() => {
        throw new Error("of the callback")
      })
      completable.onExit(next)
      expect(completable.resolve(1)).toBe(true)
      expect(next).toHaveBeenCalledTimes(1)
      await vi.waitFor(() => expect(onUnhandled).toHaveBeenCalledTimes(1))
    } finally {
      Runtime.setDefault(before)
    }
  })
})

describe("repeat", () => {
  it("yields the last value [rapid: repeat returns the first result]", async () => {
    let n = 0
    expect(await Task.sync(() => ++n).repeat({ times: 4 })).toBe(5)
  })

  it("goes on until what `until` says [rapid: Repeat.Until repeats while its predicate holds]", async () => {
    let n = 0
    const count = Task.sync(() => ++n)
    expect(await count.repeat({ until: (value) => value === 3 })).toBe(3)
    expect(await count.repeat({ while: (value) => value < 6 })).toBe(6)
  })

  it("without end keeps nothing per round [rapid 15: Repeat.Forever leaks]", async () => {
    const rounds = new Rounds(500_000)
    await Task.sync(rounds.next).repeat(Schedule.forever.until((over) => over))
    expect(rounds.done).toBe(rounds.all)
    expect(rounds.growth).toBeLessThan(2_000_000)
  })

  it("counts anew in each run, also where runs share a policy [rapid 15: the counter of Times is shared]", async () => {
    let n = 0
    const five = Schedule.times(4)
    const repeated = Task.sync(() => ++n).repeat(five)
    expect(await repeated).toBe(5)
    expect(await repeated).toBe(10)
    expect(await Task.sync(() => ++n).repeat(five)).toBe(15)
    const yielding = Task.sync(() => ++n)
      .tap(() => Task.yield())
      .repeat(five)
    await Task.all([yielding, yielding])
    expect(n).toBe(25)
  })
})

describe("on fake time", () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it("a sleep past 2^31 ms lasts as long as it says [rapid 17: it fires after 2 ms]", async () => {
    const fiber = Task.sleep(2 ** 31 + 1).run()
    await vi.advanceTimersByTimeAsync(2 ** 31)
    expect(fiber.poll()).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    expect(fiber.poll()?.status).toBe("fulfilled")
  })

  it("until has no deadline of its own [rapid condition: gives up after a day]", async () => {
    let open = false
    const fiber = Task.until(() => open, { every: { hours: 1 } }).run()
    await vi.advanceTimersByTimeAsync(30 * 3_600_000)
    expect(fiber.poll()).toBeUndefined()
    open = true
    await vi.advanceTimersByTimeAsync(3_600_000)
    expect(fiber.poll()?.status).toBe("fulfilled")
  })

  it("until keeps its deadline [rapid condition: looks at the deadline only after a false]", async () => {
    const hanging = Task.until(Task.never, { timeout: 50 }).attempt().run()
    const slow = Task.until(Task.sleep(200).as(true), { timeout: 50 }).attempt().run()
    const pausing = Task.until(() => false, { every: 1000, timeout: 50 })
      .attempt()
      .run()
    await vi.advanceTimersByTimeAsync(50)
    for (const fiber of [hanging, slow, pausing]) {
      expect(fiber.poll()).toMatchObject({ value: { status: "rejected", reason: expect.any(TimeoutError) } })
    }
    expect(vi.getTimerCount()).toBe(0)
  })

  it("at reckons when it runs [rapid schedule: the delay is computed where the task is built]", async () => {
    const atNoon = Task.now().at(Date.now() + 1000)
    const due = Date.now() + 1000
    await vi.advanceTimersByTimeAsync(600)
    const fiber = atNoon.run()
    await vi.advanceTimersByTimeAsync(400)
    expect(fiber.poll()).toEqual({ status: "fulfilled", value: due })
  })

  it("at a time that is past runs at once [rapid schedule: a negative sleep]", async () => {
    expect(await Task.pure("now").at(Date.now() - 5000)).toBe("now")
    expect(await Task.pure("now").at(new Date(0))).toBe("now")
    expect(vi.getTimerCount()).toBe(0)
  })

  it("a race waits for its losers' cleanups [rapid race: the loser is not awaited]", async () => {
    const log: string[] = []
    const loser = Task.never.finally(() => Task.sleep(10).map(() => void log.push("loser ended")))
    const race = Task.race([loser, Task.sleep(5).as("winner")]).run()
    await vi.advanceTimersByTimeAsync(14)
    expect(race.poll()).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    expect(race.poll()).toEqual({ status: "fulfilled", value: "winner" })
    expect(log).toEqual(["loser ended"])
  })

  it("a race that is cancelled cancels its members [rapid race: cancelling it cancels neither]", async () => {
    const seen: string[] = []
    const member = Task.never.finally((exit) => void seen.push(exit.status))
    const race = Task.race([member, member]).run()
    await vi.advanceTimersByTimeAsync(1)
    await race.cancel()
    expect(race.poll()?.status).toBe("cancelled")
    expect(seen).toEqual(["cancelled", "cancelled"])
  })

  it("a timeout waits for the cleanup of what it stops [rapid timeout: the loser is not awaited]", async () => {
    let cleaned = false
    const slow = Task.never.finally(() => Task.sleep(10).map(() => void (cleaned = true)))
    const fiber = slow.timeout(5).attempt().run()
    await vi.advanceTimersByTimeAsync(14)
    expect(fiber.poll()).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    expect(fiber.poll()).toMatchObject({ value: { reason: expect.any(TimeoutError) } })
    expect(cleaned).toBe(true)
  })

  it("zip fails as soon as either side does [rapid and: the right failure is unseen until the left ends]", async () => {
    const left = vi.fn()
    const zipped = Task.sleep(1000)
      .map(left)
      .zip(Task.sleep(5).andThen(Task.fail("right")))
      .attempt()
      .run()
    await vi.advanceTimersByTimeAsync(5)
    expect(zipped.poll()).toEqual({ status: "fulfilled", value: { status: "rejected", reason: "right" } })
    await vi.advanceTimersByTimeAsync(1000)
    expect(left).not.toHaveBeenCalled()
  })

  it("all stops the others when one fails [rapid parSequence: the rest keep running]", async () => {
    const wentOn = vi.fn()
    const all = Task.all([Task.sleep(1000).map(wentOn), Task.sleep(5).andThen(Task.fail("no"))])
      .attempt()
      .run()
    await vi.advanceTimersByTimeAsync(5)
    expect(all.poll()).toEqual({ status: "fulfilled", value: { status: "rejected", reason: "no" } })
    await vi.advanceTimersByTimeAsync(1000)
    expect(wentOn).not.toHaveBeenCalled()
  })

  it("all with a bound starts nothing after a failure [rapid parSequenceBounded: starts the remaining]", async () => {
    const started: number[] = []
    const tasks = Array.from({ length: 10 }, (_, i) =>
      Task.sync(() => started.push(i))
        .andThen(Task.sleep(10))
        .andThen(i === 1 ? Task.fail("no") : Task.unit),
    )
    const all = Task.all(tasks, { concurrency: 2 }).attempt().run()
    await vi.advanceTimersByTimeAsync(1000)
    expect(all.poll()).toEqual({ status: "fulfilled", value: { status: "rejected", reason: "no" } })
    expect(started.filter((i) => i > 2)).toEqual([])
  })

  it("timed measures the task it is called on, also one that fails [rapid timed: ignores its own task]", async () => {
    const timer = Timer.make()
    const work = vi.fn()
    Task.sleep(30).map(work).timed(timer).runAndForget()
    const failing = Task.sleep(20).andThen(Task.fail("no")).timed(timer).attempt().run()
    await vi.advanceTimersByTimeAsync(30)
    expect(await failing).toEqual({ status: "rejected", reason: "no" })
    expect(work).toHaveBeenCalledTimes(1)
    expect(timer.elapsed).toBeCloseTo(50)
    expect(timer.count).toBe(2)
  })

  it("elapsed counts milliseconds, as everything does [rapid elapsed: seconds]", async () => {
    const fiber = Task.sleep(1500).as("slept").elapsed().run()
    await vi.advanceTimersByTimeAsync(1500)
    const [value, ms] = await fiber
    expect(value).toBe("slept")
    expect(ms).toBeCloseTo(1500)
  })
})

describe("on JavaScript", () => {
  it("cancel works [rapid 12: cancel is always false on Scala.js]", async () => {
    const fiber = Task.sleep({ hours: 1 }).run()
    await fiber.cancel()
    expect(await ended(fiber)).toEqual({ status: "cancelled", reason: undefined })
    expect(await fiber.join().attempt()).toMatchObject({ reason: expect.any(CancelledError) })
  })

  it("unique strings are as random as the platform's keys [rapid Unique: a plain random generator]", async () => {
    const plain = vi.spyOn(Math, "random")
    const strong = vi.spyOn(globalThis.crypto, "getRandomValues")
    try {
      const [one, other] = await Task.all([Unique.make(), Unique.make()])
      expect(one).not.toBe(other)
      expect(await Unique.uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      expect(plain).not.toHaveBeenCalled()
      expect(strong).toHaveBeenCalled()
    } finally {
      plain.mockRestore()
      strong.mockRestore()
    }
  })
})
