import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { type Fiber, Runtime, Task, TimeoutError, Timer } from "rapid-fiber"

const fulfilled = <A>(value: A) => ({ status: "fulfilled", value })
const rejected = (reason: unknown) => ({ status: "rejected", reason })
const cancelled = (reason?: unknown) => ({ status: "cancelled", reason })

const START = Date.UTC(2030, 0, 1)
const DAY = 86_400_000

beforeEach(() => void vi.useFakeTimers({ now: START }))
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)
const run = <A, E>(task: Task<A, E>) => task.run({ runtime: Runtime.make({ onUnhandled() {} }) })

async function stop(fiber: Fiber<unknown, unknown>) {
  fiber.abort("stop")
  await pass(0)
  expect(fiber.poll()).toEqual(cancelled("stop"))
}

describe("delay", () => {
  it("waits, then runs, at each run", async () => {
    const body = vi.fn(() => "value")
    const task = Task.sync(body).delay({ milliseconds: 100 })
    const fiber = run(task.andThen(task))
    await pass(99)
    expect(body).not.toHaveBeenCalled()
    await pass(1)
    expect(body).toHaveBeenCalledTimes(1)
    await pass(100)
    expect(fiber.poll()).toEqual(fulfilled("value"))
  })

  it("can be cancelled before it runs anything", async () => {
    const body = vi.fn()
    const fiber = run(Task.sync(body).delay(100))
    await pass(50)
    await stop(fiber)
    await pass(100)
    expect(body).not.toHaveBeenCalled()
  })

  it("of 0 lets the others run, of Infinity never runs", async () => {
    const log: string[] = []
    const note = (text: string) => Task.sync(() => log.push(text))
    const fiber = run(Task.all([note("delayed").delay(0), note("at once")]))
    await pass(0)
    expect([fiber.poll()?.status, log]).toEqual(["fulfilled", ["at once", "delayed"]])
    const never = run(Task.unit.delay(Infinity))
    await pass(DAY * 1000)
    await stop(never)
  })
})

describe("now", () => {
  it("is the time of day when it runs", async () => {
    const fiber = run(Task.now().zip(Task.now().delay(100)))
    await pass(100)
    expect(fiber.poll()).toEqual(fulfilled([START, START + 100]))
    vi.setSystemTime(5)
    expect(Task.now().runSync()).toBe(5)
  })
})

describe("at", () => {
  it("runs at that time of day, a Date or a number, not before", async () => {
    const fibers = [run(Task.now().at(START + 100)), run(Task.now().at(new Date(START + 100)))]
    await pass(99)
    expect(fibers.map((fiber) => fiber.poll())).toEqual([undefined, undefined])
    await pass(1)
    expect(fibers.map((fiber) => fiber.poll())).toEqual([fulfilled(START + 100), fulfilled(START + 100)])
  })

  it("runs at once if that is past or now", () => {
    for (const time of [START, START - 1, 0, -1, -Infinity, new Date(0)])
      expect(Task.pure("value").at(time).runSync()).toBe("value")
  })

  it("asks for the time when it runs, not when it is built", async () => {
    const task = Task.now().at(START + 100)
    await pass(500)
    expect(task.runSync()).toBe(START + 500)
  })

  it("keeps the time of the Date it was given", async () => {
    const date = new Date(START + 100)
    const fiber = run(Task.now().at(date))
    date.setTime(START + 1000)
    await pass(100)
    expect(fiber.poll()).toEqual(fulfilled(START + 100))
  })

  it("is farther away than a host timer can be", async () => {
    const fiber = run(Task.now().at(START + 60 * DAY))
    await pass(59 * DAY)
    expect(fiber.poll()).toBeUndefined()
    await pass(DAY - 1)
    expect(fiber.poll()).toBeUndefined()
    await pass(1)
    expect(fiber.poll()).toEqual(fulfilled(START + 60 * DAY))
  })

  it("of Infinity never runs", async () => {
    const fiber = run(Task.unit.at(Infinity))
    await pass(1000 * DAY)
    expect(fiber.poll()).toBeUndefined()
    await stop(fiber)
  })

  it("notices within a minute that the clock has been set forwards", async () => {
    const fiber = run(Task.now().at(START + 10 * DAY))
    await pass(1000)
    vi.setSystemTime(START + 20 * DAY)
    await pass(60_000)
    expect(fiber.poll()?.status).toBe("fulfilled")
    expect((fiber.poll() as { value: number }).value).toBeLessThanOrEqual(START + 20 * DAY + 60_000)
  })

  it("waits on when the clock has been set backwards", async () => {
    const fiber = run(Task.now().at(START + 100_000))
    await pass(50_000)
    vi.setSystemTime(START)
    await pass(60_000)
    expect(fiber.poll()).toBeUndefined()
    await pass(39_999)
    expect(fiber.poll()).toBeUndefined()
    await pass(1)
    expect(fiber.poll()).toEqual(fulfilled(START + 100_000))
  })

  it("waits on when the clock is set backwards in the last moment, again and again", async () => {
    const fiber = run(Task.now().at(START + 10))
    for (let i = 0; i < 5; i++) {
      await pass(9)
      vi.setSystemTime(START)
    }
    expect(fiber.poll()).toBeUndefined()
    await pass(30)
    expect((fiber.poll() as { value: number }).value).toBeGreaterThanOrEqual(START + 10)
  })

  it("leaves no timer when it is cancelled", async () => {
    const fiber = run(Task.unit.at(START + DAY))
    await pass(100_000)
    await stop(fiber)
    expect(vi.getTimerCount()).toBe(0)
  })

  it.each<[unknown, string]>([
    [Number.NaN, "NaN"],
    [new Date(Number.NaN), "a Date"],
    ["2030", '"2030"'],
    [undefined, "undefined"],
    [null, "null"],
  ])("refuses %o at the call", (time, got) => {
    expect(() => Task.unit.at(time as number)).toThrow(
      new TypeError(`Expected \`time\` to be a Date or milliseconds since 1970, got ${got}.`),
    )
  })
})

describe("elapsed", () => {
  it("yields the value and the milliseconds, finalizers included", async () => {
    const fiber = run(Task.sleep(100).as("value").finally(Task.sleep(20)).elapsed())
    await pass(120)
    expect(fiber.poll()).toEqual(fulfilled(["value", 120]))
    expect(Task.pure(1).elapsed().runSync()).toEqual([1, 0])
  })

  it("goes by the monotonic clock", async () => {
    const fiber = run(Task.sleep(100).elapsed())
    await pass(50)
    vi.setSystemTime(0)
    await pass(50)
    expect(fiber.poll()).toEqual(fulfilled([undefined, 100]))
  })

  it("counts each run anew, and lets a failure pass", async () => {
    let ms = 10
    const task = Task.defer(() => Task.sleep((ms += 10))).elapsed()
    const fiber = run(task.zip(task.delay(5)))
    await pass(100)
    expect(fiber.poll()).toEqual(
      fulfilled([
        [undefined, 20],
        [undefined, 30],
      ]),
    )
    expect(() => Task.fail("down").elapsed().runSync()).toThrow("down")
  })
})

describe("timed", () => {
  it("adds up the times and the runs, side by side as well", async () => {
    const timer = Timer.make()
    expect([timer.elapsed, timer.count]).toEqual([0, 0])
    const fiber = run(Task.all([Task.sleep(10).as("a").timed(timer), Task.sleep(20).as("b").timed(timer)]))
    await pass(10)
    expect([timer.elapsed, timer.count]).toEqual([10, 1])
    await pass(10)
    expect([timer.elapsed, timer.count]).toEqual([30, 2])
    expect(fiber.poll()).toEqual(fulfilled(["a", "b"]))
    timer.reset()
    expect([timer.elapsed, timer.count]).toEqual([0, 0])
  })

  it("counts by whatever outcome", async () => {
    const timer = Timer.make()
    const down = run(Task.sleep(10).andThen(Task.fail("down")).timed(timer))
    await pass(10)
    expect(down.poll()).toEqual(rejected("down"))
    const gone = run(Task.never.timed(timer))
    await pass(15)
    await stop(gone)
    expect([timer.elapsed, timer.count]).toEqual([25, 2])
  })

  it("counts nothing while it runs, and keeps timers apart", async () => {
    const [one, other] = [Timer.make(), Timer.make()]
    const fiber = run(Task.sleep(10).timed(one).andThen(Task.sleep(5).timed(other)).timed(one))
    await pass(12)
    expect([one.count, other.count]).toEqual([1, 0])
    await pass(3)
    expect([one.elapsed, one.count, other.elapsed, fiber.poll()?.status]).toEqual([25, 2, 5, "fulfilled"])
  })

  it("refuses what is no Timer at the call", () => {
    expect(() => Task.unit.timed({} as Timer)).toThrow(new TypeError("Expected timed to get a Timer, got {}."))
    expect(() => Task.unit.timed(undefined as unknown as Timer)).toThrow(
      new TypeError("Expected timed to get a Timer, got undefined."),
    )
  })
})

describe("until", () => {
  it("looks at once, and needs no wait if it is so", () => {
    const condition = vi.fn(() => true)
    expect(Task.until(condition).runSync()).toBeUndefined()
    expect(Task.until(Task.pure(true)).runSync()).toBeUndefined()
    expect(Task.until(() => Task.pure(true)).runSync()).toBeUndefined()
    expect(condition).toHaveBeenCalledTimes(1)
  })

  it("looks again after each pause, of a second by default", async () => {
    const condition = vi.fn(() => Date.now() >= START + 2500)
    const fiber = run(Task.until(condition))
    await pass(2999)
    expect([condition.mock.calls.length, fiber.poll()]).toEqual([3, undefined])
    await pass(1)
    expect([condition.mock.calls.length, fiber.poll()]).toEqual([4, fulfilled(undefined)])
  })

  it("looks as often as it is told", async () => {
    const condition = vi.fn(() => false)
    const fiber = run(Task.until(condition, { every: { milliseconds: 10 } }))
    await pass(95)
    expect(condition).toHaveBeenCalledTimes(10)
    await stop(fiber)
  })

  it("takes a Task, which may wait", async () => {
    let looks = 0
    const condition = Task.sleep(5).map(() => ++looks === 3)
    const fiber = run(Task.until(condition, { every: 10 }))
    await pass(200)
    expect([looks, fiber.poll()]).toEqual([3, fulfilled(undefined)])
  })

  it("fails when the condition fails or throws", async () => {
    const error = new Error("condition")
    expect(run(Task.until(Task.fail("down"))).poll()).toEqual(rejected("down"))
    expect(
      run(
        Task.until(() => {
          throw error
        }),
      ).poll(),
    ).toEqual(rejected(error))
  })

  it("has no limit if none is given", async () => {
    const fiber = run(Task.until(() => false))
    await pass(DAY)
    expect(fiber.poll()).toBeUndefined()
    await stop(fiber)
  })

  it("fails when the time is up, in the middle of a pause as well", async () => {
    const fiber = run(Task.until(() => false, { every: 1000, timeout: 1500 }))
    await pass(1499)
    expect(fiber.poll()).toBeUndefined()
    await pass(1)
    const { reason } = fiber.poll() as { reason: TimeoutError }
    expect(reason).toBeInstanceOf(TimeoutError)
    expect(reason.duration).toBe(1500)
  })

  it("ends a look that takes longer than the time", async () => {
    const log: string[] = []
    const fiber = run(
      Task.until(
        Task.never.onCancel(() => void log.push("cancelled")),
        { timeout: 100 },
      ),
    )
    await pass(100)
    expect((fiber.poll() as { reason: unknown }).reason).toBeInstanceOf(TimeoutError)
    expect(log).toEqual(["cancelled"])
  })

  it("can be cancelled in a look and in a pause", async () => {
    await stop(run(Task.until(Task.never)))
    await stop(run(Task.until(() => false, { timeout: DAY })))
    expect(vi.getTimerCount()).toBe(0)
  })

  it.each<[string, unknown, string]>([
    ["a number", () => 1, "1"],
    ["nothing", () => {}, "undefined"],
    ["a Task of a string", () => Task.pure("yes"), '"yes"'],
  ])("refuses a condition that yields %s", async (_, condition, got) => {
    const fiber = run(Task.until(condition as () => boolean))
    await pass(0)
    expect(fiber.poll()).toEqual(
      rejected(new TypeError(`Expected the condition of Task.until to be a boolean, got ${got}.`)),
    )
  })

  it("refuses a condition that returns a promise", async () => {
    const fiber = run(Task.until((async () => true) as unknown as () => boolean))
    await pass(0)
    expect(fiber.poll()).toEqual(
      rejected(
        new TypeError(
          "Expected what the condition of Task.until returns to be a Task, got a Promise. Wrap it: Task.promise(() => …).",
        ),
      ),
    )
  })

  it("refuses bad arguments at the call", () => {
    expect(() => Task.until(5 as unknown as () => boolean)).toThrow(TypeError)
    expect(() => Task.until(() => true, { every: -1 })).toThrow(RangeError)
    expect(() => Task.until(() => true, { timeout: Number.NaN })).toThrow(RangeError)
  })
})
