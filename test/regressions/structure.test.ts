import { getEventListeners } from "node:events"
import { afterEach, describe, expect, it, vi } from "vitest"
import { type Exit, Local, type Restore, Runtime, Schedule, Scope, Task, TimeoutError } from "rapid-fiber"
import { ended, exitOf, turn } from "../watch.ts"
import { growth } from "../heap.ts"

/**
 * What users of other libraries reported about structure, resources, time and signals, as tests of this one. Each name ends
 * with where the shape was first seen.
 */
const listeners = (signal: AbortSignal) => getEventListeners(signal, "abort").length
const rejected = (reason: unknown) => ({ status: "rejected", reason })
const cancelled = (reason?: unknown) => ({ status: "cancelled", reason })

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** Permits of the plainest kind, made of the public API. Only the wait is restored: joining the line and leaving it are not. */
function permits(count: number) {
  let free = count
  const waiting: (() => boolean)[] = []
  const take = (restore: Restore) =>
    Task.defer((): Task<void> => {
      if (free > 0) {
        free--
        return Task.unit
      }
      const { task, resolve } = Task.withResolvers<void>()
      waiting.push(resolve)
      return restore(task).onCancel(() => {
        // Handed over in the moment of the cancellation: passed on.
        if (resolve()) waiting.splice(waiting.indexOf(resolve), 1)
        else give()
      })
    })
  const give = () => {
    const next = waiting.shift()
    if (next === undefined) free++
    else next()
  }
  return { take, give, free: () => free, waiting: () => waiting.length }
}

describe("an interrupted acquire", () => {
  it("keeps no permit, at whatever moment it is cancelled [effect#6910, effect#6081, effect#6638, effect#8391]", async () => {
    for (let turns = 0; turns < 20; turns++) {
      const { take, give, free, waiting } = permits(1)
      const use = Task.bracket(
        take,
        () => Task.yield().andThen(Task.yield()),
        () => Task.sync(give).andThen(Task.yield()),
      )
      const fibers = Array.from({ length: 5 }, () => use.run())
      for (let i = 0; i < turns; i++) await Task.yield()
      for (const fiber of fibers.filter((_, i) => i % 2 === turns % 2)) fiber.abort()
      await Promise.all(fibers.map(ended))
      expect([free(), waiting()]).toEqual([1, 0])
    }
  })

  it("by a timeout keeps no permit, and what waits behind it gets its turn [effect#6910]", async () => {
    const { take, give, free, waiting } = permits(1)
    const hold = (task: Task<unknown>) =>
      Task.bracket(
        take,
        () => task,
        () => Task.sync(give),
      )
    const gate = Task.withResolvers<void>()
    const first = hold(gate.task).run()
    const impatient = Array.from({ length: 10 }, () => hold(Task.unit).timeoutTo(1, Task.pure("late")).run())
    const patient = hold(Task.pure("had its turn")).run()
    expect(await Promise.all(impatient)).toEqual(impatient.map(() => "late"))
    gate.resolve()
    expect(await patient).toBe("had its turn")
    await first
    expect([free(), waiting()]).toEqual([1, 0])
  })

  it("in a scope keeps nothing, whether it had it or not [effect#6081]", async () => {
    for (let turns = 0; turns < 10; turns++) {
      const { take, give, free, waiting } = permits(1)
      const holder = Task.scoped((scope) => scope.acquire(take, () => Task.sync(give)).andThen(Task.yield()))
      const fibers = [holder.run(), holder.run(), holder.run()]
      for (let i = 0; i < turns; i++) await Task.yield()
      fibers[turns % 3].abort()
      await Promise.all(fibers.map(ended))
      expect([free(), waiting()]).toEqual([1, 0])
    }
  })

  it("as a loser of a race gives back what it had got [effect#8391]", async () => {
    let open = 0
    const acquire = Task.bracket(
      Task.yield().map(() => void open++),
      () => Task.sleep(1),
      () => Task.yield().tap(() => open--),
    )
    for (let i = 0; i < 20; i++) {
      await Task.race([acquire, Task.yield().repeat({ times: i % 7 }), acquire])
      expect(open).toBe(0)
    }
  })
})

describe("a race against something that lives long", () => {
  const shapes: Record<string, (wait: Task<unknown>) => Task<unknown, unknown>> = {
    race: (wait: Task<unknown>) => Task.race([wait, Task.yield()]),
    any: (wait: Task<unknown>) => Task.any([wait, Task.yield()]),
    "all that fails": (wait: Task<unknown>) => Task.all([wait, Task.fail("down").delay(0)]).attempt(),
    timeout: (wait: Task<unknown>) => Task.race([wait.timeout(60_000), Task.yield()]),
    abortOn: (wait: Task<unknown>) => Task.race([wait.abortOn(new AbortController().signal), Task.yield()]),
  }

  it.each(Object.entries(shapes))(
    "by %s leaves nothing in it [zio#4135, zio#10199, fs2-kafka#1318, node#17469]",
    async (_, make) => {
      const fiber = Task.never.run()
      const { task } = Task.withResolvers<void>()
      const round = make(fiber.join()).andThen(make(task))
      const grown = await growth(() => round.repeat({ times: 3000 }).toPromise())
      // Three thousand observers of even 60 bytes would be 180 kB.
      expect(grown).toBeLessThan(150_000)
      await fiber.cancel()
    },
  )

  it("by a memoized task leaves nothing in it [zio#4135]", async () => {
    const config = Task.never.memoize()
    const holder = config.run()
    const grown = await growth(() => Task.race([config, Task.yield()]).repeat({ times: 4000 }).toPromise())
    await holder.cancel()
    expect(grown).toBeLessThan(200_000)
  })
})

describe("a scope that lives long", () => {
  it("does not grow with the fibers that it has started [effect#3440, effection#1080, zio#9002, zio#7235]", async () => {
    const scope = Scope.make()
    const round = scope.start(Task.yield()).flatMap((fiber) => fiber.join())
    const grown = await growth(() => round.repeat({ times: 4000 }).toPromise())
    await scope.close()
    expect(grown).toBeLessThan(200_000)
  })

  it("does not grow in its opener either [effect#3440]", async () => {
    const grown: number[] = []
    await Task.scoped((scope) => {
      const round = scope.start(Task.yield()).flatMap((fiber) => fiber.join())
      return Task.promise(async () => grown.push(await growth(() => round.repeat({ times: 4000 }).toPromise())))
    })
    expect(grown[0]).toBeLessThan(200_000)
  })

  it.each<[string, Task<unknown, unknown>]>([
    ["scoped", Task.scoped((scope) => scope.defer(Task.unit).andThen(Task.yield()))],
    [
      "bracket",
      Task.bracket(
        Task.unit,
        () => Task.yield(),
        () => {},
      ),
    ],
    ["all", Task.all([Task.yield(), Task.yield()])],
    ["race", Task.race([Task.yield(), Task.never])],
    ["timeout", Task.yield().timeout(60_000)],
    ["uncancelable", Task.uncancelable((restore) => restore(Task.yield()))],
    ["local", Local.make(0).run(1, Task.yield())],
    [
      "a handled failure",
      Task.yield()
        .andThen(Task.fail("down"))
        .catch(() => Task.unit),
    ],
    [
      "a detached fiber",
      Task.yield()
        .startDetached()
        .flatMap((fiber) => fiber.join()),
    ],
  ])("in a loop of %s grows nothing, loop by loop [effect#3440, zio#7235]", async (_, round) => {
    const grown = await growth(() => round.repeat({ times: 4000 }).toPromise())
    expect(grown).toBeLessThan(200_000)
  })
})

describe("a signal", () => {
  it("has as many listeners after a run as before it, whatever took it [p-timeout#42, p-queue#235, node#54614]", async () => {
    const { signal } = new AbortController()
    const rounds = [Task.yield(), Task.unit, Task.fail("down"), Task.yield().andThen(Task.fail("down"))]
    for (const task of rounds as Task<void, string>[])
      for (const limited of [
        task.abortOn(signal),
        task.abortOn(signal).abortOn(signal),
        Task.all([task, task], { signal }),
        Task.race([task, Task.never], { signal }),
        Task.any([task, task], { signal }),
        Task.forEach([1, 2, 3], () => task, { signal, concurrency: 2 }),
        task.abortOn(signal).retry({ times: 3 }),
        task.abortOn(signal).timeout(1000),
      ]) {
        await exitOf(limited as Task<unknown, unknown>)
        expect(listeners(signal)).toBe(0)
      }
  })

  it("that is used again and again brings no warning of a leak [node#48419]", async () => {
    const warned = vi.fn()
    process.on("warning", warned)
    try {
      const { signal } = new AbortController()
      await Task.yield().abortOn(signal).repeat({ times: 100 })
      await Task.race([Task.yield(), Task.never], { signal }).repeat({ times: 100 })
      await turn()
      expect([warned.mock.calls.length, listeners(signal)]).toEqual([0, 0])
    } finally {
      process.off("warning", warned)
    }
  })

  it("that aborts settles every one that waits in line, and none starts after it [p-queue#241, p-queue#239, p-queue#168, p-queue#219, p-limit#25]", async () => {
    const controller = new AbortController()
    const started: number[] = []
    const jobs = Array.from({ length: 20 }, (_, i) => Task.sync(() => started.push(i)).andThen(Task.never))
    const fiber = Task.all(jobs, { concurrency: 3, signal: controller.signal }).run()
    const promise = fiber.toPromise()
    await turn()
    controller.abort("shutdown")
    await expect(promise).rejects.toBe("shutdown")
    expect(started).toEqual([0, 1, 2])
  })

  it("is taken by every combinator and by abortOn [rxjs#6442, rxjs#5545, effect#2285]", async () => {
    const make = [
      (signal: AbortSignal) => Task.all([Task.never], { signal }),
      (signal: AbortSignal) => Task.all({ a: Task.never }, { signal }),
      (signal: AbortSignal) => Task.allSettled([Task.never], { signal }),
      (signal: AbortSignal) => Task.race([Task.never], { signal }),
      (signal: AbortSignal) => Task.any([Task.never], { signal }),
      (signal: AbortSignal) => Task.forEach([1], () => Task.never, { signal }),
      (signal: AbortSignal) => Task.never.abortOn(signal),
    ]
    for (const program of make) {
      const controller = new AbortController()
      const fiber = program(controller.signal).attempt().run()
      await turn()
      controller.abort("stop")
      expect(await ended<unknown>(fiber)).toEqual({ status: "fulfilled", value: rejected("stop") })
    }
  })

  it("reaches what a member gives to the platform [effect#2285]", async () => {
    const seen: unknown[] = []
    const controller = new AbortController()
    const request = Task.promise(
      (signal) => new Promise(() => signal.addEventListener("abort", () => seen.push(signal.reason))),
    )
    const fiber = Task.all([request, request], { signal: controller.signal }).attempt().run()
    await turn()
    controller.abort("stop")
    await ended(fiber)
    expect(seen).toHaveLength(2)
  })
})

describe("everyone who waits", () => {
  it("settles when what is waited for is cancelled [p-queue#241, p-limit#25]", async () => {
    const fiber = Task.never.run()
    const memoized = fiber.join().memoize()
    const waits: Task<unknown, unknown>[] = [
      fiber.join(),
      memoized,
      memoized.timeout(60_000),
      Task.race([fiber.join()]),
      Task.all([fiber.join(), Task.never]),
      Task.forEach([1], () => fiber.join()),
    ]
    const exits = waits.map((wait) => exitOf(wait))
    await turn()
    await fiber.cancel("gone")
    for (const exit of await Promise.all<Exit<unknown>>(exits))
      expect(exit).toMatchObject({ status: "rejected", reason: { name: "AbortError", cause: "gone" } })
  })

  it("settles when a runtime closes, groups in the making included [p-queue#219]", async () => {
    const runtime = Runtime.make()
    const [first, second] = [
      Task.all(
        Array.from({ length: 10 }, () => Task.never),
        { concurrency: 2 },
      ).run({ runtime }),
      Task.forEach([1, 2, 3], () => Task.sleep(60_000), { concurrency: 2 })
        .timeout(100_000)
        .run({ runtime }),
    ]
    await turn()
    await runtime.close()
    expect([first.poll()?.status, second.poll()?.status]).toEqual(["cancelled", "cancelled"])
  })
})

describe("a long wait", () => {
  const long = [2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 32, 2 ** 32 + 5, 2 ** 40, 2 ** 53, 1e300]

  it("in a timeout, a delay, a schedule or at a time of day does not end at once [cats-effect#2388, effect-smol#2583]", async () => {
    const runtime = Runtime.make()
    const fibers = long.flatMap((ms) =>
      [
        Task.never.timeout(ms),
        Task.unit.delay(ms),
        Task.unit.repeat({ spaced: ms }),
        Task.unit.repeat({ every: ms }),
        Task.fail("down").retry(Schedule.exponential(ms)),
        Task.unit.at(Date.now() + ms),
        Task.until(() => false, { every: ms, timeout: ms }),
      ].map((task) => (task as Task<unknown, unknown>).run({ runtime })),
    )
    await turn()
    expect(fibers.map((fiber) => fiber.poll())).toEqual(fibers.map(() => undefined))
    await runtime.close()
  })

  it("of more milliseconds than a Date can hold is none that fails later [cats-effect#2388]", async () => {
    vi.useFakeTimers()
    const fiber = Task.unit.at(9e15).run()
    await vi.advanceTimersByTimeAsync(120_000)
    expect(fiber.poll()).toBeUndefined()
    fiber.abort()
    await vi.advanceTimersByTimeAsync(0)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe("time", () => {
  it("is never up early in a timeout or a delay [node#26578, node#48724]", async () => {
    const durations = [0.1, 0.5, 0.999, 1, 1.0001, 1.5, 2, 3]
    for (let i = 0; i < 5; i++) {
      const early = await Task.all(
        durations.flatMap((ms) =>
          [Task.never.timeout(ms).catch(TimeoutError, () => Task.unit), Task.unit.delay(ms)].map((task) => {
            let from = 0
            return Task.sync(() => void (from = performance.now()))
              .andThen(task)
              .map(() => performance.now() - from - ms)
          }),
        ),
      )
      expect(early.filter((left) => left < 0)).toEqual([])
    }
  })

  it("does not drift at a fixed rate, though each run is late [node#21822]", async () => {
    vi.useFakeTimers()
    const at: number[] = []
    const from = Date.now()
    const fiber = Task.sync(() => at.push(Date.now() - from))
      .andThen(Task.sleep(3))
      .repeat({ every: 10, times: 1000 })
      .run()
    await vi.advanceTimersByTimeAsync(10_003)
    expect(fiber.poll()?.status).toBe("fulfilled")
    expect(at).toEqual(Array.from({ length: 1001 }, (_, i) => i * 10))
  })
})

describe("a failure", () => {
  it("of a group is the very object, in no wrapper [effect#5164, effection#1230]", async () => {
    const error = new Error("down")
    const down = Task.fail(error).delay(0)
    const programs: Task<unknown, unknown>[] = [
      Task.all([Task.never, down]),
      Task.all({ a: down, b: Task.never }),
      Task.race([down, Task.never]),
      Task.forEach([1], () => down),
      Task.unit.zip(down),
      down.timeout(1000),
      down.memoize(),
      down.abortOn(new AbortController().signal),
      down.retry({ times: 1 }),
      down.repeat({}),
      Task.uncancelable((restore) => restore(down)),
      Task.scoped(() => down),
      Task.bracket(
        Task.unit,
        () => down,
        () => {},
      ),
      Local.make(0).run(1, down),
    ]
    for (const program of programs) await expect(program.toPromise()).rejects.toBe(error)
  })

  it("that a group has handed on is reported by nobody else [cats-effect#2962, cats-effect#3085, effect#2721]", async () => {
    const onUnhandled = vi.fn()
    const runtime = Runtime.make({ onUnhandled })
    const down = Task.fail("down").delay(0)
    const programs: Task<unknown>[] = [
      Task.all([down, down, Task.never]).attempt(),
      Task.allSettled([down, down]),
      Task.race([down, down]).attempt(),
      Task.any([down, down]).attempt(),
      Task.forEach([1, 2], () => down, { concurrency: 2 }).attempt(),
      down.timeout(1000).attempt(),
      down.memoize().attempt(),
      Task.never
        .finally(() => down)
        .timeout(0)
        .attempt(),
      Task.scoped(() => down).attempt(),
    ]
    for (const program of programs) program.runAndForget({ runtime })
    await turn()
    await turn()
    expect(onUnhandled.mock.calls).toEqual([])
  })

  it("of a group that nobody handles is reported once [LionSR/TeXRA#12613]", async () => {
    const onUnhandled = vi.fn()
    const runtime = Runtime.make({ onUnhandled })
    Task.all([Task.fail("down").delay(0), Task.never]).runAndForget({ runtime })
    await turn()
    await turn()
    expect(onUnhandled.mock.calls.map(([reason]) => reason as unknown)).toEqual(["down"])
  })

  it("of a rejected promise in a loser that was cancelled is no unhandled rejection [effect#2721]", async () => {
    const unhandled = vi.fn()
    process.on("unhandledRejection", unhandled)
    try {
      const request = Task.promise(
        (signal) =>
          new Promise<void>((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted")))),
      )
      await Task.race([request, Task.yield()])
      await request.timeoutTo(1, Task.unit)
      await turn()
      await turn()
      expect(unhandled).not.toHaveBeenCalled()
    } finally {
      process.off("unhandledRejection", unhandled)
    }
  })
})

describe("a timeout", () => {
  it("waits for the finalizers, and loses no resource that was acquired meanwhile [cats-effect#721, cats-effect#4059, cats-effect#4489]", async () => {
    let open = 0
    const work = Task.bracket(
      Task.sleep(2).map(() => void open++),
      () => Task.sleep(2),
      () => Task.sleep(1).tap(() => open--),
    )
    const seen = await Task.all(
      Array.from({ length: 12 }, (_, i) =>
        work
          .timeout(i / 2)
          .attempt()
          .map((exit) => exit.status),
      ),
    )
    expect(open).toBe(0)
    expect(new Set(seen).has("rejected")).toBe(true)
  })

  it("of a scoped task releases all of the scope before it is over [cats-effect#4489]", async () => {
    const log: string[] = []
    const program = Task.scoped((scope) =>
      scope
        .acquire(Task.pure("a"), (name) => Task.sleep(1).tap(() => log.push(name)))
        .andThen(scope.start(Task.never.finally(() => Task.sleep(1).tap(() => log.push("fiber")))))
        .andThen(Task.never),
    )
    await program.timeoutTo(
      1,
      Task.sync(() => log.push("fallback")),
    )
    expect(log).toEqual(["fiber", "a", "fallback"])
  })

  it("around a timeout, around another: each waits, the innermost decides [cats-effect#721]", async () => {
    const log: string[] = []
    const task = Task.never.finally(() => Task.sleep(2).tap(() => log.push("cleaned")))
    const exit = await exitOf(task.timeout(1).timeout(2).timeout(500))
    expect(exit).toMatchObject({ status: "rejected", reason: { name: "TimeoutError" } })
    expect(log).toEqual(["cleaned"])
  })
})

describe("nested a hundred thousand deep", () => {
  const DEPTH = 100_000
  const local = Local.make(0)
  const wraps: Record<string, (task: Task<unknown, unknown>, i: number) => Task<unknown, unknown>> = {
    timeout: (task) => task.timeout(600_000),
    abortOn: (task) => task.abortOn(new AbortController().signal),
    all: (task) => Task.all([task]).map((values) => values[0]),
    race: (task) => Task.race([task, Task.never]),
    forEach: (task) => Task.forEach([1], () => task),
    uncancelable: (task) => Task.uncancelable((restore) => restore(task)),
    bracket: (task) =>
      Task.bracket(
        Task.unit,
        () => task,
        () => {},
      ),
    scoped: (task) => Task.scoped((scope) => scope.defer(Task.unit).andThen(task)),
    "local.run": (task, i) => local.run(i, task),
    onCancel: (task) => task.onCancel(() => {}),
    memoize: (task) => task.memoize(),
    retry: (task) => task.retry({ times: 0 }),
  }

  const central = ["timeout", "all", "race", "uncancelable", "bracket", "scoped", "local.run"]

  function nest(name: string, task: Task<unknown, unknown>): Task<unknown, unknown> {
    let nested = task
    const wrap = wraps[name]
    for (let i = 0; i < DEPTH; i++) nested = wrap(nested, i)
    return nested
  }

  /** Waits for the end with as long a patience as a slow machine needs. */
  const end = <A>(task: { onExit(callback: (exit: Exit<A>) => void): unknown }) =>
    new Promise<Exit<A>>((resolve) => void task.onExit(resolve))

  it.each(Object.keys(wraps))("%s comes to its value", async (name) => {
    const value = name === "forEach" ? undefined : "value"
    expect(await end(nest(name, Task.yield().as("value")).run())).toEqual({ status: "fulfilled", value })
  })

  it.each(central.slice(0, 4))("%s comes to its failure", async (name) => {
    const exit = await end(
      nest(name, Task.yield().andThen(Task.fail("down"))).run({ runtime: Runtime.make({ onUnhandled() {} }) }),
    )
    expect(exit.status).toBe("rejected")
  })

  it.each(central)("%s can be cancelled, and cleans up", async (name) => {
    const log: string[] = []
    const gate = Task.withResolvers<void>()
    const inner = Task.sync(() => gate.resolve()).andThen(
      Task.never.onCancel((reason) => void log.push(String(reason))),
    )
    const fiber = nest(name, inner).run()
    await gate.task
    fiber.abort("stop")
    expect(await end(fiber)).toEqual(cancelled("stop"))
    expect(log).toHaveLength(1)
  })

  it.each(central)("%s can be cancelled while it is starting", async (name) => {
    const fiber = nest(name, Task.never).run()
    fiber.abort("stop")
    expect(await end(fiber)).toEqual(cancelled("stop"))
  })

  it("and mixed comes to its value, and can be cancelled", async () => {
    const names = Object.keys(wraps).filter((name) => name !== "forEach")
    const mixed = (task: Task<unknown, unknown>) => {
      let nested = task
      for (let i = 0; i < 20_000; i++) nested = wraps[names[i % names.length]](nested, i)
      return nested
    }
    expect(await end(mixed(Task.yield().as("value")).run())).toEqual({ status: "fulfilled", value: "value" })
    const gate = Task.withResolvers<void>()
    const fiber = mixed(Task.sync(() => gate.resolve()).andThen(Task.never)).run()
    await gate.task
    fiber.abort("stop")
    expect(await end(fiber)).toEqual(cancelled("stop"))
  })

  it("failing cleanups end with all that failed, without a stack overflow", async () => {
    const gate = Task.withResolvers<void>()
    let task: Task<unknown, unknown> = Task.sync(() => gate.resolve()).andThen(Task.never)
    for (let i = 0; i < DEPTH; i++) task = task.finally(() => Task.fail(i))
    const fiber = task.run({ runtime: Runtime.make({ onUnhandled() {} }) })
    await gate.task
    fiber.abort("stop")
    const exit = await end(fiber)
    let [reason, count] = [(exit as { reason: unknown }).reason, 0]
    while (reason instanceof Error && reason.name === "SuppressedError") {
      count++
      reason = (reason as Error & { suppressed: unknown }).suppressed
    }
    expect([exit.status, count]).toEqual(["rejected", DEPTH])
  })

  it("schedules one after the other make a run of a hundred thousand tries", async () => {
    let schedule = Schedule.times(1)
    for (let i = 0; i < 1000; i++) schedule = schedule.andThen(Schedule.times(100))
    let tries = 0
    await Task.sync(() => void tries++).repeat(schedule)
    expect(tries).toBe(100_002)
  })

  it("releases of one scope that starts and defers run in constant stack", async () => {
    let released = 0
    const log = await exitOf(
      Task.scoped((scope) =>
        Task.forEach(Array(50_000).keys(), (i) =>
          i % 2 === 0 ? scope.defer(() => void released++) : scope.start(Task.never.onCancel(() => void released++)),
        ).andThen(Task.yield()),
      ),
    )
    expect([log.status, released]).toEqual(["fulfilled", 50_000])
  })
})
