import { expect, it } from "vitest"
import { Task } from "rapid-fiber"

/** FiberSpec.scala: `start()` at the edge of a program is `run()`. */
it("Fiber should start and await a task", async () => {
  const fiber = Task.sync(() => 5 * 5).run()
  expect(await fiber).toBe(25)
})

it("Fiber should handle task failures in fibers", async () => {
  const failure = new Error("Failure")
  const fiber = Task.sync(() => {
    throw failure
  }).run()
  await expect(fiber.toPromise()).rejects.toBe(failure)
})
