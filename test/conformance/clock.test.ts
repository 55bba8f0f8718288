import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { type Duration, Runtime, Task } from "rapid-fiber"

/** One suite for the clocks that rest on the host; what holds over virtual time, too, is in sleep.test.ts. */
const clocks = ["wheel", "platform"] as const

for (const clock of clocks) {
  describe(`the ${clock} clock, in real time`, () => {
    let runtime: Runtime
    beforeEach(() => {
      runtime = Runtime.make({ clock })
    })
    afterEach(() => runtime.close())

    it("is never early, by the clock's reading before the call and after the wake (node#26578)", async () => {
      const waits = Array.from({ length: 400 }, (_, i) => (i % 23) + 0.3 * (i % 3))
      const slept = await Promise.all(
        waits.map(async (ms) => {
          const before = performance.now()
          await Task.sleep(ms).toPromise({ runtime })
          return performance.now() - before - ms
        }),
      )
      expect(Math.min(...slept)).toBeGreaterThanOrEqual(0)
    })

    it("measures from the call, not from the last turn of the host", async () => {
      const busyUntil = performance.now() + 30
      while (performance.now() < busyUntil);
      const before = performance.now()
      await Task.sleep(20).toPromise({ runtime })
      expect(performance.now() - before).toBeGreaterThanOrEqual(20)
    })
  })

  describe(`the ${clock} clock, under fake timers`, () => {
    let runtime: Runtime
    beforeEach(() => {
      vi.useFakeTimers()
      runtime = Runtime.make({ clock })
    })
    afterEach(async () => {
      await runtime.close()
      vi.useRealTimers()
    })

    const woken: string[] = []
    const sleeper = (duration: Duration, name: string): Task<void> =>
      Task.sleep(duration).map(() => void woken.push(name))
    beforeEach(() => void (woken.length = 0))

    it("drains the wakes in the timer's own callback, so that time advanced synchronously is enough", () => {
      sleeper(10, "held").run({ runtime })
      sleeper(20, "forgotten").runAndForget({ runtime })
      vi.advanceTimersByTime(20)
      expect(woken).toEqual(["held", "forgotten"])
    })

    it("wakes a cancelled sleeper never, and holds no host timer when the last is gone", async () => {
      const fibers = [5, 1000, 100_000, 2 ** 32].map((ms) => sleeper(ms, String(ms)).run({ runtime }))
      expect(vi.getTimerCount()).toBeGreaterThan(0)
      for (const fiber of fibers) fiber.abort()
      expect(vi.getTimerCount()).toBe(0)
      await vi.advanceTimersByTimeAsync(2 ** 32 + 10)
      expect(woken).toEqual([])
      expect(fibers.map((fiber) => fiber.poll()?.status)).toEqual(fibers.map(() => "cancelled"))
    })

    it("holds no host timer when all have woken", async () => {
      for (const ms of [1, 50, 1000]) sleeper(ms, String(ms)).run({ runtime })
      await vi.advanceTimersByTimeAsync(1000)
      expect(woken).toHaveLength(3)
      expect(vi.getTimerCount()).toBe(0)
    })

    it("parks on Infinity without a timer", async () => {
      const fiber = Task.sleep(Infinity).run({ runtime })
      expect(vi.getTimerCount()).toBe(0)
      await vi.advanceTimersByTimeAsync(1e12)
      expect(fiber.poll()).toBeUndefined()
    })

    it("lets a sleep of 0 wait for the others that are ready, without a timer", async () => {
      const order: string[] = []
      await Task.gen(function* () {
        const other = yield* Task.sync(() => order.push("other")).start()
        order.push("before")
        yield* Task.sleep(0)
        order.push("after")
        yield* other.join()
      }).toPromise({ runtime })
      expect(order).toEqual(["before", "other", "after"])
      expect(vi.getTimerCount()).toBe(0)
    })

    it("clamps a wall clock that runs backwards", async () => {
      sleeper(100, "sleeper").run({ runtime })
      await vi.advanceTimersByTimeAsync(60)
      vi.setSystemTime(Date.now() - 3_600_000)
      await vi.advanceTimersByTimeAsync(3_600_000)
      await vi.advanceTimersByTimeAsync(100)
      expect(woken).toEqual(["sleeper"])
      sleeper(10, "next").run({ runtime })
      await vi.advanceTimersByTimeAsync(10)
      expect(woken).toEqual(["sleeper", "next"])
    })

    it("wakes on the target of the host timer that fired, where only setTimeout is faked", async () => {
      vi.useRealTimers()
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
      const own = Runtime.make({ clock })
      sleeper({ hours: 1 }, "an hour").run({ runtime: own })
      sleeper({ hours: 2 }, "two hours").run({ runtime: own })
      vi.advanceTimersByTime(3_600_000)
      expect(woken).toEqual(["an hour"])
      // Date is the host's here and moves on its own: the second sleep may have started a little later.
      vi.advanceTimersByTime(3_601_000)
      expect(woken).toEqual(["an hour", "two hours"])
      await own.close()
    })

    it("goes on in real time after the fakes are gone", async () => {
      sleeper(10, "fake").run({ runtime })
      vi.advanceTimersByTime(10)
      vi.useRealTimers()
      const before = performance.now()
      await sleeper(5, "real").toPromise({ runtime })
      expect(performance.now() - before).toBeGreaterThanOrEqual(5)
      expect(woken).toEqual(["fake", "real"])
    })

    it("starts real, goes on under fakes, and comes back", async () => {
      vi.useRealTimers()
      const own = Runtime.make({ clock })
      await sleeper(2, "real").toPromise({ runtime: own })
      vi.useFakeTimers()
      sleeper({ days: 1 }, "fake").run({ runtime: own })
      vi.advanceTimersByTime(86_400_000)
      expect(woken).toEqual(["real", "fake"])
      vi.useRealTimers()
      await sleeper(2, "real again").toPromise({ runtime: own })
      expect(woken).toEqual(["real", "fake", "real again"])
      await own.close()
    })

    it("wakes later sleepers although an earlier one was lost with the fake timers it slept on", async () => {
      sleeper(50, "lost for now").run({ runtime })
      vi.useRealTimers()
      await sleeper(2, "real").toPromise({ runtime })
      expect(woken).toContain("real")
    })

    it("wakes sleepers under fakes although one sleeps on the host's own timer", async () => {
      vi.useRealTimers()
      const own = Runtime.make({ clock })
      const real = sleeper(20, "real").run({ runtime: own })
      vi.useFakeTimers()
      sleeper(5000, "fake").run({ runtime: own })
      vi.advanceTimersByTime(5000)
      expect(woken).toContain("fake")
      vi.useRealTimers()
      real.abort()
      await own.close()
    })

    it("wakes in batches without losing order or anybody", () => {
      const own = Runtime.make({ clock, batch: 7 })
      const order: number[] = []
      for (let i = 0; i < 1000; i++) {
        Task.sleep(10 + (i % 3))
          .map(() => void order.push(i))
          .runAndForget({ runtime: own })
      }
      vi.advanceTimersByTime(12)
      const expected = Array.from({ length: 1000 }, (_, i) => i).toSorted((a, b) => (a % 3) - (b % 3) || a - b)
      expect(order).toEqual(expected)
    })
  })
}

describe("the default runtime, from one test with fake timers to the next", () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  // A sleeper that outlives its test keeps the runtime's clock going.
  it.each([0, 1, 2])("goes on where it was, with time that moves: test %i", async () => {
    const first = Task.sleep(1000).run()
    await vi.advanceTimersByTimeAsync(500)
    Task.sleep(600).run()
    const timed = Task.promise(() => new Promise((resolve) => setTimeout(resolve, 250)))
      .elapsed()
      .run()
    await vi.advanceTimersByTimeAsync(500)
    expect(first.poll()?.status).toBe("fulfilled")
    expect(await timed).toEqual([undefined, 250])
  })

  it("is right though the time of day is set back by more than a sleep takes", async () => {
    for (let round = 0; round < 3; round++) {
      vi.setSystemTime(new Date("2026-05-01T12:00:00Z"))
      const began = Date.now()
      const woke: number[] = []
      const note = Task.sync(() => void woke.push(Date.now() - began))
      const fiber = Task.sleep(60_000).andThen(note).andThen(Task.sleep(60_000)).andThen(note).run()
      await vi.advanceTimersByTimeAsync(200_000)
      expect(woke).toEqual([60_000, 120_000])
      await fiber
    }
  })
})

describe("a wheel with a coarser tick", () => {
  it("rounds deadlines up to it", async () => {
    vi.useFakeTimers({ now: 0 })
    const runtime = Runtime.make({ tick: 50 })
    let woken = 0
    Task.sleep(120)
      .map(() => void woken++)
      .runAndForget({ runtime })
    await vi.advanceTimersByTimeAsync(120)
    expect(woken).toBe(0)
    await vi.advanceTimersByTimeAsync(50)
    expect(woken).toBe(1)
    vi.useRealTimers()
  })
})

describe("the clock's options", () => {
  const refused: [object, RegExp][] = [
    [{ tick: 0 }, /`tick` to be an integer >= 1, got 0/],
    [{ tick: 1.5 }, /`tick` to be an integer >= 1, got 1.5/],
    [{ tick: Number.NaN }, /`tick`.*got NaN/],
    [{ batch: -1 }, /`batch` to be an integer >= 1, got -1/],
    [{ batch: "9" }, /`batch`.*got "9"/],
    [{ budget: 0 }, /`budget`.*got 0/],
    [{ slice: 0 }, /`slice` to be a number of milliseconds > 0, got 0/],
    [{ slice: Number.NaN }, /`slice`.*got NaN/],
    [{ clock: "sundial" }, /`clock` to be "wheel" or "platform", got "sundial"/],
  ]
  for (const [options, message] of refused) {
    it(`are refused where they are written: ${JSON.stringify(options)}`, () => {
      expect(() => Runtime.make(options)).toThrow(message)
    })
  }
})
