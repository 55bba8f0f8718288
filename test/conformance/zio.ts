import { expect } from "vitest"
import type { Exit, Program } from "./adapter.ts"
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
} from "./law.ts"

/** What the specs of ZIO ask of effects, fibers, scopes, schedules and clocks, and what its users have reported. */
export const zio: Suite = {
  name: "zio",
  laws: [
    // --- ZIOSpec -------------------------------------------------------------------------------------------------------

    law("zio: ZIOSpec > catchAll", "a handler sees the very failure, and only failures", async (a) => {
      const reason = { no: "error object" }
      const seen: unknown[] = []
      const handler = (error: unknown) => noted(a, seen, error, a.pure("handled"))
      expect(await a.run(a.catch(a.fail(reason), handler))).toEqual(fulfilled("handled"))
      expect(await a.run(a.catch<string, string>(a.pure("fine"), handler))).toEqual(fulfilled("fine"))
      expect(seen.length === 1 && seen[0] === reason).toBe(true)
    }),

    law("zio: ZIOSpec > catchAll > failing handler", "a handler's own failure takes the place", async (a) => {
      const thrown = new Error("thrown")
      expect(await a.run(a.catch(a.fail("first"), () => a.fail("second")))).toEqual(rejected("second"))
      const exit = await a.run(
        a.catch(a.fail("first"), () => {
          throw thrown
        }),
      )
      expect(exit.status === "rejected" && exit.reason === thrown).toBe(true)
    }),

    law("zio: ZIOSpec > die", "what a callback throws is a failure like any other", async (a) => {
      const reason = new TypeError("thrown")
      const raise = (): never => {
        throw reason
      }
      const programs: Program<unknown>[] = [
        a.sync(raise),
        a.map(a.pure(1), raise),
        a.flatMap(a.pure(1), raise),
        a.gen(function* () {
          yield* a.yield()
          raise()
        }),
      ]
      for (const program of programs) {
        const exit = await a.run(a.catch(program, (error) => a.pure(error === reason)))
        expect(exit).toEqual(fulfilled(true))
      }
    }),

    law("zio: ZIOSpec > either", "an outcome can be looked at as a value", ["attempt"], async (a) => {
      expect(await a.run(a.attempt(a.pure(1)))).toEqual(fulfilled(fulfilled(1)))
      expect(await a.run(a.attempt(a.fail("no")))).toEqual(fulfilled(rejected("no")))
    }),

    law("zio: ZIOSpec > ensuring", "finalizers run in order, on success, failure and interruption", async (a) => {
      const { program, begun } = endless(a)
      for (const [body, status] of [
        [a.pure(1), "fulfilled"],
        [a.fail("no"), "rejected"],
        [program, "cancelled"],
      ] as const) {
        const log: unknown[] = []
        const whole = a.finally(a.finally<unknown>(body, note(a, log, "inner")), (exit) => note(a, log, exit.status))
        await a.run(
          a.gen(function* () {
            const fiber = yield* a.start(whole, { detached: true })
            if (status === "cancelled") yield* begun
            if (status === "cancelled") yield* fiber.cancel()
            else yield* a.catch(fiber.join(), () => a.pure(0))
          }),
        )
        expect(log).toEqual(["inner", status])
      }
    }),

    law(
      "zio: ZIOSpec > ensuring > failing finalizer",
      "no failure is lost when a finalizer fails as well",
      async (a) => {
        const exit = await a.run(a.finally(a.finally(a.fail("body"), a.fail("first")), a.fail("second")))
        expect(exit.status === "rejected" && joined(exit.reason)).toEqual(["second", "first", "body"])
        expect(await a.run(a.finally(a.pure("value"), a.fail("finalizer")))).toEqual(rejected("finalizer"))
      },
    ),

    law("zio: ZIOSpec > onInterrupt", "a finalizer that fails in an interruption is not swallowed", async (a) => {
      const { program, begun } = endless(a)
      const exit = await a.run(
        a.gen(function* () {
          const fiber = yield* a.start(a.finally(program, a.fail("finalizer")), { detached: true })
          yield* begun
          yield* fiber.cancel("stop")
          return fiber.poll()
        }),
      )
      const seen = exit.status === "fulfilled" ? exit.value : undefined
      const parts = seen?.status === "rejected" ? joined(seen.reason) : []
      expect(parts).toHaveLength(2)
      expect(parts[0]).toBe("finalizer")
      expect([(parts[1] as Error).name, (parts[1] as Error).cause]).toEqual(["AbortError", "stop"])
    }),

    law("zio: ZIOSpec > uninterruptibleMask", "what is restored can be interrupted, the rest cannot", async (a) => {
      const log: string[] = []
      const { program, begun } = endless(a)
      const region = a.uncancelable((restore) =>
        a.gen(function* () {
          yield* a.finally(restore(program), andThen(a, turns(a, 2), note(a, log, "finalizer")))
          log.push("rest")
        }),
      )
      const exit = await a.run(
        a.gen(function* () {
          const fiber = yield* a.start(region)
          yield* begun
          yield* fiber.cancel("stop")
          return fiber.poll()
        }),
      )
      expect(log).toEqual(["finalizer"])
      expect(exit).toEqual(fulfilled(cancelled("stop")))
    }),

    law("zio: ZIOSpec > fork in uninterruptible", "a child does not inherit the mask around its start", async (a) => {
      const { program, begun } = endless(a)
      const exit = await a.run(
        a.uncancelable(() =>
          a.gen(function* () {
            const fiber = yield* a.start(program)
            yield* begun
            yield* fiber.cancel("stop")
            return fiber.poll()
          }),
        ),
      )
      expect(exit).toEqual(fulfilled(cancelled("stop")))
    }),

    law(
      "zio: ZIOSpec > interrupt before start",
      "a fiber that is cancelled before its first step does nothing",
      ["inOrder"],
      async (a) => {
        const log: string[] = []
        const exit = await a.run(
          a.gen(function* () {
            const fiber = yield* a.start(andThen(a, a.yield(), note(a, log, "ran")))
            fiber.abort("at once")
            yield* fiber.cancel()
            return fiber.poll()
          }),
        )
        expect(log).toEqual([])
        expect(exit).toEqual(fulfilled(cancelled("at once")))
      },
    ),

    law("zio: ZIOSpec > interrupt > first reason", "the first reason stands", async (a) => {
      const { program, begun } = endless(a)
      const exit = await a.run(
        a.gen(function* () {
          const fiber = yield* a.start(a.finally(program, turns(a, 2)))
          yield* begun
          fiber.abort("first")
          yield* fiber.cancel("second")
          return fiber.poll()
        }),
      )
      expect(exit).toEqual(fulfilled(cancelled("first")))
    }),

    differs("D9", "zio: FiberSpec > a child's failure", "a failure that nobody joins leaves the parent alone"),

    // --- several at once -----------------------------------------------------------------------------------------------

    law("zio: ZIOSpec > raceFirst", "the first to settle decides, also with a failure", async (a) => {
      const log: string[] = []
      const { program, begun } = endless(a)
      const slow = a.finally(program, (exit) => void log.push(exit.status))
      expect(await a.run(a.race([slow, andThen(a, begun, a.fail("first"))]))).toEqual(rejected("first"))
      expect(log).toEqual(["cancelled"])
    }),

    law("zio: ZIOSpec > race", "the first success wins, whatever failed before", ["any"], async (a) => {
      const failed = a.deferred<void>()
      const failing = a.finally(
        a.fail("early"),
        a.sync(() => void failed.resolve()),
      )
      expect(await a.run(a.any([failing, a.map(failed.wait, () => "late"), a.never]))).toEqual(fulfilled("late"))
    }),

    law("zio: ZIOSpec > race > all fail", "if none succeeds, every failure is there", ["any"], async (a) => {
      const exit = await a.run(a.any([andThen(a, turns(a, 3), a.fail(1)), a.fail(2), andThen(a, a.yield(), a.fail(3))]))
      expect(exit.status === "rejected" && (exit.reason as AggregateError).errors).toEqual([1, 2, 3])
    }),

    law("zio: ZIOSpec > collectAllPar", "values come in the order of the programs, not of their ends", async (a) => {
      const programs = [3, 1, 2, 0].map((n) => andThen(a, turns(a, n), a.pure(n)))
      expect(await a.run(a.all(programs))).toEqual(fulfilled([3, 1, 2, 0]))
      expect(await a.run(a.all([]))).toEqual(fulfilled([]))
    }),

    law(
      "zio: ZIOSpec > foreachPar > interrupts effects on first failure",
      "and waits for their finalizers",
      async (a) => {
        const log: string[] = []
        const both = [endless(a), endless(a)]
        const members = both.map(({ program }) => a.finally(program, andThen(a, turns(a, 3), note(a, log, "cleaned"))))
        const failing = both.reduceRight((rest, { begun }) => andThen(a, begun, rest), a.fail("no"))
        const handled = a.catch(a.all([...members, failing]), () => note(a, log, "handled"))
        await a.run(handled)
        expect(log).toEqual(["cleaned", "cleaned", "handled"])
      },
    ),

    law("zio: ZIOSpec > parallel failures", "what fails in the finalizers of the others is kept", async (a) => {
      const { program, begun } = endless(a)
      const exit = await a.run(a.all([a.finally(program, a.fail("finalizer")), andThen(a, begun, a.fail("first"))]))
      const parts = exit.status === "rejected" ? joined(exit.reason) : []
      expect(parts).toContain("finalizer")
      expect(parts).toContain("first")
    }),

    law(
      "zio: ZIOSpec > interruption of collectAllPar",
      "interrupting the whole interrupts and awaits each",
      async (a) => {
        const log: string[] = []
        const all = [endless(a), endless(a), endless(a)]
        const members = all.map(({ program }) => a.finally(program, andThen(a, turns(a, 2), note(a, log, "cleaned"))))
        await a.run(
          a.gen(function* () {
            const fiber = yield* a.start(a.all(members))
            for (const { begun } of all) yield* begun
            yield* fiber.cancel()
            log.push("over")
          }),
        )
        expect(log).toEqual(["cleaned", "cleaned", "cleaned", "over"])
      },
    ),

    law("zio#4135, #10199", "waiting again and again for a fiber that lives long harms neither", async (a) => {
      const { program, begun } = endless(a)
      const exit = await a.run(
        a.gen(function* () {
          const long = yield* a.start(a.finally(program, a.yield()))
          yield* begun
          for (let i = 0; i < 200; i++) yield* a.race([long.join(), andThen(a, a.yield(), a.pure(0))])
          const before = long.poll()
          yield* long.cancel("end")
          return [before, long.poll()]
        }),
      )
      expect(exit).toEqual(fulfilled([undefined, cancelled("end")]))
    }),

    // --- Promise, memoize, FiberRef ------------------------------------------------------------------------------------

    law("zio: PromiseSpec > complete", "the first to complete wins, and is told", async (a) => {
      const { wait, resolve, reject } = a.deferred<number>()
      expect([resolve(1), resolve(2), reject("no")]).toEqual([true, false, false])
      expect(await a.run(a.all([wait, wait]))).toEqual(fulfilled([1, 1]))
    }),

    law("zio: PromiseSpec > fail", "everyone who waits gets the very failure", async (a) => {
      const reason = new Error("brought")
      const { wait, reject } = a.deferred<number>()
      const same = a.catch<number, boolean>(wait, (error) => a.pure(error === reason))
      const exit = await a.run(
        a.gen(function* () {
          const early = yield* a.start(same)
          yield* turns(a, 2)
          reject(reason)
          return [yield* early.join(), yield* same]
        }),
      )
      expect(exit).toEqual(fulfilled([true, true]))
    }),

    law("zio: PromiseSpec > interrupted waiter", "who gives up waiting takes nobody's value", async (a) => {
      const { wait, resolve } = a.deferred<string>()
      const exit = await a.run(
        a.gen(function* () {
          const [first, second] = [yield* a.start(wait), yield* a.start(wait)]
          yield* turns(a, 2)
          first.abort()
          resolve("value")
          yield* first.cancel()
          return [first.poll()?.status, yield* second.join()]
        }),
      )
      expect(exit).toEqual(fulfilled(["cancelled", "value"]))
    }),

    law("zio: PromiseSpec > order", "waiters are served in the order of their coming", ["inOrder"], async (a) => {
      const log: number[] = []
      const { wait, resolve } = a.deferred<void>()
      await a.run(
        a.gen(function* () {
          for (let i = 0; i < 10; i++) yield* a.start(andThen(a, wait, note(a, log, i)))
          yield* turns(a, 2)
          resolve()
          yield* turns(a, 3)
        }),
      )
      expect(log).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    }),

    law("zio: ZIOSpec > memoize", "runs once for all, at the same time and later", ["memoize"], async (a) => {
      let runs = 0
      const once = a.memoize(a.map(a.yield(), () => ++runs))
      expect(await a.run(a.all([once, once, once]))).toEqual(fulfilled([1, 1, 1]))
      expect(await a.run(once)).toEqual(fulfilled(1))
    }),

    law(
      "zio: ZIOSpec > memoize > interruption",
      "one caller's interruption is not the run's",
      ["memoize"],
      async (a) => {
        const [started, gate] = [a.deferred<void>(), a.deferred<string>()]
        const once = a.memoize(
          andThen(
            a,
            a.sync(() => void started.resolve()),
            gate.wait,
          ),
        )
        const exit = await a.run(
          a.gen(function* () {
            const [first, second] = [yield* a.start(once), yield* a.start(once)]
            yield* started.wait
            yield* turns(a, 2)
            yield* first.cancel()
            gate.resolve("value")
            return yield* second.join()
          }),
        )
        expect(exit).toEqual(fulfilled("value"))
      },
    ),

    law("zio: FiberRefSpec > locally", "a local is as it was afterwards, on every outcome", ["local"], async (a) => {
      const local = a.local("preset")
      const inside = andThen(a, a.yield(), local.get)
      const exit = await a.run(
        a.gen(function* () {
          const value = yield* local.run("set", inside)
          const failed = yield* a.catch(local.run("set", a.fail("no")), () => local.get)
          const limited = yield* a.catch(a.timeout(local.run("set", a.never), 1), () => local.get)
          return [value, failed, limited, yield* local.get]
        }),
      )
      expect(exit).toEqual(fulfilled(["set", "preset", "preset", "preset"]))
    }),

    law("zio: FiberRefSpec > fork", "children see a local, and what they set is their own", ["local"], async (a) => {
      const local = a.local("preset")
      const child = andThen(a, a.yield(), local.run("child's", local.get))
      const exit = await a.run(
        local.run(
          "parent's",
          a.gen(function* () {
            const inherited = yield* a.start(local.get)
            const own = yield* a.start(child)
            const members = yield* a.all([local.get, child, local.get])
            return [yield* inherited.join(), yield* own.join(), members, yield* local.get]
          }),
        ),
      )
      const members = ["parent's", "child's", "parent's"]
      expect(exit).toEqual(fulfilled(["parent's", "child's", members, "parent's"]))
    }),

    law(
      "zio: FiberRefSpec > finalizers",
      "a finalizer sees the local of its place, whoever cancels",
      ["local"],
      async (a) => {
        const local = a.local("preset")
        const seen: string[] = []
        const { program, begun } = endless(a)
        const look = a.map(local.get, (value) => void seen.push(value))
        const worker = a.finally(local.run("inner", a.finally(program, look)), look)
        await a.run(
          a.gen(function* () {
            const fiber = yield* a.start(worker)
            yield* begun
            yield* local.run("canceller's", fiber.cancel())
          }),
        )
        expect(seen).toEqual(["inner", "preset"])
      },
    ),

    // --- Scope ---------------------------------------------------------------------------------------------------------

    law(
      "zio: ScopeSpec > close",
      "what is acquired is released in reverse, on every outcome",
      ["scoped"],
      async (a) => {
        const { program, begun } = endless(a)
        const ends: [Program<unknown>, Exit<unknown>["status"]][] = [
          [a.pure(1), "fulfilled"],
          [a.fail("no"), "rejected"],
          [program, "cancelled"],
        ]
        for (const [end, status] of ends) {
          const log: string[] = []
          const body = a.scoped((scope) =>
            a.gen(function* () {
              for (const name of ["a", "b", "c"]) {
                yield* scope.acquire(note(a, log, name), (_, exit) => note(a, log, `${name} ${exit.status}`))
              }
              yield* end
            }),
          )
          await a.run(
            a.gen(function* () {
              const fiber = yield* a.start(body, { detached: true })
              if (status === "cancelled") yield* begun
              if (status === "cancelled") yield* fiber.cancel()
              else yield* a.catch(fiber.join(), () => a.pure(undefined))
            }),
          )
          expect(log).toEqual(["a", "b", "c", `c ${status}`, `b ${status}`, `a ${status}`])
        }
      },
    ),

    law(
      "zio: ScopeSpec > failing finalizer",
      "a release that fails does not keep the others from running",
      ["scoped"],
      async (a) => {
        const log: string[] = []
        const exit = await a.run(
          a.scoped((scope) =>
            a.gen(function* () {
              yield* scope.acquire(a.pure(1), () => note(a, log, "first"))
              yield* scope.acquire(a.pure(2), () => a.fail("second"))
              yield* scope.acquire(a.pure(3), () => note(a, log, "third"))
              yield* a.fail("body")
            }),
          ),
        )
        expect(log).toEqual(["third", "first"])
        expect(exit.status === "rejected" && joined(exit.reason)).toEqual(["second", "body"])
      },
    ),

    law(
      "zio: ScopeSpec > acquireRelease > interrupted",
      "acquiring is not interrupted half-way",
      ["scoped"],
      async (a) => {
        const log: string[] = []
        const [begun, go] = [a.deferred<void>(), a.deferred<void>()]
        const acquire = a.gen(function* () {
          begun.resolve()
          yield* go.wait
          log.push("acquired")
        })
        await a.run(
          a.gen(function* () {
            const fiber = yield* a.start(
              a.scoped((scope) =>
                andThen(
                  a,
                  scope.acquire(acquire, () => note(a, log, "released")),
                  note(a, log, "used"),
                ),
              ),
            )
            yield* begun.wait
            fiber.abort()
            yield* a.yield()
            go.resolve()
            yield* fiber.cancel()
          }),
        )
        expect(log).toEqual(["acquired", "released"])
      },
    ),

    // --- Schedule ------------------------------------------------------------------------------------------------------

    law("zio: ScheduleSpec > recurs", "`times` counts the runs after the first", ["repeat"], async (a) => {
      for (const times of [0, 1, 5]) {
        let runs = 0
        expect(
          await a.run(
            a.repeat(
              a.sync(() => ++runs),
              { times },
            ),
          ),
        ).toEqual(fulfilled(times + 1))
      }
    }),

    law("zio: RetrySpec > retry", "tries until it succeeds, and fails with the last failure", ["retry"], async (a) => {
      let tries = 0
      const flaky = (good: number) =>
        a.flatMap(
          a.sync(() => ++tries),
          (n) => (n < good ? a.fail(`try ${n}`) : a.pure(n)),
        )
      expect(await a.run(a.retry(flaky(3), { times: 10 }))).toEqual(fulfilled(3))
      tries = 0
      expect(await a.run(a.retry(flaky(100), { times: 4 }))).toEqual(rejected("try 5"))
    }),

    law("zio: RetrySpec > interruption", "an interruption is not retried", ["retry"], async (a) => {
      let runs = 0
      const { program, begun } = endless(a)
      await a.run(
        a.gen(function* () {
          const fiber = yield* a.start(
            a.retry(
              andThen(
                a,
                a.sync(() => ++runs),
                program,
              ),
              { times: 10 },
            ),
          )
          yield* begun
          yield* fiber.cancel()
        }),
      )
      expect(runs).toBe(1)
    }),

    law(
      "zio: ScheduleSpec > spaced",
      "the pause stands between two runs, not around them",
      ["repeat", "elapsed"],
      async (a) => {
        const exit = await a.run(a.elapsed(a.repeat(a.pure("value"), { times: 3, spaced: 3 })))
        const [value, ms] = exit.status === "fulfilled" ? exit.value : ["", 0]
        expect(value).toBe("value")
        expect(ms).toBeGreaterThanOrEqual(9)
      },
    ),

    law("zio: ScheduleSpec > repeat > failure", "a failure ends a repetition", ["repeat"], async (a) => {
      let runs = 0
      const third = a.flatMap(
        a.sync(() => ++runs),
        (n) => (n === 3 ? a.fail("third") : a.pure(n)),
      )
      expect(await a.run(a.repeat(third, { times: 10 }))).toEqual(rejected("third"))
      expect(runs).toBe(3)
    }),

    // --- Clock ---------------------------------------------------------------------------------------------------------

    law(
      "zio: TestClockSpec > sleep > never early",
      "a sleep takes at least as long as it says",
      ["elapsed"],
      async (a) => {
        for (const ms of [0, 0.4, 1, 2.5, 7]) {
          const exit = await a.run(a.elapsed(a.sleep(ms)))
          expect(exit.status === "fulfilled" ? exit.value[1] : -1).toBeGreaterThanOrEqual(ms)
        }
      },
    ),

    law("zio: TestClockSpec > sleep > multiple", "sleepers wake in the order of their deadlines", async (a) => {
      const log: number[] = []
      const sleeper = (ms: number) => andThen(a, a.sleep(ms), note(a, log, ms))
      await a.run(a.all([120, 1, 80, 40].map(sleeper)))
      expect(log).toEqual([1, 40, 80, 120])
    }),

    law(
      "zio: TestClockSpec > sleep > equal deadlines",
      "equal sleeps wake in the order in which they began",
      ["inOrder"],
      async (a) => {
        const [began, woke]: [number[], number[]] = [[], []]
        // Whose turn is over before its first step begins after others that were started later.
        const sleeper = (i: number) =>
          a.gen(function* () {
            began.push(i)
            yield* a.sleep(5)
            woke.push(i)
          })
        await a.run(a.all(Array.from({ length: 30 }, (_, i) => sleeper(i))))
        expect(woke).toHaveLength(30)
        expect(woke).toEqual(began)
      },
    ),

    law(
      "zio: TestClockSpec > sleep > cancelled",
      "a sleep that is interrupted ends at once",
      ["elapsed"],
      async (a) => {
        const exit = await a.run(
          a.elapsed(
            a.gen(function* () {
              const fibers = []
              for (let i = 0; i < 20; i++) fibers.push(yield* a.start(a.sleep(100_000 + i)))
              yield* turns(a, 2)
              for (const fiber of fibers) yield* fiber.cancel()
              return fibers.every((fiber) => fiber.poll()?.status === "cancelled")
            }),
          ),
        )
        expect(exit.status === "fulfilled" && exit.value[0]).toBe(true)
        expect(exit.status === "fulfilled" ? exit.value[1] : Infinity).toBeLessThan(3000)
      },
    ),
  ],
}
