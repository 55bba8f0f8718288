import { afterEach, expect, it, vi } from "vitest"
import { Stream, type SuppressedError, Task, Timer, Unique } from "rapid-fiber"
import { StatsMonitor } from "rapid-fiber/monitor"

/** BasicsAsyncSpec.scala (its tests, too, begin with "Basics sync"). What waits is on fake time. */
afterEach(() => void vi.useRealTimers())

it("Basics sync should set up stats monitor", () => {
  using monitor = StatsMonitor.attach()
  expect(monitor.stats().started).toBe(0)
})

it("Basics sync should handle a simple task", async () => {
  expect(await Task.sync(() => 5 * 5)).toBe(25)
})

it("Basics sync should handle a simple task mapping", async () => {
  const squared = Task.sync(() => 5 * 5)
  expect(await squared.map((value) => `Value: ${value}`)).toBe("Value: 25")
})

it("Basics sync should handle flat mapping", async () => {
  let sum: Task<number> = Task.pure(0)
  for (let i = 1; i <= 10; i++) sum = sum.flatMap((total) => Task.sync(() => total + i))
  expect(await sum).toBe(55)
})

it("Basics sync should throw an error and recover", async () => {
  const recovered = Task.sync((): string => {
    throw new Error("Die Die Die")
  }).catch(() => Task.pure("Recovered"))
  expect(await recovered).toBe("Recovered")
})

it("Basics sync should process a list of tasks to a task with a list", async () => {
  const list = ["One", "Two", "Three"].map((word) => Task.sync(() => word))
  expect(await Task.all(list, { concurrency: 1 })).toEqual(["One", "Two", "Three"])
})

it("Basics sync should create a Unique value", async () => {
  expect(await Unique.make({ length: 32 })).toMatch(/^[a-zA-Z0-9]{32}$/)
})

it("Basics sync should flatMap 10 million times without overflowing", async () => {
  const max = 10_000_000
  const count = (i: number): Task<number> => (i >= max ? Task.pure(i) : Task.sync(() => i + 1).flatMap(count))
  expect(await count(0)).toBe(max)
})

it("Basics sync should create a recursive flatMap method that runs asynchronously", async () => {
  const max = 10_000_000
  let counter = 0
  const count = (i: number): Task<number> => {
    if (i >= max) return Task.pure(i)
    counter++
    return Task.sync(() => i + 1).flatMap(count)
  }
  const waitForCount = (): Task<void> =>
    Task.defer(() => (counter === max ? Task.unit : Task.sleep(1).flatMap(waitForCount)))
  count(0).runAndForget()
  // It runs beside the caller: fairness, not a second thread, lets the wait have its turns.
  expect(counter).toBeLessThan(max)
  await waitForCount()
  expect(counter).toBe(max)
})

it("Basics sync should handle condition", async () => {
  vi.useFakeTimers()
  let counter = 0
  const looked = Task.until(
    Task.sync(() => ++counter >= 5),
    { every: 25 },
  )
    .map(() => counter)
    .run()
  // It looks at once, so the fifth look is after four pauses.
  await vi.advanceTimersByTimeAsync(99)
  expect(looked.poll()).toBeUndefined()
  await vi.advanceTimersByTimeAsync(1)
  expect(looked.poll()).toEqual({ status: "fulfilled", value: 5 })
})

it("Basics sync should verify start and forget functionality with effect", async () => {
  vi.useFakeTimers()
  let condition = false
  Task.sleep(100)
    .tap(() => Task.sync(() => (condition = true)))
    .runAndForget()
  const seen = Task.until(() => condition, { every: 25 }).run()
  await vi.advanceTimersByTimeAsync(99)
  expect(condition).toBe(false)
  await vi.advanceTimersByTimeAsync(26)
  expect(condition).toBe(true)
  expect(seen.poll()?.status).toBe("fulfilled")
})

it("Basics sync should verify timed works properly", async () => {
  vi.useFakeTimers()
  const timer = Timer.make()
  const timed = Task.sleep(25).timed(timer)
  const all = Task.all(Array.from({ length: 10 }, () => timed)).run()
  await vi.advanceTimersByTimeAsync(25)
  await all
  // Ten at a time for 25 ms each: the timer adds up.
  expect(timer.elapsed).toBeCloseTo(250)
  expect(timer.count).toBe(10)
})

it("Basics sync should verify CompletableTask.onSuccess", () => {
  let text = ""
  const completable = Task.withResolvers<string>()
  completable.onExit((exit) => {
    if (exit.status === "fulfilled") text = exit.value
  })
  // In Rapid, completing gives Unit; here it says whether this call was the first.
  expect(completable.resolve("Test")).toBe(true)
  expect(text).toBe("Test")
})

it("Basics sync should run Task.and in parallel and return results", async () => {
  vi.useFakeTimers()
  const both = Task.sleep(10).as(1).zip(Task.sleep(10).as(2)).run()
  await vi.advanceTimersByTimeAsync(10)
  expect(both.poll()).toEqual({ status: "fulfilled", value: [1, 2] })
})

it("Basics sync should preserve original failure when guarantee finalizer fails", async () => {
  const main = new Error("main boom")
  const finalizer = new Error("finalizer boom")
  const task = Task.fail(main).finally(Task.fail(finalizer))
  // Rapid keeps the first as the failure. Here both are kept in a SuppressedError, as `using` does (D8).
  const joined = (await task.attempt()) as { readonly reason: SuppressedError }
  expect(joined.reason.suppressed).toBe(main)
  expect(joined.reason.error).toBe(finalizer)
})

it("Basics sync should flatMap from UnitTask into Unit function should not cast Some to Unit", async () => {
  expect(await Task.unit.flatMap(() => Task.pure(1))).toBe(1)
})

it("Basics sync should start and wait for four tasks to complete", async () => {
  vi.useFakeTimers()
  const four = Task.gen(function* () {
    const fibers = []
    for (let i = 0; i < 4; i++) fibers.push(yield* Task.sleep(500).start())
    for (const fiber of fibers) yield* fiber.join()
  }).run()
  await vi.advanceTimersByTimeAsync(499)
  expect(four.poll()).toBeUndefined()
  await vi.advanceTimersByTimeAsync(1)
  expect(four.poll()).toEqual({ status: "fulfilled", value: undefined })
})

it("Basics sync should verify chunk + fold", async () => {
  const sum = Stream.range(0, 101)
    .chunk(10)
    .reduce((total, numbers) => total + numbers.reduce((a, b) => a + b), 0)
  expect(await sum).toBe(5050)
})

it("Basics sync should write stats out", async () => {
  using monitor = StatsMonitor.attach()
  await Task.all([Task.yield(), Task.yield()])
  expect(monitor.report()).toMatch(/^started +3\nsucceeded +3\n/)
})
