import { afterEach, beforeEach, expect, it, vi } from "vitest"
import { Task } from "rapid-fiber"

/** AbstractBlockingTaskSpec.scala, on fake time: nothing blocks here. */
beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it("Tasks (blocking) should sleep for a duration", async () => {
  const fiber = Task.sleep(500).run()
  await vi.advanceTimersByTimeAsync(499)
  expect(fiber.poll()).toBeUndefined()
  await vi.advanceTimersByTimeAsync(1)
  expect(fiber.poll()).toEqual({ status: "fulfilled", value: undefined })
})

it("Tasks (blocking) should utilize completable", async () => {
  const completable = Task.withResolvers<string>()
  Task.sleep(500)
    .map(() => completable.resolve("Success!"))
    .runAndForget()
  const fiber = completable.task.run()
  await vi.advanceTimersByTimeAsync(499)
  expect(fiber.poll()).toBeUndefined()
  await vi.advanceTimersByTimeAsync(1)
  expect(fiber.poll()).toEqual({ status: "fulfilled", value: "Success!" })
})

it("Tasks (blocking) should utilize for-comprehension with sleep", async () => {
  const sum = Task.gen(function* () {
    const one = yield* Task.sleep(250).as(1)
    const two = yield* Task.sync(() => 2)
    const three = yield* Task.pure(3)
    return one + two + three
  }).run()
  await vi.advanceTimersByTimeAsync(250)
  expect(await sum).toBe(6)
})

it("Tasks (blocking) should process a list of tasks to a task with a list in parallel", async () => {
  const list = ["One", "Two", "Three"].map((word, i) => Task.sleep(30 - 10 * i).as(word))
  const all = Task.all(list).run()
  await vi.advanceTimersByTimeAsync(30)
  expect(all.poll()).toEqual({ status: "fulfilled", value: ["One", "Two", "Three"] })
})
