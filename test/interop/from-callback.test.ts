import { readFile, stat } from "node:fs"
import { describe, expect, it, vi } from "vitest"
import { fromCallback, Runtime, Task } from "rapid-fiber"
import { exitOf, turn } from "../watch.ts"

type Callback = (error: unknown, value?: string) => void

describe("fromCallback", () => {
  it("yields the value of the callback, and calls the function at each run", async () => {
    let calls = 0
    const task = fromCallback<number>((callback) => callback(null, ++calls))
    expect(calls).toBe(0)
    expect([await task, await task]).toEqual([1, 2])
  })

  it("wraps Node's functions", async () => {
    const read = fromCallback<string>((callback) => readFile("package.json", "utf8", callback))
    expect(await read.map((text) => JSON.parse(text).name)).toBe("rapid-fiber")
    const missing = fromCallback((callback) => stat("no such file", callback))
    expect(await exitOf(missing)).toMatchObject({ status: "rejected", reason: { code: "ENOENT" } })
  })

  it.each([null, undefined])("takes the error %s for success, also without a value", async (error) => {
    expect(await fromCallback<string>((callback) => callback(error, "value"))).toBe("value")
    expect(await fromCallback<void>((callback) => callback(error))).toBeUndefined()
    expect(await fromCallback<void>((callback) => (callback as () => void)())).toBeUndefined()
  })

  it.each([new Error("refused"), "text", 0, false, ""])("fails with the error %s, the very one", async (error) => {
    const exit = await exitOf(fromCallback((callback) => callback(error, "ignored")))
    expect(exit).toEqual({ status: "rejected", reason: error })
    expect(exit.status === "rejected" && Object.is(exit.reason, error)).toBe(true)
  })

  it("fails with what the function throws", async () => {
    const error = new Error("thrown")
    const task = fromCallback(() => {
      throw error
    })
    expect(await exitOf(task)).toEqual({ status: "rejected", reason: error })
  })

  it("heeds the first call alone, early or late", async () => {
    const twice = (callback: Callback): void => {
      callback(null, "first")
      callback(new Error("second"))
    }
    expect(await fromCallback<string>(twice)).toBe("first")
    expect(await fromCallback<string>((callback) => queueMicrotask(() => twice(callback)))).toBe("first")
  })

  it("keeps the outcome of a call before a throw, and reports the throw", async () => {
    const onUnhandled = vi.fn()
    const task = fromCallback<string>((callback) => {
      callback(null, "called")
      throw new Error("and thrown")
    })
    expect(await task.toPromise({ runtime: Runtime.make({ onUnhandled }) })).toBe("called")
    expect(onUnhandled.mock.calls.map(([reason]) => reason.message)).toEqual(["and thrown"])
  })

  it("does not take what the function returns for a cleanup, nor wait for it", async () => {
    const returned = vi.fn()
    for (const result of [returned, Promise.resolve(), Task.sync(returned), 7]) {
      await fromCallback(() => result)
        .run()
        .cancel()
    }
    expect(returned).not.toHaveBeenCalled()
  })

  it("ends at once when it is cancelled, and ignores the call that comes after", async () => {
    const held: { callback?: Callback } = {}
    const fiber = fromCallback<string>((callback) => void (held.callback = callback)).run()
    await fiber.cancel("enough")
    held.callback?.(null, "late")
    held.callback?.(new Error("late"))
    await turn()
    expect(fiber.poll()).toEqual({ status: "cancelled", reason: "enough" })
  })

  it("aborts the signal of a function that declares it", async () => {
    const signals: AbortSignal[] = []
    const waiting = fromCallback((_, signal) => void signals.push(signal))
    const fiber = waiting.run()
    expect(signals[0].aborted).toBe(false)
    await fiber.cancel("enough")
    expect([signals[0].aborted, signals[0].reason]).toEqual([true, "enough"])
  })

  it("makes no signal for a function that does not declare it", async () => {
    const made = vi.spyOn(globalThis, "AbortController")
    await fromCallback((callback) => callback(null))
    await fromCallback((callback, ...rest) => callback(null, rest.length)).map((count) => expect(count).toBe(0))
    expect(made).not.toHaveBeenCalled()
    made.mockRestore()
  })

  it("refuses at the call what is no function", () => {
    expect(() => fromCallback(Promise.resolve() as never)).toThrow(
      "Expected fromCallback to get a function that takes a callback, got a Promise.",
    )
  })
})
