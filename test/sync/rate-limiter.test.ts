import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Duration, type Fiber, RateLimiter, type RateLimiterOptions, Task } from "rapid-fiber"
import { explore, taskTest, TestRuntime, type Trial } from "rapid-fiber/testing"

const cancelled = (reason?: unknown) => ({ status: "cancelled", reason })

/** Yields the times at which `times` takes of one, asked for at once, have been allowed. */
const allowed = (limiter: RateLimiter, times: number): Task<number[]> =>
  Task.all(Array.from({ length: times }, () => limiter.take().andThen(Task.now())))

const joined = (fibers: readonly Fiber<unknown, unknown>[]) => Task.all(fibers.map((fiber) => fiber.join().attempt()))

describe("a token bucket", () => {
  it(
    "is what there is without an algorithm: it gives `limit` at once, then one whenever it is due",
    taskTest(
      allowed(RateLimiter.make({ limit: 2, interval: 20 }), 6).tap((times) =>
        expect(times).toEqual([0, 0, 10, 20, 30, 40]),
      ),
    ),
  )

  it("gives `burst` at once instead, more than `limit` or less", async () => {
    const bursts = { 1: [0, 10, 20, 30, 40, 50], 4: [0, 0, 0, 0, 10, 20], 6: [0, 0, 0, 0, 0, 0] }
    for (const [burst, times] of Object.entries(bursts)) {
      const limiter = RateLimiter.make({ limit: 2, interval: 20, burst: Number(burst), algorithm: "token-bucket" })
      expect(await TestRuntime.make().run(allowed(limiter, 6))).toEqual(times)
    }
  })

  it(
    "is full again when it has been left alone, and never more than full",
    taskTest(() => {
      const limiter = RateLimiter.make({ limit: 2, interval: 20, burst: 3 })
      return Task.gen(function* () {
        expect(yield* allowed(limiter, 3)).toEqual([0, 0, 0])
        yield* Task.sleep({ days: 1000 })
        const base = 86_400_000_000
        expect(yield* allowed(limiter, 5)).toEqual([base, base, base, base + 10, base + 20])
      })
    }),
  )

  // Parts of a token that are added up are a little less than one, and the sleep for the rest is rounded up.
  it(
    "keeps what it has gained of a token that is not whole yet",
    taskTest(() => {
      const limiter = RateLimiter.make({ limit: 1, interval: 100 })
      return Task.gen(function* () {
        yield* limiter.take()
        for (let i = 0; i < 9; i++) {
          yield* Task.sleep(10)
          expect(yield* limiter.tryTake()).toBe(false)
        }
        yield* limiter.take()
        expect(yield* Task.now()).toBe(100)
      })
    }),
  )

  it(
    "reaches its rate in the long run, and is not a millisecond ahead of it, where the pause is no whole number",
    taskTest(() => {
      const limiter = RateLimiter.make({ limit: 7, interval: 100 })
      return Task.gen(function* () {
        const off: number[] = []
        for (let taken = 1; taken <= 7000; taken++) {
          yield* limiter.take()
          const due = Math.max(0, Math.ceil(((taken - 7) * 100) / 7))
          const now = yield* Task.now()
          if (now < due || now > due + 1) off.push(taken)
        }
        expect(off).toEqual([])
      })
    }),
  )

  // What is gained between the moment that is due and the next whole millisecond must not be cut off at `burst` while somebody
  // waits for it: the bucket has not been left alone. Else each pause of 1.43 ms takes 2, and the rate is 500 per second.
  it(
    "reaches its rate on the average where a burst is one, and the pause is no whole number",
    taskTest(() => {
      const limiter = RateLimiter.make({ limit: 700, interval: { seconds: 1 }, burst: 1 })
      return Task.forEach(Array.from({ length: 701 }), () => limiter.take())
        .andThen(Task.now())
        .tap((now) => expect([1000, 1001]).toContain(now))
    }),
  )

  // 1 / (1 / 3_600_000) is 3_600_000.0000000005, which a sleep rounds up.
  it(
    "is not a millisecond late where the pause is a whole number",
    taskTest(() => {
      const late: string[] = []
      return Task.gen(function* () {
        for (const [limit, interval] of [
          [1, 3_600_000],
          [1, 49],
          [60, 60_000],
          [3, 300],
        ]) {
          const limiter = RateLimiter.make({ limit, interval, burst: 1 })
          yield* limiter.take()
          const [, ms] = yield* limiter.take().elapsed()
          if (ms !== interval / limit) late.push(`${limit} per ${interval} ms: ${ms} ms`)
        }
        expect(late).toEqual([])
      })
    }),
  )

  it("is not a millisecond late where the pause is a whole number, however long it is", async () => {
    const pause = fc.integer({ min: 1, max: 1_000_000_000 })
    const property = fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }),
      pause,
      fc.nat({ max: 1e6 }),
      async (limit, ms, from) => {
        const limiter = RateLimiter.make({ limit, interval: ms * limit })
        const program = Task.sleep(from)
          .andThen(limiter.take(limit))
          .andThen(
            limiter
              .take()
              .andThen(Task.now())
              .zip(limiter.take(Math.min(2, limit)).andThen(Task.now())),
          )
        expect(await TestRuntime.make().run(program)).toEqual([from + ms, from + ms * (1 + Math.min(2, limit))])
      },
    )
    await fc.assert(property, { numRuns: 200 })
  })

  it(
    "takes weights, each when so many are there",
    taskTest(() => {
      const limiter = RateLimiter.make({ limit: 4, interval: 40 })
      return Task.gen(function* () {
        const times: number[] = []
        for (const count of [3, 1, 4, 2, 1]) {
          yield* limiter.take(count)
          times.push(yield* Task.now())
        }
        expect(times).toEqual([0, 0, 40, 60, 70])
      })
    }),
  )
})

describe("a sliding window", () => {
  const sliding = (limit: number, interval: Duration) =>
    RateLimiter.make({ limit, interval, algorithm: "sliding-window" })

  it(
    "gives `limit` at once, and the next ones when those have left the window",
    taskTest(allowed(sliding(2, 20), 6).tap((times) => expect(times).toEqual([0, 0, 20, 20, 40, 40]))),
  )

  it(
    "gives no second burst at the seam of two intervals, as a fixed window would",
    taskTest(() => {
      const limiter = sliding(3, 30)
      return Task.gen(function* () {
        yield* Task.sleep(25)
        expect(yield* allowed(limiter, 3)).toEqual([25, 25, 25])
        yield* Task.sleep(10)
        expect(yield* limiter.tryTake()).toBe(false)
        expect(yield* allowed(limiter, 2)).toEqual([55, 55])
      })
    }),
  )

  it(
    "allows each one exactly an interval after the one that it follows",
    taskTest(() => {
      const limiter = sliding(2, 20)
      return Task.gen(function* () {
        yield* limiter.take()
        yield* Task.sleep(5)
        yield* limiter.take()
        expect(yield* allowed(limiter, 4)).toEqual([20, 25, 40, 45])
      })
    }),
  )

  it(
    "waits with a weight until so many have left the window",
    taskTest(() => {
      const limiter = sliding(5, 50)
      return Task.gen(function* () {
        const times: number[] = []
        for (const [after, count] of [
          [0, 2],
          [10, 2],
          [10, 2],
          [0, 5],
        ]) {
          yield* Task.sleep(after)
          yield* limiter.take(count)
          times.push(yield* Task.now())
        }
        expect(times).toEqual([0, 10, 50, 100])
      })
    }),
  )

  it(
    "reaches its rate in the long run",
    taskTest(() => {
      const limiter = sliding(7, 100)
      return Task.gen(function* () {
        for (let taken = 1; taken <= 7000; taken++) yield* limiter.take()
        expect(yield* Task.now()).toBe(99_900)
      })
    }),
  )
})

const both: readonly ("token-bucket" | "sliding-window")[] = ["token-bucket", "sliding-window"]

describe.each(both)("any limiter (%s)", (algorithm) => {
  const make = (options: Omit<RateLimiterOptions, "algorithm">) => RateLimiter.make({ ...options, algorithm })

  it("gives what is allowed on the spot", () => {
    const limiter = make({ limit: 2, interval: { hours: 1 } })
    limiter.take().runSync()
    expect([limiter.tryTake().runSync(), limiter.tryTake().runSync()]).toEqual([true, false])
    expect(() => limiter.take().runSync()).toThrow(/rate limiter|sleep/)
  })

  it(
    "tries without waiting: takes if so many are allowed, and nothing if not",
    taskTest(() => {
      const limiter = make({ limit: 3, interval: 30 })
      return Task.gen(function* () {
        expect(yield* limiter.tryTake(2)).toBe(true)
        expect(yield* limiter.tryTake(2)).toBe(false)
        expect(yield* limiter.tryTake(1)).toBe(true)
        expect(yield* limiter.tryTake()).toBe(false)
        expect(yield* Task.now()).toBe(0)
      })
    }),
  )

  it(
    "gives tryTake nothing while somebody waits, though so few would be allowed",
    taskTest(() => {
      const limiter = make({ limit: 4, interval: 40 })
      return Task.gen(function* () {
        yield* limiter.take(2)
        const wants = yield* limiter.take(4).start()
        yield* Task.sleep(1)
        expect(limiter.waiting).toBe(1)
        expect(yield* limiter.tryTake(1)).toBe(false)
        yield* wants.cancel()
        expect(yield* limiter.tryTake(2)).toBe(true)
      })
    }),
  )

  it(
    "serves first in, first out, however much each wants",
    taskTest(() => {
      const limiter = make({ limit: 5, interval: 50 })
      const order: number[] = []
      return Task.gen(function* () {
        const takes = [5, 5, 1, 4, 1, 3, 2].map((count, n) => limiter.take(count).tap(() => void order.push(n)))
        yield* Task.all(takes)
        expect(order).toEqual([0, 1, 2, 3, 4, 5, 6])
      })
    }),
  )

  it(
    "does not let who comes later overtake, at whatever moment",
    taskTest(() => {
      const limiter = make({ limit: 2, interval: 20 })
      const order: string[] = []
      const take = (name: string, count: number) => limiter.take(count).tap(() => void order.push(name))
      return Task.gen(function* () {
        yield* limiter.take(2)
        const fibers = [yield* take("heavy", 2).start()]
        for (let i = 0; i < 25; i++) {
          yield* Task.sleep(1)
          fibers.push(yield* take(`light ${i}`, 1).start())
        }
        yield* joined(fibers)
        expect(order).toEqual(["heavy", ...Array.from({ length: 25 }, (_, i) => `light ${i}`)])
      })
    }),
  )

  it(
    "counts who waits, also the first in line",
    taskTest(() => {
      const limiter = make({ limit: 1, interval: 10 })
      return Task.gen(function* () {
        yield* limiter.take()
        expect(limiter.waiting).toBe(0)
        const fibers = [yield* limiter.take().start(), yield* limiter.take().start(), yield* limiter.take().start()]
        yield* Task.sleep(1)
        expect(limiter.waiting).toBe(3)
        yield* Task.sleep(10)
        expect(limiter.waiting).toBe(2)
        yield* joined(fibers)
        expect(limiter.waiting).toBe(0)
      })
    }),
  )

  it(
    "cancelled while first in line takes nothing: the next goes when it may, not when the first might",
    taskTest(() => {
      const limiter = make({ limit: 4, interval: 40, ...(algorithm === "token-bucket" ? { burst: 4 } : {}) })
      return Task.gen(function* () {
        yield* limiter.take(2)
        yield* Task.sleep(1)
        yield* limiter.take(2)
        const first = yield* limiter.take(4).start()
        const second = yield* limiter.take(1).andThen(Task.now()).start()
        yield* Task.sleep(1)
        yield* first.cancel("gone")
        expect(first.poll()).toEqual(cancelled("gone"))
        expect(limiter.waiting).toBe(1)
        // The bucket has the next one at 10, the window at 40; the four would have been there at 40 and 41.
        expect(yield* second.join()).toBe(algorithm === "token-bucket" ? 10 : 40)
      })
    }),
  )

  it(
    "lets the next go at once when the first is cancelled after the next one's moment",
    taskTest(() => {
      const limiter = make({ limit: 4, interval: 40 })
      return Task.gen(function* () {
        yield* limiter.take(3)
        const first = yield* limiter.take(4).start()
        const second = yield* limiter.take(1).andThen(Task.now()).start()
        yield* Task.sleep(7)
        expect(second.poll()).toBeUndefined()
        yield* first.cancel()
        expect(yield* second.join()).toBe(7)
      })
    }),
  )

  it(
    "forgets who is cancelled in the middle of the line; the others keep their order and their times",
    taskTest(() => {
      const limiter = make({ limit: 1, interval: 10 })
      const order: [string, number][] = []
      return Task.gen(function* () {
        yield* limiter.take()
        const take = (name: string) => limiter.take().andThen(Task.now().tap((now) => void order.push([name, now])))
        const fibers: Fiber<unknown>[] = []
        for (const name of ["a", "b", "c", "d"]) fibers.push(yield* take(name).start())
        yield* Task.sleep(5)
        yield* fibers[1].cancel()
        expect(limiter.waiting).toBe(3)
        yield* joined(fibers)
        expect(order).toEqual([
          ["a", 10],
          ["c", 20],
          ["d", 30],
        ])
      })
    }),
  )

  it(
    "holds no timer when nobody waits, also after everybody has been cancelled",
    taskTest((test) => {
      const limiter = make({ limit: 1, interval: 10 })
      return Task.gen(function* () {
        yield* limiter.take()
        expect(test.sleepers).toEqual([])
        const fibers = [yield* limiter.take().start(), yield* limiter.take().start()]
        yield* Task.yield()
        expect(test.sleepers).toHaveLength(1)
        for (const fiber of fibers) yield* fiber.cancel()
        expect(test.sleepers).toEqual([])
        expect(limiter.waiting).toBe(0)
      })
    }),
  )

  it(
    "goes by the monotonic clock: setting the time of day changes nothing",
    taskTest((test) => {
      const limiter = make({ limit: 1, interval: { minutes: 1 } })
      return Task.gen(function* () {
        yield* limiter.take()
        test.setDate(new Date("2040-01-01"))
        expect(yield* limiter.tryTake()).toBe(false)
        test.setDate(0)
        yield* limiter.take()
        expect(test.now).toBeGreaterThanOrEqual(60_000)
        expect(test.now).toBeLessThanOrEqual(60_001)
      })
    }),
  )

  it(
    "runs a task when one more is allowed, and yields its value",
    taskTest(() => {
      const limiter = make({ limit: 1, interval: 10 })
      let runs = 0
      return Task.gen(function* () {
        const call = limiter.limit(Task.sync(() => ++runs).zip(Task.now()))
        expect(runs).toBe(0)
        expect(yield* Task.all([call, call, call])).toEqual([
          [1, 0],
          [2, 10],
          [3, 20],
        ])
      })
    }),
  )

  it(
    "limits how often tasks begin, not how many run at once",
    taskTest(() => {
      const limiter = make({ limit: 1, interval: 10 })
      let [running, most] = [0, 0]
      const slow = Task.sync(() => void (most = Math.max(most, ++running)))
        .andThen(Task.sleep(1000))
        .finally(() => void running--)
      return Task.all([1, 2, 3].map(() => limiter.limit(slow))).tap(() => expect(most).toBe(3))
    }),
  )

  it(
    "has taken for what fails, for what throws, and for what is cancelled while it runs",
    taskTest(() => {
      const limiter = make({ limit: 3, interval: 30 })
      return Task.gen(function* () {
        expect(yield* limiter.limit(Task.fail("down")).attempt()).toEqual({ status: "rejected", reason: "down" })
        const thrown = Task.sync(() => {
          throw new Error("thrown")
        })
        expect(yield* limiter.limit(thrown).attempt()).toMatchObject({ reason: { message: "thrown" } })
        const stopped: string[] = []
        const running = yield* limiter.limit(Task.never.onCancel(() => void stopped.push("stopped"))).start()
        yield* Task.yield()
        yield* running.cancel()
        expect(stopped).toEqual(["stopped"])
        expect(yield* limiter.tryTake()).toBe(false)
      })
    }),
  )

  it(
    "does not begin a task whose wait is cancelled, and has not taken for it",
    taskTest(() => {
      const limiter = make({ limit: 1, interval: 10 })
      let runs = 0
      return Task.gen(function* () {
        yield* limiter.take()
        const waiting = yield* limiter.limit(Task.sync(() => void runs++)).start()
        yield* Task.sleep(9)
        yield* waiting.cancel()
        yield* Task.sleep(1)
        expect(yield* limiter.tryTake()).toBe(true)
        expect(runs).toBe(0)
      })
    }),
  )

  it(
    "takes nothing for a wait whose time is up",
    taskTest(() => {
      const limiter = make({ limit: 1, interval: 10 })
      return Task.gen(function* () {
        yield* limiter.take()
        for (let i = 0; i < 9; i++) {
          expect((yield* limiter.take().timeout(1).attempt()).status).toBe("rejected")
        }
        yield* limiter.take()
        expect(yield* Task.now()).toBe(10)
      })
    }),
  )

  it(
    "holds a wait that is masked to its end, though it is cancelled",
    taskTest(() => {
      const limiter = make({ limit: 1, interval: 10 })
      return Task.gen(function* () {
        yield* limiter.take()
        const masked = yield* Task.uncancelable(() => limiter.take()).start()
        yield* Task.yield()
        yield* masked.cancel()
        expect(yield* Task.now()).toBe(10)
        expect(yield* limiter.tryTake()).toBe(false)
      })
    }),
  )

  it(
    "serves five thousand who wait, and forgets five thousand who are cancelled",
    taskTest((test) => {
      const limiter = make({ limit: 1, interval: 1 })
      return Task.gen(function* () {
        yield* limiter.take()
        const fibers: Fiber<void>[] = []
        for (let i = 0; i < 10_000; i++) fibers.push(yield* limiter.take().start())
        yield* Task.sleep(0)
        for (let i = 1; i < fibers.length; i += 2) fibers[i].abort()
        yield* joined(fibers)
        expect(test.now).toBeLessThanOrEqual(5001)
        expect(test.now).toBeGreaterThanOrEqual(5000)
        expect(limiter.waiting).toBe(0)
      })
    }),
  )

  it("p-queue#241 / p-limit#25: every queued waiter settles when it is closed or cancelled", async () => {
    const program = (trial: Trial) => {
      const limiter = make({ limit: 2, interval: 10 })
      const served: number[] = []
      trial.check(() => {
        if (limiter.waiting !== 0) throw new Error(`Expected nobody to wait, got ${limiter.waiting}.`)
        for (const time of served)
          if (
            served.filter((other) => other >= time && other < time + 10).length >
            (algorithm === "sliding-window" ? 2 : 3)
          )
            throw new Error(`Expected no more than allowed, got ${served.join(", ")}.`)
      })
      const take = (count: number) =>
        limiter.take(count).andThen(Task.now().tap((now) => served.push(...Array.from({ length: count }, () => now))))
      return Task.gen(function* () {
        const fibers: Fiber<unknown>[] = []
        for (const [name, count] of Object.entries({ first: 2, second: 2, third: 1, fourth: 1 }))
          fibers.push(yield* take(count).startDetached({ name }))
        yield* joined(fibers)
        yield* limiter.take(2)
      })
    }
    expect(await explore(program, { cancel: ["first", "second", "third"], runs: 1000 })).toMatchObject({ runs: 1000 })
  })

  it("takes nothing in a wait that is cancelled, at whatever step", async () => {
    const program = () => {
      const limiter = make({ limit: 1, interval: 10 })
      let taken = 0
      return Task.gen(function* () {
        yield* limiter.take()
        const victim = yield* limiter.limit(Task.sync(() => void taken++)).startDetached({ name: "victim" })
        yield* victim.join().attempt()
        const ended = yield* Task.now()
        yield* Task.sleep(Math.max(0, 10 - ended))
        const free = yield* limiter.tryTake()
        // At 10 it may be cancelled after it has taken and before its task begins; before that it waits.
        if (!free && ended < 10)
          throw new Error(`Expected one to be free, got none after a wait that ended at ${ended}.`)
        if (free && taken > 0) throw new Error("Expected one to be taken for the task that has run, got none.")
      })
    }
    expect(await explore(program, { cancel: "victim", runs: 500 })).toMatchObject({ runs: 500 })
  })

  const request = fc.record({
    after: fc.nat({ max: 25 }),
    count: fc.integer({ min: 1, max: 4 }),
    patience: fc.option(fc.nat({ max: 60 }), { nil: undefined }),
  })
  const setting = fc.record({
    limit: fc.integer({ min: 1, max: 6 }),
    interval: fc.integer({ min: 1, max: 40 }),
    burst: fc.integer({ min: 1, max: 8 }),
  })

  it("never allows more than it may in any window, serves in order, and serves all who are not cancelled", async () => {
    const requests = fc.array(request, { minLength: 1, maxLength: 25 })
    const property = fc.asyncProperty(setting, requests, fc.option(fc.nat()), async (given, list, seed) => {
      const { burst, ...rest } = given
      const limiter = make(algorithm === "token-bucket" ? given : rest)
      const most = algorithm === "token-bucket" ? burst : rest.limit
      const test = TestRuntime.make(seed === null ? {} : { seed })
      const served: { n: number; at: number; count: number }[] = []
      const program = Task.gen(function* () {
        const fibers: Fiber<unknown>[] = []
        const patient: number[] = []
        for (const [n, { after, count: wanted, patience }] of list.entries()) {
          yield* Task.sleep(after)
          const count = Math.min(wanted, most)
          const taking = limiter.take(count).tap(() => void served.push({ n, at: test.now, count }))
          const fiber = yield* taking.startDetached()
          fibers.push(fiber)
          if (patience === undefined) patient.push(n)
          else
            yield* Task.sleep(patience)
              .tap(() => fiber.abort())
              .startDetached()
        }
        yield* joined(fibers)
        return patient
      })
      const patient = await test.run(program)
      await test.runAll()

      expect(limiter.waiting).toBe(0)
      expect(test.sleepers).toEqual([])
      const order = served.map(({ n }) => n)
      expect(patient.filter((n) => !order.includes(n))).toEqual([])
      // With a seed, those who come at the same moment come in any order.
      if (seed === null) expect(order).toEqual(order.toSorted((a, b) => a - b))
      for (const [i, { at }] of served.entries()) {
        let sum = 0
        for (const later of served.slice(i)) {
          sum += later.count
          const span = later.at - at
          if (algorithm === "token-bucket") {
            // A millisecond is the grain of the clock.
            expect(sum).toBeLessThanOrEqual(burst + (rest.limit * (span + 1)) / rest.interval)
          } else if (span < rest.interval) expect(sum).toBeLessThanOrEqual(rest.limit)
        }
      }
    })
    await fc.assert(property, { numRuns: 150 })
  })

  it("allows each as early as it may, to the millisecond", async () => {
    const requests = fc.array(fc.record({ after: fc.nat({ max: 25 }), count: fc.integer({ min: 1, max: 4 }) }), {
      minLength: 1,
      maxLength: 25,
    })
    // At most a token per millisecond, and never as many as the burst at once: nothing of what is gained is cut off.
    const gentle = setting.map(({ limit, interval, burst }) => ({
      limit,
      interval: Math.max(limit, interval),
      burst: burst + 1,
    }))
    const property = fc.asyncProperty(gentle, requests, async (given, list) => {
      const { burst, ...rest } = given
      const bucket = algorithm === "token-bucket"
      const limiter = make(bucket ? given : rest)
      const most = bucket ? burst - 1 : rest.limit
      const counts = list.map(({ count }) => Math.min(count, most))
      const test = TestRuntime.make()
      const times: number[] = []
      const program = Task.gen(function* () {
        const fibers: Fiber<unknown>[] = []
        for (const [n, { after }] of list.entries()) {
          yield* Task.sleep(after)
          fibers.push(
            yield* limiter
              .take(counts[n])
              .tap(() => void (times[n] = test.now))
              .start(),
          )
        }
        yield* joined(fibers)
      })
      await test.run(program)

      // In whole numbers: parts of a token, `interval` of which are one.
      let [arrival, last, parts, filled] = [0, 0, burst * rest.interval, 0]
      for (const [n, { after }] of list.entries()) {
        arrival += after
        let at = Math.max(arrival, last)
        if (bucket) {
          parts = Math.min(burst * rest.interval, parts + (at - filled) * rest.limit)
          at += Math.max(0, Math.ceil((counts[n] * rest.interval - parts) / rest.limit))
          parts += (times[n] - Math.max(arrival, last)) * rest.limit - counts[n] * rest.interval
        } else {
          const taken = () =>
            counts.slice(0, n).reduce((sum, count, i) => (times[i] > at - rest.interval ? sum + count : sum), 0)
          while (taken() + counts[n] > rest.limit) at++
        }
        expect([n, times[n]]).toEqual([n, at])
        last = filled = times[n]
      }
    })
    await fc.assert(property, { numRuns: 200 })
  })
})

describe("what a limiter refuses", () => {
  const make = (options: object) => () => RateLimiter.make(options as RateLimiterOptions)

  it.each([0, -1, 1.5, Number.NaN, Infinity])("refuses %s as a limit", (limit) => {
    expect(make({ limit, interval: 10 })).toThrow(RangeError)
    expect(make({ limit, interval: 10 })).toThrow(`Expected \`limit\` to be an integer >= 1, got ${limit}.`)
  })

  it.each([0, Infinity, -1, Number.NaN])("refuses %s as an interval", (interval) => {
    expect(make({ limit: 1, interval })).toThrow(RangeError)
    expect(make({ limit: 1, interval })).toThrow(new RegExp(`^Expected \`interval\` to be .+, got ${interval}\\.`))
  })

  it("refuses an interval that is no duration", () => {
    expect(make({ limit: 1, interval: "10" })).toThrow(TypeError)
    expect(make({ limit: 1, interval: "10" })).toThrow(/^Expected `interval` to be .+, got "10"\./)
    expect(make({ limit: 1, interval: { hour: 1 } })).toThrow(/^Expected `interval` to be .+, got \{ hour: 1 \}\./)
    expect(make({ limit: 1 })).toThrow(/^Expected `interval` to be .+, got undefined\./)
  })

  it.each([0, 2.5, Number.NaN, Infinity])("refuses %s as a burst", (burst) => {
    expect(make({ limit: 1, interval: 10, burst })).toThrow(RangeError)
    expect(make({ limit: 1, interval: 10, burst })).toThrow(`Expected \`burst\` to be an integer >= 1, got ${burst}.`)
  })

  it("refuses an algorithm that it does not know, and an option that it does not know", () => {
    expect(make({ limit: 1, interval: 10, algorithm: "leaky" })).toThrow(
      /^Expected `algorithm` to be .*token-bucket.*sliding-window.*, got "leaky"\./,
    )
    expect(make({ limit: 1, interval: 10, per: 1 })).toThrow(/^Expected the options of .+ to be among .+, got `per`\.$/)
  })

  it.each([0, -1, 1.5, Number.NaN, 4])("refuses to take %s where three are the most, at the call", (count) => {
    for (const limiter of [
      RateLimiter.make({ limit: 3, interval: 10 }),
      RateLimiter.make({ limit: 9, burst: 3, interval: 10 }),
      RateLimiter.make({ limit: 3, interval: 10, algorithm: "sliding-window" }),
    ]) {
      const message = `Expected \`count\` to be an integer from 1 to 3, got ${count}.`
      expect(() => limiter.take(count)).toThrow(RangeError)
      expect(() => limiter.take(count)).toThrow(message)
      expect(() => limiter.tryTake(count)).toThrow(message)
    }
  })

  it("refuses to limit what is no Task", () => {
    const limiter = RateLimiter.make({ limit: 3, interval: 10 })
    expect(() => limiter.limit((() => 1) as unknown as Task<number>)).toThrow(/to be a Task, got a function/)
  })
})
