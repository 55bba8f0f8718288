import { describe, expect, it } from "vitest"
import { KeyedLock, Task } from "rapid-fiber"
import { TestRuntime } from "rapid-fiber/testing"
import { turn } from "../watch.ts"

describe("a KeyedLock", () => {
  it("lets those of one key in one at a time, in order, and those of others beside them", async () => {
    const lock = KeyedLock.make<string>()
    const log: string[] = []
    const visit = (key: string, name: string, ms: number) =>
      lock.withLock(
        key,
        Task.sync(() => void log.push(`${name} in`))
          .andThen(Task.sleep(ms))
          .tap(() => void log.push(`${name} out`)),
      )
    await TestRuntime.make().run(Task.all([visit("x", "x1", 2), visit("x", "x2", 2), visit("y", "y1", 3)]))
    expect(log).toEqual(["x1 in", "y1 in", "x1 out", "x2 in", "y1 out", "x2 out"])
  })

  it("keeps a key while somebody holds it or waits for it, and nothing of it afterwards", async () => {
    const lock = KeyedLock.make<object>()
    const key = {}
    const holder = lock.withLock(key, Task.never).run()
    const waiter = lock.withLock(key, Task.never).run()
    await turn()
    expect([lock.size, lock.locked(key), lock.locked({}), lock.waiting(key)]).toEqual([1, true, false, 1])
    await waiter.cancel()
    expect([lock.size, lock.waiting(key)]).toEqual([1, 0])
    await holder.cancel()
    expect([lock.size, lock.locked(key)]).toEqual([0, false])
  })

  it("keeps no key of a task that fails, or that locks the same key twice", async () => {
    const lock = KeyedLock.make<number>()
    await lock.withLock(1, Task.fail("no")).attempt()
    await expect(lock.withLock(1, lock.withLock(1, Task.unit)).toPromise()).rejects.toThrow("not reentrant")
    expect(lock.size).toBe(0)
    expect(
      await lock.withLock(
        1,
        lock.withLock(
          2,
          Task.sync(() => lock.size),
        ),
      ),
    ).toBe(2)
  })
})
