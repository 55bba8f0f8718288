import { describe, expect, it, vi } from "vitest"
import { CancelledError, Local, Runtime, Task } from "rapid-fiber"
import { ended, exitOf, failuresIn, turn } from "../watch.ts"

const rejected = (reason: unknown) => ({ status: "rejected", reason })
const cancelled = (reason?: unknown) => ({ status: "cancelled", reason })

/** A task whose runs are counted and that ends when the gate opens. */
function counted() {
  const state = { started: 0, cancelled: 0, gate: Task.withResolvers<string>() }
  const task = Task.sync(() => void state.started++)
    .andThen(Task.defer(() => state.gate.task))
    .onCancel(() => void state.cancelled++)
  return { state, task: task.memoize() }
}

describe("a memoized task", () => {
  it("runs nothing until somebody runs it", async () => {
    const { state } = counted()
    await turn()
    expect(state.started).toBe(0)
  })

  it("runs once for callers at the same time and later, who all get the same object", async () => {
    let runs = 0
    const task = Task.yield()
      .map(() => ({ run: ++runs }))
      .memoize()
    const [a, b] = await Task.all([task, task])
    const c = await task
    expect([a, b === a, c === a]).toEqual([{ run: 1 }, true, true])
  })

  it("is there without a wait when it has been run", async () => {
    const task = Task.sleep(1).as("value").memoize()
    await task
    expect(task.runSync()).toBe("value")
  })

  it("that needs no wait runs in runSync the first time as well", () => {
    const f = vi.fn(() => 1)
    const task = Task.sync(f).memoize()
    expect([task.runSync(), task.runSync()]).toEqual([1, 1])
    expect(f).toHaveBeenCalledTimes(1)
  })

  it("keeps a failure, the very object, and reports nothing as unhandled", async () => {
    const error = new Error("down")
    const [f, onUnhandled] = [vi.fn(() => Task.fail(error).delay(0)), vi.fn()]
    const task = Task.defer(f).memoize()
    const runtime = Runtime.make({ onUnhandled })
    for (let i = 0; i < 3; i++)
      expect(await ended(task.attempt().run({ runtime }))).toMatchObject({ value: { reason: error } })
    await turn()
    expect(f).toHaveBeenCalledTimes(1)
    expect(onUnhandled).not.toHaveBeenCalled()
  })

  it("keeps undefined as well as any other value", async () => {
    const f = vi.fn()
    const task = Task.sync(f).memoize()
    await task
    await task
    expect(f).toHaveBeenCalledTimes(1)
  })

  it("is one memory for each call of memoize, and for all that is built on it", async () => {
    let runs = 0
    const task = Task.sync(() => ++runs)
    const [one, other] = [task.memoize(), task.memoize()]
    expect([await one, await other, await one.map((n) => n * 10), await one]).toEqual([1, 2, 10, 1])
  })

  it("goes on when one of its callers is cancelled", async () => {
    const { state, task } = counted()
    const [first, second] = [task.run(), task.run()]
    await first.cancel("first")
    expect(first.poll()).toEqual(cancelled("first"))
    expect(state.cancelled).toBe(0)
    state.gate.resolve("value")
    expect(await second).toBe("value")
    expect(state).toMatchObject({ started: 1, cancelled: 0 })
  })

  it("is cancelled with its last caller, who waits for its cleanups", async () => {
    const log: string[] = []
    const task = Task.never.finally(() => Task.sleep(1).tap(() => log.push("cleaned"))).memoize()
    const [first, second] = [task.run(), task.run()]
    await first.cancel()
    expect(log).toEqual([])
    await second.cancel("last")
    expect(log).toEqual(["cleaned"])
    expect(second.poll()).toEqual(cancelled("last"))
  })

  it("runs anew for who comes after that", async () => {
    const { state, task } = counted()
    await task.run().cancel()
    expect(state).toMatchObject({ started: 1, cancelled: 1 })
    const again = task.run()
    await turn()
    expect(state.started).toBe(2)
    state.gate.resolve("value")
    expect(await again).toBe("value")
    expect(await task).toBe("value")
    expect(state.started).toBe(2)
  })

  it("keeps who comes during the cancellation waiting until it is over, then runs anew, once for all of them", async () => {
    const log: string[] = []
    const gate = Task.withResolvers<void>()
    let runs = 0
    const task = Task.defer(() =>
      ++runs === 1
        ? Task.never.finally(gate.task.tap(() => log.push("old run over")))
        : Task.sync(() => log.push("new run")),
    ).memoize()
    const first = task.run()
    first.abort()
    await turn()
    const late = [task.run(), task.run()]
    await turn()
    expect([runs, log, late[0].poll(), first.poll()]).toEqual([1, [], undefined, undefined])
    gate.resolve()
    await Promise.all(late)
    expect(log).toEqual(["old run over", "new run"])
    expect(runs).toBe(2)
  })

  it("lets a caller that waits for the end of a cancelled run be cancelled as well", async () => {
    const gate = Task.withResolvers<void>()
    const body = vi.fn(() => Task.never.finally(gate.task))
    const task = Task.defer(body).memoize()
    const first = task.run()
    first.abort()
    await turn()
    const late = task.run()
    await turn()
    late.abort("late")
    expect(await ended(late)).toEqual(cancelled("late"))
    gate.resolve()
    expect(await ended(first)).toEqual(cancelled())
    await turn()
    expect(body).toHaveBeenCalledTimes(1)
  })

  it("that was told to stop and came to a value keeps it (D32)", async () => {
    const gate = Task.withResolvers<string>()
    const body = vi.fn(() => Task.uncancelable(() => gate.task))
    const task = Task.defer(body).memoize()
    const first = task.run()
    first.abort()
    await turn()
    gate.resolve("value")
    expect(await ended(first)).toEqual(cancelled())
    const exit = await exitOf(task)
    expect(exit).toEqual({ status: "fulfilled", value: "value" })
  })

  it("whose cleanup fails when the last caller is cancelled fails that one and is empty (D32)", async () => {
    let runs = 0
    const task = Task.defer(() =>
      ++runs === 1 ? Task.never.finally(() => Task.fail("cleanup")) : Task.pure("second run"),
    ).memoize()
    const first = task.run({ runtime: Runtime.make({ onUnhandled() {} }) })
    first.abort()
    expect(await ended(first)).toMatchObject({ status: "rejected" })
    expect(failuresIn(await ended(first))).toContain("cleanup")
    expect(await task).toBe("second run")
  })

  it("belongs to no caller: it goes on when the fiber of the first one ends", async () => {
    const { state, task } = counted()
    const parent = task.start().andThen(Task.yield()).andThen(Task.yield()).run()
    const second = task.run()
    await parent
    await turn()
    expect(state).toMatchObject({ started: 1, cancelled: 0 })
    state.gate.resolve("value")
    expect(await second).toBe("value")
  })

  it("is not masked when its first caller is", async () => {
    const { state, task } = counted()
    const masked = Task.uncancelable(() => task).run()
    masked.abort()
    await turn()
    expect(state).toMatchObject({ started: 1, cancelled: 0 })
    state.gate.resolve("value")
    expect(await ended(masked)).toEqual(cancelled())
    expect(await task).toBe("value")
  })

  it("whose last caller's time is up is cancelled", async () => {
    const { state, task } = counted()
    expect(await task.timeoutTo(1, Task.pure("late"))).toBe("late")
    expect(state).toMatchObject({ started: 1, cancelled: 1 })
  })

  it("sees what its first caller sees", async () => {
    const local = Local.make("default")
    const task = Task.yield().andThen(local.get()).memoize()
    expect(await local.run("first", task)).toBe("first")
    expect(await local.run("second", task)).toBe("first")
  })

  it("that is cancelled from elsewhere fails its callers and is remembered as nothing", async () => {
    let runs = 0
    const task = Task.self()
      .tap((self) => void (++runs === 1 && self.abort("elsewhere")))
      .andThen(Task.yield())
      .map(() => runs)
      .memoize()
    const exit = await exitOf(task)
    expect(exit).toMatchObject({ status: "rejected", reason: { name: "AbortError", cause: "elsewhere" } })
    expect((exit as { reason: unknown }).reason).toBeInstanceOf(CancelledError)
    expect(await task).toBe(2)
  })

  it("keeps its run for a caller who comes before the cancellation of the only other one is delivered", async () => {
    const { state, task } = counted()
    const first = task.run()
    first.abort()
    const second = task.run()
    expect(await ended(first)).toEqual(cancelled())
    state.gate.resolve("value")
    expect(await second).toBe("value")
    expect(state).toMatchObject({ started: 1, cancelled: 0 })
  })

  it("that needs itself is told so", async () => {
    const self: Task<number> = Task.defer(() => self).memoize()
    expect(await exitOf(self)).toMatchObject({ reason: { message: expect.stringMatching(/join another, got itself/) } })
  })

  it("of a group cancels the members with the last caller", async () => {
    const log: string[] = []
    const waiting = Task.never.onCancel(() => void log.push("member"))
    await Task.all([waiting, waiting]).memoize().run().cancel()
    expect(log).toEqual(["member", "member"])
  })

  it("is shared by two runtimes", async () => {
    const [one, other] = [Runtime.make(), Runtime.make()]
    const { state, task } = counted()
    const fibers = [task.run({ runtime: one }), task.run({ runtime: other })]
    await turn()
    state.gate.resolve("value")
    expect(await Promise.all(fibers)).toEqual(["value", "value"])
    expect(state.started).toBe(1)
  })

  it("serves a hundred thousand callers, and forgets those who are cancelled", async () => {
    const { state, task } = counted()
    const fibers = Array.from({ length: 100_000 }, () => task.run())
    for (let i = 1; i < fibers.length; i++) fibers[i].abort()
    await Task.until(() => fibers.slice(1).every((fiber) => fiber.poll() !== undefined), { every: 1 })
    expect(state).toMatchObject({ started: 1, cancelled: 0 })
    await fibers[0].cancel()
    expect(state.cancelled).toBe(1)
  })

  it("fails at each run with what it has kept, so retry has nothing to retry", async () => {
    let runs = 0
    const task = Task.defer(() => Task.fail(++runs)).memoize()
    expect(await exitOf(task.retry({ times: 3 }))).toEqual(rejected(1))
    const patient = Task.defer(() => (++runs < 4 ? Task.fail(runs) : Task.pure("value")))
      .retry({ times: 3 })
      .memoize()
    expect([await patient, await patient, runs]).toEqual(["value", "value", 4])
  })
})
