import { describe, expect, it } from "vitest"
import { type Fiber, Task } from "rapid-fiber"

/** Where a failure and a cancellation meet. */
const ended = (fiber: Fiber<unknown, unknown>): Promise<unknown> => new Promise((resolve) => fiber.onExit(resolve))

describe("after a cancellation", () => {
  const failing = Task.never.finally(() => {
    throw new Error("cleanup")
  })
  const wrapped: Record<string, (called: string[]) => Task<unknown, unknown>> = {
    attempt: () => failing.attempt(),
    catch: (called) => failing.catch(() => Task.sync(() => called.push("handler"))),
    mapError: (called) => failing.mapError(() => called.push("mapError")),
    "a generator's catch": (called) =>
      Task.gen(function* () {
        try {
          yield* failing
        } catch {
          called.push("catch")
        }
      }),
  }
  for (const [name, wrap] of Object.entries(wrapped)) {
    it(`the failure of a cleanup passes ${name} by and is the outcome`, async () => {
      const called: string[] = []
      const fiber = wrap(called).run()
      await fiber.cancel("why")
      expect(called).toEqual([])
      expect(fiber.poll()).toMatchObject({
        status: "rejected",
        reason: { error: { message: "cleanup" }, suppressed: { name: "AbortError", cause: "why" } },
      })
    })
  }

  it("a cleanup's own handlers handle its failures", async () => {
    const log: unknown[] = []
    const cleanup = Task.fail("in the cleanup").catch((error) => Task.sync(() => log.push(error)))
    const fiber = Task.never.finally(cleanup).run()
    await fiber.cancel()
    expect([log, fiber.poll()?.status]).toEqual([["in the cleanup"], "cancelled"])
  })

  it("a failure that was on its way gives way to it, and nothing runs", async () => {
    const log: string[] = []
    const held: { fiber?: Fiber<unknown, unknown> } = {}
    const failing = Task.sync(() => {
      held.fiber?.abort("stop")
      throw new Error("boom")
    })
    held.fiber = Task.yield()
      .andThen(failing)
      .catch(() => Task.sync(() => log.push("handled")))
      .flatMap(() => Task.sync(() => log.push("went on")))
      .run()
    expect(await ended(held.fiber)).toEqual({ status: "cancelled", reason: "stop" })
    expect(log).toEqual([])
  })

  it("that comes during a cleanup after a failure, no handler is called", async () => {
    const log: string[] = []
    const fiber = Task.fail("e")
      .finally(Task.sleep(2))
      .catch(() => Task.sync(() => log.push("handled")))
      .run()
    await fiber.cancel("stop")
    expect([log, fiber.poll()]).toEqual([[], { status: "cancelled", reason: "stop" }])
  })

  it("children are told the parent's reason", async () => {
    const reasons: unknown[] = []
    const child = Task.promise(
      (signal) => new Promise(() => signal.addEventListener("abort", () => reasons.push(signal.reason))),
    )
    await Task.gen(function* () {
      yield* child.start()
      yield* Task.never
    })
      .run()
      .cancel("why")
    expect(reasons).toEqual(["why"])
  })
})

describe("fairness also holds", () => {
  it("while a failure or a cancellation passes a million frames: the host gets its turns", async () => {
    const deep = (task: Task<unknown, unknown>): Task<unknown, unknown> => {
      let program: Task<unknown, unknown> = task
      for (let i = 0; i < 1_000_000; i++) program = program.map((x) => x)
      return program
    }
    let turnsSeen = 0
    const count = (): void => {
      turnsSeen++
      immediate = setImmediate(count)
    }
    let immediate = setImmediate(count)
    const failed = deep(Task.yield().andThen(Task.fail("e"))).run()
    expect(await ended(failed)).toEqual({ status: "rejected", reason: "e" })
    const cancelled = deep(Task.never).run()
    await cancelled.cancel()
    clearImmediate(immediate)
    expect(cancelled.poll()?.status).toBe("cancelled")
    expect(turnsSeen).toBeGreaterThan(3)
  })
})
