import { afterEach, describe, expect, it, vi } from "vitest"
import { CancelledError, RunSyncError, Task } from "rapid-fiber"

describe("runSync", () => {
  afterEach(() => void vi.restoreAllMocks())

  it("returns the value or throws the very failure, on the spot", () => {
    const error = new Error("no")
    const program = Task.gen(function* () {
      const a = yield* Task.sync(() => 1)
      const b = yield* Task.defer(() => Task.pure(2)).map((n) => n * 10)
      return a + b
    })
    expect(program.runSync()).toBe(21)
    expect(() => Task.fail(error).runSync()).toThrow(error)
    expect(() =>
      Task.self()
        .flatMap((self) => self.cancel())
        .andThen(Task.unit)
        .runSync(),
    ).toThrow(CancelledError)
  })

  it("runs children and yields on a ready queue of its own", () => {
    const order: string[] = []
    const child = (name: string): Task<void> =>
      Task.gen(function* () {
        for (let i = 0; i < 2; i++) {
          order.push(`${name}${i}`)
          yield* Task.yield()
        }
      })
    const elsewhere = Task.yield()
      .map(() => void order.push("elsewhere"))
      .run()
    Task.gen(function* () {
      const [a, b] = [yield* child("a").start(), yield* child("b").start()]
      yield* a.join()
      yield* b.join()
    }).runSync()
    expect(order).toEqual(["a0", "b0", "a1", "b1"])
    elsewhere.abort()
  })

  it("runs more than a budget, and a callback that resumes at once", () => {
    const loop = (n: number): Task<string> => (n === 0 ? Task.pure("end") : Task.defer(() => loop(n - 1)))
    expect(loop(100_000).runSync()).toBe("end")
    expect(Task.async<number>((resume) => resume(Task.pure(3))).runSync()).toBe(3)
  })

  const waits: Record<string, Task<unknown>> = {
    sleep: Task.sleep(10),
    never: Task.never,
    async: Task.async(() => {}),
    promise: Task.promise(async () => 1),
    join: Task.gen(function* () {
      const other = Task.never.run()
      yield* other.join().finally(() => other.abort())
    }),
  }
  for (const [operation, task] of Object.entries(waits)) {
    it(`cancels a task that waits for ${operation}, runs its cleanups, and says what it waited for`, () => {
      const cleaned: string[] = []
      const program = Task.unit.andThen(task).finally(() => Task.sync(() => cleaned.push("done")))
      let thrown: unknown
      try {
        program.runSync()
      } catch (error) {
        thrown = error
      }
      expect(thrown).toBeInstanceOf(RunSyncError)
      expect(thrown).toMatchObject({ name: "RunSyncError", operation: operation === "join" ? "never" : operation })
      expect(cleaned).toEqual(["done"])
    })
  }

  it("names what a child waits for when the parent joins it, and ends the child", () => {
    let cleaned = false
    const program = Task.sleep(5)
      .finally(() => void (cleaned = true))
      .start()
      .flatMap((child) => child.join())
    expect(() => program.runSync()).toThrow(/suspended at `sleep`/)
    expect(cleaned).toBe(true)
  })

  it("names what the cleanup of a child waits for when the body has ended", () => {
    const program = Task.gen(function* () {
      yield* Task.never.finally(Task.sleep(1)).start()
      yield* Task.yield()
      return 1
    })
    expect(() => program.runSync()).toThrow(/suspended at `sleep`/)
  })

  it("says so where fibers wait for each other, or in a chain of thousands", () => {
    const circle = Task.gen(function* () {
      const self = yield* Task.self()
      const child = yield* self.join().start()
      yield* child.join()
    })
    expect(() => circle.runSync()).toThrow(/suspended at `join`/)
    const chain = (n: number): Task<unknown> =>
      n === 0
        ? Task.sleep(1)
        : Task.defer(() => chain(n - 1))
            .start()
            .flatMap((fiber) => fiber.join())
    expect(() => chain(30_000).runSync()).toThrow(/suspended at `sleep`/)
  })

  it("keeps the failure of a cleanup as the cause", () => {
    const thrown: unknown[] = []
    try {
      Task.never.finally(Task.fail("cleanup")).runSync()
    } catch (error) {
      thrown.push((error as RunSyncError).cause)
    }
    expect(thrown).toMatchObject([{ error: "cleanup", suppressed: { name: "AbortError" } }])
  })

  it("runs the cleanup of a callback that it gives up, and aborts its signal", () => {
    const seen: string[] = []
    const task = Task.async((_, { signal }) => {
      signal.addEventListener("abort", () => seen.push("aborted"))
      return () => seen.push("cleanup")
    })
    expect(() => task.runSync()).toThrow(RunSyncError)
    expect(seen).toEqual(["aborted", "cleanup"])
  })

  it("touches no timer of the host, also when it fails (effect#6651)", () => {
    const timers = [
      vi.spyOn(globalThis, "setTimeout"),
      vi.spyOn(globalThis, "setImmediate"),
      vi.spyOn(globalThis, "queueMicrotask"),
    ]
    expect(() => Task.sleep(1).runSync()).toThrow(RunSyncError)
    Task.yield().andThen(Task.pure(1)).runSync()
    for (const timer of timers) expect(timer).not.toHaveBeenCalled()
  })

  it("gives detached fibers to the default runtime, where they live on", async () => {
    const detached = Task.sleep(1).as("lived").startDetached().runSync()
    expect(await detached).toBe("lived")
  })

  it("nests: in a callback of a running fiber, in a gen, and in itself", async () => {
    const inner = Task.sync(() =>
      Task.gen(function* () {
        return yield* Task.pure(5)
      }).runSync(),
    )
    expect(await inner).toBe(5)
    const outer = Task.gen(function* () {
      const before = yield* Task.yield().as(1)
      const within = inner.runSync() + Task.yield().as(2).runSync()
      const after = yield* Task.yield().as(3)
      return [before, within, after]
    })
    expect(await outer).toEqual([1, 7, 3])
    expect(outer.runSync()).toEqual([1, 7, 3])
  })
})
