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

/** What Rapid's own specs ask of tasks and fibers, and what was found wrong in it when they were read. */
export const rapid: Suite = {
  name: "rapid",
  laws: [
    law("rapid: TaskSpec > execute a simple task", "a task yields its value, at each run", async (a) => {
      let runs = 0
      const task = a.sync(() => `run ${++runs}`)
      expect([await a.run(task), await a.run(task)]).toEqual([fulfilled("run 1"), fulfilled("run 2")])
    }),

    law("rapid: TaskSpec > map, flatMap", "the laws of a monad hold", async (a) => {
      const f = (n: number) => andThen(a, a.yield(), a.pure(n + 1))
      const g = (n: number) => (n > 1 ? a.fail(`${n} is too much`) : a.pure(n * 2))
      for (const task of [a.pure(0), a.pure(1), a.map(a.sleep(1), () => 5), a.fail("no")]) {
        const left = await a.run(a.flatMap(a.flatMap(task, f), g))
        const right = await a.run(a.flatMap(task, (n) => a.flatMap(f(n), g)))
        expect(left).toEqual(right)
        expect(await a.run(a.flatMap(task, (n) => a.pure(n)))).toEqual(await a.run(task))
        expect(await a.run(a.map(task, (n) => n + 1))).toEqual(await a.run(a.flatMap(task, (n) => a.pure(n + 1))))
      }
      expect(await a.run(a.flatMap(a.pure(1), f))).toEqual(await a.run(f(1)))
    }),

    law("rapid: TaskSpec > handle task failures", "nothing after a failure is run", async (a) => {
      const log: string[] = []
      const exit = await a.run(
        a.flatMap(
          a.map(a.fail("failed"), () => log.push("map")),
          () => note(a, log, "flatMap"),
        ),
      )
      expect(exit).toEqual(rejected("failed"))
      expect(log).toEqual([])
    }),

    law("rapid: TaskSpec > parallel process a list of zero tasks", "none is done at once", async (a) => {
      expect(await a.run(a.all([]))).toEqual(fulfilled([]))
      expect(await a.run(a.all([], { concurrency: 3 }))).toEqual(fulfilled([]))
    }),

    differs("D29", "rapid: TaskSpec > handle repeat functionality", "`Repeat.Times(n)` counts the first run as well"),

    law("rapid: Repeat > yields the last value", "a repetition ends with its last value", ["repeat"], async (a) => {
      let runs = 0
      expect(
        await a.run(
          a.repeat(
            a.sync(() => ++runs),
            { times: 4 },
          ),
        ),
      ).toEqual(fulfilled(5))
    }),

    law("rapid: Repeat.Times > counts per run", "a repetition counts anew in each run", ["repeat"], async (a) => {
      let runs = 0
      const task = a.repeat(
        a.sync(() => ++runs),
        { times: 2 },
      )
      expect([await a.run(task), await a.run(task)]).toEqual([fulfilled(3), fulfilled(6)])
      expect(await a.run(a.all([task, task]))).toMatchObject({ status: "fulfilled" })
      expect(runs).toBe(12)
    }),

    law("rapid: Repeat.Forever", "many rounds take no stack", ["repeat"], async (a) => {
      let runs = 0
      expect(
        await a.run(
          a.repeat(
            a.sync(() => ++runs),
            { times: 50_000 },
          ),
        ),
      ).toEqual(fulfilled(50_001))
    }),

    law("rapid: TaskSpec > errors thrown by the guarantee block", "a failing cleanup fails a success", async (a) => {
      const thrown = new Error("thrown")
      const exit = await a.run(
        a.finally(a.pure("value"), () => {
          throw thrown
        }),
      )
      expect(exit.status === "rejected" && exit.reason === thrown).toBe(true)
    }),

    differs("D8", "rapid: TaskSpec > attach the cleanup error as suppressed", "the first error is changed, and stands"),

    law("rapid: TaskSpec > primary and cleanup error", "both are kept, the first one unchanged (D8)", async (a) => {
      const [primary, cleanup] = [Object.freeze(new Error("primary")), new Error("cleanup")]
      const exit = await a.run(a.finally(a.fail(primary), a.fail(cleanup)))
      const parts = exit.status === "rejected" ? joined(exit.reason) : []
      expect(parts.map((part, i) => part === [cleanup, primary][i])).toEqual([true, true])
    }),

    law("rapid: TaskSpec > the guarantee block on success", "it runs once, and the value stands", async (a) => {
      let cleanups = 0
      const cleanup = a.map(a.yield(), () => ++cleanups)
      expect(await a.run(a.finally(a.pure("value"), cleanup))).toEqual(fulfilled("value"))
      expect(cleanups).toBe(1)
      expect(await a.run(a.finally(a.fail("failed"), cleanup))).toEqual(rejected("failed"))
      expect(cleanups).toBe(2)
    }),

    law(
      "rapid: BasicsSpec > throw inside handleError with guarantee",
      "cleanup and new failure both count",
      async (a) => {
        const log: string[] = []
        const exit = await a.run(
          a.finally(
            a.catch(a.fail("first"), () => a.fail("second")),
            note(a, log, "cleaned"),
          ),
        )
        expect(exit).toEqual(rejected("second"))
        expect(log).toEqual(["cleaned"])
      },
    ),

    law("rapid: SynchronousFiber > handled errors", "a handled error costs no stack", async (a) => {
      const depth = 20_000
      const count = (n: number): Program<number> =>
        n === depth
          ? a.pure(n)
          : a.flatMap(
              a.catch<number, number>(a.fail(n), (error) => a.pure(Number(error) + 1)),
              count,
            )
      expect(await a.run(count(0))).toEqual(fulfilled(depth))
      let nested: Program<number> = a.fail(0)
      for (let i = 0; i < depth; i++) nested = a.catch(nested, (error) => a.fail(Number(error) + 1))
      expect(await a.run(nested)).toEqual(rejected(depth))
    }),

    law("rapid: FiberSpec > start and await a task", "a started task runs beside the one that starts it", async (a) => {
      const log: string[] = []
      const exit = await a.run(
        a.gen(function* () {
          const gate = a.deferred<string>()
          const fiber = yield* a.start(noted(a, log, "started", gate.wait))
          yield* until(a, () => log.length > 0)
          log.push("beside")
          gate.resolve("value")
          return yield* fiber.join()
        }),
      )
      expect(exit).toEqual(fulfilled("value"))
      expect(log).toEqual(["started", "beside"])
    }),

    law("rapid: FiberSpec > handle task failures in fibers", "a join fails as the fiber did, each time", async (a) => {
      const exit = await a.run(
        a.gen(function* () {
          const fiber = yield* a.start(andThen(a, a.yield(), a.fail("failed")), { detached: true })
          const seen = []
          for (let i = 0; i < 2; i++) seen.push(yield* a.catch(fiber.join(), (error) => a.pure(error)))
          return [...seen, fiber.poll()]
        }),
      )
      expect(exit).toEqual(fulfilled(["failed", "failed", rejected("failed")]))
    }),

    law("rapid: FiberWaitingSpec > await with a timeout", "giving up a wait leaves the fiber alone", async (a) => {
      const exit = await a.run(
        a.gen(function* () {
          const gate = a.deferred<string>()
          const fiber = yield* a.start(gate.wait)
          const first = yield* a.catch(a.timeout(fiber.join(), 1), (error) => a.pure((error as Error).name))
          gate.resolve("value")
          return [first, yield* a.timeout(fiber.join(), 10_000)]
        }),
      )
      expect(exit).toEqual(fulfilled(["TimeoutError", "value"]))
    }),

    law("rapid: FiberWaitingSpec > chain fibers together", "fibers may wait for each other in a row", async (a) => {
      const exit = await a.run(
        a.gen(function* () {
          const gate = a.deferred<number>()
          let last = yield* a.start(gate.wait)
          for (let i = 0; i < 100; i++) {
            const before = last
            last = yield* a.start(a.map(before.join(), (n) => n + 1))
          }
          yield* a.yield()
          gate.resolve(0)
          return yield* last.join()
        }),
      )
      expect(exit).toEqual(fulfilled(100))
    }),

    law("rapid: CancellationJvmSpec > Fiber.cancel", "a fiber in mid-wait ends promptly", ["elapsed"], async (a) => {
      const exit = await a.run(
        a.elapsed(
          a.gen(function* () {
            const fiber = yield* a.start(a.sleep(60_000))
            yield* a.yield()
            yield* fiber.cancel("stop")
            return fiber.poll()
          }),
        ),
      )
      expect(exit.status === "fulfilled" && exit.value[0]).toEqual(cancelled("stop"))
      expect(exit.status === "fulfilled" ? exit.value[1] : Infinity).toBeLessThan(3000)
    }),

    law("rapid: CancellationJvmSpec > Task.race", "each side may win", async (a) => {
      const [slow, fast] = [a.map(a.sleep(20_000), () => "slow"), a.map(a.sleep(1), () => "fast")]
      expect(await a.run(a.race([slow, fast]))).toEqual(fulfilled("fast"))
      expect(await a.run(a.race([fast, slow]))).toEqual(fulfilled("fast"))
    }),

    law("rapid: CancellationJvmSpec > Task.timeout", "too slow is a failure that can be handled", async (a) => {
      const limited = a.timeout(a.sleep(20_000), 2)
      expect(await a.run(a.catch(limited, (error) => a.pure((error as Error).name)))).toEqual(fulfilled("TimeoutError"))
    }),

    law(
      "rapid: BasicsSpec > singleton",
      "one run for callers one after the other and side by side",
      ["memoize"],
      async (a) => {
        let runs = 0
        const single = a.memoize(a.map(a.sleep(1), () => ++runs))
        const exit = await a.run(
          a.gen(function* () {
            const first = yield* single
            const others = yield* a.all([single, single, single])
            return [first, ...others, yield* single]
          }),
        )
        expect(exit).toEqual(fulfilled([1, 1, 1, 1, 1]))
      },
    ),

    law(
      "rapid: BlockableSpec > a completable partway through a chain",
      "a chain goes on when it is brought",
      async (a) => {
        const gate = a.deferred<number>()
        const exit = await a.run(
          a.gen(function* () {
            const chain = a.flatMap(a.pure(1), (one) => a.map(gate.wait, (two) => one + two))
            const fiber = yield* a.start(chain)
            yield* turns(a, 3)
            const before = fiber.poll()
            gate.resolve(2)
            return [before, yield* fiber.join()]
          }),
        )
        expect(exit).toEqual(fulfilled([undefined, 3]))
      },
    ),

    law(
      "rapid: BasicsAsyncSpec > recursive flatMap that runs asynchronously",
      "waits in a row take no stack",
      async (a) => {
        const rounds = 3000
        const loop = (n: number): Program<number> =>
          n === rounds
            ? a.pure(n)
            : a.flatMap(n % 2 === 0 ? a.yield() : a.async<void>((go) => go(a.pure(undefined))), () => loop(n + 1))
        expect(await a.run(loop(0))).toEqual(fulfilled(rounds))
      },
    ),

    law("rapid: BasicsAsyncSpec > start and forget", "what nobody holds runs all the same", async (a) => {
      const done = a.deferred<string>()
      const forgotten = andThen(
        a,
        a.sleep(1),
        a.sync(() => void done.resolve("ran")),
      )
      expect(await a.run(andThen(a, a.start(forgotten, { detached: true }), done.wait))).toEqual(fulfilled("ran"))
      await a.run(turns(a, 3))
    }),

    law("rapid: BasicsAsyncSpec > Task.and", "both run at the same time", async (a) => {
      const [here, there] = [a.deferred<string>(), a.deferred<string>()]
      const meet = (own: string, mine: typeof here, other: typeof here) =>
        andThen(
          a,
          a.sync(() => void mine.resolve(own)),
          other.wait,
        )
      const exit = await a.run(a.all([meet("left", here, there), meet("right", there, here)]))
      expect(exit).toEqual(fulfilled(["right", "left"]))
    }),

    law("rapid: Fiber > nested starts", "children of children may go deep, and end together", async (a) => {
      let ended = 0
      const depth = 2000
      const deepest = endless(a)
      const down = (n: number): Program<unknown> =>
        a.finally(n === 0 ? deepest.program : a.flatMap(a.start(down(n - 1)), () => a.never), () => void ended++)
      await a.run(
        a.gen(function* () {
          const fiber = yield* a.start(down(depth))
          yield* deepest.begun
          yield* fiber.cancel()
        }),
      )
      expect(ended).toBe(depth + 1)
    }),
  ],
}
