import { afterEach, beforeEach, expect, it, vi } from "vitest"
import { Task, TimeoutError } from "rapid-fiber"

/** FiberWaitingSpec.scala, on fake time. */
beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it("Fiber waiting should await with a timeout", async () => {
  // `await(d)` yields None when the time is over. Here the wait times out as any Task does; the fiber goes on.
  const fiber = Task.sleep(1000).as(42).run()
  const impatient = fiber.join().timeout(500).attempt().run()
  await vi.advanceTimersByTimeAsync(500)
  expect(await impatient).toMatchObject({ status: "rejected", reason: expect.any(TimeoutError) })
  const none = fiber.join().timeoutTo(100, Task.pure("none")).run()
  await vi.advanceTimersByTimeAsync(100)
  expect(await none).toBe("none")
  expect(fiber.poll()).toBeUndefined()
  const patient = fiber.join().timeout(1500).run()
  await vi.advanceTimersByTimeAsync(400)
  expect(await patient).toBe(42)
})

it("Fiber waiting should chain fibers together", async () => {
  const pause = Task.sleep(250)
    .start()
    .flatMap((fiber) => fiber.join())
  const chain = pause.andThen(pause).andThen(pause).run()
  await vi.advanceTimersByTimeAsync(749)
  expect(chain.poll()).toBeUndefined()
  await vi.advanceTimersByTimeAsync(1)
  expect(chain.poll()).toEqual({ status: "fulfilled", value: undefined })
})
