import { expect } from "vitest"
import type { Program } from "./adapter.ts"
import {
  cancelled,
  differs,
  endless,
  fulfilled,
  joined,
  law,
  note,
  noted,
  rejected,
  type Suite,
  andThen,
  turns,
  until,
} from "./law.ts"

/** What Effect documents of generators, concurrency, interruption and interoperation, and what its users have reported. */
export const effect: Suite = {
  name: "effect",
  laws: [
    // --- gen -----------------------------------------------------------------------------------------------------------

    law("effect: Effect.gen > value", "straight-line code waits for each value", async (a) => {
      const exit = await a.run(
        a.gen(function* () {
          const one = yield* a.pure(1)
          const two = yield* a.map(a.sleep(1), () => 2)
          const three = yield* a.async<number>((resume) => resume(a.pure(3)))
          return [one, two, three]
        }),
      )
      expect(exit).toEqual(fulfilled([1, 2, 3]))
    }),

    law("effect: Effect.gen > each run anew", "a program runs as often as it is run", async (a) => {
      let runs = 0
      const program = a.gen(function* () {
        const before = runs
        yield* a.yield()
        runs = before + 1
        return runs
      })
      expect(runs).toBe(0)
      expect([await a.run(program), await a.run(program)]).toEqual([fulfilled(1), fulfilled(2)])
    }),

    law("effect: Effect.gen > try/catch", "a failure is thrown where it is waited for", async (a) => {
      const reason = new Error("no")
      const exit = await a.run(
        a.gen(function* () {
          try {
            yield* andThen(a, a.yield(), a.fail(reason))
            return "went on"
          } catch (error) {
            return error === reason
          }
        }),
      )
      expect(exit).toEqual(fulfilled(true))
    }),

    law("effect: Effect.gen > try/finally", "on interruption the blocks run to their end, inner first", async (a) => {
      const log: string[] = []
      const { program, begun } = endless(a)
      const worker = a.gen(function* () {
        try {
          try {
            yield* program
          } catch {
            log.push("catch")
          } finally {
            yield* turns(a, 3)
            log.push("inner")
          }
        } finally {
          yield* a.yield()
          log.push("outer")
        }
        log.push("after")
      })
      const exit = await a.run(
        a.gen(function* () {
          const fiber = yield* a.start(worker)
          yield* begun
          yield* fiber.cancel("stop")
          return fiber.poll()
        }),
      )
      expect(log).toEqual(["inner", "outer"])
      expect(exit).toEqual(fulfilled(cancelled("stop")))
    }),

    law("effect: Effect.gen > return in finally", "a block cannot turn an interruption into a value", async (a) => {
      const { program, begun } = endless(a)
      const stubborn = a.gen(function* () {
        try {
          yield* program
        } finally {
          // oxlint-disable-next-line no-unsafe-finally -- it is what this law is about
          return "a value"
        }
      })
      const exit = await a.run(
        a.gen(function* () {
          const fiber = yield* a.start(stubborn)
          yield* begun
          yield* fiber.cancel("stop")
          return fiber.poll()
        }),
      )
      expect(exit).toEqual(fulfilled(cancelled("stop")))
    }),

    law("effect: Effect.gen > long loops", "a loop of many steps neither overflows nor hangs", async (a) => {
      const exit = await a.run(
        a.gen(function* () {
          let sum = 0
          for (let i = 0; i < 20_000; i++) sum += yield* i % 3 === 0 ? a.sync(() => i) : a.pure(i)
          return sum
        }),
      )
      expect(exit).toEqual(fulfilled((20_000 * 19_999) / 2))
    }),

    law("effect: Effect.gen > nested", "generators nest to any depth", async (a) => {
      const down = (depth: number): Program<number> =>
        a.gen(function* () {
          return depth === 0 ? 0 : 1 + (yield* down(depth - 1))
        })
      expect(await a.run(down(3000))).toEqual(fulfilled(3000))
    }),

    // --- running -------------------------------------------------------------------------------------------------------

    law("effect#5164", "a failure comes out of a run as the very object", ["promise"], async (a) => {
      const reason = new TypeError("original")
      const ways: Program<unknown>[] = [
        a.fail(reason),
        a.sync(() => {
          throw reason
        }),
        a.promise(() => Promise.reject(reason)),
        a.all([a.never, a.fail(reason)]),
        a.finally(a.fail(reason), a.yield()),
        a.flatMap(a.start(a.fail(reason)), () => a.never),
      ]
      for (const way of ways) {
        const exit = await a.run(way)
        expect(exit.status === "rejected" && exit.reason === reason).toBe(true)
      }
    }),

    law("effect: Effect.runFork > signal", "an aborted signal interrupts the run, with its reason", async (a) => {
      const log: string[] = []
      const controller = new AbortController()
      const body = a.finally(
        andThen(
          a,
          a.sync(() => controller.abort("the page is gone")),
          andThen(a, a.never, note(a, log, "went on")),
        ),
        andThen(a, turns(a, 2), note(a, log, "cleaned")),
      )
      expect(await a.run(body, { signal: controller.signal })).toEqual(cancelled("the page is gone"))
      expect(log).toEqual(["cleaned"])
    }),

    law("effect: Effect.runFork > aborted signal", "a signal that is aborted already starts nothing", async (a) => {
      const log: string[] = []
      const exit = await a.run(a.finally(note(a, log, "ran"), note(a, log, "cleaned")), {
        signal: AbortSignal.abort("too late"),
      })
      expect(exit).toEqual(cancelled("too late"))
      expect(log).toEqual([])
    }),

    law("p-queue#235, p-timeout#42, node#54614", "no listener is left on a signal", async (a) => {
      const { signal } = new AbortController()
      let listeners = 0
      const add = signal.addEventListener.bind(signal)
      const remove = signal.removeEventListener.bind(signal)
      signal.addEventListener = (...args: Parameters<typeof add>) => {
        listeners++
        add(...args)
      }
      signal.removeEventListener = (...args: Parameters<typeof remove>) => {
        listeners--
        remove(...args)
      }
      let most = 0
      const look = a.sync(() => void (most = Math.max(most, listeners)))
      for (let i = 0; i < 3; i++) {
        await a.run(andThen(a, a.yield(), look), { signal })
        await a.run(andThen(a, look, a.fail("no")), { signal })
      }
      expect(most).toBe(1)
      expect(listeners).toBe(0)
    }),

    law(
      "effect#2285, effect#6533",
      "a promise gets a signal, aborted on interruption with the reason",
      ["promise"],
      async (a) => {
        const begun = a.deferred<AbortSignal>()
        const exit = await a.run(
          a.gen(function* () {
            const fiber = yield* a.start(
              a.promise<never>((signal) => {
                begun.resolve(signal)
                return new Promise(() => {})
              }),
            )
            const signal = yield* begun.wait
            const before = signal.aborted
            // The promise never settles, and is not waited for.
            yield* fiber.cancel("not needed")
            return [before, signal.aborted, signal.reason]
          }),
        )
        expect(exit).toEqual(fulfilled([false, true, "not needed"]))
      },
    ),

    law(
      "effect: Effect.promise > settled",
      "the signal of a promise that has settled is not aborted",
      ["promise"],
      async (a) => {
        const signals: AbortSignal[] = []
        const ask = (answer: (signal: AbortSignal) => Promise<number>) =>
          a.promise<number>((signal) => {
            signals.push(signal)
            return answer(signal)
          })
        const fine = ask(() => Promise.resolve(1))
        const failed = ask(() => Promise.reject(new Error("no")))
        await a.run(
          andThen(
            a,
            fine,
            a.catch<number, number>(failed, () => a.pure(2)),
          ),
        )
        expect(signals.map((signal) => signal.aborted)).toEqual([false, false])
      },
    ),

    // --- interruption --------------------------------------------------------------------------------------------------

    law(
      "effect#6910, effect#6081, effect#6638, effect#8391",
      "a permit is never lost, whenever who waits for it is interrupted",
      ["bracket"],
      async (a) => {
        // A semaphore as users write it: the wait may be given up, taking and installing the release are one step.
        let free = 1
        const taken = (): boolean => free === 0
        const waiting: (() => void)[] = []
        const released = a.async<void>((resume) => {
          const waiter = (): void => resume(a.pure(undefined))
          waiting.push(waiter)
          return () => void waiting.splice(waiting.indexOf(waiter), 1)
        })
        const withPermit = <A>(body: Program<A>): Program<A> =>
          a.bracket<void, A>(
            (restore) =>
              a.gen(function* () {
                while (taken()) yield* restore(released)
                free--
              }),
            () => body,
            () => {
              free++
              waiting.shift()?.()
            },
          )
        const exit = await a.run(
          a.gen(function* () {
            for (let round = 0; round < 24; round++) {
              const gate = a.deferred<void>()
              const holder = yield* a.start(withPermit(gate.wait))
              yield* until(a, taken)
              const waiter = yield* a.start(withPermit(a.yield()))
              yield* until(a, () => waiting.length > 0)
              if (round % 2 === 0) gate.resolve()
              yield* turns(a, round % 6)
              waiter.abort()
              gate.resolve()
              yield* waiter.cancel()
              yield* holder.join()
              if (free !== 1) return `round ${round}: ${free}`
            }
            return free
          }),
        )
        expect(exit).toEqual(fulfilled(1))
      },
    ),

    law("effect: Effect.acquireUseRelease", "the release is told how the use has ended", ["bracket"], async (a) => {
      const seen: unknown[] = []
      const { program, begun } = endless(a)
      const using = <A>(use: Program<A>) =>
        a.bracket<string, A>(
          a.pure("resource"),
          () => use,
          (resource, exit) => void seen.push([resource, exit]),
        )
      await a.run(using(a.pure(1)))
      await a.run(using(a.fail("no")))
      await a.run(
        a.gen(function* () {
          const fiber = yield* a.start(using(program))
          yield* begun
          yield* fiber.cancel("stop")
        }),
      )
      expect(seen).toEqual([fulfilled(1), rejected("no"), cancelled("stop")].map((exit) => ["resource", exit]))
    }),

    law(
      "effect: Effect.acquireUseRelease > acquire fails",
      "what was not acquired is not released",
      ["bracket"],
      async (a) => {
        const log: string[] = []
        const exit = await a.run(
          a.bracket(
            a.fail("none"),
            () => note(a, log, "use"),
            () => note(a, log, "release"),
          ),
        )
        expect(exit).toEqual(rejected("none"))
        expect(log).toEqual([])
      },
    ),

    law("effect: Effect.acquireUseRelease > both fail", "use and release may both fail", ["bracket"], async (a) => {
      const exit = await a.run(
        a.bracket(
          a.pure(1),
          () => a.fail("use"),
          () => a.fail("release"),
        ),
      )
      expect(exit.status === "rejected" && joined(exit.reason)).toEqual(["release", "use"])
    }),

    law("effect: Effect.onInterrupt", "interruption runs no handler of a failure and no next step", async (a) => {
      const log: string[] = []
      const { program, begun } = endless(a)
      const worker = a.finally(
        a.flatMap(
          a.catch<unknown, unknown>(program, () => note(a, log, "catch")),
          () => note(a, log, "next"),
        ),
        (exit) => void log.push(exit.status),
      )
      await a.run(
        a.gen(function* () {
          const fiber = yield* a.start(worker)
          yield* begun
          yield* fiber.cancel()
        }),
      )
      expect(log).toEqual(["cancelled"])
    }),

    law("effect: Effect.uninterruptible > interrupted meanwhile", "what follows a region is not begun", async (a) => {
      const log: string[] = []
      const [inside, go] = [a.deferred<void>(), a.deferred<void>()]
      const region = a.uncancelable(() =>
        a.gen(function* () {
          inside.resolve()
          yield* go.wait
          log.push("region")
          return "value"
        }),
      )
      const exit = await a.run(
        a.gen(function* () {
          const fiber = yield* a.start(a.flatMap(region, (value) => note(a, log, value)))
          yield* inside.wait
          fiber.abort("stop")
          go.resolve()
          yield* fiber.cancel()
          return fiber.poll()
        }),
      )
      expect(log).toEqual(["region"])
      expect(exit).toEqual(fulfilled(cancelled("stop")))
    }),

    differs("D28", "effect: Effect.uninterruptibleMask", "an outer restore opens the region inside it as well"),

    law("effect: Effect.uninterruptibleMask", "`restore` means its own region, not one inside it (D28)", async (a) => {
      const log: string[] = []
      const [inside, go] = [a.deferred<void>(), a.deferred<void>()]
      const waits = andThen(
        a,
        a.sync(() => void inside.resolve()),
        andThen(a, go.wait, note(a, log, "waited")),
      )
      await a.run(
        a.gen(function* () {
          const fiber = yield* a.start(a.uncancelable((outer) => a.uncancelable(() => outer(waits))))
          yield* inside.wait
          fiber.abort()
          yield* turns(a, 2)
          go.resolve()
          yield* fiber.cancel()
        }),
      )
      expect(log).toEqual(["waited"])
    }),

    law(
      "effect: Effect.interrupt > self in a finalizer",
      "a finalizer that cancels its own fiber ends",
      ["self"],
      async (a) => {
        const log: string[] = []
        const suicide = a.flatMap(a.self(), (self) => self.cancel("from the finalizer"))
        const body = a.finally(a.pure("value"), andThen(a, suicide, note(a, log, "finalizer")))
        const exit = await a.run(andThen(a, body, note(a, log, "after")))
        expect(log).toEqual(["finalizer"])
        expect(exit).toEqual(cancelled("from the finalizer"))
      },
    ),

    // --- concurrency ---------------------------------------------------------------------------------------------------

    law("effect: Effect.all > concurrency 1", "one at a time, in order", async (a) => {
      const log: string[] = []
      const job = (n: number) => noted(a, log, `${n} begins`, andThen(a, turns(a, 3 - n), note(a, log, `${n} ends`)))
      await a.run(a.all([0, 1, 2].map(job), { concurrency: 1 }))
      expect(log).toEqual([0, 1, 2].flatMap((n) => [`${n} begins`, `${n} ends`]))
    }),

    law("effect: Effect.all > unbounded", "all run at the same time", async (a) => {
      let here = 0
      const all = a.deferred<void>()
      const meet = a.flatMap(
        a.sync(() => {
          if (++here === 50) all.resolve()
        }),
        () => all.wait,
      )
      await a.run(a.all(Array.from({ length: 50 }, () => meet)))
      expect(here).toBe(50)
    }),

    law("effect#7654, effect#8374", "large inputs are not a special case", async (a) => {
      const count = 200_000
      const exit = await a.run(a.all(Array.from({ length: count }, (_, i) => a.pure(i))))
      const values = exit.status === "fulfilled" ? exit.value : []
      expect([values.length, values[0], values[count - 1]]).toEqual([count, 0, count - 1])
      let ran = 0
      await a.run(
        a.all(
          Array.from({ length: 20_000 }, () => a.sync(() => ran++)),
          { concurrency: 7 },
        ),
      )
      expect(ran).toBe(20_000)
    }),

    law("effect: Effect.forEach > lazy", "an iterable is asked only for what can start", async (a) => {
      let asked = 0
      const gate = a.deferred<void>()
      const programs = function* () {
        for (let n = 0; n < 10; n++) {
          asked++
          yield gate.wait
        }
      }
      const exit = await a.run(
        a.gen(function* () {
          const fiber = yield* a.start(a.all(programs(), { concurrency: 2 }))
          yield* turns(a, 5)
          const before = asked
          gate.resolve()
          yield* fiber.join()
          return [before <= 3, asked]
        }),
      )
      expect(exit).toEqual(fulfilled([true, 10]))
    }),

    law("effect: Effect.raceAll > of many", "one winner, and every loser is interrupted", async (a) => {
      let lost = 0
      const others = Array.from({ length: 20 }, () => endless(a))
      const losers = others.map(({ program }) =>
        a.finally(program, (exit) => void (lost += exit.status === "cancelled" ? 1 : 0)),
      )
      const winner = others.reduceRight<Program<string>>((rest, { begun }) => andThen(a, begun, rest), a.pure("won"))
      expect(await a.run(a.race<string>([...losers, winner]))).toEqual(fulfilled("won"))
      expect(lost).toBe(20)
    }),

    law("effect: Effect.race > member cancelled", "an outer interruption ends every member", async (a) => {
      const log: string[] = []
      const [left, right] = [endless(a), endless(a)]
      const race = a.race([left, right].map(({ program }) => a.finally(program, (exit) => void log.push(exit.status))))
      await a.run(
        a.gen(function* () {
          const fiber = yield* a.start(race)
          yield* left.begun
          yield* right.begun
          yield* fiber.cancel()
        }),
      )
      expect(log).toEqual(["cancelled", "cancelled"])
    }),

    law("effect: Effect.forkDaemon", "a detached fiber outlives the one that starts it", async (a) => {
      const gate = a.deferred<string>()
      const exit = await a.run(
        a.gen(function* () {
          const starter = yield* a.start(a.map(a.start(gate.wait, { detached: true }), (fiber) => ({ fiber })))
          const { fiber } = yield* starter.join()
          const meanwhile = fiber.poll()
          gate.resolve("value")
          return [meanwhile, yield* fiber.join()]
        }),
      )
      expect(exit).toEqual(fulfilled([undefined, "value"]))
    }),

    law("effect: Effect.cached", "a failure is kept as well", ["memoize"], async (a) => {
      let runs = 0
      const once = a.memoize(
        a.flatMap(
          a.sync(() => ++runs),
          (n) => a.fail(`run ${n}`),
        ),
      )
      expect([await a.run(once), await a.run(once)]).toEqual([rejected("run 1"), rejected("run 1")])
    }),

    law(
      "effect: Effect.cached > all callers interrupted",
      "the run ends with its last caller, the next begins anew",
      ["memoize"],
      async (a) => {
        const log: string[] = []
        let [runs, open] = [0, false]
        const once = a.memoize(
          a.finally(
            a.flatMap(
              a.sync(() => ++runs),
              (n) => (open ? a.pure(n) : a.never),
            ),
            (exit) => void log.push(exit.status),
          ),
        )
        const exit = await a.run(
          a.gen(function* () {
            const callers = [yield* a.start(once), yield* a.start(once)]
            yield* until(a, () => runs > 0)
            yield* turns(a, 3)
            for (const caller of callers) yield* caller.cancel()
            const before = [...log]
            open = true
            const value = yield* once
            return { value, before, anew: value === runs }
          }),
        )
        // The second caller may come after the first has gone, and begin a run of its own.
        const seen = exit.status === "fulfilled" ? exit.value : undefined
        expect(seen?.value).toBeGreaterThan(1)
        expect(seen?.anew).toBe(true)
        expect(seen?.before).toContain("cancelled")
        expect(log).toEqual([...(seen?.before ?? []), "fulfilled"])
      },
    ),

    law("effect: Effect.sleep > Infinity", "an infinite sleep parks", async (a) => {
      const long = a.map(a.sleep(Infinity), () => "woke")
      expect(await a.run(a.race([long, a.map(a.sleep(2), () => "short")]))).toEqual(fulfilled("short"))
    }),

    law("effect: Effect.timeout > nested", "the shorter of two limits counts, inside and outside", async (a) => {
      const log: string[] = []
      const slow = a.finally(a.never, note(a, log, "cleaned"))
      for (const [inner, outer] of [
        [1, 10_000],
        [10_000, 1],
      ] as const) {
        const exit = await a.run(a.timeout(a.timeout(slow, inner), outer))
        expect(exit.status === "rejected" && (exit.reason as Error).name).toBe("TimeoutError")
      }
      expect(log).toEqual(["cleaned", "cleaned"])
    }),

    law("LionSR/TeXRA#12613, effect#2721", "a detached failure is not silent", ["unobserved"], async (a) => {
      const reason = new Error("lost")
      const ended = a.deferred<void>()
      const failing = a.finally(
        andThen(a, a.yield(), a.fail(reason)),
        a.sync(() => void ended.resolve()),
      )
      await a.run(andThen(a, a.start(failing, { detached: true }), andThen(a, ended.wait, turns(a, 2))))
      expect(await a.unobserved()).toEqual([reason])
    }),
  ],
}
