import { describe, expect, it, vi } from "vitest"
import { type Exit, Runtime, Task } from "rapid-fiber"
import { turn } from "../watch.ts"

describe("a completable", () => {
  it("serves those who wait in the order of their coming", async () => {
    const { task, resolve } = Task.withResolvers<string>()
    const order: number[] = []
    const fibers = Array.from({ length: 100 }, (_, i) => task.tap(() => order.push(i)).run())
    resolve("value")
    expect(await Promise.all(fibers)).toEqual(fibers.map(() => "value"))
    expect(order).toEqual(fibers.map((_, i) => i))
  })

  it("takes the first outcome and tells the others that they were late", async () => {
    const first = Task.withResolvers<string, string>()
    expect([first.resolve("a"), first.resolve("b"), first.reject("c")]).toEqual([true, false, false])
    expect(await first.task).toBe("a")
    const second = Task.withResolvers<string, string>()
    expect([second.reject("a"), second.resolve("b"), second.reject("c")]).toEqual([true, false, false])
    expect(await second.task.attempt()).toEqual({ status: "rejected", reason: "a" })
  })

  it("can be taken apart", async () => {
    const { task, resolve, reject, poll, onExit } = Task.withResolvers<number, string>()
    const exits: Exit<number>[] = []
    onExit((exit) => exits.push(exit))
    expect(poll()).toBeUndefined()
    expect([resolve(1), reject("late")]).toEqual([true, false])
    expect(poll()).toEqual({ status: "fulfilled", value: 1 })
    expect(await task).toBe(1)
    expect(exits).toEqual([{ status: "fulfilled", value: 1 }])
  })

  it("is there without a wait once it is brought, again and again", () => {
    const { task, resolve } = Task.withResolvers<object>()
    const value = {}
    resolve(value)
    expect(task.runSync()).toBe(value)
    expect(task.runSync()).toBe(value)
  })

  it("keeps a value that is thenable or undefined as it is", async () => {
    const thenable = Task.pure(1)
    const held = Task.withResolvers<Task<number>>()
    held.resolve(thenable)
    expect((held.poll() as { value: unknown }).value).toBe(thenable)
    expect(held.task.map((value) => value === thenable).runSync()).toBe(true)
    const nothing = Task.withResolvers<void>()
    expect([nothing.resolve(), nothing.resolve()]).toEqual([true, false])
    expect(nothing.poll()).toEqual({ status: "fulfilled", value: undefined })
  })

  it("rejects with the very object, whoever waits, and reports nothing if nobody does (D31)", async () => {
    const onUnhandled = vi.fn()
    const before = Runtime.default
    Runtime.setDefault(Runtime.make({ onUnhandled }))
    try {
      const error = new Error("down")
      const { task, reject } = Task.withResolvers<void, Error>()
      reject(error)
      await turn()
      expect(onUnhandled).not.toHaveBeenCalled()
      await expect(task.toPromise()).rejects.toBe(error)
    } finally {
      Runtime.setDefault(before)
    }
  })

  it("forgets a wait that is cancelled, whose fiber goes no further", async () => {
    const { task, resolve, poll } = Task.withResolvers<string>()
    const after = vi.fn()
    const [gone, stays] = [task.tap(after).run(), task.run()]
    await gone.cancel("given up")
    expect(gone.poll()).toEqual({ status: "cancelled", reason: "given up" })
    expect(poll()).toBeUndefined()
    resolve("value")
    expect(await stays).toBe("value")
    expect(after).not.toHaveBeenCalled()
  })

  it("forgets each of a hundred thousand waits in constant time, in any order", async () => {
    const { task, resolve } = Task.withResolvers<void>()
    const time = async (count: number) => {
      const fibers = Array.from({ length: count }, () => task.run())
      let left = count
      for (const fiber of fibers) fiber.onExit(() => left--)
      const from = performance.now()
      for (let i = 0; i < count; i += 2) fibers[i].abort()
      for (let i = count - 1; i > 0; i -= 2) fibers[i].abort()
      await Task.until(() => left === 0, { every: 1 })
      return performance.now() - from
    }
    await time(1000)
    // A list that is searched would take minutes.
    expect(await time(100_000)).toBeLessThan(5000)
    expect(resolve()).toBe(true)
  })

  it("wakes a hundred thousand that wait", async () => {
    const { task, resolve } = Task.withResolvers<number>()
    let sum = 0
    const fibers = Array.from({ length: 100_000 }, () => task.tap((n) => (sum += n)).run())
    resolve(1)
    expect(await Task.until(() => sum === 100_000, { every: 1, timeout: 5000 })).toBeUndefined()
    expect(fibers.at(-1)?.poll()?.status).toBe("fulfilled")
  })

  it("calls back once, at once if it is brought, and not after the undo", () => {
    const { resolve, onExit } = Task.withResolvers<number>()
    const calls: string[] = []
    const undo = onExit(() => calls.push("undone"))
    const both = [onExit(() => calls.push("first")), onExit(() => calls.push("second"))]
    undo()
    undo()
    resolve(1)
    expect(calls).toEqual(["first", "second"])
    for (const late of both) late()
    onExit(() => calls.push("late"))()
    expect(calls).toEqual(["first", "second", "late"])
  })

  it("may be brought by one of those who wait for it, and waited for in a callback", async () => {
    const { task, resolve, onExit } = Task.withResolvers<number>()
    let inner: unknown
    onExit(() => {
      inner = task.run().poll() ?? "in its turn"
      expect(resolve(3)).toBe(false)
    })
    const fiber = task.zip(Task.sync(() => resolve(2)).delay(0)).run()
    expect(await fiber).toEqual([2, true])
    expect([{ status: "fulfilled", value: 2 }, "in its turn"]).toContainEqual(inner)
  })

  it("wakes fibers of several runtimes", async () => {
    const { task, resolve } = Task.withResolvers<string>()
    const fibers = [Runtime.make(), Runtime.make()].map((runtime) => task.run({ runtime }))
    resolve("value")
    expect(await Promise.all(fibers)).toEqual(["value", "value"])
  })

  it("does not keep the process or runSync waiting", () => {
    expect(() => Task.withResolvers<void>().task.runSync()).toThrow(/wait/i)
  })

  it("that is never brought leaves nothing behind of waits that timed out", async () => {
    const { task, resolve } = Task.withResolvers<string>()
    const results = await Task.all(Array.from({ length: 100 }, () => task.timeoutTo(1, Task.pure("late"))))
    expect(new Set(results)).toEqual(new Set(["late"]))
    resolve("value")
    expect(await task).toBe("value")
  })

  it("is a new one at each call", () => {
    const [one, other] = [Task.withResolvers<void>(), Task.withResolvers<void>()]
    one.resolve()
    expect([one.poll()?.status, other.poll()]).toEqual(["fulfilled", undefined])
  })
})
