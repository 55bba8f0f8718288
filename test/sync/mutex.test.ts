import { describe, expect, it } from "vitest"
import { Mutex, Task } from "rapid-fiber"
import { turn } from "../watch.ts"

describe("a Mutex", () => {
  it("lets one in at a time, first in, first out", async () => {
    const mutex = Mutex.make()
    const log: string[] = []
    const visit = (name: string) =>
      mutex.withLock(
        Task.sync(() => void log.push(`${name} in`))
          .andThen(Task.sleep(1))
          .tap(() => void log.push(`${name} out`)),
      )
    await Task.all([visit("a"), visit("b"), visit("c")])
    expect(log).toEqual(["a in", "a out", "b in", "b out", "c in", "c out"])
    expect([mutex.locked, mutex.waiting]).toEqual([false, 0])
  })

  it("refuses at once to be locked twice by one fiber, and stays usable", async () => {
    const mutex = Mutex.make()
    const twice = mutex.withLock(mutex.withLock(Task.unit))
    await expect(twice.toPromise()).rejects.toThrow(
      "Expected a fiber to lock a Mutex once, got a withLock inside a withLock of the same",
    )
    expect(mutex.locked).toBe(false)
    expect(await mutex.withLock(Task.pure("in"))).toBe("in")
  })

  it("is free for the same fiber once it has left", async () => {
    const mutex = Mutex.make()
    const step = mutex.withLock(Task.yield())
    await step.andThen(step)
    await mutex.withLock(Task.fail("no")).attempt().andThen(step)
    expect(mutex.locked).toBe(false)
  })

  it("lets a fiber hold several, and others go on meanwhile", async () => {
    const [a, b] = [Mutex.make(), Mutex.make()]
    expect(await a.withLock(b.withLock(Task.sync(() => [a.locked, b.locked])))).toEqual([true, true])
  })

  it("leaves the line when its wait is cancelled", async () => {
    const mutex = Mutex.make()
    const permit = mutex.tryAcquire()
    const waiting = mutex.withLock(Task.unit).run()
    await turn()
    expect([mutex.waiting, mutex.tryAcquire()]).toEqual([1, undefined])
    await waiting.cancel()
    expect(mutex.waiting).toBe(0)
    permit?.release()
    expect(mutex.locked).toBe(false)
  })

  it("can be held by hand", async () => {
    const mutex = Mutex.make()
    const inside = Task.gen(function* () {
      using _permit = yield* mutex.acquire()
      return mutex.locked
    })
    expect([await inside, mutex.locked]).toEqual([true, false])
  })

  it("refuses what is no Task", () => {
    expect(() => Mutex.make().withLock(Promise.resolve() as never)).toThrow("Wrap it: Task.promise")
  })
})
