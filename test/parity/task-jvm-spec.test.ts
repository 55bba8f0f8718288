import { afterEach, beforeEach, expect, it, vi } from "vitest"
import { Task } from "rapid-fiber"

/** TaskJvmSpec.scala, on fake time. */
beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it("Tasks (JVM-only) should process a longer list of tasks with delays in parallel", async () => {
  const size = 5000
  const concurrency = 256
  let running = 0
  let most = 0
  const task = (i: number): Task<number> =>
    Task.sync(() => void (most = Math.max(most, ++running)))
      .andThen(Task.sleep(50))
      .map(() => {
        running--
        return i * 2
      })
  const list = Array.from({ length: size }, (_, i) => task(i))
  const all = Task.all(list, { concurrency }).run()
  await vi.advanceTimersByTimeAsync(50 * Math.ceil(size / concurrency))
  const doubled = await all
  expect(doubled.reduce((sum, n) => sum + n, 0)).toBe(size * (size - 1))
  expect(doubled).toEqual(Array.from({ length: size }, (_, i) => i * 2))
  expect(most).toBe(concurrency)
})
