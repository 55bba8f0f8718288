import { AsyncLocalStorage } from "node:async_hooks"
import fc from "fast-check"
import { afterEach, describe, expect, it, vi } from "vitest"
import { type Fiber, Runtime, Task } from "rapid-fiber"
import { ended, turn } from "../watch.ts"
import { growth } from "../heap.ts"

/**
 * What users of other libraries reported, as tests of this one. Each name ends with where the shape was first seen.
 */
const clocks = ["wheel", "platform"] as const

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

describe("waiting for something that lives long", () => {
  it("leaves nothing in it when the wait is cancelled [zio#4135, zio#10199, fs2-kafka#1318, node#17469]", async () => {
    const longLived = Task.never.run()
    const grown = await growth(async () => {
      for (let i = 0; i < 50_000; i++) await longLived.join().run().cancel()
    })
    await longLived.cancel()
    // Fifty thousand observers of even 40 bytes would be 2 MB.
    expect(grown).toBeLessThan(1_200_000)
  })

  it("leaves nothing in it when a callback is taken back [zio#4135]", async () => {
    const longLived = Task.never.run()
    const grown = await growth(async () => {
      const back = Array.from({ length: 50_000 }, () => longLived.onExit(() => {}))
      for (const takeBack of back) takeBack()
    })
    await longLived.cancel()
    expect(grown).toBeLessThan(1_200_000)
  })

  it("leaves nothing in it when a child that waits ends with its parent [effect#3440, effection#1080]", async () => {
    const longLived = Task.never.run()
    const waiting = longLived.join().start().andThen(Task.yield())
    const grown = await growth(async () => {
      for (let i = 0; i < 20_000; i++) await waiting
    })
    await longLived.cancel()
    expect(grown).toBeLessThan(1_200_000)
  })
})

describe("an AbortSignal", () => {
  it("of the caller has as many listeners after a run as before it [p-timeout#42, p-queue#235, node#54614]", async () => {
    const { signal } = new AbortController()
    const listeners = new Set<unknown>()
    let most = 0
    vi.spyOn(signal, "addEventListener").mockImplementation((_: string, listener: unknown) => {
      listeners.add(listener)
      most = Math.max(most, listeners.size)
    })
    vi.spyOn(signal, "removeEventListener").mockImplementation(
      (_: string, listener: unknown) => void listeners.delete(listener),
    )
    const runtime = Runtime.make({ onUnhandled: () => {} })
    for (let i = 0; i < 100; i++) {
      await Task.yield().toPromise({ signal, runtime })
      await Promise.allSettled([Task.yield().andThen(Task.fail(i)).toPromise({ signal, runtime })])
      await Task.never.run({ signal, runtime }).cancel()
    }
    expect(most).toBe(1)
    expect(listeners.size).toBe(0)
  })

  it("of the caller, shared by many runs, brings no warning of a leak [node#48419]", async () => {
    const warned = vi.fn()
    process.on("warning", warned)
    try {
      const { signal } = new AbortController()
      for (let i = 0; i < 100; i++) await Task.yield().toPromise({ signal })
      await turn()
      expect(warned).not.toHaveBeenCalled()
    } finally {
      process.off("warning", warned)
    }
  })

  it("is taken by run and toPromise, and handed to every registration [rxjs#6442, rxjs#5545, effect#2285]", async () => {
    for (const waiting of [
      (seen: unknown[]) => Task.async((_, { signal }) => signal.addEventListener("abort", () => seen.push("async"))),
      (seen: unknown[]) =>
        Task.promise((signal) => {
          signal.addEventListener("abort", () => seen.push("promise"))
          return new Promise(() => {})
        }),
    ]) {
      const seen: unknown[] = []
      const controller = new AbortController()
      const fiber = waiting(seen).run({ signal: controller.signal })
      const promise = waiting(seen).toPromise({ signal: controller.signal })
      await turn()
      controller.abort("bye")
      await expect(promise).rejects.toMatchObject({ name: "AbortError", cause: "bye" })
      expect(await ended(fiber)).toEqual({ status: "cancelled", reason: "bye" })
      expect(seen).toHaveLength(2)
    }
  })

  it("is not made for those who do not ask for it [effect#6533]", async () => {
    let made = 0
    vi.stubGlobal(
      "AbortController",
      class extends AbortController {
        constructor() {
          super()
          made++
        }
      },
    )
    for (let i = 0; i < 10; i++) {
      await Task.promise(() => Promise.resolve(i))
      await Task.async<void>((resume) => void setImmediate(() => resume(Task.unit)))
      await Task.sleep(0)
    }
    expect(made).toBe(0)
  })
})

describe.each(clocks)("a sleep on the %s clock", (clock) => {
  it("longer than a host timer can be does not end at once [cats-effect#2388, effect-smol#2583]", async () => {
    const runtime = Runtime.make({ clock })
    const long = [2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 32, 2 ** 32 + 5, 2 ** 40, 2 ** 53, 1e300, Infinity]
    const fibers = long.map((ms) => Task.sleep(ms).run({ runtime }))
    fibers.push(Task.sleep({ days: 60 }).run({ runtime }))
    await Task.sleep(5).toPromise({ runtime })
    await turn()
    expect(fibers.map((fiber) => fiber.poll())).toEqual(fibers.map(() => undefined))
    await runtime.close()
    expect(fibers.every((fiber) => fiber.poll()?.status === "cancelled")).toBe(true)
  })

  it("beside one that is longer than a host timer can be ends all the same [cats-effect#2388]", async () => {
    const runtime = Runtime.make({ clock })
    Task.sleep({ days: 365 }).runAndForget({ runtime })
    Task.sleep(2 ** 31).runAndForget({ runtime })
    expect(await Task.sleep(2).as("woke").toPromise({ runtime })).toBe("woke")
    await runtime.close()
  })

  it("is never early by the monotonic clock [node#26578, node#48724]", async () => {
    const runtime = Runtime.make({ clock })
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.double({ min: 0, max: 6, noNaN: true }), fc.constantFrom(0, 0.1, 0.999, 1, 1.0001, 2)), {
          maxLength: 30,
        }),
        async (durations) => {
          const early = await Promise.all(
            durations.map((ms) => {
              const from = performance.now()
              return Task.sleep(ms)
                .map(() => performance.now() - from - ms)
                .toPromise({ runtime })
            }),
          )
          expect(early.filter((left) => left < 0)).toEqual([])
        },
      ),
      { numRuns: 20 },
    )
    await runtime.close()
  })

  it("wakes those that are due first, first, and equal ones in their order [node#21822]", async () => {
    const runtime = Runtime.make({ clock })
    const woke: number[] = []
    await Task.gen(function* () {
      const sleepers: Fiber<unknown>[] = []
      for (let i = 0; i < 50; i++)
        sleepers.push(
          yield* Task.sleep(3)
            .map(() => woke.push(i))
            .start(),
        )
      for (const sleeper of sleepers) yield* sleeper.join()
    }).toPromise({ runtime })
    expect(woke).toEqual(Array.from({ length: 50 }, (_, i) => i))
    await runtime.close()
  })
})

describe("a duration", () => {
  it("that is no length of time is refused at the call [cats-effect#2388]", () => {
    for (const wrong of [Number.NaN, -1, -Infinity, -0.001, { seconds: -1 }, { seconds: Number.NaN }]) {
      expect(() => Task.sleep(wrong)).toThrow(RangeError)
    }
    for (const wrong of ["1s", null, undefined, {}, [], { second: 1 }, { seconds: "1" }, 10n]) {
      expect(() => Task.sleep(wrong as never)).toThrow(TypeError)
    }
  })
})

describe("a failure", () => {
  it("that nobody looks at is reported once [TeXRA#12613]", async () => {
    const reported: unknown[] = []
    const runtime = Runtime.make({ onUnhandled: (reason) => reported.push(reason) })
    const error = new Error("silent elsewhere")
    Task.sleep(1).andThen(Task.fail(error)).run({ runtime })
    Task.promise(() => Promise.reject(error)).runAndForget({ runtime })
    Task.gen(function* () {
      yield* Task.yield()
      yield* Task.fail(error).startDetached()
    }).runAndForget({ runtime })
    for (let i = 0; i < 4; i++) await turn()
    expect(reported).toEqual([error, error, error])
  })

  it("that somebody handles is not reported [cats-effect#2962, cats-effect#3085, effect#2721]", async () => {
    const reported: unknown[] = []
    const runtime = Runtime.make({ onUnhandled: (reason) => reported.push(reason) })
    const failing = Task.yield().andThen(Task.fail(new Error("handled")))
    await failing.attempt().toPromise({ runtime })
    await failing.catch(() => Task.unit).toPromise({ runtime })
    await Promise.allSettled([failing.toPromise({ runtime }), failing.run({ runtime })])
    await Task.gen(function* () {
      const child = yield* failing.attempt().start()
      yield* child.join()
      const detached = yield* failing.startDetached()
      yield* detached.join().attempt()
    }).toPromise({ runtime })
    await Promise.allSettled([failing.start().andThen(Task.never).toPromise({ runtime })])
    for (let i = 0; i < 4; i++) await turn()
    expect(reported).toEqual([])
  })

  it("that comes after the joiner was there is the joiner's, not the hook's [cats-effect#3085]", async () => {
    const reported: unknown[] = []
    const runtime = Runtime.make({ onUnhandled: (reason) => reported.push(reason) })
    const failing = Task.sleep(1).andThen(Task.fail("x")).run({ runtime })
    const joiners = Array.from({ length: 3 }, () => failing.join().attempt().toPromise({ runtime }))
    expect(await Promise.all(joiners)).toEqual(Array.from({ length: 3 }, () => ({ status: "rejected", reason: "x" })))
    for (let i = 0; i < 4; i++) await turn()
    expect(reported).toEqual([])
  })

  it("reaches a promise as the very object that was thrown [effect#5164, effection#1230]", async () => {
    class Refused extends Error {}
    const error = Object.freeze(new Refused("the one"))
    const plain = Object.freeze({ code: 7 })
    for (const reason of [error, plain, "text", 0, undefined, null, Symbol.iterator]) {
      const ways = [
        Task.fail(reason),
        Task.sync(() => {
          throw reason
        }),
        Task.promise(() => Promise.reject(reason)),
        Task.yield().andThen(Task.fail(reason)),
        Task.fail(reason).start().andThen(Task.never),
        Task.gen(function* () {
          yield* Task.fail(reason)
        }),
        Task.fail(reason).finally(Task.yield()),
        Task.fail(reason)
          .startDetached()
          .flatMap((fiber) => fiber.join()),
      ] as Task<unknown, unknown>[]
      for (const way of ways) {
        const settled = await Promise.allSettled([way, way.toPromise(), way.run(), way.run().toPromise()])
        for (const result of settled) {
          expect(result.status).toBe("rejected")
          expect(result.status === "rejected" && Object.is(result.reason, reason)).toBe(true)
        }
      }
    }
  })
})

describe("fairness", () => {
  it("lets timers and I/O through while fibers yield to each other [effect-smol#2360, scala-js#4129]", async () => {
    const spin = Task.gen(function* () {
      for (;;) yield* Task.yield()
    })
    const fibers = [spin.run(), spin.run(), spin.run()]
    const through = await Promise.all([
      new Promise((resolve) => setTimeout(resolve, 1, "timer")),
      new Promise((resolve) => setImmediate(resolve, "immediate")),
      import("node:fs/promises").then((fs) => fs.stat(".").then(() => "file")),
    ])
    expect(through).toEqual(["timer", "immediate", "file"])
    await Promise.all(fibers.map((fiber) => fiber.cancel().toPromise()))
  })

  it("lets timers through while fibers wake each other by callbacks [cats-effect#3225]", async () => {
    const now = Task.async<void>((resume) => queueMicrotask(() => resume(Task.unit)))
    const spin = Task.gen(function* () {
      for (;;) yield* now
    })
    const sync = Task.gen(function* () {
      for (;;) yield* Task.async<void>((resume) => resume(Task.unit))
    })
    const fibers = [spin.run(), spin.run(), sync.run()]
    expect(await new Promise((resolve) => setTimeout(resolve, 1, "timer"))).toBe("timer")
    await Promise.all(fibers.map((fiber) => fiber.cancel().toPromise()))
  })

  it("does not cost a turn of the host for each yield [effect-smol#2360, react#20834]", async () => {
    let yields = 0
    const immediates = vi.spyOn(globalThis, "setImmediate")
    const timeouts = vi.spyOn(globalThis, "setTimeout")
    const runtime = Runtime.make({ slice: 1000 })
    await Task.gen(function* () {
      for (; yields < 1_000; yields++) yield* Task.yield()
    }).toPromise({ runtime })
    expect(yields).toBe(1_000)
    expect(immediates.mock.calls.length + timeouts.mock.calls.length).toBeLessThan(100)
  })

  it("takes turns: no fiber runs many budgets while another is ready [cats-effect#3225]", async () => {
    const runtime = Runtime.make({ budget: 10 })
    const order: number[] = []
    const busy = (id: number) =>
      Task.gen(function* () {
        for (let i = 0; i < 200; i++) yield* Task.sync(() => order.push(id))
      })
    await Task.gen(function* () {
      const fibers: Fiber<void>[] = []
      for (const id of [0, 1, 2]) fibers.push(yield* busy(id).start())
      for (const fiber of fibers) yield* fiber.join()
    }).toPromise({ runtime })
    let longest = 0
    let current = 0
    order.forEach((id, i) => {
      // The last fiber has nobody to give way to.
      const others = new Set(order.slice(i)).size > 1
      current = id === order[i - 1] ? current + 1 : 1
      if (others) longest = Math.max(longest, current)
    })
    expect(order).toHaveLength(600)
    expect(longest).toBeLessThanOrEqual(20)
  })
})

describe("an edge runtime's rules", () => {
  it("hold at import: it arms no timer, makes no global, listens to nothing and draws no random number [effect#3057]", async () => {
    vi.resetModules()
    const held = () =>
      process.getActiveResourcesInfo().filter((name) => name === "Timeout" || name === "Immediate").length
    const random = vi.spyOn(Math, "random")
    const listening = vi.spyOn(process, "on")
    const globals = Object.getOwnPropertyNames(globalThis).toSorted()
    const timers = held()
    const loaded = await import("rapid-fiber")
    expect(loaded.Task).not.toBe(Task)
    expect(Object.getOwnPropertyNames(globalThis).toSorted()).toEqual(globals)
    expect(held()).toBe(timers)
    expect(random).not.toHaveBeenCalled()
    expect(listening).not.toHaveBeenCalled()
  })

  it("hold for runSync: it arms no timer of the host [effect#6651]", () => {
    const armed = [
      vi.spyOn(globalThis, "setTimeout"),
      vi.spyOn(globalThis, "setImmediate"),
      vi.spyOn(globalThis, "setInterval"),
      vi.spyOn(globalThis, "queueMicrotask"),
    ]
    const value = Task.gen(function* () {
      const a = yield* Task.sync(() => 1)
      const b = yield* Task.fail("x").catch(() => Task.pure(2))
      return yield* Task.pure(a + b).finally(() => {})
    }).runSync()
    expect(value).toBe(3)
    for (const spy of armed) expect(spy).not.toHaveBeenCalled()
  })

  it("hold for a run that need not wait: it arms no timer of the host [effect#6651]", () => {
    const armed = [vi.spyOn(globalThis, "setTimeout"), vi.spyOn(globalThis, "setInterval")]
    const fiber = Task.pure(1)
      .map((x) => x + 1)
      .run({ runtime: Runtime.make() })
    expect(fiber.poll()).toEqual({ status: "fulfilled", value: 2 })
    for (const spy of armed) expect(spy).not.toHaveBeenCalled()
  })
})

describe("async context", () => {
  const store = new AsyncLocalStorage<string>()
  const read = Task.sync(() => store.getStore())
  const steps: readonly [string, Task<unknown>][] = [
    ["a yield", Task.yield()],
    ["a sleep", Task.sleep(1)],
    ["a promise", Task.promise(() => Promise.resolve())],
    ["a timer's callback", Task.async<void>((resume) => void setTimeout(() => resume(Task.unit), 1))],
    [
      "a join",
      Task.sleep(1)
        .start()
        .flatMap((child) => child.join()),
    ],
    ["a synchronous resume", Task.async<void>((resume) => resume(Task.unit))],
    ["another fiber's exit", Task.defer(() => Task.sleep(1).run().join())],
  ]

  it.each(steps)("is the same after %s as before it [effect#6124, p-queue#200, p-limit#83]", async (_, step) => {
    const program = Task.gen(function* () {
      const before = yield* read
      yield* step
      const after = yield* read
      const child = yield* Task.yield().andThen(read).start()
      return [before, after, yield* child.join(), store.getStore()]
    })
    const names = ["a", "b", undefined, "c"]
    const seen = await Promise.all(
      names.map((name) => (name === undefined ? program.toPromise() : store.run(name, () => program.toPromise()))),
    )
    expect(seen).toEqual(names.map((name) => [name, name, name, name]))
  })

  it("of one fiber is not seen by another that it wakes, nor by its callbacks' next users [effect#6124]", async () => {
    const held: { resume?: (task: Task<string | undefined>) => void } = {}
    const waiter = store.run("waiter", () =>
      Task.async<string | undefined>((resume) => {
        held.resume = resume
      })
        .andThen(read)
        .run(),
    )
    const waker = store.run("waker", () =>
      Task.sync(() => held.resume?.(read))
        .andThen(Task.yield())
        .andThen(read)
        .run(),
    )
    expect([await waiter, await waker]).toEqual(["waiter", "waker"])
    expect(store.getStore()).toBeUndefined()
  })

  it("of the first sleeper is not that of those who share its timer [p-queue#200]", async () => {
    const first = store.run("first", () => Task.sleep(3).andThen(read).run())
    const second = Task.sleep(3).andThen(read).run()
    const third = store.run("third", () => Task.sleep(2).andThen(read).run())
    expect(await Promise.all([first, second, third])).toEqual(["first", undefined, "third"])
  })

  it("is there in finalizers and in generators that are cancelled [effect#6124]", async () => {
    const seen: unknown[] = []
    const note = read.tap((name) => void seen.push(name))
    const fiber = store.run("mine", () =>
      Task.gen(function* () {
        try {
          yield* Task.never.finally(note)
        } finally {
          seen.push(store.getStore())
          yield* Task.yield().andThen(note)
        }
      }).run(),
    )
    await store.run("the canceller's", () => fiber.cancel().toPromise())
    expect(seen).toEqual(["mine", "mine", "mine"])
  })
})

describe("cancellation and finalizers", () => {
  it("waits for a finalizer that sleeps, though it was asked for long before [cats-effect#721]", async () => {
    const log: string[] = []
    const fiber = Task.sleep({ days: 1 })
      .finally(Task.sleep(2).andThen(Task.sync(() => void log.push("released"))))
      .run()
    fiber.abort()
    fiber.abort()
    await fiber.cancel()
    expect(log).toEqual(["released"])
  })

  it("releases what was acquired, at whatever moment it comes [cats-effect#4489, cats-effect#4059]", async () => {
    for (let moment = 0; moment < 12; moment++) {
      const open = new Set<number>()
      let made = 0
      const use = Task.bracket(
        Task.yield().map(() => {
          open.add(++made)
          return made
        }),
        () => Task.all([Task.yield(), Task.sleep(0), Task.promise(() => Promise.resolve())]),
        (id) => Task.yield().tap(() => open.delete(id)),
      )
      const fiber = use.andThen(use).run()
      for (let i = 0; i < moment; i++) await Promise.resolve()
      await fiber.cancel()
      expect(fiber.poll()).toBeDefined()
      expect([...open], `after ${moment} microtasks`).toEqual([])
    }
  })
})

describe("a host that refuses", () => {
  // Edge hosts forbid timers while a module is loaded.
  it.each(clocks)("a timer fails that sleep alone: %s [effect#3057, effect#6651]", async (clock) => {
    const runtime = Runtime.make({ clock })
    const refusing = vi.spyOn(globalThis, "setTimeout").mockImplementation(() => {
      throw new Error("not here")
    })
    const exit = await Task.sleep(5).attempt().toPromise({ runtime })
    refusing.mockRestore()
    expect(exit).toMatchObject({ status: "rejected", reason: { message: "not here" } })
    const woken = Task.sleep(1).as("woken").run({ runtime })
    expect(await woken).toBe("woken")
    await runtime.close()
  })
})
