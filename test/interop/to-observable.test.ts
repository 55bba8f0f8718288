import { describe, expect, it, vi } from "vitest"
import { CancelledError, fromObservable, Runtime, Task, toObservable } from "rapid-fiber"
import { turn } from "../watch.ts"

function recorder() {
  const heard: unknown[] = []
  return {
    heard,
    next: (value: unknown) => void heard.push(["next", value]),
    error: (error: unknown) => void heard.push(["error", error]),
    complete: () => void heard.push("complete"),
  }
}

describe("toObservable", () => {
  it("runs the task for each subscription", async () => {
    let runs = 0
    const observable = toObservable(Task.sync(() => ++runs))
    expect(runs).toBe(0)
    const observers = [recorder(), recorder()]
    for (const observer of observers) observable.subscribe(observer)
    expect(observers.map(({ heard }) => heard)).toEqual([
      [["next", 1], "complete"],
      [["next", 2], "complete"],
    ])
  })

  it("hands on a value that comes later, and is closed then", async () => {
    const observer = recorder()
    const subscription = toObservable(Task.sleep(1).as("later")).subscribe(observer)
    expect([subscription.closed, observer.heard]).toEqual([false, []])
    await vi.waitUntil(() => subscription.closed)
    expect(observer.heard).toEqual([["next", "later"], "complete"])
    subscription.unsubscribe()
  })

  it("hands on a failure, the very object", () => {
    const error = new Error("broken")
    const observer = recorder()
    const subscription = toObservable(Task.fail(error)).subscribe(observer)
    expect(observer.heard).toEqual([["error", error]])
    expect((observer.heard as unknown[][])[0][1]).toBe(error)
    expect(subscription.closed).toBe(true)
  })

  it("takes a function for the observer", () => {
    const next = vi.fn()
    toObservable(Task.pure(1)).subscribe(next)
    expect(next.mock.calls).toEqual([[1]])
  })

  it("calls the methods of the observer as its methods", () => {
    class Last {
      value: unknown
      next(value: unknown): void {
        this.value = value
      }
    }
    const observer = new Last()
    toObservable(Task.pure(1)).subscribe(observer)
    expect(observer.value).toBe(1)
  })

  it("cancels the fiber when it is unsubscribed, and the observer hears nothing", async () => {
    const observer = recorder()
    const released = vi.fn()
    const subscription = toObservable(Task.never.finally(released)).subscribe(observer)
    subscription.unsubscribe()
    subscription.unsubscribe()
    expect(subscription.closed).toBe(true)
    await turn()
    expect(released.mock.calls).toEqual([[{ status: "cancelled", reason: undefined }]])
    expect(observer.heard).toEqual([])
  })

  it("reports a cleanup that fails after unsubscribing", async () => {
    const onUnhandled = vi.fn()
    const observer = recorder()
    const failing = Task.never.finally(() => Task.fail("cleanup"))
    toObservable(failing, { runtime: Runtime.make({ onUnhandled }) })
      .subscribe(observer)
      .unsubscribe()
    await turn()
    await turn()
    expect(onUnhandled.mock.calls.map(([reason]) => reason.error)).toEqual(["cleanup"])
    expect(observer.heard).toEqual([])
  })

  it("fails the observer with CancelledError when the fiber is cancelled from elsewhere", async () => {
    const controller = new AbortController()
    const [observer, deaf] = [recorder(), vi.fn()]
    const observable = toObservable(Task.never, { signal: controller.signal })
    observable.subscribe(observer)
    observable.subscribe(deaf)
    controller.abort("elsewhere")
    await turn()
    expect(observer.heard).toEqual([["error", new CancelledError("elsewhere")]])
    expect(observer.heard).toMatchObject([["error", { name: "AbortError", cause: "elsewhere" }]])
    expect(deaf).not.toHaveBeenCalled()
  })

  it("reports, once, a failure that no one is there to hear", async () => {
    const onUnhandled = vi.fn()
    const observable = toObservable(Task.fail("unheard"), { runtime: Runtime.make({ onUnhandled }) })
    observable.subscribe({})
    observable.subscribe(() => {})
    await turn()
    await turn()
    expect(onUnhandled.mock.calls.map(([reason]) => reason)).toEqual(["unheard", "unheard"])
  })

  it("reports what the observer throws, and completes it all the same", async () => {
    const onUnhandled = vi.fn()
    const complete = vi.fn()
    const error = new Error("thrown by next")
    const next = (): void => {
      throw error
    }
    toObservable(Task.pure(1), { runtime: Runtime.make({ onUnhandled }) }).subscribe({ next, complete })
    expect(complete).toHaveBeenCalledTimes(1)
    expect(onUnhandled.mock.calls.map(([reason]) => reason)).toEqual([error])
  })

  it("is found by the names that libraries hand observables over by", () => {
    const plain = toObservable(Task.pure(1))
    expect(plain["@@observable"]()).toBe(plain)
    expect(Reflect.ownKeys(plain)).toEqual(["subscribe", "@@observable"])
    const symbol = Symbol("observable")
    vi.stubGlobal("Symbol", Object.assign(Object.create(Symbol), { observable: symbol }))
    try {
      const polyfilled = toObservable(Task.pure(1)) as unknown as Record<PropertyKey, () => unknown>
      expect(polyfilled[symbol]()).toBe(polyfilled)
      expect(polyfilled["@@observable"]()).toBe(polyfilled)
    } finally {
      vi.unstubAllGlobals()
    }
  })

  it("comes back through fromObservable as it was", async () => {
    expect(await fromObservable(toObservable(Task.sleep(1).as("there and back")))).toBe("there and back")
    const error = new Error("there and back")
    await expect(fromObservable(toObservable(Task.fail(error))).toPromise()).rejects.toBe(error)
    const released = vi.fn()
    await fromObservable(toObservable(Task.never.finally(released)))
      .run()
      .cancel()
    expect(released).toHaveBeenCalledTimes(1)
  })

  it("refuses what is no Task, and what is no observer", () => {
    expect(() => toObservable(Promise.resolve(1) as never)).toThrow(
      "Expected toObservable to get a Task, got a Promise.",
    )
    for (const wrong of [undefined, null, 1, "x"]) {
      expect(() => toObservable(Task.pure(1)).subscribe(wrong as never)).toThrow(
        /Expected subscribe to get an observer/,
      )
    }
  })
})
