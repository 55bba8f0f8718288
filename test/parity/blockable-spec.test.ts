import { afterEach, beforeEach, expect, it, vi } from "vitest"
import { Task } from "rapid-fiber"

/** BlockableSpec.scala, on fake time. */
beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it("Blockable should handle a completable partway through a chain", async () => {
  // `withCompletable` makes one in the chain: so does a function that calls withResolvers.
  const chain = Task.sleep(250)
    .map(() => Task.withResolvers<string>())
    .flatMap(({ task, resolve }) =>
      Task.sleep(100)
        .map(() => resolve("Finished!"))
        .start()
        .andThen(task),
    )
    .run()
  await vi.advanceTimersByTimeAsync(349)
  expect(chain.poll()).toBeUndefined()
  await vi.advanceTimersByTimeAsync(1)
  expect(chain.poll()).toEqual({ status: "fulfilled", value: "Finished!" })
})
