import { expect } from "vitest"
import { cancelled, endless, fulfilled, law, note, rejected, type Suite, andThen, turns, until } from "./law.ts"

/** What the platform's promises, and the small libraries around them, have taught everybody to expect. */
export const promise: Suite = {
  name: "promise",
  laws: [
    // --- Promise.all and its like --------------------------------------------------------------------------------------

    law("ECMAScript: Promise.all", "the first failure is the outcome, by time and not by place", async (a) => {
      const late = andThen(a, a.sleep(20_000), a.fail("first in the list"))
      expect(await a.run(a.all([late, a.pure(1), andThen(a, a.yield(), a.fail("first in time"))]))).toEqual(
        rejected("first in time"),
      )
    }),

    law(
      "ECMAScript: Promise.all > values",
      "any value may be one, `undefined` and failures as values too",
      async (a) => {
        const error = new Error("a value")
        const values = [undefined, null, 0, "", error, Number.NaN]
        expect(await a.run(a.all<unknown>(values.map((value) => a.pure<unknown>(value))))).toEqual(fulfilled(values))
      },
    ),

    law("ECMAScript: Promise.all > iterable", "any iterable will do", async (a) => {
      const set = new Set([a.pure(1), a.map(a.yield(), () => 2)])
      expect(await a.run(a.all(set))).toEqual(fulfilled([1, 2]))
      const programs = function* () {
        yield a.pure(3)
        yield a.map(a.yield(), () => 4)
      }
      expect(await a.run(a.all(programs()))).toEqual(fulfilled([3, 4]))
    }),

    law("ECMAScript: Promise.all > iterable that throws", "what an iterable throws is the failure", async (a) => {
      const log: string[] = []
      const { program, begun } = endless(a)
      const programs = function* () {
        yield a.finally(program, (exit) => void log.push(exit.status))
        yield begun
        throw new Error("no more")
      }
      const exit = await a.run(a.all<unknown>(programs(), { concurrency: 2 }))
      expect(exit.status === "rejected" && (exit.reason as Error).message).toBe("no more")
      expect(log).toEqual(["cancelled"])
    }),

    law(
      "ECMAScript: Promise.allSettled",
      "every outcome, in order, none of them a failure",
      ["allSettled"],
      async (a) => {
        const programs = [andThen(a, turns(a, 3), a.pure(1)), a.fail("two"), andThen(a, a.yield(), a.pure(3))]
        expect(await a.run(a.allSettled(programs))).toEqual(fulfilled([fulfilled(1), rejected("two"), fulfilled(3)]))
        expect(await a.run(a.allSettled([]))).toEqual(fulfilled([]))
      },
    ),

    law("ECMAScript: Promise.race", "the first to settle, whichever way", async (a) => {
      const late = a.map(a.sleep(20_000), () => "late")
      expect(await a.run(a.race([late, andThen(a, a.yield(), a.pure("early"))]))).toEqual(fulfilled("early"))
      expect(await a.run(a.race([late, andThen(a, a.yield(), a.fail("early"))]))).toEqual(rejected("early"))
    }),

    law("ECMAScript: Promise.race > empty", "of none there is no first one", async (a) => {
      const exit = await a.run(a.race([a.race([]), a.map(a.sleep(1), () => "waited")]))
      expect(exit).toEqual(fulfilled("waited"))
    }),

    law(
      "ECMAScript: Promise.any",
      "the first success; failures do not count while there is hope",
      ["any"],
      async (a) => {
        const programs = [a.fail(1), andThen(a, turns(a, 2), a.pure("second")), a.fail(3)]
        expect(await a.run(a.any(programs))).toEqual(fulfilled("second"))
      },
    ),

    law(
      "ECMAScript: Promise.any > AggregateError",
      "if there is none, an AggregateError in order",
      ["any"],
      async (a) => {
        for (const reasons of [[], [1], [1, 2, 3]]) {
          const programs = reasons.map((n) => andThen(a, turns(a, 4 - n), a.fail(n)))
          const exit = await a.run(a.any(programs))
          const reason = exit.status === "rejected" ? exit.reason : undefined
          expect(reason).toBeInstanceOf(AggregateError)
          expect((reason as AggregateError).errors).toEqual(reasons)
        }
      },
    ),

    law("ECMAScript: Promise.prototype.finally", "the cleanup's value is dropped, its failure is not", async (a) => {
      expect(await a.run(a.finally(a.pure("value"), a.pure("another")))).toEqual(fulfilled("value"))
      expect(await a.run(a.finally(a.fail("reason"), a.pure("another")))).toEqual(rejected("reason"))
      expect(await a.run(a.finally(a.pure("value"), a.fail("cleanup")))).toEqual(rejected("cleanup"))
    }),

    law("ECMAScript: Promise.withResolvers", "is settled once, and remembers", async (a) => {
      const [good, bad] = [a.deferred<number>(), a.deferred<number>()]
      good.resolve(1)
      bad.reject("no")
      for (let i = 0; i < 2; i++) {
        expect(await a.run(good.wait)).toEqual(fulfilled(1))
        expect(await a.run(bad.wait)).toEqual(rejected("no"))
      }
      expect([good.reject("late"), bad.resolve(2)]).toEqual([false, false])
    }),

    // --- Promises/A+ ---------------------------------------------------------------------------------------------------

    law("Promises/A+ 2.2.2.3, 2.2.3.3", "what comes after is called once, with the value or the reason", async (a) => {
      const seen: unknown[] = []
      const see = (value: unknown): void => void seen.push(value)
      await a.run(a.map(a.pure("value"), see))
      await a.run(a.catch(a.fail("reason"), (reason) => a.sync(() => see(reason))))
      expect(seen).toEqual(["value", "reason"])
    }),

    law("Promises/A+ 2.2.7.2", "what a callback throws fails what comes after, whatever it is", async (a) => {
      for (const reason of [undefined, null, 0, "text", new Error("error"), { then: 5 }]) {
        const exit = await a.run(
          a.map(a.pure(1), () => {
            throw reason
          }),
        )
        expect(exit.status === "rejected" && Object.is(exit.reason, reason)).toBe(true)
      }
    }),

    law("Promises/A+ 2.2.7.3, 2.2.7.4", "an outcome passes those who have nothing to say to it", async (a) => {
      const handled = a.catch<number, number>(a.pure(1), () => a.pure(2))
      expect(await a.run(a.catch<number, number>(handled, () => a.pure(3)))).toEqual(fulfilled(1))
      const mapped = a.map(a.fail("no"), () => 1)
      expect(await a.run(a.map(mapped, () => 2))).toEqual(rejected("no"))
    }),

    law("Promises/A+ 2.3.2", "a promise is waited for", ["promise"], async (a) => {
      let resolve = (_value: string): void => {}
      const made = a.deferred<void>()
      const exit = await a.run(
        a.gen(function* () {
          const fiber = yield* a.start(
            a.promise(() => {
              made.resolve()
              return new Promise<string>((done) => (resolve = done))
            }),
          )
          yield* made.wait
          const before = fiber.poll()
          resolve("value")
          return [before, yield* fiber.join()]
        }),
      )
      expect(exit).toEqual(fulfilled([undefined, "value"]))
    }),

    law(
      "Promises/A+ 2.3.3.3.3",
      "of a thenable that settles again and again the first time counts",
      ["promise"],
      async (a) => {
        const settled = await a.run(
          a.promise(
            () =>
              ({
                then(onFulfilled: (value: number) => void, onRejected: (reason: unknown) => void) {
                  onFulfilled(1)
                  onRejected("late")
                  onFulfilled(2)
                  throw new Error("later")
                },
              }) as unknown as PromiseLike<number>,
          ),
        )
        expect(settled).toEqual(fulfilled(1))
      },
    ),

    law("Promises/A+ 2.3.3.2, 2.3.3.3.4", "a thenable that throws fails the wait", ["promise"], async (a) => {
      const reason = new Error("no then for you")
      const hostile = [
        {
          get then(): never {
            throw reason
          },
        },
        {
          then() {
            throw reason
          },
        },
      ]
      for (const thenable of hostile) {
        const exit = await a.run(a.promise(() => thenable as PromiseLike<never>))
        expect(exit.status === "rejected" && exit.reason === reason).toBe(true)
      }
    }),

    law("Promises/A+ 2.3.3.3.2", "a reason is not looked into", ["promise"], async (a) => {
      const thenable = { then: (done: (value: string) => void) => done("unwrapped") }
      const exit = await a.run(a.promise(() => Promise.reject(thenable)))
      expect(exit.status === "rejected" && exit.reason === thenable).toBe(true)
      const failed = await a.run(a.fail(thenable))
      expect(failed.status === "rejected" && failed.reason === thenable).toBe(true)
    }),

    law("Promises/A+ 2.3 does not apply inside", "a value that has `then` passes through as it is", async (a) => {
      const thenable = { then: (done: (value: string) => void) => done("unwrapped") }
      const whole = a.flatMap(
        a.map(a.pure(1), () => thenable),
        (value) => a.pure(value),
      )
      const through = await a.run(
        a.map(a.all([whole, a.pure(thenable)]), (values) => values.map((v) => v === thenable)),
      )
      expect(through).toEqual(fulfilled([true, true]))
    }),

    law(
      "ECMAScript: async functions",
      "work starts when it is run, not when it is described",
      ["promise"],
      async (a) => {
        let calls = 0
        const program = a.promise(() => Promise.resolve(++calls))
        const derived = a.map(
          a.catch(program, () => a.pure(0)),
          (n) => n * 10,
        )
        expect(calls).toBe(0)
        expect([await a.run(derived), await a.run(derived)]).toEqual([fulfilled(10), fulfilled(20)])
      },
    ),

    // --- p-map, p-limit, p-queue ---------------------------------------------------------------------------------------

    law("p-limit: concurrency", "a place that is free is taken at once", async (a) => {
      const log: number[] = []
      const gates = [a.deferred<void>(), a.deferred<void>(), a.deferred<void>(), a.deferred<void>()]
      const job = (n: number) => andThen(a, note(a, log, n), gates[n].wait)
      await a.run(
        a.gen(function* () {
          const fiber = yield* a.start(a.all([0, 1, 2, 3].map(job), { concurrency: 2 }))
          yield* until(a, () => log.length === 2)
          yield* turns(a, 3)
          expect(log).toHaveLength(2)
          // The first one holds its place; the others go through the second.
          for (const n of [1, 2, 3]) {
            gates[n].resolve()
            yield* until(a, () => log.length === Math.min(n + 2, 4))
          }
          gates[0].resolve()
          yield* fiber.join()
        }),
      )
      expect(new Set(log.slice(0, 2))).toEqual(new Set([0, 1]))
      expect(log.slice(2)).toEqual([2, 3])
    }),

    law("p-map#76, p-map#78", "a long input is asked only as far as the work goes", async (a) => {
      let [asked, closed] = [0, false]
      const programs = function* () {
        try {
          while (asked < 1000) yield ++asked === 5 ? a.fail("fifth") : a.yield()
        } finally {
          closed = true
        }
      }
      expect(await a.run(a.all<void>(programs(), { concurrency: 1 }))).toEqual(rejected("fifth"))
      expect([asked, closed]).toEqual([5, true])
    }),

    law(
      "p-limit#25, p-queue#168, p-queue#219, p-queue#239, p-queue#241",
      "everyone who waits in a queue hears of the end",
      async (a) => {
        const ends: string[] = []
        const { program, begun } = endless(a)
        const whole = a.all(
          [a.finally<unknown>(program, (exit) => void ends.push(exit.status)), a.pure(0), a.pure(1)],
          {
            concurrency: 1,
          },
        )
        await a.run(
          a.gen(function* () {
            const queue = yield* a.start(whole, { detached: true })
            const waiters = []
            for (let i = 0; i < 3; i++) {
              waiters.push(yield* a.start(a.catch(queue.join(), (error) => note(a, ends, (error as Error).name))))
            }
            yield* begun
            yield* turns(a, 2)
            yield* queue.cancel()
            for (const waiter of waiters) yield* waiter.join()
          }),
        )
        expect(ends).toEqual(["cancelled", "AbortError", "AbortError", "AbortError"])
      },
    ),

    law("p-timeout", "a limit that is not reached leaves nothing behind", ["elapsed"], async (a) => {
      const exit = await a.run(a.elapsed(a.timeout(a.pure("value"), 20_000)))
      expect(exit.status === "fulfilled" && exit.value[0]).toBe("value")
      expect(exit.status === "fulfilled" ? exit.value[1] : Infinity).toBeLessThan(3000)
    }),

    law("p-retry: AbortError", "an abort ends a retry in its pause", ["retry"], async (a) => {
      let tries = 0
      const tried = a.deferred<void>()
      const flaky = a.flatMap(
        a.sync(() => {
          tries++
          tried.resolve()
        }),
        () => a.fail("busy"),
      )
      const exit = await a.run(
        a.gen(function* () {
          const fiber = yield* a.start(a.retry(flaky, { times: 100, spaced: 60_000 }))
          yield* tried.wait
          yield* turns(a, 3)
          yield* fiber.cancel("enough")
          return fiber.poll()
        }),
      )
      expect(exit).toEqual(fulfilled(cancelled("enough")))
      expect(tries).toBe(1)
    }),
  ],
}
