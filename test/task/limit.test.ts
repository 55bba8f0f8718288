import { getEventListeners } from "node:events"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { type Fiber, Runtime, RunSyncError, Task, TimeoutError } from "rapid-fiber"
import { turn } from "../watch.ts"

const fulfilled = <A>(value: A) => ({ status: "fulfilled", value })
const rejected = (reason: unknown) => ({ status: "rejected", reason })
const cancelled = (reason?: unknown) => ({ status: "cancelled", reason })

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

function timedOut(fiber: Fiber<unknown, unknown>): TimeoutError {
  const { reason } = fiber.poll() as { reason: unknown }
  expect(reason).toBeInstanceOf(TimeoutError)
  return reason as TimeoutError
}

/** Runs on a runtime that keeps to itself what nobody observes. */
const run = <A, E>(task: Task<A, E>) => task.run({ runtime: Runtime.make({ onUnhandled() {} }) })

describe("timeout", () => {
  it("fails with a TimeoutError that says how long it was, not before", async () => {
    const fiber = run(Task.never.timeout({ seconds: 1, milliseconds: 500 }))
    await pass(1499)
    expect(fiber.poll()).toBeUndefined()
    await pass(1)
    const error = timedOut(fiber)
    expect(error).toBeInstanceOf(Error)
    expect([error.name, error.duration, error.message]).toEqual([
      "TimeoutError",
      1500,
      "The task took longer than 1500 ms",
    ])
  })

  it("yields the value and clears its timer if the task is done in time", async () => {
    const fiber = run(Task.sleep(99).as("value").timeout(100))
    await pass(99)
    expect(fiber.poll()).toEqual(fulfilled("value"))
    expect(vi.getTimerCount()).toBe(0)
  })

  it("lets a failure of the task stand that comes earlier, the very object", async () => {
    const error = new Error("down")
    const fiber = run(Task.sleep(99).andThen(Task.fail(error)).timeout(100))
    await pass(99)
    expect((fiber.poll() as { reason: unknown }).reason).toBe(error)
    expect(vi.getTimerCount()).toBe(0)
  })

  it("asks for no timer if the task does not wait (D35)", async () => {
    const spy = vi.spyOn(globalThis, "setTimeout")
    const fibers = [
      run(Task.pure(1).timeout(100)),
      run(Task.sync(() => 1).timeout(100)),
      run(Task.fail(1).timeout(100)),
    ]
    await pass(0)
    expect(fibers.map((fiber) => fiber.poll())).toEqual([fulfilled(1), fulfilled(1), rejected(1)])
    expect(spy).not.toHaveBeenCalled()
    expect(Task.pure(1).timeout(100).runSync()).toBe(1)
    spy.mockRestore()
  })

  it("counts from the start of the task, each run anew", async () => {
    const limited = Task.sleep(60).timeout(100)
    const fiber = run(Task.sleep(60).andThen(limited).andThen(limited).as("value"))
    await pass(180)
    expect(fiber.poll()).toEqual(fulfilled("value"))
  })

  it("cancels the task and waits for its finalizers before it fails", async () => {
    const log: string[] = []
    const task = Task.never
      .onCancel(() => Task.sleep(30).tap(() => log.push("first")))
      .finally((exit) => Task.sleep(20).tap(() => log.push(exit.status)))
    const fiber = run(task.timeout(100))
    await pass(149)
    expect([fiber.poll(), log]).toEqual([undefined, ["first"]])
    await pass(1)
    expect(timedOut(fiber).duration).toBe(100)
    expect(log).toEqual(["first", "cancelled"])
  })

  it("waits for a masked region, and then fails all the same", async () => {
    const fiber = run(Task.uncancelable(() => Task.sleep(300).as("value")).timeout(100))
    await pass(299)
    expect(fiber.poll()).toBeUndefined()
    await pass(1)
    expect(fiber.poll()?.status).toBe("rejected")
    timedOut(fiber)
  })

  it("keeps the failure of a finalizer beside its own (D8, D27)", async () => {
    const fiber = run(Task.never.finally(() => Task.fail("cleanup")).timeout(100))
    await pass(100)
    expect(fiber.poll()).toMatchObject(
      rejected({ name: "SuppressedError", error: { error: "cleanup" }, suppressed: { name: "TimeoutError" } }),
    )
  })

  it("runs no handler of the task, and one around it", async () => {
    const inner = vi.fn(() => Task.pure("inner"))
    const fiber = run(
      Task.never
        .catch(inner)
        .timeout(100)
        .catch(TimeoutError, (error) => Task.pure(error.duration)),
    )
    await pass(100)
    expect(fiber.poll()).toEqual(fulfilled(100))
    expect(inner).not.toHaveBeenCalled()
  })

  it("nested: the shorter one decides, the longer one is forgotten", async () => {
    const inner = run(Task.never.timeout(50).timeout(100))
    const outer = run(Task.never.timeout(100).timeout(50))
    await pass(50)
    expect([timedOut(inner).duration, timedOut(outer).duration]).toEqual([50, 50])
    expect(vi.getTimerCount()).toBe(0)
  })

  it("of Infinity is no limit and no timer", async () => {
    const spy = vi.spyOn(globalThis, "setTimeout")
    const fiber = run(Task.never.timeout(Infinity))
    expect(spy).not.toHaveBeenCalled()
    await pass(2 ** 31)
    expect(fiber.poll()).toBeUndefined()
    fiber.abort()
    await pass(0)
    expect(run(Task.pure(1).timeout(Infinity)).poll()).toEqual(fulfilled(1))
    spy.mockRestore()
  })

  it("of 0 lets a task pass that does not wait, and ends one that does", async () => {
    expect(
      Task.sync(() => 1)
        .timeout(0)
        .runSync(),
    ).toBe(1)
    const fiber = run(Task.never.timeout(0))
    await pass(0)
    expect(timedOut(fiber).duration).toBe(0)
  })

  it("is longer than a host timer can be without ending at once", async () => {
    const fiber = run(Task.never.timeout({ days: 60 }))
    await pass(59 * 86_400_000)
    expect(fiber.poll()).toBeUndefined()
    await pass(86_400_000)
    expect(timedOut(fiber).duration).toBe(60 * 86_400_000)
  })

  it("leaves no timer when its fiber is cancelled, and cancels the task with the reason", async () => {
    const reasons: unknown[] = []
    const fiber = run(Task.never.onCancel((reason) => void reasons.push(reason)).timeout(100))
    fiber.abort("stop")
    await pass(0)
    expect(fiber.poll()).toEqual(cancelled("stop"))
    expect(reasons).toEqual(["stop"])
    expect(vi.getTimerCount()).toBe(0)
  })

  it("is cancelled rather than late when it is cancelled while it waits for finalizers", async () => {
    const fiber = run(Task.never.finally(Task.sleep(50)).timeout(100))
    await pass(120)
    fiber.abort("stop")
    await pass(30)
    expect(fiber.poll()).toEqual(cancelled("stop"))
  })

  it("of a wait for a fiber leaves the fiber alone", async () => {
    const other = run(Task.sleep(200).as("value"))
    const fiber = run(other.join().timeout(100))
    await pass(100)
    timedOut(fiber)
    expect(other.poll()).toBeUndefined()
    await pass(100)
    expect(other.poll()).toEqual(fulfilled("value"))
  })

  it("ends the children of the task with it", async () => {
    const log: string[] = []
    const child = Task.never.onCancel(() => Task.sleep(10).tap(() => log.push("child")))
    const fiber = run(child.start().andThen(Task.never).timeout(100))
    await pass(109)
    expect(fiber.poll()).toBeUndefined()
    await pass(1)
    timedOut(fiber)
    expect(log).toEqual(["child"])
  })

  it("takes a task that cancels itself for a failure with a CancelledError", async () => {
    const fiber = run(
      Task.self()
        .tap((self) => self.abort("myself"))
        .andThen(Task.never)
        .timeout(100),
    )
    await pass(0)
    expect(fiber.poll()).toMatchObject(rejected({ name: "AbortError", cause: "myself" }))
  })

  it("of an endless loop that gives way ends it", async () => {
    vi.useRealTimers()
    const fiber = run(
      Task.sync(() => 1)
        .repeat({})
        .timeout(2),
    )
    const from = performance.now()
    while (fiber.poll() === undefined && performance.now() - from < 2000) await turn()
    expect(timedOut(fiber).duration).toBe(2)
    vi.useFakeTimers()
  })

  it("in thousands arms one host timer, and none when they are over", async () => {
    const fibers = Array.from({ length: 10_000 }, (_, i) =>
      Task.never
        .timeout(100 + (i % 50))
        .attempt()
        .run(),
    )
    expect(vi.getTimerCount()).toBe(1)
    await pass(150)
    expect(fibers.every((fiber) => (fiber.poll() as { value: { status: string } }).value.status === "rejected")).toBe(
      true,
    )
    expect(vi.getTimerCount()).toBe(0)
  })

  it("says in runSync that it waits", () => {
    expect(() => Task.never.timeout(1).runSync()).toThrow(RunSyncError)
  })

  it.each<[unknown, typeof TypeError | typeof RangeError, string]>([
    [-1, RangeError, "-1"],
    [Number.NaN, RangeError, "NaN"],
    [-Infinity, RangeError, "-Infinity"],
    ["5", TypeError, '"5"'],
    [null, TypeError, "null"],
    [undefined, TypeError, "undefined"],
    [{}, TypeError, "{}"],
    [{ second: 1 }, TypeError, "{ second: 1 }"],
  ])("of %o is refused at the call", (duration, kind, got) => {
    const error = new kind(
      "Expected `duration` to be a number of milliseconds >= 0 or an object of days, hours, minutes, seconds, " +
        `milliseconds, got ${got}. To wait forever: Infinity.`,
    )
    expect(() => Task.never.timeout(duration as number)).toThrow(error)
    expect(() => Task.never.timeoutTo(duration as number, Task.unit)).toThrow(error)
    expect(() => Task.never.delay(duration as number)).toThrow(error)
  })
})

describe("timeoutTo", () => {
  it("goes on as the fallback when the task has cleaned up", async () => {
    const log: string[] = []
    const task = Task.never.finally(() => Task.sleep(20).tap(() => log.push("cleaned")))
    const fallback = Task.sync(() => log.push("fallback"))
      .andThen(Task.sleep(30))
      .as("default")
    const fiber = run(task.timeoutTo(100, fallback))
    await pass(120)
    expect(log).toEqual(["cleaned", "fallback"])
    await pass(29)
    expect(fiber.poll()).toBeUndefined()
    await pass(1)
    expect(fiber.poll()).toEqual(fulfilled("default"))
  })

  it("leaves the fallback alone if the task is done in time or fails", async () => {
    const fallback = vi.fn(() => "default")
    const program = (task: Task<unknown, unknown>) => run(task.timeoutTo(100, Task.sync(fallback)))
    const fibers = [program(Task.sleep(99).as(1)), program(Task.sleep(99).andThen(Task.fail("down")))]
    await pass(99)
    expect(fibers.map((fiber) => fiber.poll())).toEqual([fulfilled(1), rejected("down")])
    expect(fallback).not.toHaveBeenCalled()
  })

  it("does not limit the fallback, and fails with its failure", async () => {
    const fiber = run(Task.never.timeoutTo(100, Task.sleep(1000).andThen(Task.fail("fallback"))))
    await pass(1099)
    expect(fiber.poll()).toBeUndefined()
    await pass(1)
    expect(fiber.poll()).toEqual(rejected("fallback"))
  })

  it("fails if a finalizer of the task fails, and runs no fallback (D27)", async () => {
    const fallback = vi.fn()
    const fiber = run(Task.never.finally(() => Task.fail("cleanup")).timeoutTo(100, Task.sync(fallback)))
    await pass(100)
    expect(fiber.poll()).toMatchObject(rejected({ name: "SuppressedError", error: "cleanup" }))
    expect(fallback).not.toHaveBeenCalled()
  })

  it("runs the fallback in the fiber itself, which can be cancelled", async () => {
    const log: string[] = []
    const fiber = run(
      Task.never.timeoutTo(
        100,
        Task.never.onCancel(() => void log.push("fallback")),
      ),
    )
    await pass(100)
    fiber.abort("stop")
    await pass(0)
    expect(fiber.poll()).toEqual(cancelled("stop"))
    expect(log).toEqual(["fallback"])
  })

  it("refuses a fallback that is no Task at the call", () => {
    expect(() => Task.never.timeoutTo(1, 5 as unknown as Task<void>)).toThrow(
      new TypeError("Expected the fallback of timeoutTo to be a Task, got 5. For a plain value use Task.pure."),
    )
  })
})

describe("abortOn", () => {
  const listeners = (signal: AbortSignal) => getEventListeners(signal, "abort").length

  it("cancels the task when the signal aborts, waits for it, and fails with the signal's reason", async () => {
    const log: unknown[] = []
    const controller = new AbortController()
    const error = new Error("stop")
    const task = Task.never
      .onCancel((reason) => void log.push(reason))
      .finally(() => Task.sleep(10).tap(() => log.push("cleaned")))
    const fiber = run(task.abortOn(controller.signal))
    await pass(5)
    expect(listeners(controller.signal)).toBe(1)
    controller.abort(error)
    await pass(9)
    expect(fiber.poll()).toBeUndefined()
    await pass(1)
    expect((fiber.poll() as { reason: unknown }).reason).toBe(error)
    expect(log.at(-1)).toBe("cleaned")
    expect(listeners(controller.signal)).toBe(0)
  })

  it("fails with the platform's own reason if none is given", async () => {
    const controller = new AbortController()
    const fiber = run(Task.never.abortOn(controller.signal))
    controller.abort()
    await pass(0)
    expect(fiber.poll()).toMatchObject(rejected({ name: "AbortError" }))
    expect((fiber.poll() as { reason: unknown }).reason).toBe(controller.signal.reason)
  })

  it("starts nothing if the signal is aborted already", () => {
    const step = vi.fn()
    const signal = AbortSignal.abort("early")
    expect(run(Task.sync(step).abortOn(signal)).poll()).toEqual(rejected("early"))
    expect(() => Task.sync(step).abortOn(signal).runSync()).toThrow("early")
    expect(step).not.toHaveBeenCalled()
    expect(listeners(signal)).toBe(0)
  })

  it("looks at the signal at each run, not at the call", async () => {
    const controller = new AbortController()
    const task = Task.yield().as(1).abortOn(controller.signal)
    expect(listeners(controller.signal)).toBe(0)
    const first = run(task)
    await pass(0)
    controller.abort("later")
    expect([first.poll(), run(task).poll()]).toEqual([fulfilled(1), rejected("later")])
  })

  it("lets a value or a failure stand that comes earlier, and leaves no listener", async () => {
    const controller = new AbortController()
    const fibers = [Task.sleep(10).as(1), Task.sleep(10).andThen(Task.fail("down")), Task.pure(2)].map((task) =>
      run((task as Task<unknown, unknown>).abortOn(controller.signal)),
    )
    await pass(10)
    controller.abort("late")
    await pass(10)
    expect(fibers.map((fiber) => fiber.poll())).toEqual([fulfilled(1), rejected("down"), fulfilled(2)])
    expect(listeners(controller.signal)).toBe(0)
  })

  it("leaves no listener when its fiber is cancelled", async () => {
    const controller = new AbortController()
    const fiber = run(Task.never.abortOn(controller.signal))
    fiber.abort("stop")
    await pass(0)
    expect(fiber.poll()).toEqual(cancelled("stop"))
    expect(listeners(controller.signal)).toBe(0)
  })

  it("can be handled, and the program goes on", async () => {
    const controller = new AbortController()
    const fiber = run(Task.never.abortOn(controller.signal).catch((reason) => Task.pure(`stopped: ${reason}`)))
    controller.abort("stop")
    await pass(0)
    expect(fiber.poll()).toEqual(fulfilled("stopped: stop"))
  })

  it("is ended by a signal that the task itself aborts", async () => {
    const controller = new AbortController()
    const step = vi.fn()
    const fiber = run(
      Task.sync(() => controller.abort("myself"))
        .andThen(Task.yield())
        .tap(step)
        .abortOn(controller.signal),
    )
    await pass(0)
    expect(fiber.poll()).toEqual(rejected("myself"))
    expect(step).not.toHaveBeenCalled()
    expect(listeners(controller.signal)).toBe(0)
  })

  it("keeps the failure of a finalizer (D27)", async () => {
    const controller = new AbortController()
    const fiber = run(Task.never.finally(() => Task.fail("cleanup")).abortOn(controller.signal))
    await pass(0)
    controller.abort("stop")
    await pass(0)
    expect(fiber.poll()).toMatchObject(rejected({ name: "SuppressedError" }))
  })

  it("refuses what is no AbortSignal at the call", () => {
    const abortOn = (signal: unknown) => () => Task.never.abortOn(signal as AbortSignal)
    expect(abortOn(5)).toThrow(
      new TypeError("Expected `signal` to be an AbortSignal, got 5. Of a controller: controller.signal."),
    )
    expect(abortOn(undefined)).toThrow(TypeError)
    expect(abortOn(new AbortController())).toThrow(
      /^Expected `signal` to be an AbortSignal, got an? AbortController\. Of a controller: controller\.signal\.$/,
    )
  })
})
