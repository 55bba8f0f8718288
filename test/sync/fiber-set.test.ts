import fc from "fast-check"
import { describe, expect, it, vi } from "vitest"
import { CancelledError, ClosedError, type Fiber, FiberSet, type FiberSetOptions, Schedule, Task } from "rapid-fiber"
import { explore, taskTest, TestRuntime, type Trial } from "rapid-fiber/testing"

const fulfilled = <A>(value: A) => ({ status: "fulfilled", value })
const rejected = (reason: unknown) => ({ status: "rejected", reason })
const cancelled = (reason?: unknown) => ({ status: "cancelled", reason })

const joined = <A>(fibers: readonly Fiber<A, unknown>[]) => Task.all(fibers.map((fiber) => fiber.join().attempt()))

/** Runs on a runtime that writes down the failures nobody handles. */
async function reporting<A>(program: Task<A, unknown>): Promise<{ readonly value: A; readonly reported: unknown[] }> {
  const reported: unknown[] = []
  const test = TestRuntime.make({ onUnhandled: (reason, fiber) => void reported.push(fiber?.name, reason) })
  const value = await test.run(program)
  await test.close()
  return { value, reported }
}

describe("a fiber set", () => {
  it(
    "starts tasks side by side, and yields their handles, by the name that they are given",
    taskTest(() => {
      const set = FiberSet.make()
      return Task.gen(function* () {
        const one = yield* set.start(Task.sleep(10).as(1), { name: "one" })
        const two = yield* set.start(Task.sleep(10).as("two"))
        expect([one.name, two.name, set.size]).toEqual(["one", `fiber-${two.id}`, 2])
        expect([yield* one.join(), yield* two.join()]).toEqual([1, "two"])
        expect([yield* Task.now(), set.size]).toEqual([10, 0])
      })
    }),
  )

  it(
    "starts when its Task is run, and anew each time",
    taskTest(() => {
      const set = FiberSet.make()
      let runs = 0
      const start = set.start(Task.sync(() => ++runs))
      return Task.gen(function* () {
        expect([runs, set.size]).toEqual([0, 0])
        const values = [yield* (yield* start).join(), yield* (yield* start).join()]
        expect(values).toEqual([1, 2])
      })
    }),
  )

  it(
    "has fibers that outlive the one that starts them",
    taskTest(() => {
      const set = FiberSet.make()
      return Task.gen(function* () {
        const starter = yield* set.start(Task.sleep(100).as("done")).as(undefined).start()
        yield* starter.join()
        const aborted = yield* set.start(Task.sleep(100).as("also")).andThen(Task.never).start()
        yield* Task.yield()
        yield* aborted.cancel()
        expect(set.size).toBe(2)
        expect(yield* joined([...set])).toEqual([fulfilled("done"), fulfilled("also")])
      })
    }),
  )

  it(
    "lets its fibers be looked at, the oldest one first; those that have ended are gone",
    taskTest(() => {
      const set = FiberSet.make()
      const names = () => [...set].map(({ name }) => name)
      return Task.gen(function* () {
        for (const [name, ms] of Object.entries({ a: 30, b: 10, c: 20 })) yield* set.start(Task.sleep(ms), { name })
        expect(names()).toEqual(["a", "b", "c"])
        yield* Task.sleep(11)
        expect([names(), set.size]).toEqual([["a", "c"], 2])
        yield* set.start(Task.sleep(20), { name: "d" })
        expect(names()).toEqual(["a", "c", "d"])
        const iterator = set[Symbol.iterator]()
        expect([iterator[Symbol.iterator]() === iterator, iterator.next().value?.name]).toEqual([true, "a"])
        yield* Task.sleep(100)
        expect([names(), set.size]).toEqual([[], 0])
      })
    }),
  )

  it(
    "may be changed while it is iterated over",
    taskTest(() => {
      const set = FiberSet.make()
      return Task.gen(function* () {
        for (let i = 0; i < 5; i++) yield* set.start(Task.never)
        for (const fiber of set) yield* fiber.cancel()
        expect(set.size).toBe(0)
      })
    }),
  )

  it(
    "loses a fiber that is cancelled from elsewhere, and goes on",
    taskTest(() => {
      const set = FiberSet.make({ limit: 1 })
      return Task.gen(function* () {
        const fiber = yield* set.start(Task.never.finally(Task.sleep(10)))
        yield* Task.yield()
        fiber.abort("elsewhere")
        yield* Task.sleep(5)
        expect(set.size).toBe(1)
        const next = yield* set.start(Task.now())
        expect([yield* next.join(), fiber.poll()]).toEqual([10, cancelled("elsewhere")])
      })
    }),
  )

  it(
    "holds what ends in the step in which it starts for no longer than that",
    taskTest(() => {
      const set = FiberSet.make({ limit: 2 })
      return Task.gen(function* () {
        for (let i = 0; i < 1000; i++) yield* set.start(Task.pure(i))
        yield* set.empty()
        expect([set.size, set.waiting]).toEqual([0, 0])
      })
    }),
  )

  it(
    "has a fiber that starts others in it",
    taskTest(() => {
      const set = FiberSet.make({ limit: 3 })
      const seen: number[] = []
      const down = (n: number): Task<void, ClosedError> =>
        Task.gen(function* () {
          seen.push(n)
          if (n > 0) yield* set.start(down(n - 1))
        })
      return Task.gen(function* () {
        yield* set.start(down(5))
        yield* set.empty()
        expect(seen).toEqual([5, 4, 3, 2, 1, 0])
      })
    }),
  )
})

describe("a limit", () => {
  it(
    "lets start wait for its turn, first in, first out",
    taskTest(() => {
      const set = FiberSet.make({ limit: 2 })
      const order: [string, number][] = []
      const job = (name: string) =>
        Task.now()
          .tap((now) => void order.push([name, now]))
          .andThen(Task.sleep(10))
      return Task.gen(function* () {
        const starts: Fiber<unknown, unknown>[] = []
        for (const name of ["a", "b", "c", "d", "e"]) starts.push(yield* set.start(job(name)).as(undefined).start())
        yield* Task.sleep(5)
        expect([set.size, set.waiting]).toEqual([2, 3])
        yield* joined(starts)
        yield* set.empty()
        expect(order).toEqual([
          ["a", 0],
          ["b", 0],
          ["c", 10],
          ["d", 10],
          ["e", 20],
        ])
        expect([set.size, set.waiting]).toEqual([0, 0])
      })
    }),
  )

  it(
    "is there again after a failure, a cancellation, and a cleanup that has taken its time",
    taskTest(() => {
      const set = FiberSet.make({ limit: 1, onFailure: () => {} })
      return Task.gen(function* () {
        yield* set.start(Task.fail("down").delay(10))
        const second = yield* set.start(Task.never.finally(Task.sleep(10)))
        expect(yield* Task.now()).toBe(10)
        yield* Task.yield()
        second.abort()
        yield* set.start(Task.unit)
        expect(yield* Task.now()).toBe(20)
      })
    }),
  )

  it(
    "is not taken by a start that is cancelled while it waits: its task never runs, and the next one has its turn",
    taskTest(() => {
      const set = FiberSet.make({ limit: 1 })
      const task = vi.fn()
      return Task.gen(function* () {
        yield* set.start(Task.sleep(10))
        const waiting = yield* set.start(Task.sync(task)).startDetached()
        const next = yield* set
          .start(Task.now())
          .flatMap((fiber) => fiber.join())
          .startDetached()
        yield* Task.sleep(5)
        yield* waiting.cancel("left")
        expect([waiting.poll(), set.waiting]).toEqual([cancelled("left"), 1])
        expect(yield* next.join()).toBe(10)
        expect(task).not.toHaveBeenCalled()
      })
    }),
  )

  it("p-map#76: never more than the limit at once", async () => {
    const job = fc.record({
      after: fc.nat({ max: 4 }),
      lasts: fc.nat({ max: 10 }),
      ends: fc.constantFrom("well", "failing", "cancelled"),
      tries: fc.nat({ max: 2 }),
      patience: fc.option(fc.nat({ max: 12 })),
    })
    const property = fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(job, { maxLength: 30 }),
      fc.option(fc.nat()),
      async (limit, jobs, seed) => {
        const test = TestRuntime.make(seed === null ? {} : { seed })
        let [running, most] = [0, 0]
        const failures: unknown[] = []
        const set = FiberSet.make({
          limit,
          restart: { times: 1, spaced: 2 },
          onFailure: (error) => void failures.push(error),
        })
        const begun: number[] = []
        const program = Task.gen(function* () {
          const starts: Fiber<unknown, unknown>[] = []
          for (const [n, { after, lasts, ends, patience }] of jobs.entries()) {
            yield* Task.sleep(after)
            const begin = Task.sync(() => {
              begun.push(n)
              most = Math.max(most, ++running)
            })
            const work = Task.bracket(
              begin,
              () => Task.sleep(lasts).andThen(ends === "failing" ? Task.fail(n) : Task.unit),
              () => Task.sleep(1).tap(() => void running--),
            )
            const start = set.start(work).map((fiber) => {
              if (ends === "cancelled") fiber.abort()
            })
            const starting = yield* start.startDetached()
            starts.push(starting)
            if (patience !== null)
              yield* Task.sleep(patience)
                .tap(() => starting.abort())
                .startDetached()
          }
          yield* joined(starts)
          const { waiting } = set
          yield* set.drain()
          return waiting
        })
        expect(await test.run(program)).toBe(0)
        await test.runAll()
        expect(most).toBeLessThanOrEqual(limit)
        expect([running, set.size, set.waiting]).toEqual([0, 0, 0])
        for (const [n, { ends, patience }] of jobs.entries()) {
          const runs = begun.filter((one) => one === n).length
          // Who was not impatient was served; what fails runs twice, and is told of once.
          if (patience === null && ends !== "cancelled") expect(runs).toBe(ends === "failing" ? 2 : 1)
          if (ends === "failing" && runs === 2) expect(failures.filter((one) => one === n)).toEqual([n])
          if (ends === "well") expect(runs).toBeLessThanOrEqual(1)
        }
        // Without a seed, first in, first out.
        const first = [...new Set(begun)]
        if (seed === null) expect(first).toEqual(first.toSorted((a, b) => a - b))
      },
    )
    await fc.assert(property, { numRuns: 100 })
  })

  it("leaks no place, at whatever step a start is cancelled", async () => {
    const program = (trial: Trial) => {
      const set = FiberSet.make({ limit: 1 })
      let running = 0
      const job = Task.bracket(
        Task.sync(() => {
          if (++running > 1) throw new Error("Expected one at a time, got two.")
        }),
        () => Task.yield(),
        () => Task.yield().tap(() => void running--),
      )
      trial.check(() => {
        if (running !== 0 || set.size !== 0 || set.waiting !== 0) throw new Error("Expected nothing to run or wait.")
      })
      return Task.gen(function* () {
        const starts: Fiber<unknown, unknown>[] = []
        for (const name of ["first", "second", "third"])
          starts.push(yield* set.start(job).as(undefined).startDetached({ name }))
        yield* joined(starts)
        yield* set.start(job)
        yield* set.empty()
      })
    }
    const found = await explore(program, { cancel: ["first", "second", "third"], runs: 2000 })
    expect(found).toMatchObject({ runs: 2000 })
  })
})

describe("a fiber that fails", () => {
  it("harms no other, and is reported once, through the hook of its runtime", async () => {
    const set = FiberSet.make()
    const program = Task.gen(function* () {
      const other = yield* set.start(Task.sleep(20).as("fine"))
      yield* set.start(Task.fail("down").delay(10), { name: "job" })
      const value = yield* other.join()
      yield* Task.sleep(100)
      return [value, set.size, set.closed]
    })
    expect(await reporting(program)).toEqual({ value: ["fine", 0, false], reported: ["job", "down"] })
  })

  it("is not reported where somebody joins it", async () => {
    const set = FiberSet.make()
    const program = Task.gen(function* () {
      const fiber = yield* set.start(Task.fail("down").delay(10))
      return yield* fiber.join().attempt()
    })
    expect(await reporting(program)).toEqual({ value: rejected("down"), reported: [] })
  })

  it("is reported, though drain, empty or the limit wait for its end", async () => {
    const program = Task.gen(function* () {
      for (const wait of ["drain", "empty", "limit"]) {
        const set = FiberSet.make({ limit: 1 })
        yield* set.start(Task.fail("down").delay(10), { name: wait })
        if (wait === "drain") yield* set.drain()
        if (wait === "empty") yield* set.empty()
        if (wait === "limit") yield* set.start(Task.unit)
      }
      yield* Task.sleep(100)
    })
    expect((await reporting(program)).reported).toEqual(["drain", "down", "empty", "down", "limit", "down"])
  })

  it("is told to onFailure, with its fiber, once, and to nobody else", async () => {
    const told: unknown[] = []
    const set = FiberSet.make({ onFailure: (error, fiber) => void told.push(error, fiber.name, fiber.poll()) })
    const program = Task.gen(function* () {
      yield* set.start(Task.fail("down"), { name: "at once" })
      yield* Task.sleep(1)
      yield* set.start(Task.fail("down").delay(10), { name: "later" })
      yield* set.empty()
      yield* Task.sleep(1)
    })
    expect((await reporting(program)).reported).toEqual([])
    expect(told).toEqual(["down", "at once", rejected("down"), "down", "later", rejected("down")])
  })

  it("is told to onFailure also where somebody joins it; a success and a cancellation are not", async () => {
    const onFailure = vi.fn()
    const set = FiberSet.make({ onFailure })
    const program = Task.gen(function* () {
      const fiber = yield* set.start(Task.fail("down").delay(10))
      const outcome = yield* fiber.join().attempt()
      yield* (yield* set.start(Task.sleep(1))).join()
      const endless = yield* set.start(Task.never)
      yield* Task.yield()
      yield* endless.cancel()
      return outcome
    })
    expect(await reporting(program)).toEqual({ value: rejected("down"), reported: [] })
    expect(onFailure.mock.calls.map(([error]) => error)).toEqual(["down"])
  })

  it("leaves its place and is gone, though onFailure throws, and what that throws does not get lost", async () => {
    const set = FiberSet.make({
      limit: 1,
      onFailure: () => {
        throw "onFailure"
      },
    })
    const program = Task.gen(function* () {
      yield* set.start(Task.fail("down").delay(10))
      const next = yield* set.start(Task.pure("next"))
      const value = yield* next.join()
      yield* set.drain()
      return [value, set.size]
    })
    const { value, reported } = await reporting(program)
    expect(value).toEqual(["next", 0])
    expect(reported).toContain("onFailure")
  })

  it("is out of the set when onFailure is told, which may start another in its place", async () => {
    const again = vi.fn()
    const set: FiberSet = FiberSet.make({
      limit: 1,
      onFailure: (error) => {
        set
          .start(Task.sync(() => again(error)))
          .as(undefined)
          .runAndForget({ runtime: test })
      },
    })
    const test = TestRuntime.make()
    const starting = set.start(Task.fail("down").delay(10)).as(undefined)
    await test.run(starting)
    await test.runAll()
    await test.run(set.empty())
    expect(again.mock.calls).toEqual([["down"]])
    await test.close()
  })

  it("fails by a cleanup on cancellation as well", async () => {
    const told: unknown[] = []
    const set = FiberSet.make({ onFailure: (error) => void told.push(error) })
    const program = Task.gen(function* () {
      yield* set.start(Task.never.finally(() => Task.fail("cleanup")))
      yield* Task.yield()
      yield* set.cancel()
    })
    await reporting(program)
    expect(told).toHaveLength(1)
    expect(told[0]).toMatchObject({ name: "SuppressedError", error: "cleanup" })
  })
})

describe("restarting", () => {
  it(
    "runs a fiber that fails again, as long as the schedule goes on, in the same fiber and the same place",
    taskTest(() => {
      const [starts, told]: [number[], unknown[]] = [[], []]
      const set = FiberSet.make({
        limit: 1,
        restart: { times: 3, backoff: { initial: 10 } },
        onFailure: (error) => void told.push(error),
      })
      const job = Task.now()
        .tap((now) => void starts.push(now))
        .flatMap((now) => Task.fail(`at ${now}`))
      return Task.gen(function* () {
        const fiber = yield* set.start(job)
        yield* Task.sleep(15)
        expect([[...set], set.size, told]).toEqual([[fiber], 1, []])
        const next = yield* set.start(Task.now())
        expect(yield* next.join()).toBe(70)
        expect([starts, told, fiber.poll()]).toEqual([[0, 10, 30, 70], ["at 70"], rejected("at 70")])
      })
    }),
  )

  it(
    "ends with the first success, whose value the fiber has",
    taskTest(() => {
      const onFailure = vi.fn()
      const set = FiberSet.make({ restart: Schedule.spaced({ minutes: 1 }), onFailure })
      let tries = 0
      return Task.gen(function* () {
        const fiber = yield* set.start(Task.defer(() => (++tries < 4 ? Task.fail("down") : Task.pure(`try ${tries}`))))
        expect([yield* fiber.join(), yield* Task.now()]).toEqual(["try 4", 180_000])
        expect(onFailure).not.toHaveBeenCalled()
      })
    }),
  )

  it(
    "counts anew for each fiber",
    taskTest(() => {
      const told: unknown[] = []
      const set = FiberSet.make({ restart: Schedule.times(2), onFailure: (error) => void told.push(error) })
      return Task.gen(function* () {
        for (const name of ["a", "b"]) {
          let tries = 0
          yield* set.start(Task.defer(() => Task.fail(`${name}${++tries}`)))
        }
        yield* set.empty()
        expect(told).toEqual(["a3", "b3"])
      })
    }),
  )

  it(
    "asks the schedule about the error",
    taskTest(() => {
      const set = FiberSet.make({ restart: { while: (error) => error === "busy", spaced: 10 }, onFailure: () => {} })
      const errors = ["busy", "busy", "broken", "busy"]
      return Task.gen(function* () {
        const fiber = yield* set.start(Task.defer(() => Task.fail(errors.shift())))
        yield* set.empty()
        expect([fiber.poll(), yield* Task.now()]).toEqual([rejected("broken"), 20])
      })
    }),
  )

  it(
    "does not happen after a success or a cancellation, nor during a pause that is cancelled",
    taskTest(() => {
      let runs = 0
      const set = FiberSet.make({ restart: { spaced: 10 } })
      const count = Task.sync(() => ++runs)
      return Task.gen(function* () {
        yield* (yield* set.start(count)).join()
        const running = yield* set.start(count.andThen(Task.never))
        yield* Task.sleep(1)
        yield* running.cancel()
        const pausing = yield* set.start(count.andThen(Task.fail("down")))
        yield* Task.sleep(5)
        yield* pausing.cancel()
        yield* Task.sleep(100)
        expect([runs, set.size, pausing.poll()]).toEqual([3, 0, cancelled()])
      })
    }),
  )

  it("has only the last failure reported", async () => {
    const set = FiberSet.make({ restart: { times: 2, spaced: 10 } })
    let tries = 0
    const program = Task.gen(function* () {
      yield* set.start(
        Task.defer(() => Task.fail(`try ${++tries}`)),
        { name: "job" },
      )
      yield* set.drain()
      yield* Task.sleep(1)
    })
    expect((await reporting(program)).reported).toEqual(["job", "try 3"])
  })
})

describe("waiting until a set is empty", () => {
  it(
    "is no wait where nothing runs, and closes nothing",
    taskTest(() => {
      const set = FiberSet.make()
      return Task.gen(function* () {
        yield* set.empty()
        yield* (yield* set.start(Task.unit)).join()
        yield* set.empty()
        expect([set.closed, yield* Task.now()]).toEqual([false, 0])
      })
    }),
  )

  it(
    "is a wait for those as well that start meanwhile, for all who wait; it can be cancelled",
    taskTest(() => {
      const set = FiberSet.make()
      return Task.gen(function* () {
        yield* set.start(Task.sleep(10))
        const [one, two, gone] = yield* Task.all([1, 2, 3].map(() => set.empty().andThen(Task.now()).startDetached()))
        yield* Task.sleep(5)
        yield* gone.cancel()
        yield* set.start(Task.sleep(10))
        expect(yield* Task.all([one.join(), two.join()])).toEqual([15, 15])
      })
    }),
  )

  it(
    "is over for who waits, though somebody starts another at once",
    taskTest(() => {
      const set = FiberSet.make()
      return Task.gen(function* () {
        const first = yield* set.start(Task.sleep(10))
        const waiting = yield* set.empty().startDetached()
        yield* Task.yield()
        yield* first.join()
        yield* set.start(Task.sleep(1000))
        yield* Task.sleep(1)
        // It may have seen that it was empty, or wait on; it must not be lost.
        yield* waiting.join()
        expect(yield* Task.now()).toBeLessThanOrEqual(1010)
        yield* set.cancel()
      })
    }),
  )
})

describe("draining", () => {
  it(
    "closes the set, and waits until all have ended",
    taskTest(() => {
      const set = FiberSet.make()
      return Task.gen(function* () {
        yield* set.start(Task.sleep(10))
        yield* set.start(Task.sleep(30).finally(Task.sleep(5)))
        const draining = yield* set.drain().startDetached()
        yield* Task.yield()
        expect([set.closed, draining.poll()]).toEqual([true, undefined])
        yield* draining.join()
        expect([yield* Task.now(), set.size]).toEqual([35, 0])
      })
    }),
  )

  it(
    "fails those who wait to start, and those who come later; their tasks never run",
    taskTest(() => {
      const set = FiberSet.make({ limit: 1 })
      const task = vi.fn()
      const start = set.start(Task.sync(task)).as("started").attempt()
      return Task.gen(function* () {
        yield* set.start(Task.sleep(10))
        const waiting = [yield* start.start(), yield* start.start()]
        yield* Task.yield()
        const draining = yield* set.drain().start()
        yield* Task.yield()
        // At once: not when the running one has ended.
        expect(set.waiting).toBe(0)
        for (const outcome of [yield* waiting[0].join(), yield* waiting[1].join(), yield* start]) {
          expect(outcome).toEqual(rejected(expect.any(ClosedError)))
          expect(outcome).toMatchObject({ reason: { name: "ClosedError", what: "fiber set" } })
        }
        expect(yield* Task.now()).toBe(0)
        yield* draining.join()
        expect((yield* start).status).toBe("rejected")
        expect([task.mock.calls.length, yield* Task.now()]).toEqual([0, 10])
      })
    }),
  )

  it(
    "begins when its Task is run; where nothing runs it is no wait",
    taskTest(() => {
      const set = FiberSet.make()
      const drain = set.drain()
      return Task.gen(function* () {
        expect(set.closed).toBe(false)
        yield* set.start(Task.unit)
        yield* drain
        yield* drain
        expect([set.closed, yield* Task.now()]).toEqual([true, 0])
      })
    }),
  )

  it(
    "cancelled while it waits leaves the set closed and its fibers alone",
    taskTest(() => {
      const set = FiberSet.make()
      return Task.gen(function* () {
        const fiber = yield* set.start(Task.sleep(10).as("done"))
        const draining = yield* set.drain().startDetached()
        yield* Task.sleep(5)
        yield* draining.cancel()
        expect([set.closed, set.size]).toEqual([true, 1])
        yield* set.drain()
        expect([fiber.poll(), yield* Task.now()]).toEqual([fulfilled("done"), 10])
      })
    }),
  )

  it(
    "lets those that fail be started again meanwhile",
    taskTest(() => {
      const set = FiberSet.make({ restart: { spaced: 10 } })
      let tries = 0
      return Task.gen(function* () {
        const fiber = yield* set.start(Task.defer(() => (++tries < 3 ? Task.fail("down") : Task.pure("done"))))
        yield* set.drain()
        expect([fiber.poll(), yield* Task.now()]).toEqual([fulfilled("done"), 20])
      })
    }),
  )
})

describe("cancelling a set", () => {
  it(
    "closes it, cancels all with the reason, and waits for their cleanups, side by side",
    taskTest(() => {
      const set = FiberSet.make()
      const log: unknown[] = []
      return Task.gen(function* () {
        const fibers: Fiber<never>[] = []
        for (const ms of [20, 10]) {
          fibers.push(
            yield* set.start(Task.never.onCancel((reason) => Task.sleep(ms).tap(() => void log.push([ms, reason])))),
          )
        }
        yield* Task.yield()
        yield* set.cancel("shutdown")
        expect([yield* Task.now(), set.size, set.closed]).toEqual([20, 0, true])
        expect(log).toEqual([
          [10, "shutdown"],
          [20, "shutdown"],
        ])
        expect(fibers.map((fiber) => fiber.poll())).toEqual([cancelled("shutdown"), cancelled("shutdown")])
        expect(yield* fibers[0].join().attempt()).toEqual(rejected(new CancelledError("shutdown")))
        expect((yield* set.start(Task.unit).as(undefined).attempt()).status).toBe("rejected")
      })
    }),
  )

  it(
    "fails those who wait to start, and none of their tasks runs",
    taskTest(() => {
      const set = FiberSet.make({ limit: 1 })
      const task = vi.fn()
      return Task.gen(function* () {
        yield* set.start(Task.never.finally(Task.sleep(10)))
        const waiting = yield* set.start(Task.sync(task)).as(undefined).attempt().start()
        yield* Task.yield()
        yield* set.cancel()
        expect(yield* waiting.join()).toMatchObject({ reason: { name: "ClosedError" } })
        expect(task).not.toHaveBeenCalled()
      })
    }),
  )

  it(
    "ends a drain that waits, and may come twice",
    taskTest(() => {
      const set = FiberSet.make()
      return Task.gen(function* () {
        yield* set.start(Task.never.finally(Task.sleep(10)))
        const draining = yield* set.drain().andThen(Task.now()).start()
        const waiting = yield* set.empty().andThen(Task.now()).start()
        yield* Task.sleep(5)
        yield* Task.all([set.cancel(), set.cancel()])
        expect([yield* draining.join(), yield* waiting.join(), yield* Task.now()]).toEqual([15, 15, 15])
      })
    }),
  )

  it(
    "waits for those to their end that keep cancellation out",
    taskTest(() => {
      const set = FiberSet.make()
      return Task.gen(function* () {
        const fiber = yield* set.start(Task.uncancelable(() => Task.sleep(50)).andThen(Task.never))
        yield* Task.yield()
        yield* set.cancel()
        expect([yield* Task.now(), fiber.poll()]).toEqual([50, cancelled()])
      })
    }),
  )

  it(
    "fails not, though a cleanup does",
    taskTest(() => {
      const set = FiberSet.make({ onFailure: () => {} })
      return Task.gen(function* () {
        yield* set.start(Task.never.finally(() => Task.fail("cleanup")))
        yield* set.start(Task.never)
        yield* Task.yield()
        expect(yield* set.cancel().attempt()).toEqual(fulfilled(undefined))
        expect(set.size).toBe(0)
      })
    }),
  )

  it(
    "by one of its own fibers does not wait for that one",
    taskTest(() => {
      const set = FiberSet.make()
      return Task.gen(function* () {
        const other = yield* set.start(Task.never)
        const self = yield* set.start(Task.yield().andThen(set.cancel("from inside")))
        yield* set.empty().timeout(1000)
        expect([other.poll(), self.poll()?.status]).toEqual([cancelled("from inside"), "cancelled"])
      })
    }),
  )

  it("is what `await using` does at the end of the block", async () => {
    const log: string[] = []
    const block = async () => {
      await using set = FiberSet.make()
      await set.start(Task.never.finally(() => Task.sleep(1).tap(() => log.push("ended")))).as(undefined)
      log.push("block")
      return set
    }
    const set = await block()
    expect([log, set.closed, set.size]).toEqual([["block", "ended"], true, 0])
  })
})

describe("any fiber set", () => {
  it("p-queue#241 / p-limit#25: every queued waiter settles when it is closed or cancelled", async () => {
    for (const close of ["drain", "cancel"] as const) {
      const program = (trial: Trial) => {
        const set = FiberSet.make({ limit: 1 })
        let running = 0
        const job = Task.bracket(
          Task.sync(() => void running++),
          () => Task.yield().andThen(Task.sleep(1)),
          () => Task.yield().tap(() => void running--),
        )
        trial.check(() => {
          if (running !== 0 || set.size !== 0 || set.waiting !== 0) throw new Error("Expected nothing to run or wait.")
        })
        return Task.gen(function* () {
          const starts: Fiber<unknown, unknown>[] = []
          for (const name of ["first", "second", "third"])
            starts.push(yield* set.start(job).as(undefined).attempt().startDetached({ name }))
          yield* Task.yield()
          starts.push(yield* set[close]().startDetached({ name: "closer" }))
          yield* joined(starts)
          yield* set.drain()
        })
      }
      const found = await explore(program, { cancel: ["first", "second", "closer"], runs: 1000 })
      expect(found).toMatchObject({ runs: 1000 })
    }
  })

  // Those who stand in the line are refused; who has been given room and has not gone on yet stands there no more.
  const ends: [string, (set: FiberSet) => Task<void>][] = [
    ["drain", (set) => set.drain()],
    ["cancel", (set) => set.cancel()],
  ]

  it.each(ends)("starts nothing after its end, also where room has just been given (%s)", (_, end) =>
    taskTest(() => {
      const set = FiberSet.make({ limit: 1 })
      const task = vi.fn()
      return Task.gen(function* () {
        yield* set.start(Task.sleep(10))
        yield* Task.yield()
        const waiting = yield* set.start(Task.sleep(10).tap(task)).as(undefined).attempt().start()
        yield* Task.yield()
        // The first ends in this moment, just before.
        yield* Task.sleep(10)
        yield* end(set)
        const { size } = set
        yield* waiting.join()
        expect([size, set.size]).toEqual([0, 0])
        yield* Task.sleep(20)
        expect(task).not.toHaveBeenCalled()
      })
    })(),
  )

  // Whether it is closed must be asked in the step that starts: who gives way in between would start in a set that has been
  // drained or cancelled meanwhile.
  const closings: [string, string, FiberSetOptions, (set: FiberSet) => Task<void>][] = ends.flatMap(([name, end]) => [
    [name, "without a limit", {}, end],
    [name, "with a limit", { limit: 1 }, end],
  ])

  it.each(closings)(
    "starts nothing after its end, also where it ends in the moment of a start (%s, %s)",
    async (_, __, options, end) => {
      const program = () => {
        const set = FiberSet.make(options)
        return Task.gen(function* () {
          const start = set.start(Task.yield().andThen(Task.sleep(1))).as(undefined)
          const starting = yield* start.catch(ClosedError, () => Task.unit).startDetached()
          yield* end(set)
          if (set.size !== 0) throw new Error(`Expected it to be empty, got ${set.size}.`)
          yield* starting.join()
          if (set.size !== 0) throw new Error(`Expected nothing to start after that, got ${set.size}.`)
        })
      }
      expect(await explore(program, { strategy: "exhaustive", runs: 20_000 })).toMatchObject({ complete: true })
    },
  )

  it(
    "runs ten thousand in turn, and keeps none of them",
    taskTest(() => {
      const set = FiberSet.make({ limit: 10 })
      let done = 0
      const job = Task.sleep(1).tap(() => void done++)
      return Task.gen(function* () {
        for (let i = 0; i < 10_000; i++) yield* set.start(job)
        yield* set.drain()
        expect([done, set.size, yield* Task.now()]).toEqual([10_000, 0, 1000])
      })
    }),
  )
})

describe("what a fiber set refuses", () => {
  const make = (options: unknown) => () => FiberSet.make(options as FiberSetOptions)

  it.each([0, -1, 1.5, Number.NaN])("refuses a limit of %s", (limit) => {
    expect(make({ limit })).toThrow(RangeError)
    expect(make({ limit })).toThrow(`Expected \`limit\` to be an integer >= 1 or Infinity, got ${limit}.`)
    expect(make({ limit: Infinity })).not.toThrow()
  })

  it("refuses a restart that is no schedule, by its name", () => {
    expect(make({ restart: 3 })).toThrow(TypeError)
    expect(make({ restart: 3 })).toThrow(/^Expected .*restart.* Schedule or its options, got 3\.$/)
  })

  it("refuses a restart that is out of its range", () => {
    expect(make({ restart: { times: -1 } })).toThrow("Expected `times` to be an integer >= 0 or Infinity, got -1.")
    expect(make({ restart: { time: 1 } })).toThrow(/^Expected the options of .+ to be among .+, got `time`\.$/)
  })

  it("refuses an onFailure that is no function, and an option that it does not know", () => {
    expect(make({ onFailure: Task.unit })).toThrow(/^Expected .*onFailure.* function, got a Task\./)
    expect(make({ concurrency: 1 })).toThrow(/^Expected the options of .+ to be among .+, got `concurrency`\.$/)
  })

  it("refuses to start what is no Task, at the call", () => {
    const notATask = (() => 1) as unknown as Task<number>
    expect(() => FiberSet.make().start(notATask)).toThrow(/to be a Task, got a function/)
  })
})
