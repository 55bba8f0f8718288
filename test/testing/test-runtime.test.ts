import { afterEach, describe, expect, it } from "vitest"
import { Runtime, Schedule, Task } from "rapid-fiber"
import { TestRuntime, type TestRuntimeOptions } from "rapid-fiber/testing"

const open: TestRuntime[] = []
const make = (options?: TestRuntimeOptions): TestRuntime => {
  const test = TestRuntime.make(options)
  open.push(test)
  return test
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((test) => test.close()))
})

describe("virtual time", () => {
  it("stands still until it is moved", async () => {
    const test = make()
    const fiber = Task.sleep({ hours: 1 }).as("done").run({ runtime: test })
    await test.advance({ minutes: 59, seconds: 59.999 })
    expect(fiber.poll()).toBeUndefined()
    expect(test.now).toBe(3_599_999)
    await test.advance(1)
    expect(fiber.poll()).toEqual({ status: "fulfilled", value: "done" })
    expect(test.now).toBe(3_600_000)
  })

  it("stops at each deadline on the way, so that what starts then counts from there", async () => {
    const test = make()
    const seen: number[] = []
    const beat = Task.sleep(10).tap(() => void seen.push(test.now))
    beat.repeat({ times: 4 }).runAndForget({ runtime: test })
    await test.advance(35)
    expect(seen).toEqual([10, 20, 30])
    expect(test.now).toBe(35)
    await test.advance(100)
    expect(seen).toEqual([10, 20, 30, 40, 50])
  })

  it("wakes equal deadlines in the order of arrival, whoever sleeps", async () => {
    const test = make()
    const seen: number[] = []
    for (let i = 0; i < 100; i++)
      Task.sleep(100 - (i % 2))
        .map(() => void seen.push(i))
        .runAndForget({ runtime: test })
    await test.advance(100)
    const odd = Array.from({ length: 50 }, (_, i) => 2 * i + 1)
    expect(seen).toEqual([...odd, ...odd.map((i) => i - 1)])
  })

  it("lets promises and callbacks have their say between two deadlines", async () => {
    const test = make()
    const seen: [string, number][] = []
    const step = (name: string): Task<void> => Task.sync(() => void seen.push([name, test.now]))
    const program = Task.gen(function* () {
      yield* Task.sleep(10)
      yield* Task.promise(() => Promise.resolve().then(() => Promise.resolve()))
      yield* step("after a promise")
      yield* Task.async<void>((resume) => queueMicrotask(() => resume(Task.sleep(10))))
      yield* step("after a callback and 10 ms")
    })
    program.run({ runtime: test })
    // Who is told of an end by a promise may start more, at that time.
    const first = Task.sleep(15).run({ runtime: test })
    void first.then(() => Task.sleep(3).andThen(step("started at 15")).run({ runtime: test }))
    await test.advance(1000)
    expect(seen).toEqual([
      ["after a promise", 10],
      ["started at 15", 18],
      ["after a callback and 10 ms", 20],
    ])
  })

  it("moves are made one after the other", async () => {
    const test = make()
    const moves = [test.advance(10), test.advance(20), test.runAll(), test.advance({ seconds: 1 })]
    Task.sleep(500).runAndForget({ runtime: test })
    await Promise.all(moves)
    expect(test.now).toBe(1500)
  })

  it("lists who sleeps, those who are due first in front", async () => {
    const test = make()
    Task.sleep({ days: 40 }).run({ runtime: test, name: "late" })
    Task.sleep(5).run({ runtime: test, name: "soon" })
    Task.sleep(5).runAndForget({ runtime: test })
    Task.never
      .timeout(7)
      .run({ runtime: test, name: "limited" })
      .onExit(() => {})
    // Where the platform hides whether an async context is active, a forgotten fiber stays whole, and has a name.
    const named = test.sleepers.map(({ fiber, due }) => ({ fiber: fiber?.replace(/^fiber-.*/, "") || undefined, due }))
    expect(named).toEqual([
      { fiber: "soon", due: 5 },
      { fiber: undefined, due: 5 },
      { fiber: "limited", due: 7 },
      { fiber: "late", due: 40 * 86_400_000 },
    ])
    await test.advance(5)
    expect(test.sleepers.map(({ fiber }) => fiber)).toEqual(["limited", "late"])
    await test.runAll()
    expect(test.sleepers).toEqual([])
  })

  it("says who waits, and for what", async () => {
    const test = make()
    const worker = Task.never.run({ runtime: test, name: "worker" })
    worker
      .join()
      .run({ runtime: test, name: "boss" })
      .onExit(() => {})
    Task.withResolvers<void>().task.run({ runtime: test, name: "client" })
    expect(test.waiting).toEqual([
      { fiber: "worker", on: "nothing (Task.never)", fibers: [] },
      { fiber: "boss", on: "the end of worker", fibers: ["worker"] },
      { fiber: "client", on: "a Completable", fibers: [] },
    ])
  })

  it("runAll passes over those with ref: false, and ends only where the program does", async () => {
    const test = make()
    Task.sleep(10, { ref: false }).repeat(Schedule.forever).run({ runtime: test })
    Task.sleep(100).run({ runtime: test })
    await test.runAll()
    expect(test.now).toBe(100)
  })

  it("holds for time-outs, retries, fixed rates and time limits as in production", async () => {
    const test = make()
    const started = Date.now()
    expect(await test.run(Task.never.timeout({ days: 1 }).attempt())).toMatchObject({ status: "rejected" })
    expect(test.now).toBe(86_400_000)
    const failing = Task.fail("no").retry({ times: 10, backoff: { initial: 1000, factor: 2 } })
    expect(await test.run(failing.attempt())).toEqual({ status: "rejected", reason: "no" })
    expect(test.now).toBe(86_400_000 + 1_023_000)
    expect(await test.run(Task.sleep({ hours: 3 }).elapsed())).toMatchObject([undefined, 3 * 3_600_000])
    expect(Date.now() - started).toBeLessThan(20_000)
  })

  it("has its own time of day, which can be set", async () => {
    const test = make({ startAt: new Date("2030-01-01T00:00:00Z") })
    const seen: string[] = []
    const read = Task.now().map((time) => void seen.push(new Date(time).toISOString()))
    await test.run(read)
    await test.run(Task.sleep({ hours: 1 }).andThen(read))
    const later = read.at(new Date("2030-01-01T12:00:00Z")).run({ runtime: test })
    test.setDate(new Date("2030-01-01T11:59:00Z"))
    await test.advance({ minutes: 2 })
    await later
    expect(seen[0]).toBe("2030-01-01T00:00:00.000Z")
    expect(seen[1]).toBe("2030-01-01T01:00:00.000Z")
    expect(seen[2]).toMatch(/^2030-01-01T12:0/)
  })

  it("hundreds of thousands of sleepers over thirty days", async () => {
    const test = make()
    let woken = 0
    let last = 0
    const wake = (): void => {
      woken++
      last = Math.max(last, test.now)
    }
    const month = 30 * 86_400_000
    for (let i = 1; i <= 200_000; i++) {
      // The golden ratio spreads them evenly.
      Task.sleep(Math.floor(((i * 0.618_033_988_749_895) % 1) * month))
        .map(wake)
        .runAndForget({ runtime: test })
    }
    await test.runAll()
    expect(woken).toBe(200_000)
    expect(test.sleepers).toEqual([])
    expect(last).toBeLessThanOrEqual(month)
  }, 60_000)
})

describe("run and settle", () => {
  it("give what the task or the promise gives", async () => {
    const test = make()
    const error = new Error("no")
    expect(await test.run(Task.sleep({ days: 400 }).as(1))).toBe(1)
    await expect(test.run(Task.sleep(1).andThen(Task.fail(error)))).rejects.toBe(error)
    expect(await test.settle(Promise.resolve(2))).toBe(2)
    const [a, b] = [Task.sleep(20).as("a").run({ runtime: test }), Task.sleep(10).as("b").run({ runtime: test })]
    expect(await test.settle(Promise.all([a, b]))).toEqual(["a", "b"])
  })

  it("say who waits for what where nothing can come any more", async () => {
    const test = make()
    await expect(test.run(Task.never, { name: "forever" })).rejects.toThrow(/standstill[^]*forever waits for nothing/)
    await expect(test.settle(new Promise(() => {}))).rejects.toThrow("standstill")
  })

  it("wait for those who sleep with ref: false, too, and say so where nothing but housekeeping goes on", async () => {
    const test = make()
    expect(await test.run(Task.sleep({ days: 1 }, { ref: false }).as("woken"))).toBe("woken")
    const { task, resolve } = Task.withResolvers<string>()
    Task.sleep(50, { ref: false })
      .repeat({ times: 20 })
      .tap(() => void resolve("refilled"))
      .run({ runtime: test })
    expect(await test.run(task)).toBe("refilled")
    Task.sleep(50, { ref: false }).repeat(Schedule.forever).run({ runtime: test })
    await expect(test.run(Task.never, { name: "stuck" })).rejects.toThrow(/standstill[^]*stuck waits for nothing/)
  })

  it("let the program move the time, too", async () => {
    const test = make()
    const seen: number[] = []
    const program = Task.gen(function* () {
      const beat = yield* Task.sleep(10)
        .tap(() => void seen.push(test.now))
        .repeat(Schedule.forever)
        .start()
      yield* Task.promise(() => test.advance(25))
      yield* beat.cancel()
      return seen.length
    })
    expect(await test.run(program)).toBe(2)
  })

  it("leave the default runtime and other runtimes alone", async () => {
    const test = make()
    const other = Runtime.make()
    const real = Task.sleep(5).as("real")
    expect(await Promise.all([real, real.toPromise({ runtime: other }), test.run(Task.sleep({ days: 1 }))])).toEqual([
      "real",
      "real",
      undefined,
    ])
    await other.close()
  })

  it("close cancels what is left, cleanups and all", async () => {
    const test = TestRuntime.make()
    const seen: string[] = []
    Task.never
      .finally(Task.sleep({ hours: 1 }).map(() => void seen.push("cleaned up")))
      .run({ runtime: test })
      .onExit((exit) => seen.push(exit.status))
    await test.close()
    expect(seen).toEqual(["cleaned up", "cancelled"])
    await expect(test.run(Task.unit)).rejects.toThrow("closed")
  })
})

describe("bad input", () => {
  it("is refused where it is given", async () => {
    const test = make()
    expect(() => TestRuntime.make({ seed: 0.5 })).toThrow("Expected `seed` to be an integer, got 0.5.")
    expect(() => TestRuntime.make({ startAt: NaN })).toThrow("Expected `startAt`")
    expect(() => test.advance(-1)).toThrow(RangeError)
    expect(() => test.advance(Infinity)).toThrow("Use runAll()")
    expect(() => test.setDate(new Date(NaN))).toThrow("Expected `time`")
    // @ts-expect-error -- a promise is no Task
    await expect(test.run(Promise.resolve())).rejects.toThrow("Expected the argument of run to be a Task")
  })
})

describe("a seed", () => {
  /** Ten fibers that count, sleep, yield, race and jitter: what happened, in order, and when. */
  const story = async (options: TestRuntimeOptions): Promise<string[]> => {
    const test = TestRuntime.make(options)
    const seen: string[] = []
    const say = (text: string): Task<void> => Task.sync(() => void seen.push(`${test.now} ${text}`))
    const one = (name: string): Task<void, unknown> =>
      Task.gen(function* () {
        for (let i = 0; i < 3; i++) {
          yield* say(`${name} ${i}`)
          yield* Task.sleep(10)
          yield* Task.yield()
        }
        yield* Task.race([Task.sleep(5).andThen(say(`${name} a`)), Task.sleep(5).andThen(say(`${name} b`))])
        yield* Task.fail("again")
          .retry({ times: 2, backoff: { initial: 100, jitter: true } })
          .attempt()
        yield* say(`${name} ends`)
      })
    await test.run(Task.all(Array.from("abcdefghij", one)))
    await test.close()
    return seen
  }

  it("gives the same run again, and another one another", async () => {
    for (const seed of [0, 1, -7, 123_456_789]) expect(await story({ seed })).toEqual(await story({ seed }))
    const runs = new Set<string>()
    for (let seed = 0; seed < 20; seed++) runs.add((await story({ seed })).join())
    expect(runs.size).toBe(20)
  })

  it("changes the order only: no fiber's own steps, and no deadline", async () => {
    const plain = await story({})
    for (let seed = 0; seed < 20; seed++) {
      const seeded = await story({ seed })
      for (const name of "abcdefghij") {
        const steps = (all: string[]): string[] => all.filter((line) => line.includes(` ${name} `) && /\d$/.test(line))
        expect(steps(seeded)).toEqual(steps(plain))
      }
    }
  })

  it("without one, those who are ready go first come, first served", async () => {
    const test = make({ trace: true })
    const seen: string[] = []
    const say = (name: string): Task<void> =>
      Task.sync(() => void seen.push(name))
        .andThen(Task.yield())
        .andThen(Task.sync(() => void seen.push(name)))
    for (const name of "abc") say(name).run({ runtime: test, name })
    await test.advance(0)
    expect(seen).toEqual(["a", "b", "c", "a", "b", "c"])
    expect(test.trace.map((line) => line.slice(5, 6))).toEqual(["a", "b", "c", "a", "b", "c"])
  })
})
