import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { type Duration, type Runtime as AnyRuntime, Runtime, Task } from "rapid-fiber"
import { TestRuntime } from "rapid-fiber/testing"

/** One suite for every clock whose time a test can move: the host's clocks under fake timers, and the virtual one. */
interface Moved {
  readonly runtime: AnyRuntime
  advance(ms: number): Promise<unknown>
  end(): void
}

const host = (clock: "wheel" | "platform"): (() => Moved) => {
  return () => {
    vi.useFakeTimers()
    return {
      runtime: Runtime.make({ clock }),
      advance: (ms) => vi.advanceTimersByTimeAsync(ms),
      end: () => void vi.useRealTimers(),
    }
  }
}

const virtual = (seed?: number): Moved => {
  const runtime = TestRuntime.make(seed === undefined ? {} : { seed })
  return { runtime, advance: (ms) => runtime.advance(ms), end() {} }
}

const engines: Readonly<Record<string, () => Moved>> = {
  "the wheel clock under fake timers": host("wheel"),
  "the platform clock under fake timers": host("platform"),
  "virtual time": () => virtual(),
  // The clock is the same; who of those that it has woken goes first is left to the seed.
  "virtual time with a seed": () => virtual(11),
}

describe.each(Object.entries(engines))("a sleep, over %s,", (name, make) => {
  let moved: Moved
  const woken: string[] = []
  const sleeper = (duration: Duration, label: string): Task<void> =>
    Task.sleep(duration).map(() => void woken.push(label))
  const seeded = name.endsWith("seed")

  beforeEach(() => {
    woken.length = 0
    moved = make()
  })
  afterEach(async () => {
    await moved.runtime.close()
    moved.end()
  })

  it("ends at the deadline and not a millisecond before", async () => {
    sleeper({ seconds: 5 }, "five").run({ runtime: moved.runtime })
    await moved.advance(4999)
    expect(woken).toEqual([])
    await moved.advance(1)
    expect(woken).toEqual(["five"])
  })

  it.skipIf(seeded)("ends in the order of arrival at equal deadlines, held or not", async () => {
    const { runtime } = moved
    const labels = Array.from({ length: 50 }, (_, i) => `sleeper ${i}`)
    for (const [i, label] of labels.entries()) {
      if (i % 2 === 0) sleeper(100, label).run({ runtime })
      else sleeper(100, label).runAndForget({ runtime })
    }
    await moved.advance(100)
    expect(woken).toEqual(labels)
  })

  it("ends in the order of deadlines, however the sleeps were started", async () => {
    const waits = [700, 3, 256, 255, 257, 70_000, 1, 65_536, 65_535, 2, 512, 511]
    for (const ms of waits) sleeper(ms, String(ms)).run({ runtime: moved.runtime })
    await moved.advance(70_000)
    expect(woken).toEqual(waits.toSorted((a, b) => a - b).map(String))
  })

  it("lasts longer than 2^31 ms (cats-effect#2388, effect-smol#2583)", async () => {
    const { runtime } = moved
    sleeper({ days: 25 }, "25 days").run({ runtime })
    sleeper({ days: 60 }, "60 days").run({ runtime })
    sleeper(2 ** 31 - 1, "2^31 - 1").run({ runtime })
    sleeper(2 ** 31 + 5, "2^31 + 5").run({ runtime })
    await moved.advance(2 ** 31 - 2)
    expect(woken).toEqual([])
    await moved.advance(1)
    expect(woken).toEqual(["2^31 - 1"])
    await moved.advance(6)
    expect(woken).toEqual(["2^31 - 1", "2^31 + 5"])
    await moved.advance(60 * 86_400_000)
    expect(woken).toEqual(["2^31 - 1", "2^31 + 5", "25 days", "60 days"])
  })

  // Fake timers look through all of them for the next: with one each, that takes minutes.
  it.skipIf(name.includes("platform"))("costs the same among tens of thousands that are months away", async () => {
    const month = 30 * 86_400_000
    for (let i = 0; i < 20_000; i++) sleeper(month + i * 3571, String(i)).runAndForget({ runtime: moved.runtime })
    await moved.advance(month)
    expect(woken).toEqual(["0"])
    await moved.advance(3571 * 20_000)
    expect(woken).toEqual(Array.from({ length: 20_000 }, (_, i) => String(i)))
  })

  it("never ends if it was cancelled", async () => {
    const fibers = [5, 1000, 100_000, 2 ** 32].map((ms) => sleeper(ms, String(ms)).run({ runtime: moved.runtime }))
    for (const fiber of fibers) fiber.abort()
    await moved.advance(2 ** 32 + 10)
    expect(woken).toEqual([])
    expect(fibers.map((fiber) => fiber.poll()?.status)).toEqual(fibers.map(() => "cancelled"))
  })

  it("of Infinity never ends", async () => {
    const fiber = Task.sleep(Infinity).run({ runtime: moved.runtime })
    await moved.advance(1e12)
    expect(fiber.poll()).toBeUndefined()
  })

  it.skipIf(seeded)("of 0 lets the others that are ready go first", async () => {
    const order: string[] = []
    const program = Task.gen(function* () {
      const other = yield* Task.sync(() => order.push("other")).start()
      order.push("before")
      yield* Task.sleep(0)
      order.push("after")
      yield* other.join()
    })
    await program.toPromise({ runtime: moved.runtime })
    expect(order).toEqual(["before", "other", "after"])
  })

  it.skipIf(seeded)("keeps its place also beside sleeps that do not keep the process alive", async () => {
    const { runtime } = moved
    const loose = (ms: number, label: string): void =>
      Task.sleep(ms, { ref: false })
        .map(() => void woken.push(label))
        .runAndForget({ runtime })
    sleeper(8, "kept 8").run({ runtime })
    loose(5, "loose 5")
    loose(8, "loose 8")
    sleeper(8, "kept 8 too").run({ runtime })
    await moved.advance(8)
    expect(woken).toEqual(["loose 5", "kept 8", "loose 8", "kept 8 too"])
  })

  it("counts from the moment at which it begins, also on the way of a longer move", async () => {
    const step = sleeper(10, "step")
    step.repeat({ times: 9 }).run({ runtime: moved.runtime })
    await moved.advance(55)
    expect(woken).toHaveLength(5)
    await moved.advance(1000)
    expect(woken).toHaveLength(10)
  })
})
