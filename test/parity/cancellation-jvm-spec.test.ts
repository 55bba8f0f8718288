import { afterEach, beforeEach, expect, it, vi } from "vitest"
import { CancelledError, Task, TimeoutError } from "rapid-fiber"

/** CancellationJvmSpec.scala, on fake time. Nothing blocks a thread here: what takes long is a promise or a sleep. */
beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it("Fiber.cancel should interrupt an in-flight blocking task so the fiber fails fast", async () => {
  const signals: AbortSignal[] = []
  const slow = (signal: AbortSignal): Promise<number> => {
    signals.push(signal)
    return new Promise((resolve) => setTimeout(() => resolve(42), 30_000))
  }
  const fiber = Task.promise(slow).run()
  await vi.advanceTimersByTimeAsync(150)
  // Rapid yields whether a thread was interrupted. Here cancel is done when the fiber has ended; poll() has the outcome,
  // which is no failure of the fiber. Who waits for its value gets a CancelledError.
  expect(await fiber.cancel("enough")).toBeUndefined()
  expect(fiber.poll()).toEqual({ status: "cancelled", reason: "enough" })
  expect(signals.map((signal) => signal.aborted)).toEqual([true])
  expect(await fiber.join().attempt()).toMatchObject({ status: "rejected", reason: expect.any(CancelledError) })
})

it("Fiber.cancel should return false when cancelling an already-completed fiber", async () => {
  const fiber = Task.sync(() => 21 * 2).run()
  expect(await fiber).toBe(42)
  // In place of false: it does nothing, and the outcome stands.
  expect(await fiber.cancel()).toBeUndefined()
  expect(fiber.poll()).toEqual({ status: "fulfilled", value: 42 })
})

it("Task.timeout should fail a too-slow task with a TimeoutException, promptly", async () => {
  let finished = false
  const fiber = Task.sleep(30_000)
    .map(() => (finished = true))
    .timeout(200)
    .attempt()
    .run()
  await vi.advanceTimersByTimeAsync(199)
  expect(fiber.poll()).toBeUndefined()
  await vi.advanceTimersByTimeAsync(1)
  expect(await fiber).toMatchObject({ status: "rejected", reason: expect.any(TimeoutError) })
  expect(await fiber).toMatchObject({ reason: { name: "TimeoutError", duration: 200 } })
  await vi.advanceTimersByTimeAsync(30_000)
  expect(finished).toBe(false)
})

it("Task.timeout should return the value when the task finishes within the limit", async () => {
  expect(await Task.sync(() => 21 * 2).timeout({ seconds: 5 })).toBe(42)
  const waits = Task.sleep(100).as("waited").timeout({ seconds: 5 }).run()
  await vi.advanceTimersByTimeAsync(100)
  expect(await waits).toBe("waited")
  expect(vi.getTimerCount()).toBe(0)
})

const left = <A>(value: A) => ({ left: value })
const right = <A>(value: A) => ({ right: value })

it("Task.race should return Left when the first task wins, cancelling the loser", async () => {
  // A race takes any number of tasks and yields the winner's value: mark it to know whose it is.
  let loserRan = false
  const fast = Task.sleep(1).as(1)
  const slow = Task.sleep(30_000).map(() => (loserRan = true))
  const race = Task.race([fast.map(left), slow.map(right)]).run()
  await vi.advanceTimersByTimeAsync(1)
  expect(race.poll()).toEqual({ status: "fulfilled", value: { left: 1 } })
  await vi.advanceTimersByTimeAsync(30_000)
  expect(loserRan).toBe(false)
})

it("Task.race should return Right when the second task wins", async () => {
  const slow = Task.sleep(30_000).as(1)
  const fast = Task.sync(() => 2)
  expect(await Task.race([slow.map(left), fast.map(right)])).toEqual({ right: 2 })
  expect(vi.getTimerCount()).toBe(0)
})
