import { afterEach, beforeEach, expect, it, vi } from "vitest"
import { Stream, Task } from "rapid-fiber"

/** BasicsSpec.scala, on fake time. */
beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it("Basics should handle a simple task", () => {
  expect(Task.sync(() => 5 * 5).runSync()).toBe(25)
})

it("Basics should handle a simple task mapping", () => {
  const squared = Task.sync(() => 5 * 5)
  expect(squared.map((value) => `Value: ${value}`).runSync()).toBe("Value: 25")
})

it("Basics should handle flat mapping", () => {
  let sum: Task<number> = Task.pure(0)
  for (let i = 1; i <= 10; i++) sum = sum.flatMap((total) => Task.sync(() => total + i))
  expect(sum.runSync()).toBe(55)
})

it("Basics should chain fibers together", async () => {
  const fiber = Task.sleep(250)
    .flatMap(() => Task.sleep(250))
    .flatMap(() => Task.sleep(250))
    .run()
  await vi.advanceTimersByTimeAsync(749)
  expect(fiber.poll()).toBeUndefined()
  await vi.advanceTimersByTimeAsync(1)
  expect(fiber.poll()).toEqual({ status: "fulfilled", value: undefined })
})

it("Basics should throw an error and recover", () => {
  const recovered = Task.sync((): string => {
    throw new Error("Die Die Die")
  }).catch(() => Task.pure("Recovered"))
  expect(recovered.runSync()).toBe("Recovered")
})

it("Basics should raise an error and recover", () => {
  const recovered = Task.fail(new Error("Die Die Die")).catch(() => Task.pure("Recovered"))
  expect(recovered.runSync()).toBe("Recovered")
})

it("Basics should process a list of tasks to a task with a list", async () => {
  const list = ["One", "Two", "Three"].map((word) => Task.sync(() => word))
  expect(await Task.all(list, { concurrency: 1 })).toEqual(["One", "Two", "Three"])
})

it("Basics should verify a singleton task works properly sequentially", async () => {
  let counter = 0
  const once = Task.sync(() => ++counter).memoize()
  const values = Task.gen(function* () {
    return [yield* once, yield* once, yield* once]
  })
  expect(await values).toEqual([1, 1, 1])
})

it("Basics should verify a singleton task works properly concurrently", async () => {
  let counter = 0
  const once = Task.sleep({ seconds: 1 })
    .map(() => ++counter)
    .memoize()
  const fibers = [once.run(), once.run(), once.run()]
  await vi.advanceTimersByTimeAsync(999)
  expect(counter).toBe(0)
  await vi.advanceTimersByTimeAsync(1)
  expect(await Promise.all(fibers)).toEqual([1, 1, 1])
})

it("Basics should verify the same task is functionally evaluated", async () => {
  // What time it is is asked of the runtime: Task.now().
  const seconds = Task.now().map((ms) => ms / 1000)
  const first = await seconds
  expect(first).toBe(Date.now() / 1000)
  await vi.advanceTimersByTimeAsync(1000)
  expect((await seconds) - first).toBeCloseTo(1)
})

it("Basics should verify condition actually delays properly", async () => {
  const start = Date.now()
  const fiber = Task.until(() => Date.now() - start > 500, { every: 25 }).run()
  await vi.advanceTimersByTimeAsync(500)
  expect(fiber.poll()).toBeUndefined()
  await vi.advanceTimersByTimeAsync(25)
  expect(fiber.poll()).toEqual({ status: "fulfilled", value: undefined })
})

it("Basics should verify Taskable works as expected", async () => {
  // There is no mix-in: what can be a Task has a method that gives one.
  class Greeting {
    readonly text: string
    constructor(text: string) {
      this.text = text
    }
    toTask(): Task<string> {
      return Task.sleep(100).as(this.text)
    }
  }
  const fiber = new Greeting("Hello").toTask().run()
  await vi.advanceTimersByTimeAsync(100)
  expect(await fiber).toBe("Hello")
})

it("Basics should propagate error when throw is used inside handleError", async () => {
  const original = new Error("original error")
  const rethrown = Task.fail(original).catch((error) => {
    throw error
  })
  expect(await rethrown.attempt()).toEqual({ status: "rejected", reason: original })
})

it("Basics should propagate error when throw is used inside handleError with guarantee", async () => {
  const inner = new Error("inner")
  let cleaned = 0
  const rethrown = Task.fail(inner)
    .finally(() => void cleaned++)
    .catch((error) => {
      throw error
    })
  expect(await rethrown.attempt()).toEqual({ status: "rejected", reason: inner })
  expect(cleaned).toBe(1)
})

it("Basics should propagate error from stream drain through handleError with throw", async () => {
  const failure = new Error("stream element 2 failed")
  const drained = Stream.of(1, 2, 3)
    .mapTask((n) => (n === 2 ? Task.fail(failure) : Task.sync(() => n)))
    .drain()
    .as("ok")
    .catch((error) => {
      throw error
    })
  expect(await drained.attempt()).toEqual({ status: "rejected", reason: failure })
})
