import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { Runtime, Schedule, Task } from "rapid-fiber"
import { cron, type CronOptions } from "rapid-fiber/cron"

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const berlin: CronOptions = { timezone: "Europe/Berlin" }

/** Repeats a task by the schedule from `start` on, and notes when it runs after the first time. */
function ticking(start: string, schedule: Schedule, task: Task<unknown, unknown> = Task.unit) {
  vi.setSystemTime(new Date(start))
  const ticks: string[] = []
  let first = true
  const note = Task.sync(() => {
    if (!first) ticks.push(new Date().toISOString().replace(".000Z", "Z"))
    first = false
  })
  const fiber = note.andThen(task).repeat(schedule).run({ runtime: Runtime.make() })
  return { ticks, fiber }
}

const hours = (count: number): number => count * 3_600_000

describe("cron", () => {
  it("runs at once, then at each tick of the minute", async () => {
    const { ticks, fiber } = ticking("2026-05-01T12:00:30Z", cron("* * * * *"))
    expect(ticks).toEqual([])
    await vi.advanceTimersByTimeAsync(29_999)
    expect(ticks).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(ticks).toEqual(["2026-05-01T12:01:00Z"])
    await vi.advanceTimersByTimeAsync(120_000)
    expect(ticks).toEqual(["2026-05-01T12:01:00Z", "2026-05-01T12:02:00Z", "2026-05-01T12:03:00Z"])
    await fiber.cancel()
    expect(vi.getTimerCount()).toBe(0)
  })

  it("takes seconds, and a start on a tick is not that tick", async () => {
    const { ticks, fiber } = ticking("2026-05-01T12:00:00Z", cron("*/20 * * * * *"))
    await vi.advanceTimersByTimeAsync(60_000)
    expect(ticks).toEqual(["2026-05-01T12:00:20Z", "2026-05-01T12:00:40Z", "2026-05-01T12:01:00Z"])
    await fiber.cancel()
  })

  it("keeps the hours of the process's time zone by default, and those of another one if told", async () => {
    const { ticks, fiber } = ticking("2026-05-01T00:00:30Z", cron("0 9 * * *", { timezone: "Asia/Kolkata" }))
    const local = ticking("2026-05-01T00:00:30Z", cron("0 9 * * *"))
    await vi.advanceTimersByTimeAsync(hours(24))
    expect(ticks).toEqual(["2026-05-01T03:30:00Z"])
    expect(local.ticks).toHaveLength(1)
    expect(new Date(local.ticks[0]).getHours()).toBe(9)
    await fiber.cancel()
    await local.fiber.cancel()
  })

  it("leaves out weekends where it is told workdays", async () => {
    const { ticks, fiber } = ticking("2026-05-01T12:00:00Z", cron("0 9 * * MON-FRI", berlin))
    await vi.advanceTimersByTimeAsync(hours(24 * 5))
    expect(ticks).toEqual(["2026-05-04T07:00:00Z", "2026-05-05T07:00:00Z", "2026-05-06T07:00:00Z"])
    await fiber.cancel()
  })

  it("leaves out the ticks that a long run has missed", async () => {
    const { ticks, fiber } = ticking("2026-05-01T12:00:00Z", cron("* * * * *"), Task.sleep({ seconds: 150 }))
    await vi.advanceTimersByTimeAsync(hours(0.2))
    expect(ticks).toEqual([
      "2026-05-01T12:03:00Z",
      "2026-05-01T12:06:00Z",
      "2026-05-01T12:09:00Z",
      "2026-05-01T12:12:00Z",
    ])
    await fiber.cancel()
  })

  it("ends when there is no tick left, with the last value", async () => {
    const { ticks, fiber } = ticking("2026-12-31T23:59:57Z", cron("* * * * * * 2026", { timezone: "UTC" }))
    await vi.advanceTimersByTimeAsync(10_000)
    expect(ticks).toEqual(["2026-12-31T23:59:58Z", "2026-12-31T23:59:59Z"])
    expect(fiber.poll()).toEqual({ status: "fulfilled", value: undefined })
  })

  it("waits for the first tick as its docstring says", async () => {
    vi.setSystemTime(new Date("2026-05-01T12:00:30Z"))
    const minutely = cron("* * * * *")
    const ticks: string[] = []
    const firstTick = Task.unit.repeat(minutely.and(Schedule.times(1)))
    const note = Task.sync(() => ticks.push(new Date().toISOString()))
    const fiber = firstTick.andThen(note.repeat(minutely)).run({ runtime: Runtime.make() })
    await vi.advanceTimersByTimeAsync(29_999)
    expect(ticks).toEqual([])
    await vi.advanceTimersByTimeAsync(60_001)
    expect(ticks).toEqual(["2026-05-01T12:01:00.000Z", "2026-05-01T12:02:00.000Z"])
    await fiber.cancel()
  })

  it("counts anew in each run, and retries as well", async () => {
    vi.setSystemTime(new Date("2026-05-01T12:00:00Z"))
    const minutely = cron("* * * * *")
    let tries = 0
    const flaky = Task.defer(() => (++tries % 3 === 0 ? Task.pure(tries) : Task.fail("busy"))).retry(minutely)
    const runtime = Runtime.make()
    const fibers = [flaky.run({ runtime })]
    await vi.advanceTimersByTimeAsync(120_000)
    fibers.push(flaky.run({ runtime }))
    await vi.advanceTimersByTimeAsync(120_000)
    expect(fibers.map((fiber) => fiber.poll())).toEqual([
      { status: "fulfilled", value: 3 },
      { status: "fulfilled", value: 6 },
    ])
  })
})

describe("cron, when the clocks change,", () => {
  it("makes a daily run at the end of the gap that its time falls into", async () => {
    const { ticks, fiber } = ticking("2026-03-28T00:00:00Z", cron("30 2 * * *", berlin))
    await vi.advanceTimersByTimeAsync(hours(72))
    expect(ticks).toEqual(["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"])
    await fiber.cancel()
  })

  it("makes a daily run once where its time comes twice", async () => {
    const { ticks, fiber } = ticking("2026-10-24T00:00:00Z", cron("30 2 * * *", berlin))
    await vi.advanceTimersByTimeAsync(hours(72))
    expect(ticks).toEqual(["2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"])
    await fiber.cancel()
  })

  it.each(["2026-03-29T00:00:00Z", "2026-10-25T00:00:00Z"])("keeps the pace of steps, on %s", async (start) => {
    const { ticks, fiber } = ticking(start, cron("*/30 * * * *", berlin))
    await vi.advanceTimersByTimeAsync(hours(3))
    const expected = [1, 2, 3, 4, 5, 6].map((half) => new Date(Date.parse(start) + half * 1_800_000).toISOString())
    expect(ticks).toEqual(expected.map((time) => time.replace(".000Z", "Z")))
    await fiber.cancel()
  })
})

describe("cron, when the wall clock is set or the machine sleeps,", () => {
  it("sees it within a minute, and runs once for all ticks that are past", async () => {
    const { ticks, fiber } = ticking("2026-05-01T00:00:00Z", cron("0 * * * *", { timezone: "UTC" }))
    await vi.advanceTimersByTimeAsync(1000)
    vi.setSystemTime(new Date("2026-05-01T05:30:00Z"))
    await vi.advanceTimersByTimeAsync(60_000)
    expect(ticks).toHaveLength(1)
    expect(Date.parse(ticks[0])).toBeLessThanOrEqual(Date.parse("2026-05-01T05:31:00Z"))
    await vi.advanceTimersByTimeAsync(hours(1))
    expect(ticks.slice(1)).toEqual(["2026-05-01T06:00:00Z"])
    await fiber.cancel()
  })

  it("sees it also where another schedule is joined to it", async () => {
    const thrice = cron("0 12 * * *", { timezone: "UTC" }).and(Schedule.times(3))
    const { ticks, fiber } = ticking("2026-05-01T00:00:00Z", thrice)
    await vi.advanceTimersByTimeAsync(1000)
    vi.setSystemTime(new Date("2026-05-01T11:59:30Z"))
    await vi.advanceTimersByTimeAsync(60_000)
    expect(ticks).toHaveLength(1)
    await fiber.cancel()
  })

  it("does not run before the hour when the clock was set back in the wait", async () => {
    const { ticks, fiber } = ticking("2026-05-01T11:59:30Z", cron("0 12 * * *", { timezone: "UTC" }))
    await vi.advanceTimersByTimeAsync(1000)
    vi.setSystemTime(new Date("2026-05-01T11:57:00Z"))
    await vi.advanceTimersByTimeAsync(100_000)
    expect(ticks).toEqual([])
    await vi.advanceTimersByTimeAsync(100_000)
    expect(ticks).toEqual(["2026-05-01T12:00:00Z"])
    await fiber.cancel()
  })

  it("does not run a tick again when the clock is set back after it", async () => {
    const setBack = Task.sync(() => void vi.setSystemTime(Date.now() - 1500))
    let runs = 0
    const onceOnly = Task.defer(() => (++runs === 2 ? setBack : Task.unit))
    const { ticks, fiber } = ticking("2026-05-01T12:00:57.500Z", cron("* * * * *"), onceOnly)
    await vi.advanceTimersByTimeAsync(hours(0.04))
    expect(ticks).toEqual(["2026-05-01T12:01:00Z", "2026-05-01T12:02:00Z", "2026-05-01T12:03:00Z"])
    await fiber.cancel()
  })
})

describe("cron refuses at the call", () => {
  it("what is no expression, and says what is wrong with it", () => {
    const wrongs: [unknown, RegExp][] = [
      ["", /got "": .*five, six, or seven space separated parts/],
      ["every day", /got "every day": /],
      ["61 * * * *", /Invalid value for minute: 61/],
      ["*/0 * * * *", /illegal stepping: 0/],
      ["0 0 30 2 *", /got "0 0 30 2 \*", which never comes/],
      ["2030-01-23T00:00:00", /got the date "2030-01-23T00:00:00"; for one time: task.at/],
      [undefined, /got undefined/],
      [5, /got 5/],
      [{}, /got \{\}/],
    ]
    for (const [expression, message] of wrongs) {
      expect(() => cron(expression as string)).toThrow(TypeError)
      expect(() => cron(expression as string)).toThrow(/^Expected cron\(expression\) to get a cron expression/)
      expect(() => cron(expression as string)).toThrow(message)
    }
  })

  it("a time zone that is none", () => {
    for (const timezone of ["Mars/Olympus", "", "5", 5 as never, null as never]) {
      expect(() => cron("* * * * *", { timezone })).toThrow(/Expected `timezone` of cron to be an IANA name/)
    }
  })

  it("and keeps croner's own error as the cause", () => {
    const thrown = vi.fn()
    try {
      cron("61 * * * *")
    } catch (error) {
      thrown(error)
    }
    expect(thrown.mock.calls[0][0].cause).toBeInstanceOf(RangeError)
  })
})
