import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { type Fiber, Runtime, Schedule, type ScheduleContext, type ScheduleOptions, Task } from "rapid-fiber"

const fulfilled = <A>(value: A) => ({ status: "fulfilled", value })
const rejected = (reason: unknown) => ({ status: "rejected", reason })
const cancelled = (reason?: unknown) => ({ status: "cancelled", reason })

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

/** Lets so many milliseconds pass. */
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

const run = <A, E>(task: Task<A, E>, runtime = Runtime.make({ onUnhandled() {} })) => task.run({ runtime })

/** Lets time pass until the fiber has ended. */
async function settled<A>(fiber: Fiber<A, unknown>, limit = 100_000) {
  for (let ms = 0; ms < limit && fiber.poll() === undefined; ms++) await pass(1)
  return fiber.poll()
}

/** When the runs of a task start under a policy, from the first; each run takes as long as the next of `took`. */
async function starts(
  policy: Schedule | ScheduleOptions,
  { fails = false, took = [0], limit = 2000, runtime = Runtime.make({ onUnhandled() {} }) } = {},
): Promise<number[]> {
  const at: number[] = []
  const from = Date.now()
  const body = Task.defer(() => {
    const pause = took[at.length % took.length]
    at.push(Date.now() - from)
    const end = fails ? Task.fail("down") : Task.unit
    return pause > 0 ? Task.sleep(pause).andThen(end) : end
  })
  const fiber = run<unknown, unknown>(fails ? body.retry(policy) : body.repeat(policy), runtime)
  for (let ms = 0; ms < limit && fiber.poll() === undefined; ms++) await pass(1)
  fiber.abort()
  await pass(0)
  return at
}

const both = [
  ["retry", true],
  ["repeat", false],
] as const

describe("retry", () => {
  it("runs again after a failure and yields the first value", async () => {
    let tries = 0
    const flaky = Task.defer(() => (++tries < 3 ? Task.fail("busy") : Task.pure(tries)))
    expect(flaky.retry({ times: 5 }).runSync()).toBe(3)
  })

  it("does not run again after a value", async () => {
    const body = vi.fn(() => 1)
    expect(Task.sync(body).retry({}).runSync()).toBe(1)
    expect(body).toHaveBeenCalledTimes(1)
  })

  it("fails with the last failure, the very object", async () => {
    const errors = [new Error("1"), new Error("2"), new Error("3")]
    let i = 0
    const fiber = run(Task.defer(() => Task.fail(errors[i++])).retry({ times: 2 }))
    const exit = await settled(fiber)
    expect((exit as { reason: unknown }).reason).toBe(errors[2])
    expect(i).toBe(3)
  })

  it("takes what is thrown, a rejection and a timeout for failures", async () => {
    let tries = 0
    const fiber = run(
      Task.defer(() => {
        switch (tries++) {
          case 0:
            throw new Error("thrown")
          case 1:
            return Task.promise(() => Promise.reject(new Error("rejected")))
          case 2:
            return Task.never.timeout(10)
          default:
            return Task.pure("value")
        }
      }).retry({ times: 3 }),
    )
    expect(await settled(fiber)).toEqual(fulfilled("value"))
  })

  it("does not retry a cancellation, in a run or in a pause", async () => {
    const body = vi.fn()
    const waiting = run(Task.sync(body).andThen(Task.never).retry({}))
    waiting.abort("in a run")
    const pausing = run(Task.sync(body).andThen(Task.fail("down")).retry({ spaced: 100 }))
    pausing.abort("in a pause")
    await pass(1000)
    expect([waiting.poll(), pausing.poll()]).toEqual([cancelled("in a run"), cancelled("in a pause")])
    expect(body).toHaveBeenCalledTimes(2)
    expect(vi.getTimerCount()).toBe(0)
  })

  it("runs the cleanups of each try before the next one", async () => {
    const log: string[] = []
    let tries = 0
    const flaky = Task.defer(() => (log.push(`try ${++tries}`), tries < 3 ? Task.fail("down") : Task.unit)).finally(
      () => Task.sleep(5).tap(() => log.push("cleaned")),
    )
    await settled(run(flaky.retry({})))
    expect(log).toEqual(["try 1", "cleaned", "try 2", "cleaned", "try 3", "cleaned"])
  })

  it("is told the error by while and until", async () => {
    const seen: unknown[] = []
    let tries = 0
    const down = Task.defer(() => Task.fail(++tries))
    expect(await settled(run(down.retry({ while: (error) => seen.push(error) < 3 })))).toEqual(rejected(3))
    expect(await settled(run(down.retry({ until: (error) => error === 5 })))).toEqual(rejected(5))
    expect(seen).toEqual([1, 2, 3])
  })

  it("fails with what a predicate throws", async () => {
    const error = new Error("predicate")
    const fiber = run(
      Task.fail("down").retry({
        while: () => {
          throw error
        },
      }),
    )
    expect((await settled(fiber)) as unknown).toMatchObject({ status: "rejected" })
    expect((fiber.poll() as { reason: unknown }).reason).toBe(error)
  })

  it("ends by a failing child as the fiber does, not by the schedule (D9)", async () => {
    const body = vi.fn()
    const fiber = run(Task.sync(body).andThen(Task.fail("child").start()).andThen(Task.never).retry({ times: 5 }))
    expect(await settled(fiber)).toEqual(rejected("child"))
    expect(body).toHaveBeenCalledTimes(1)
  })

  it("of a hundred thousand tries without a wait needs no stack and can be cancelled", async () => {
    let tries = 0
    const down = Task.defer(() => Task.fail(++tries))
    expect(() => down.retry({ times: 100_000 }).runSync()).toThrow()
    expect(tries).toBe(100_001)
    vi.useRealTimers()
    const endless = run(down.retry(Schedule.forever))
    await endless.cancel("stop")
    expect(endless.poll()).toEqual(cancelled("stop"))
    vi.useFakeTimers()
  })
})

describe("repeat", () => {
  it("runs again after a success and yields the last value", () => {
    let runs = 0
    expect(
      Task.sync(() => ++runs)
        .repeat({ times: 3 })
        .runSync(),
    ).toBe(4)
  })

  it("ends with the first failure, the very object", () => {
    let runs = 0
    const error = new Error("down")
    const task = Task.defer(() => (++runs < 3 ? Task.pure(runs) : Task.fail(error)))
    expect(() => task.repeat({}).runSync()).toThrow(error)
    expect(runs).toBe(3)
  })

  it("is told the value by while and until, and yields the value that ended it", () => {
    let runs = 0
    const count = Task.sync(() => ++runs)
    expect(count.repeat({ while: (n) => n < 3 }).runSync()).toBe(3)
    expect(count.repeat({ until: (n) => n === 7 }).runSync()).toBe(7)
    expect(count.repeat({ until: () => true }).runSync()).toBe(8)
  })

  it("can be cancelled in a run and in a pause, and an endless one without waits as well", async () => {
    const waits = [Task.never.repeat({}), Task.unit.repeat({ spaced: 1000 }), Task.unit.repeat({ spaced: Infinity })]
    for (const task of waits) {
      const fiber = run(task)
      await pass(10)
      fiber.abort("stop")
      await pass(0)
      expect(fiber.poll()).toEqual(cancelled("stop"))
    }
    vi.useRealTimers()
    const endless = run(Task.unit.repeat({}))
    await endless.cancel("stop")
    expect(endless.poll()).toEqual(cancelled("stop"))
    vi.useFakeTimers()
  })

  it("of a million rounds does not grow", () => {
    let runs = 0
    Task.sync(() => ++runs)
      .repeat({ times: 1_000_000 })
      .runSync()
    expect(runs).toBe(1_000_001)
  })

  it("nested multiplies", () => {
    let runs = 0
    Task.sync(() => ++runs)
      .repeat({ times: 2 })
      .repeat({ times: 3 })
      .runSync()
    expect(runs).toBe(12)
  })
})

describe.each(both)("the options of %s", (_, fails) => {
  it("times counts the runs after the first (D29)", async () => {
    for (const times of [0, 1, 4]) expect(await starts({ times }, { fails })).toHaveLength(times + 1)
  })

  it("spaced pauses after the end of each run", async () => {
    expect(await starts({ spaced: 10, times: 3 }, { fails })).toEqual([0, 10, 20, 30])
    expect(await starts({ spaced: { milliseconds: 10 }, times: 2 }, { fails, took: [5, 7] })).toEqual([0, 15, 32])
    expect(await starts({ spaced: 0, times: 2 }, { fails })).toEqual([0, 0, 0])
  })

  it("every starts at multiples of itself, however long the runs are", async () => {
    expect(await starts({ every: 10, times: 4 }, { fails })).toEqual([0, 10, 20, 30, 40])
    expect(await starts({ every: 10, times: 4 }, { fails, took: [3, 9, 1] })).toEqual([0, 10, 20, 30, 40])
  })

  it("every leaves out the ticks that a long run has missed, and keeps the rate", async () => {
    expect(await starts({ every: 10, times: 4 }, { fails, took: [25, 0, 0, 12, 0] })).toEqual([0, 30, 40, 50, 70])
  })

  it("every does not drift over a thousand runs of odd lengths", async () => {
    const at = await starts({ every: 7, times: 300 }, { fails, took: [1, 2, 3, 4, 5, 6], limit: 3000 })
    expect(at).toEqual(Array.from({ length: 301 }, (_, i) => i * 7))
  })

  it("backoff doubles by default", async () => {
    expect(await starts({ backoff: { initial: 10 }, times: 4 }, { fails })).toEqual([0, 10, 30, 70, 150])
  })

  it("backoff grows by its factor up to its maximum", async () => {
    const backoff = { initial: 10, factor: 3, max: 50 }
    expect(await starts({ backoff, times: 4 }, { fails })).toEqual([0, 10, 40, 90, 140])
    expect(await starts({ backoff: { initial: 10, factor: 1 }, times: 3 }, { fails })).toEqual([0, 10, 20, 30])
    expect(await starts({ backoff: { initial: 100, max: 20 }, times: 2 }, { fails })).toEqual([0, 20, 40])
    expect(await starts({ backoff: { initial: 0 }, times: 3 }, { fails })).toEqual([0, 0, 0, 0])
  })

  it("backoff counts from the end of a run", async () => {
    expect(await starts({ backoff: { initial: 10 }, times: 2 }, { fails, took: [5] })).toEqual([0, 15, 40])
  })

  it("maxElapsed ends when the next run would start later than that after the first", async () => {
    expect(await starts({ spaced: 10, maxElapsed: 30 }, { fails })).toEqual([0, 10, 20, 30])
    expect(await starts({ spaced: 10, maxElapsed: 29 }, { fails })).toEqual([0, 10, 20])
    expect(await starts({ maxElapsed: 30 }, { fails, took: [20] })).toEqual([0, 20])
    expect(await starts({ spaced: 10, maxElapsed: 0 }, { fails })).toEqual([0])
  })

  it("that are given together must agree: the longest wait counts, the first end ends", async () => {
    expect(await starts({ spaced: 20, every: 15, times: 3 }, { fails })).toEqual([0, 20, 40, 60])
    expect(await starts({ spaced: 20, backoff: { initial: 10 }, times: 3 }, { fails })).toEqual([0, 20, 40, 80])
    expect(await starts({ spaced: 10, times: 10, maxElapsed: 25 }, { fails })).toEqual([0, 10, 20])
    expect(await starts({ spaced: 10, times: 10, until: () => true }, { fails })).toEqual([0])
  })

  it("may be undefined, as if they were not there", async () => {
    const options = { times: 1, spaced: undefined, every: undefined, maxElapsed: undefined, while: undefined }
    expect(await starts(options as unknown as ScheduleOptions, { fails })).toEqual([0, 0])
  })

  it("may wait longer than a host timer can", async () => {
    const from = Date.now()
    const times: number[] = []
    const body = Task.sync(() => times.push(Date.now() - from))
    const task: Task<unknown, unknown> = fails
      ? body.andThen(Task.fail("down")).retry({ spaced: { days: 30 }, times: 1 })
      : body.repeat({ spaced: { days: 30 }, times: 1 })
    const fiber = run(task)
    await pass(29 * 86_400_000)
    expect(times).toEqual([0])
    await pass(86_400_000)
    expect(times).toEqual([0, 30 * 86_400_000])
    expect(fiber.poll()).toBeDefined()
  })
})

describe("jitter", () => {
  const pauses = async (policy: Schedule | ScheduleOptions, runtime?: Runtime) => {
    const at = await starts(policy, { limit: 200_000, ...(runtime && { runtime }) })
    return at.slice(1).map((time, i) => time - at[i])
  }

  it("takes 50 to 100 % of each pause", async () => {
    const all = await pauses({ backoff: { initial: 100, factor: 1, jitter: true }, times: 60 })
    expect(all).toHaveLength(60)
    expect(Math.min(...all)).toBeGreaterThanOrEqual(50)
    // A sleep is never early, so a part of a millisecond is a whole one.
    expect(Math.max(...all)).toBeLessThanOrEqual(101)
    expect(new Set(all).size).toBeGreaterThan(10)
  })

  it("reaches both ends and exceeds no maximum", async () => {
    const options = { backoff: { initial: 100, factor: 4, max: 200, jitter: true }, times: 2 }
    expect(await pauses(options, Runtime.make({ random: () => 0 }))).toEqual([50, 100])
    const [first, second] = await pauses(options, Runtime.make({ random: () => 1 - 2 ** -53 }))
    expect([first, second]).toEqual([100, 200])
  })

  it("draws the same numbers for the same seed, in every run and on every runtime", async () => {
    const seeded = (seed: number) => ({ backoff: { initial: 1000, factor: 1, jitter: { seed } }, times: 6 })
    const [one, again, other] = [await pauses(seeded(1)), await pauses(seeded(1)), await pauses(seeded(2))]
    expect(again).toEqual(one)
    expect(other).not.toEqual(one)
    const schedule = Schedule.spaced(1000).jittered({ seed: 1 }).and(Schedule.times(6))
    expect([await pauses(schedule), await pauses(schedule, Runtime.make({ random: () => 0 }))]).toEqual([one, one])
    expect(new Set(one).size).toBeGreaterThan(1)
  })

  it("comes from the runtime's random", async () => {
    const random = vi.fn(() => 0.5)
    const runtime = Runtime.make({ random })
    expect(await pauses(Schedule.spaced(100).jittered().and(Schedule.times(3)), runtime)).toEqual([75, 75, 75])
    expect(random).toHaveBeenCalled()
  })

  it("is off by default and where it says false", async () => {
    const random = vi.fn(() => 0.5)
    const runtime = Runtime.make({ random })
    expect(await pauses({ backoff: { initial: 10, jitter: false }, times: 2 }, runtime)).toEqual([10, 20])
    expect(random).not.toHaveBeenCalled()
  })

  it("does not change how the pauses grow", async () => {
    const runtime = Runtime.make({ random: () => 0 })
    expect(await pauses({ backoff: { initial: 100, jitter: true }, times: 4 }, runtime)).toEqual([50, 100, 200, 400])
    expect(await pauses(Schedule.exponential(100).jittered().and(Schedule.times(4)), runtime)).toEqual([
      50, 100, 200, 400,
    ])
  })
})

describe("a schedule", () => {
  it("is made by its own words or by options", async () => {
    const same: [Schedule, ScheduleOptions][] = [
      [Schedule.times(2), { times: 2 }],
      [Schedule.spaced(10).and(Schedule.times(2)), { spaced: 10, times: 2 }],
      [Schedule.every(10).and(Schedule.times(2)), { every: 10, times: 2 }],
      [Schedule.exponential(10).and(Schedule.times(3)), { backoff: { initial: 10 }, times: 3 }],
      [
        Schedule.exponential({ milliseconds: 10 }, { factor: 3, max: 40 }).and(Schedule.times(3)),
        { backoff: { initial: 10, factor: 3, max: 40 }, times: 3 },
      ],
      [Schedule.spaced(10).maxElapsed(25), { spaced: 10, maxElapsed: 25 }],
      [Schedule.forever.and(Schedule.times(3)), { times: 3 }],
    ]
    for (const [schedule, options] of same) {
      const at = await starts(options)
      expect(await starts(schedule)).toEqual(at)
      expect(await starts(Schedule.of(options))).toEqual(at)
    }
  })

  it("counts anew in each run that uses it, also at the same time", async () => {
    const schedules: (Schedule | ScheduleOptions)[] = [
      Schedule.exponential(10).and(Schedule.times(3)),
      Schedule.of({ backoff: { initial: 10 }, times: 3 }),
      { backoff: { initial: 10 }, times: 3 },
      Schedule.times(0).andThen(Schedule.exponential(10)).and(Schedule.times(3)),
    ]
    for (const schedule of schedules) {
      const log: string[] = []
      const from = Date.now()
      const task = (name: string) => Task.sync(() => void log.push(`${name} ${Date.now() - from}`)).repeat(schedule)
      const fiber = run(Task.all([task("a"), task("b").delay(5)]).andThen(task("c")))
      await settled(fiber)
      expect(log.filter((line) => line.startsWith("a"))).toEqual(["a 0", "a 10", "a 30", "a 70"])
      expect(log.filter((line) => line.startsWith("b"))).toEqual(["b 5", "b 15", "b 35", "b 75"])
      expect(log.filter((line) => line.startsWith("c"))).toEqual(["c 75", "c 85", "c 105", "c 145"])
    }
  })

  it("may be kept by a task that is run again", async () => {
    let runs = 0
    const task = Task.sync(() => ++runs).repeat(Schedule.times(2))
    expect([task.runSync(), task.runSync()]).toEqual([3, 6])
  })

  it("and another one go on while both do, with the longer pause", async () => {
    expect(await starts(Schedule.spaced(10).and(Schedule.exponential(4)).and(Schedule.times(4)))).toEqual([
      0, 10, 20, 36, 68,
    ])
    expect(await starts(Schedule.times(1).and(Schedule.times(5)))).toHaveLength(2)
    expect(await starts(Schedule.times(5).and(Schedule.times(1)))).toHaveLength(2)
  })

  it("or another one go on while either does, with the shorter pause", async () => {
    const either = Schedule.spaced(10).or(Schedule.exponential(4)).and(Schedule.times(4))
    expect(await starts(either)).toEqual([0, 4, 12, 22, 32])
    const long = Schedule.spaced(10)
      .and(Schedule.times(1))
      .or(Schedule.spaced(20).and(Schedule.times(3)))
    expect(await starts(long)).toEqual([0, 10, 30, 50])
    expect(await starts(Schedule.times(0).or(Schedule.times(0)))).toEqual([0])
  })

  it("and then another one goes on as that when it ends", async () => {
    const patient = Schedule.times(2).andThen(Schedule.spaced(10).and(Schedule.times(2)))
    expect(await starts(patient)).toEqual([0, 0, 0, 10, 20])
    expect(await starts(Schedule.times(0).andThen(Schedule.times(0)))).toEqual([0])
    const three = Schedule.times(1).andThen(Schedule.times(1)).andThen(Schedule.times(1))
    expect(await starts(three)).toHaveLength(4)
    expect(await starts(Schedule.times(0).andThen(Schedule.times(0)).andThen(Schedule.times(2)))).toHaveLength(3)
  })

  it("and then one with a backoff starts that from its beginning", async () => {
    const schedule = Schedule.spaced(5)
      .and(Schedule.times(2))
      .andThen(Schedule.exponential(10).and(Schedule.times(2)))
    expect(await starts(schedule)).toEqual([0, 5, 10, 20, 40])
  })

  it("is ended by while and until for the input, whatever stands behind", async () => {
    const schedule = Schedule.times(10).until((value) => value === 3)
    let runs = 0
    expect(
      Task.sync(() => ++runs)
        .repeat(schedule)
        .runSync(),
    ).toBe(3)
    const positive = Schedule.forever.while((value) => (value as number) < 6)
    expect(
      Task.sync(() => ++runs)
        .repeat(positive)
        .runSync(),
    ).toBe(6)
  })

  it("of one's own is told input and time, and begins anew for each run", async () => {
    const told: unknown[] = []
    const begun = vi.fn((_: ScheduleContext) => (input: unknown, elapsed: number) => {
      told.push([input, elapsed])
      return told.length % 3 === 0 ? undefined : 10
    })
    const schedule = new Schedule(begun)
    let runs = 0
    const task = Task.sync(() => ++runs).repeat(schedule)
    await settled(run(task))
    await settled(run(task))
    expect(told).toEqual([
      [1, 0],
      [2, 10],
      [3, 20],
      [4, 0],
      [5, 10],
      [6, 20],
    ])
    expect(begun).toHaveBeenCalledTimes(2)
    expect(typeof begun.mock.calls[0][0].random()).toBe("number")
    expect(begun.mock.calls[0][0].wall()).toBe(Date.now())
  })

  it("of one's own may answer with a Date, also one that is past", async () => {
    const from = Date.now()
    const ticks = [from + 30, from + 10, from + 90]
    const schedule = new Schedule(() => {
      let i = 0
      return () => (i < ticks.length ? new Date(ticks[i++]) : undefined)
    })
    expect(await starts(schedule)).toEqual([0, 30, 30, 90])
  })

  it("of one's own that throws is the failure", async () => {
    const error = new Error("schedule")
    const schedule = new Schedule(() => () => {
      throw error
    })
    expect(() => Task.unit.repeat(schedule).runSync()).toThrow(error)
    expect(() => Task.fail("down").retry(schedule).runSync()).toThrow(error)
  })

  it("is combined a thousand deep without harm", async () => {
    let all = Schedule.times(3)
    for (let i = 0; i < 1000; i++) all = all.and(Schedule.forever)
    expect(await starts(all)).toHaveLength(4)
  })
})

describe("bad options", () => {
  const duration = (name: string, got: string) =>
    `Expected \`${name}\` to be a number of milliseconds >= 0 or an object of days, hours, minutes, seconds, ` +
    `milliseconds, got ${got}. To wait forever: Infinity.`
  const bad: [unknown, typeof TypeError | typeof RangeError, string][] = [
    [{ times: -1 }, RangeError, "Expected `times` to be an integer >= 0 or Infinity, got -1."],
    [{ times: 1.5 }, RangeError, "Expected `times` to be an integer >= 0 or Infinity, got 1.5."],
    [{ times: Number.NaN }, RangeError, "Expected `times` to be an integer >= 0 or Infinity, got NaN."],
    [{ times: "3" }, RangeError, 'Expected `times` to be an integer >= 0 or Infinity, got "3".'],
    [{ spaced: -1 }, RangeError, duration("spaced", "-1")],
    [{ every: -1 }, RangeError, duration("every", "-1")],
    [{ every: Number.NaN }, RangeError, duration("every", "NaN")],
    [{ maxElapsed: -1 }, RangeError, duration("maxElapsed", "-1")],
    [{ backoff: {} }, TypeError, duration("backoff.initial", "undefined")],
    [{ backoff: { initial: -1 } }, RangeError, duration("backoff.initial", "-1")],
    [{ backoff: { initial: 1, max: -1 } }, RangeError, duration("backoff.max", "-1")],
    [{ backoff: { initial: 1, factor: 0.5 } }, RangeError, "Expected `backoff.factor` to be a number >= 1, got 0.5."],
    [
      { backoff: { initial: 1, factor: Number.NaN } },
      RangeError,
      "Expected `backoff.factor` to be a number >= 1, got NaN.",
    ],
    [{ backoff: { initial: 1, jitter: { seed: "x" } } }, RangeError, 'Expected `seed` to be a finite number, got "x".'],
  ]

  it.each(bad)("%o are refused at the call", (options, kind, message) => {
    const error = new kind(message)
    expect(() => Task.unit.retry(options as ScheduleOptions)).toThrow(error)
    expect(() => Task.unit.repeat(options as ScheduleOptions<void>)).toThrow(error)
    expect(() => Schedule.of(options as ScheduleOptions)).toThrow(error)
  })

  it.each([
    [undefined, "undefined"],
    [null, "null"],
    [5, "5"],
    [() => 1, "a function"],
  ])("%o is no policy", (policy, got) => {
    expect(() => Task.unit.retry(policy as ScheduleOptions)).toThrow(
      new TypeError(`Expected retry to get a Schedule or its options, got ${got}.`),
    )
    expect(() => Task.unit.repeat(policy as unknown as ScheduleOptions<void>)).toThrow(
      new TypeError(`Expected repeat to get a Schedule or its options, got ${got}.`),
    )
  })

  it("that are misspelled are refused, so that they do not retry for ever", () => {
    expect(() => Task.unit.retry({ time: 3 } as ScheduleOptions)).toThrow(
      new TypeError(
        "Expected the options of retry to be among times, spaced, every, backoff, maxElapsed, while, until, got `time`.",
      ),
    )
  })

  it("of a schedule's own words are refused at the call", () => {
    expect(() => Schedule.times(-1)).toThrow(
      new RangeError("Expected `times` to be an integer >= 0 or Infinity, got -1."),
    )
    expect(() => Schedule.spaced(-1)).toThrow(new RangeError(duration("spaced", "-1")))
    expect(() => Schedule.every(-1)).toThrow(new RangeError(duration("every", "-1")))
    expect(() => Schedule.exponential(-1)).toThrow(RangeError)
    expect(() => Schedule.exponential(1, { factor: 0.5 })).toThrow(RangeError)
    expect(() => Schedule.exponential(1, { max: -1 })).toThrow(RangeError)
    expect(() => Schedule.forever.jittered({ seed: Number.NaN })).toThrow(
      new RangeError("Expected `seed` to be a finite number, got NaN."),
    )
    expect(() => Schedule.forever.maxElapsed(-1)).toThrow(RangeError)
  })

  it("of the runtime: random must be a function", () => {
    expect(() => Runtime.make({ random: 5 as unknown as () => number })).toThrow(
      "Expected `random` to be a function, got 5.",
    )
  })
})
