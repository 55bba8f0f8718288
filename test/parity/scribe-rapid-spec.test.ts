import { afterEach, expect, it, vi } from "vitest"
import { Task } from "rapid-fiber"

/** ScribeRapidSpec.scala: what of it needs no logger. */
afterEach(() => void vi.restoreAllMocks())

it("ScribeEffect should log an error properly on a Fiber", async () => {
  // The log is console.error or a function of one's own; the very error is logged, and goes on.
  const console_ = vi.spyOn(console, "error").mockImplementation(() => {})
  const messages: unknown[] = []
  const failure = new Error("Failure!")
  const failing = Task.sync((): string => {
    throw failure
  })
  expect(await failing.logErrors((error) => messages.push(error)).catch(() => Task.pure("handled"))).toBe("handled")
  expect(messages).toEqual([failure])
  await expect(failing.logErrors().toPromise()).rejects.toBe(failure)
  expect(console_.mock.calls).toEqual([[failure]])
})
