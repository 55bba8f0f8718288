import { afterEach, describe, expect, it } from "vitest"
import { Runtime, Stream, Task } from "rapid-fiber"
import { disableTraces, enableTraces } from "rapid-fiber/trace"
import { failureOf, namesOf } from "./frames.ts"

afterEach(disableTraces)

const broken = (): Task<number> =>
  Task.sync(() => {
    throw new Error("boom")
  })

describe("turning traces on and off", () => {
  it("puts back the very methods that it found", () => {
    const owners = [Task, Task.prototype, Stream.prototype, Object.getPrototypeOf(Task.unit.run()) as object]
    const all = (): PropertyDescriptorMap[] => owners.map((owner) => Object.getOwnPropertyDescriptors(owner))
    const before = all()
    enableTraces()
    expect(all()[0]["sync"].value).not.toBe(before[0]["sync"].value)
    // Once is enough: the second does not take the first one's methods for those to be put back.
    enableTraces()
    disableTraces()
    disableTraces()
    for (const [index, now] of all().entries()) {
      const keys = Reflect.ownKeys(now) as string[]
      expect(keys).toEqual(Reflect.ownKeys(before[index]))
      // Compared here, since a task is no value to be looked into.
      const changed = keys.filter((key) => {
        const [left, right] = [now[key], before[index][key]]
        return left.value !== right.value || left.get !== right.get || left.enumerable !== right.enumerable
      })
      expect(changed).toEqual([])
    }
  })

  it("changes what fails from then on, and no stack while it is off", async () => {
    const off = await failureOf(broken())
    expect(namesOf(off)).toEqual([])
    expect(off.stack).toContain("interpreter")
    enableTraces()
    const on = await failureOf(broken())
    disableTraces()
    expect(namesOf(on)).toEqual(["<sync> broken"])
    expect(namesOf(await failureOf(broken()))).toEqual([])
  })

  it("leaves the limits and the formatter of the engine as they were", () => {
    const kept = (): unknown[] => [Error.stackTraceLimit, Reflect.get(Error, "prepareStackTrace")]
    const before = kept()
    enableTraces()
    broken().map((n) => n)
    expect(kept()).toEqual(before)
  })

  it("works in engines that cannot capture a stack but in an error", async () => {
    const descriptor = Object.getOwnPropertyDescriptor(Error, "captureStackTrace") ?? {}
    Reflect.deleteProperty(Error, "captureStackTrace")
    let error: unknown
    try {
      enableTraces()
      const outer = (): Task<number> => Task.unit.flatMap(() => broken())
      error = await outer().catch((reason) => Task.pure(reason))
    } finally {
      Object.defineProperty(Error, "captureStackTrace", descriptor)
    }
    expect(namesOf(error as Error).slice(0, 2)).toEqual(["<sync> broken", "<flatMap> outer"])
  })

  it("keeps what all share as it is, and the names of the methods", () => {
    enableTraces()
    expect(Task.sleep(0)).toBe(Task.yield())
    expect(Task.sleep(Infinity)).toBe(Task.never)
    const task = Task.pure(1)
    expect(task.timeout(Infinity)).toBe(task)
    expect(task.timeoutTo(Infinity, task)).toBe(task)
    expect(Task.prototype.flatMap.name).toBe("flatMap")
    expect(() => task.map(1 as never)).toThrow("Expected map to get a function, got 1.")
    expect(() => task.timeoutTo(1, 1 as never)).toThrow("Expected the fallback of timeoutTo to be a Task, got 1.")
  })

  it("goes on after a method has refused its argument", async () => {
    enableTraces()
    expect(() => Task.sync(1 as never)).toThrow(TypeError)
    expect(namesOf(await failureOf(broken()))).toEqual(["<sync> broken"])
  })
})

describe("a dump", () => {
  it("says where each fiber waits, innermost first", () => {
    enableTraces()
    const waiting = (): Task<number> =>
      Task.gen(function* body() {
        yield* Task.sleep(10)
        return 1
      })
    const outer = (): Task<number> => waiting().map((n) => n)
    const fiber = outer().run()
    const callback = Task.async<number>(() => {})
      .map((n) => n)
      .run()
    const lines = (of: typeof fiber): string[] =>
      (Runtime.dump(of).fibers[0]?.trace ?? []).map((line) => line.replace(/ \(.*/, ""))
    expect(lines(fiber)).toEqual(["<sleep> body", "<yield*> body", "<gen> waiting", "<map> outer"])
    expect(lines(callback)).toEqual(["<async>", "<map>"])
    disableTraces()
    expect(lines(fiber)).toEqual([])
    fiber.abort()
    callback.abort()
  })
})

// oxlint-disable typescript/unbound-method -- these are compared and put back
describe("who formats stacks in another way", () => {
  it("may fail: tasks have no places then, and Error is as it was", async () => {
    const before = [Error.prepareStackTrace, Error.stackTraceLimit]
    enableTraces()
    Error.prepareStackTrace = () => {
      throw new Error("no formatter")
    }
    const task = Task.sync(() => 1)
    const limit = Error.stackTraceLimit
    Error.prepareStackTrace = before[0] as typeof Error.prepareStackTrace
    disableTraces()
    expect(await task).toBe(1)
    expect(limit).toBe(before[1])
  })

  it("finds a method that somebody has put around ours left alone", () => {
    const original = Task.prototype.map
    enableTraces()
    const ours = Task.prototype.map
    const theirs = function (this: Task<unknown>, ...given: Parameters<typeof ours>): unknown {
      return Reflect.apply(ours, this, given)
    }
    Task.prototype.map = theirs as typeof ours
    disableTraces()
    expect(Task.prototype.map).toBe(theirs)
    Task.prototype.map = original
  })
})
