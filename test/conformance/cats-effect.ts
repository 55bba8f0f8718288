import { expect } from "vitest"
import type { Exit } from "./adapter.ts"
import {
  cancelled,
  differs,
  endless,
  fulfilled,
  law,
  note,
  noted,
  rejected,
  type Suite,
  andThen,
  turns,
  until,
} from "./law.ts"

/** What Cats Effect states of MonadCancel, Spawn, Concurrent, Temporal and Async, and what its users have reported. */
export const catsEffect: Suite = {
  name: "cats-effect",
  laws: [
    // --- MonadCancel ---------------------------------------------------------------------------------------------------

    law(
      "cats-effect: MonadCancelLaws > uncancelablePollIsIdentity",
      "a region restored as a whole is none",
      async (a) => {
        for (const restored of [true, false]) {
          const { program, begun } = endless(a)
          const exit = await a.run(
            a.gen(function* () {
              const body = a.uncancelable((restore) => restore(program))
              const fiber = yield* a.start(restored ? body : program)
              yield* begun
              yield* fiber.cancel("stop")
              return fiber.poll()
            }),
          )
          expect(exit).toEqual(fulfilled(cancelled("stop")))
        }
      },
    ),

    law("cats-effect: MonadCancelLaws > uncancelable", "a region changes neither value nor failure", async (a) => {
      const reason = new Error("no")
      expect(await a.run(a.uncancelable(() => a.pure(1)))).toEqual(fulfilled(1))
      const exit = await a.run(a.uncancelable((restore) => restore(a.fail(reason))))
      expect(exit.status === "rejected" && exit.reason === reason).toBe(true)
    }),

    law(
      "cats-effect: MonadCancelLaws > uncancelableIgnoredPollEliminatesNested",
      "a region inside another keeps nothing out for longer, nor lets it in before the outer one ends",
      async (a) => {
        const log: string[] = []
        const [inside, go] = [a.deferred<void>(), a.deferred<void>()]
        const body = a.uncancelable(() =>
          a.gen(function* () {
            inside.resolve()
            yield* a.uncancelable(() => andThen(a, go.wait, note(a, log, "inner")))
            yield* a.yield()
            log.push("outer")
          }),
        )
        const exit = await a.run(
          a.gen(function* () {
            const fiber = yield* a.start(andThen(a, body, note(a, log, "after")))
            yield* inside.wait
            fiber.abort("stop")
            go.resolve()
            yield* fiber.cancel()
            return fiber.poll()
          }),
        )
        expect(log).toEqual(["inner", "outer"])
        expect(exit).toEqual(fulfilled(cancelled("stop")))
      },
    ),

    law(
      "cats-effect: MonadCancelLaws > uncancelableCanceledAssociatesRightOverFlatMap",
      "who cancels itself in a region completes the region",
      ["self"],
      async (a) => {
        const log: string[] = []
        const exit = await a.run(
          a.gen(function* () {
            yield* a.uncancelable(() =>
              a.gen(function* () {
                const self = yield* a.self()
                yield* self.cancel("own wish")
                log.push("rest of the region")
              }),
            )
            yield* note(a, log, "after")
          }),
        )
        expect(log).toEqual(["rest of the region"])
        expect(exit).toEqual(cancelled("own wish"))
      },
    ),

    law(
      "cats-effect: MonadCancelLaws > canceledAssociatesLeftOverFlatMap",
      "who cancels itself does nothing more",
      ["self"],
      async (a) => {
        const log: string[] = []
        const self = a.flatMap(a.self(), (self) => self.cancel("own wish"))
        expect(await a.run(andThen(a, self, note(a, log, "after")))).toEqual(cancelled("own wish"))
        expect(log).toEqual([])
      },
    ),

    law(
      "cats-effect: MonadCancelLaws > canceledSequencesOnCancelInOrder",
      "cleanups run from the inside out, each once",
      async (a) => {
        const log: string[] = []
        const { program, begun } = endless(a)
        const nested = a.finally(a.finally(a.finally(program, note(a, log, 1)), note(a, log, 2)), note(a, log, 3))
        await a.run(
          a.gen(function* () {
            const fiber = yield* a.start(nested)
            yield* begun
            yield* fiber.cancel()
          }),
        )
        expect(log).toEqual([1, 2, 3])
      },
    ),

    law(
      "cats-effect: MonadCancelLaws > uncancelableFinalizers",
      "a cleanup is masked: a request that comes during it does not cut it short",
      async (a) => {
        const log: string[] = []
        const [cleaning, go] = [a.deferred<void>(), a.deferred<void>()]
        const cleanup = a.gen(function* () {
          cleaning.resolve()
          yield* go.wait
          log.push("cleaned")
        })
        const exit = await a.run(
          a.gen(function* () {
            const fiber = yield* a.start(andThen(a, a.finally(a.pure(1), cleanup), note(a, log, "after")))
            yield* cleaning.wait
            fiber.abort("stop")
            yield* a.yield()
            go.resolve()
            yield* fiber.cancel()
            return fiber.poll()
          }),
        )
        expect(log).toEqual(["cleaned"])
        expect(exit).toEqual(fulfilled(cancelled("stop")))
      },
    ),

    law(
      "cats-effect: MonadCancelLaws > guaranteeCaseIsBracketCase",
      "a cleanup is told each of the three outcomes",
      async (a) => {
        const seen: Exit<unknown>[] = []
        const see = (exit: Exit<unknown>): void => void seen.push(exit)
        const { program, begun } = endless(a)
        await a.run(a.finally(a.pure(1), see))
        await a.run(a.finally(a.fail("no"), see))
        await a.run(
          a.gen(function* () {
            const fiber = yield* a.start(a.finally(program, see))
            yield* begun
            yield* fiber.cancel("stop")
          }),
        )
        expect(seen).toEqual([fulfilled(1), rejected("no"), cancelled("stop")])
      },
    ),

    law(
      "cats-effect: MonadCancelLaws > onCancelAssociatesOverUncancelableBoundary",
      "cancel() does not end before the region that keeps it out",
      async (a) => {
        const log: string[] = []
        const [inside, go] = [a.deferred<void>(), a.deferred<void>()]
        const region = a.uncancelable(() =>
          andThen(
            a,
            a.sync(() => void inside.resolve()),
            andThen(a, go.wait, note(a, log, "region")),
          ),
        )
        await a.run(
          a.gen(function* () {
            const fiber = yield* a.start(region)
            yield* inside.wait
            const canceller = yield* a.start(andThen(a, fiber.cancel(), note(a, log, "cancelled")))
            yield* turns(a, 3)
            log.push("go")
            go.resolve()
            yield* canceller.join()
          }),
        )
        expect(log).toEqual(["go", "region", "cancelled"])
      },
    ),

    law(
      "cats-effect: MonadCancel > poll",
      "a restored wait is given up, or what follows it in the region is done to its end",
      async (a) => {
        for (const first of ["value", "cancel"]) {
          const [begun, done]: [number[], number[]] = [[], []]
          const [value, ready] = [a.deferred<number>(), a.deferred<void>()]
          const wait = andThen(
            a,
            a.sync(() => void ready.resolve()),
            value.wait,
          )
          const use = (n: number) => noted(a, begun, n, andThen(a, turns(a, 2), note(a, done, n)))
          const take = a.uncancelable((restore) => a.flatMap(restore(wait), use))
          const exit = await a.run(
            a.gen(function* () {
              const fiber = yield* a.start(andThen(a, take, a.never))
              yield* ready.wait
              yield* turns(a, 2)
              if (first === "value") value.resolve(7)
              fiber.abort("stop")
              value.resolve(8)
              yield* fiber.cancel()
              return fiber.poll()
            }),
          )
          expect(exit).toEqual(fulfilled(cancelled("stop")))
          expect(done).toEqual(begun)
          expect(done).not.toContain(8)
        }
      },
    ),

    law(
      "cats-effect: MonadCancelLaws > uncancelable, catch",
      "no handler takes a cancellation for a failure",
      ["attempt"],
      async (a) => {
        const log: string[] = []
        const { program, begun } = endless(a)
        const handled = a.attempt(a.catch(program, () => note(a, log, "handler")))
        const exit = await a.run(
          a.gen(function* () {
            const fiber = yield* a.start(andThen(a, handled, note(a, log, "after")))
            yield* begun
            yield* fiber.cancel()
            return fiber.poll()
          }),
        )
        expect(log).toEqual([])
        expect(exit).toEqual(fulfilled(cancelled()))
      },
    ),

    // --- Spawn ---------------------------------------------------------------------------------------------------------

    law("cats-effect: GenSpawnLaws > fiberPureIsOutcomeCompletedPure", "joining yields the value", async (a) => {
      const exit = await a.run(a.flatMap(a.start(a.pure(42)), (fiber) => fiber.join()))
      expect(exit).toEqual(fulfilled(42))
    }),

    law(
      "cats-effect: GenSpawnLaws > fiberErrorIsOutcomeErrored",
      "joining a fiber that failed fails with the very object",
      async (a) => {
        const reason = new Error("boom")
        const exit = await a.run(a.flatMap(a.start(a.fail(reason), { detached: true }), (fiber) => fiber.join()))
        expect(exit.status === "rejected" && exit.reason === reason).toBe(true)
      },
    ),

    law(
      "cats-effect: GenSpawnLaws > fiberCancelationIsOutcomeCanceled",
      "joining a cancelled fiber fails, since the one who waits was not cancelled",
      async (a) => {
        const exit = await a.run(
          a.gen(function* () {
            const fiber = yield* a.start(a.never)
            yield* fiber.cancel("why")
            return yield* a.catch(fiber.join(), (error) => a.pure([(error as Error).name, (error as Error).cause]))
          }),
        )
        expect(exit).toEqual(fulfilled(["AbortError", "why"]))
      },
    ),

    law("cats-effect: GenSpawnLaws > fiberStartOfNeverIsUnit", "starting does not wait", async (a) => {
      expect(await a.run(a.map(a.start(a.never), () => "went on"))).toEqual(fulfilled("went on"))
    }),

    law(
      "cats-effect: IOSpec > start and forget",
      "a child's cleanups have run when its parent has ended",
      async (a) => {
        const log: string[] = []
        const { program, begun } = endless(a)
        const child = a.finally(program, andThen(a, turns(a, 3), note(a, log, "cleaned")))
        const parent = a.flatMap(a.start(child), () => begun)
        await a.run(
          andThen(
            a,
            a.flatMap(a.start(parent), (fiber) => fiber.join()),
            note(a, log, "parent ended"),
          ),
        )
        expect(log).toEqual(["cleaned", "parent ended"])
      },
    ),

    law("cats-effect: GenSpawnLaws > raceNeverIdentity", "`never` is the unit of a race, on each side", async (a) => {
      expect(await a.run(a.race([a.never, a.pure(1)]))).toEqual(fulfilled(1))
      expect(await a.run(a.race([andThen(a, a.yield(), a.pure(2)), a.never]))).toEqual(fulfilled(2))
      expect(await a.run(a.race([a.never, a.fail("no")]))).toEqual(rejected("no"))
    }),

    law(
      "cats-effect: IOSpec > race > await the cancellation of the loser",
      "a race has not been won before the loser has cleaned up",
      async (a) => {
        const log: string[] = []
        const { program, begun } = endless(a)
        const loser = a.finally(program, andThen(a, turns(a, 3), note(a, log, "loser cleaned")))
        await a.run(andThen(a, a.race<unknown>([loser, begun]), note(a, log, "race over")))
        expect(log).toEqual(["loser cleaned", "race over"])
      },
    ),

    law(
      "cats-effect: IOSpec > race > uncancelable loser",
      "a race waits for a loser that cannot be cancelled",
      async (a) => {
        const log: string[] = []
        const inside = a.deferred<void>()
        const loser = a.uncancelable(() =>
          noted(
            a,
            log,
            "in",
            andThen(
              a,
              a.sync(() => void inside.resolve()),
              andThen(a, a.sleep(5), note(a, log, "out")),
            ),
          ),
        )
        expect(await a.run(a.race<unknown>([loser, a.map(inside.wait, () => "won")]))).toEqual(fulfilled("won"))
        expect(log).toEqual(["in", "out"])
      },
    ),

    law(
      "cats-effect: IOSpec > cancel > is idempotent",
      "everyone who cancels a fiber waits for its cleanups, which run once",
      async (a) => {
        const log: string[] = []
        const { program, begun } = endless(a)
        const cleanup = andThen(a, turns(a, 3), note(a, log, "cleaned"))
        const exit = await a.run(
          a.gen(function* () {
            const fiber = yield* a.start(a.finally(program, cleanup))
            yield* begun
            yield* a.all(
              [fiber.cancel("first"), fiber.cancel("second")].map((c) => andThen(a, c, note(a, log, "told"))),
            )
            yield* fiber.cancel("third")
            return fiber.poll()
          }),
        )
        expect(log).toEqual(["cleaned", "told", "told"])
        expect(exit.status === "fulfilled" && exit.value?.status).toBe("cancelled")
      },
    ),

    law("cats-effect: IOSpec > cancel > after completion", "cancelling what has ended changes nothing", async (a) => {
      const exit = await a.run(
        a.gen(function* () {
          const fiber = yield* a.start(a.pure("value"))
          yield* fiber.join()
          yield* fiber.cancel("late")
          return [fiber.poll(), yield* fiber.join()]
        }),
      )
      expect(exit).toEqual(fulfilled([fulfilled("value"), "value"]))
    }),

    law(
      "cats-effect: IOSpec > joining > multiple",
      "many wait for one fiber, which runs once; a wait that is given up harms no other",
      async (a) => {
        let runs = 0
        const gate = a.deferred<number>()
        const exit = await a.run(
          a.gen(function* () {
            const fiber = yield* a.start(
              a.flatMap(
                a.sync(() => ++runs),
                () => gate.wait,
              ),
            )
            const waits = []
            for (let i = 0; i < 5; i++) waits.push(yield* a.start(fiber.join()))
            yield* a.yield()
            yield* waits[2].cancel()
            gate.resolve(9)
            const kept = waits.filter((_, i) => i !== 2)
            return yield* a.all(kept.map((wait) => wait.join()))
          }),
        )
        expect(exit).toEqual(fulfilled([9, 9, 9, 9]))
        expect(runs).toBe(1)
      },
    ),

    // --- Concurrent ----------------------------------------------------------------------------------------------------

    law(
      "cats-effect: GenConcurrent > parTraverseN",
      "no more run at once than are allowed, all run, and values keep their order",
      async (a) => {
        let [running, most] = [0, 0]
        const full = a.deferred<void>()
        const job = (n: number) =>
          a.gen(function* () {
            most = Math.max(most, ++running)
            if (running === 3) full.resolve()
            yield* full.wait
            yield* turns(a, n % 4)
            running--
            return n
          })
        const numbers = Array.from({ length: 20 }, (_, n) => n)
        expect(await a.run(a.all(numbers.map(job), { concurrency: 3 }))).toEqual(fulfilled(numbers))
        expect(most).toBe(3)
      },
    ),

    law(
      "cats-effect: parTraverseN > interrupts on failure",
      "after a failure the running ones are cancelled and the waiting ones never start",
      async (a) => {
        const log: string[] = []
        const { program, begun } = endless(a)
        const members = [
          a.finally(program, (exit) => void log.push(exit.status)),
          andThen(a, begun, a.fail("no")),
          note(a, log, "third"),
          note(a, log, "fourth"),
        ]
        expect(await a.run(a.all<unknown>(members, { concurrency: 2 }))).toEqual(rejected("no"))
        expect(log).toEqual(["cancelled"])
      },
    ),

    law(
      "cats-effect#3000, cats-effect#2920, zio#9973, effect#716",
      "a value handed to one who gives up goes to the next",
      ["bracket"],
      async (a) => {
        // A queue of one value and its takers, as users write it.
        const taken: string[] = []
        const takers: ((value: string) => void)[] = []
        const take = (who: string) =>
          a.uncancelable((restore) =>
            a.flatMap(
              restore(
                a.async<string>((resume) => {
                  const taker = (value: string): void => resume(a.pure(value))
                  takers.push(taker)
                  return () => void takers.splice(takers.indexOf(taker), 1)
                }),
              ),
              (value) => note(a, taken, `${who} ${value}`),
            ),
          )
        await a.run(
          a.gen(function* () {
            const first = yield* a.start(take("first"))
            yield* until(a, () => takers.length === 1)
            const second = yield* a.start(take("second"))
            yield* until(a, () => takers.length === 2)
            first.abort()
            yield* first.cancel()
            takers[0]?.("value")
            yield* second.join()
          }),
        )
        expect(taken).toEqual(["second value"])
        expect(takers).toHaveLength(1)
      },
    ),

    // --- Async ---------------------------------------------------------------------------------------------------------

    law("cats-effect: AsyncLaws > asyncRightIsSequencedPure", "the first resume counts, and only that", async (a) => {
      let late: (() => void) | undefined
      const task = a.async<number>((resume) => {
        resume(a.pure(1))
        resume(a.pure(2))
        late = () => resume(a.fail("late"))
      })
      const exit = await a.run(
        a.gen(function* () {
          const value = yield* task
          late?.()
          yield* turns(a, 3)
          return value
        }),
      )
      expect(exit).toEqual(fulfilled(1))
    }),

    law(
      "cats-effect: AsyncLaws > asyncRepeatedCallbackIgnored",
      "a callback may come from another fiber",
      async (a) => {
        const resumes: ((n: number) => void)[] = []
        const exit = await a.run(
          a.gen(function* () {
            const wait = a.async<number>((go) => void resumes.push((n) => go(a.pure(n))))
            const waiter = yield* a.start(wait)
            yield* until(a, () => resumes.length > 0)
            for (const n of [1, 2]) resumes[0]?.(n)
            return yield* waiter.join()
          }),
        )
        expect(exit).toEqual(fulfilled(1))
      },
    ),

    law("cats-effect: AsyncLaws > asyncLeftIsSequencedRaiseError", "what register throws is the failure", async (a) => {
      const reason = new Error("cannot register")
      const exit = await a.run(
        a.async(() => {
          throw reason
        }),
      )
      expect(exit.status === "rejected" && exit.reason === reason).toBe(true)
    }),

    law(
      "cats-effect: AsyncLaws > asyncCancelTokenIsUnsequencedOnCompletion",
      "what undoes a registration runs only when the wait is cancelled, once, and is awaited",
      async (a) => {
        const log: string[] = []
        await a.run(
          a.async<void>((resume) => {
            resume(a.pure(undefined))
            return () => void log.push("undone after completion")
          }),
        )
        const registered = a.deferred<void>()
        await a.run(
          a.gen(function* () {
            const fiber = yield* a.start(
              a.async<void>(() => {
                registered.resolve()
                return andThen(a, turns(a, 3), note(a, log, "undone"))
              }),
            )
            yield* registered.wait
            yield* fiber.cancel()
            log.push("cancelled")
          }),
        )
        expect(log).toEqual(["undone", "cancelled"])
      },
    ),

    law(
      "cats-effect: AsyncLaws > asyncCanceledIsUncanceledOnUncancelable",
      "a masked wait is not given up",
      async (a) => {
        const resumes: (() => void)[] = []
        let undone = false
        const wait = a.async<string>((go) => {
          resumes.push(() => go(a.pure("came")))
          return () => void (undone = true)
        })
        const values: string[] = []
        await a.run(
          a.gen(function* () {
            const fiber = yield* a.start(a.uncancelable(() => a.map(wait, (value) => void values.push(value))))
            yield* until(a, () => resumes.length > 0)
            fiber.abort()
            yield* turns(a, 3)
            resumes[0]?.()
            yield* fiber.cancel()
          }),
        )
        expect([values, undone]).toEqual([["came"], false])
      },
    ),

    // --- Temporal ------------------------------------------------------------------------------------------------------

    law(
      "cats-effect: GenTemporalLaws > sleepMaxComposition",
      "two sleeps take as long as both",
      ["elapsed"],
      async (a) => {
        const one = await a.run(a.elapsed(andThen(a, a.sleep(3), a.sleep(4))))
        const side = await a.run(a.elapsed(a.all([a.sleep(3), a.sleep(7)])))
        for (const exit of [one, side]) {
          expect(exit.status === "fulfilled" ? exit.value[1] : -1).toBeGreaterThanOrEqual(7)
        }
      },
    ),

    law("cats-effect: GenTemporalLaws > sleepRaceMinimum", "the shorter sleep wins", async (a) => {
      const sleeper = (ms: number) => a.map(a.sleep(ms), () => ms)
      expect(await a.run(a.race([sleeper(10_000), sleeper(1), sleeper(5_000)]))).toEqual(fulfilled(1))
    }),

    law("cats-effect#2388", "a sleep of more than 2^31 ms does not end at once", async (a) => {
      const long = [2 ** 31 - 1, 2 ** 31, 2 ** 31 + 5, 2 ** 40].map((ms) => a.map(a.sleep(ms), () => "long"))
      expect(await a.run(a.race([...long, a.map(a.sleep(5), () => "short")]))).toEqual(fulfilled("short"))
    }),

    law("cats-effect: IOSpec > timeout > succeed", "what is in time is as if there were no limit", async (a) => {
      expect(
        await a.run(
          a.timeout(
            a.map(a.sleep(1), () => "in time"),
            10_000,
          ),
        ),
      ).toEqual(fulfilled("in time"))
      expect(await a.run(a.timeout(a.fail("own"), 10_000))).toEqual(rejected("own"))
    }),

    law("cats-effect#721", "a timeout waits for the cleanups of what it cancels", async (a) => {
      const log: string[] = []
      const slow = a.finally(a.never, andThen(a, a.sleep(3), note(a, log, "cleaned")))
      const exit = await a.run(a.catch(a.timeout(slow, 1), (error) => noted(a, log, (error as Error).name, a.pure(0))))
      expect(exit).toEqual(fulfilled(0))
      expect(log).toEqual(["cleaned", "TimeoutError"])
    }),

    law("cats-effect#4059, #4489", "a resource acquired within a time limit is released", ["bracket"], async (a) => {
      const log: string[] = []
      // The time is up while it acquires, which cannot be interrupted: it is released all the same.
      const limited = a.timeout(
        a.bracket(
          noted(a, log, "acquiring", andThen(a, a.sleep(5), note(a, log, "acquired"))),
          () => andThen(a, a.sleep(10_000), note(a, log, "used up")),
          () => note(a, log, "released"),
        ),
        1,
      )
      const exit = await a.run(limited)
      expect(exit.status === "rejected" && (exit.reason as Error).name).toBe("TimeoutError")
      expect(log).toEqual(["acquiring", "acquired", "released"])
    }),

    law("cats-effect: IOSpec > timeout > outer cancellation", "cancelling reaches through a time limit", async (a) => {
      const log: unknown[] = []
      const { program, begun } = endless(a)
      await a.run(
        a.gen(function* () {
          const fiber = yield* a.start(
            a.timeout(
              a.finally(program, (exit) => void log.push(exit.status)),
              10_000,
            ),
          )
          yield* begun
          yield* fiber.cancel("stop")
          log.push(fiber.poll())
        }),
      )
      expect(log).toEqual(["cancelled", cancelled("stop")])
    }),

    differs("D26", "cats-effect: IOSpec > timeout > uncancelable", "a mask around a time limit keeps the limit out"),

    law(
      "cats-effect: IOSpec > timeout > uncancelable",
      "a time limit inside a region ends its task (D26)",
      async (a) => {
        const exit = await a.run(a.uncancelable(() => a.timeout(a.never, 1)))
        expect(exit.status === "rejected" && (exit.reason as Error).name).toBe("TimeoutError")
      },
    ),

    // --- fairness, depth, reports --------------------------------------------------------------------------------------

    law("cats-effect: IOSpec > cede", "who yields lets the others run", async (a) => {
      let told = false
      const exit = await a.run(
        a.gen(function* () {
          const other = yield* a.start(
            andThen(
              a,
              a.yield(),
              a.sync(() => (told = true)),
            ),
          )
          yield* until(a, () => told)
          return yield* other.join()
        }),
      )
      expect(exit).toEqual(fulfilled(true))
    }),

    law("cats-effect#3225", "who never yields gives way all the same", async (a) => {
      let told = false
      let rounds = 0
      const spin = (): ReturnType<typeof a.pure<string>> =>
        a.flatMap(a.pure(rounds++), () => (told ? a.pure("told") : rounds > 1_000_000 ? a.pure("starved") : spin()))
      const exit = await a.run(a.flatMap(a.start(a.sync(() => (told = true))), spin))
      expect(exit).toEqual(fulfilled("told"))
    }),

    law(
      "cats-effect: IOSpec > stack-safety > flatMap",
      "binds nest to any depth, on the left and on the right",
      async (a) => {
        const depth = 20_000
        let left = a.pure(0)
        for (let i = 0; i < depth; i++) left = a.flatMap(left, (n) => a.pure(n + 1))
        const right = (n: number): ReturnType<typeof a.pure<number>> =>
          n === depth ? a.pure(n) : a.flatMap(a.pure(n + 1), right)
        expect(await a.run(left)).toEqual(fulfilled(depth))
        expect(await a.run(right(0))).toEqual(fulfilled(depth))
      },
    ),

    law("cats-effect: IOSpec > stack-safety > masks", "regions, cleanups and handlers nest to any depth", async (a) => {
      let cleaned = 0
      let program = a.catch(a.fail("inside"), () => a.pure("value"))
      for (let i = 0; i < 5000; i++) {
        const inner = program
        program = a.uncancelable((restore) => restore(a.finally(inner, () => void cleaned++)))
        program = a.catch(program, (reason) => a.fail(reason))
      }
      expect(await a.run(program)).toEqual(fulfilled("value"))
      expect(cleaned).toBe(5000)
    }),

    law(
      "cats-effect#2962, #3085",
      "a failure is reported once if nobody looks, else not at all",
      ["unobserved"],
      async (a) => {
        const [lost, joined] = [new Error("lost"), new Error("joined")]
        await a.run(
          a.gen(function* () {
            yield* a.start(a.fail(lost), { detached: true })
            const gate = a.deferred<void>()
            const fiber = yield* a.start(andThen(a, gate.wait, a.fail(joined)), { detached: true })
            const joiner = yield* a.start(a.catch(fiber.join(), () => a.pure(undefined)))
            yield* turns(a, 3)
            gate.resolve()
            yield* joiner.join()
            const stopped = yield* a.start(a.never, { detached: true })
            yield* stopped.cancel("no failure")
          }),
        )
        expect(await a.unobserved()).toEqual([lost])
      },
    ),
  ],
}
