import { expect, it } from "vitest"
import { Task } from "rapid-fiber"

/** BasicsSyncSpec.scala: `sync()` is `runSync()`. */
it("Basics sync should handle a simple task", () => {
  expect(Task.sync(() => 5 * 5).runSync()).toBe(25)
})

it("Basics sync should handle a simple task mapping", () => {
  const squared = Task.sync(() => 5 * 5)
  expect(squared.map((value) => `Value: ${value}`).runSync()).toBe("Value: 25")
})

it("Basics sync should handle flat mapping", () => {
  let sum: Task<number> = Task.pure(0)
  for (let i = 1; i <= 10; i++) sum = sum.flatMap((total) => Task.sync(() => total + i))
  expect(sum.runSync()).toBe(55)
})

it("Basics sync should throw an error and recover", () => {
  const recovered = Task.sync((): string => {
    throw new Error("Die Die Die")
  }).catch(() => Task.pure("Recovered"))
  expect(recovered.runSync()).toBe("Recovered")
})

it("Basics sync should process a list of tasks to a task with a list", () => {
  const list = ["One", "Two", "Three"].map((word) => Task.sync(() => word))
  expect(Task.all(list, { concurrency: 1 }).runSync()).toEqual(["One", "Two", "Three"])
})

it("Basics sync should process a Forge with multiple values", () => {
  // A Forge is a function that returns a Task; its map and flatMap are those of the Task.
  const words = ["Zero", "One", "Two", "Three", "Four", "Five"]
  const forge = (i: number): Task<string> => Task.sync(() => words[i])
  expect(forge(1).runSync()).toBe("One")
  expect(forge(5).runSync()).toBe("Five")
})

it("Basics sync should flatten a task within a task", () => {
  const nested = Task.sync(() => Task.sync(() => "Success!"))
  expect(nested.flatMap((inner) => inner).runSync()).toBe("Success!")
})
