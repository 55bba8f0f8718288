import { expect, it } from "vitest"
import { type SuppressedError, Task } from "rapid-fiber"

/** TaskSpec.scala: `guarantee` is `finally`. */
it("Tasks should execute a simple task", async () => {
  expect(await Task.sync(() => 5 * 5)).toBe(25)
})

it("Tasks should map a task result", async () => {
  expect(await Task.sync(() => 5 * 5).map((result) => `Result: ${result}`)).toBe("Result: 25")
})

it("Tasks should flatMap tasks", async () => {
  expect(await Task.sync(() => 5 * 5).flatMap((result) => Task.sync(() => result + 10))).toBe(35)
})

it("Tasks should handle task failures", async () => {
  const failure = new Error("Failure")
  const task = Task.sync(() => {
    throw failure
  })
  await expect(task.toPromise()).rejects.toBe(failure)
  expect(() => task.runSync()).toThrow(failure)
})

it("Tasks should parallel process a list of zero tasks", async () => {
  const none: Task<string>[] = []
  expect(await Task.all(none)).toEqual([])
})

it("Tasks should handle repeat functionality", async () => {
  // Rapid's Times counts the runs and yields the first value; `times` counts those after the first, the value is the last.
  let counter = 0
  expect(await Task.sync(() => ++counter).repeat({ times: 4 })).toBe(5)
  expect(counter).toBe(5)
})

it("Tasks should propagate errors thrown by the guarantee block on a successful task", async () => {
  const cleanup = new Error("cleanup boom")
  const task = Task.pure(42).finally(() => {
    throw cleanup
  })
  await expect(task.toPromise()).rejects.toBe(cleanup)
})

it("Tasks should preserve the primary error and attach the cleanup error as suppressed", async () => {
  const primary = new Error("primary")
  const cleanup = new Error("cleanup boom")
  const task = Task.fail(primary).finally(() => {
    throw cleanup
  })
  // Rapid attaches to the primary error. Here a SuppressedError holds both, the other way round, as `using` does (D8).
  const outcome = (await task.attempt()) as { readonly reason: SuppressedError }
  expect(outcome.reason.name).toBe("SuppressedError")
  expect(outcome.reason.suppressed).toBe(primary)
  expect(outcome.reason.error).toBe(cleanup)
})

it("Tasks should run the guarantee block on success and return the primary value", async () => {
  let ran = 0
  expect(await Task.pure(42).finally(Task.sync(() => ran++))).toBe(42)
  expect(ran).toBe(1)
})

it("Tasks should run the guarantee block on failure and propagate the primary error", async () => {
  let ran = 0
  const primary = new Error("primary")
  const task = Task.fail(primary).finally(Task.sync(() => ran++))
  await expect(task.toPromise()).rejects.toBe(primary)
  expect(ran).toBe(1)
})
