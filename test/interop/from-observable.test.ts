import { describe, expect, it, vi } from "vitest"
import { EmptyError, fromObservable, type Observer, Runtime, type Subscribable, Task } from "rapid-fiber"
import { ended, exitOf, turn } from "../watch.ts"

/** An observable of numbers that a test drives, and who is subscribed to it. */
function driven(how: "object" | "function" | "signal" = "object") {
  const observers = new Set<Observer<number>>()
  const source: Subscribable<number> = {
    subscribe(observer, options) {
      observers.add(observer)
      const leave = (): void => void observers.delete(observer)
      if (how === "function") return leave
      if (how === "object") return { unsubscribe: leave }
      options?.signal.addEventListener("abort", leave)
      return undefined
    },
  }
  const send = (how: (observer: Observer<number>) => void): void => [...observers].forEach(how)
  return {
    source,
    count: () => observers.size,
    next: (value: number) => send((observer) => observer.next(value)),
    error: (error: unknown) => send((observer) => observer.error(error)),
    complete: () => send((observer) => observer.complete()),
  }
}

/** An observable that emits all within `subscribe`, and whether it has been unsubscribed. */
function immediate(values: readonly number[], end: (observer: Observer<number>) => void = (o) => o.complete()) {
  const unsubscribe = vi.fn()
  const source: Subscribable<number> = {
    subscribe(observer) {
      for (const value of values) observer.next(value)
      end(observer)
      return { unsubscribe }
    },
  }
  return { source, unsubscribe }
}

describe.each(["object", "function", "signal"] as const)("fromObservable, unsubscribing by %s", (how) => {
  it("yields the last value at completion", async () => {
    const { source, count, next, complete } = driven(how)
    const fiber = fromObservable(source).run()
    expect(count()).toBe(1)
    for (const value of [1, 2, 3]) next(value)
    expect([fiber.poll(), count()]).toEqual([undefined, 1])
    complete()
    expect(count()).toBe(0)
    expect(await fiber).toBe(3)
  })

  it("yields the first value at once, and is unsubscribed by then", async () => {
    const { source, count, next } = driven(how)
    const fiber = fromObservable(source, { take: "first" }).run()
    next(1)
    expect(count()).toBe(0)
    next(2)
    expect(await fiber).toBe(1)
  })

  it.each(["first", "last"] as const)("of the %s, fails with the error, the very object", async (take) => {
    const { source, count, error } = driven(how)
    const fiber = fromObservable(source, { take }).run()
    const broken = new Error("broken")
    error(broken)
    expect(count()).toBe(0)
    const exit = await ended(fiber)
    expect(exit.status === "rejected" && exit.reason).toBe(broken)
  })

  it.each(["first", "last"] as const)("of the %s, unsubscribes when it is cancelled", async (take) => {
    const { source, count, next } = driven(how)
    const fiber = fromObservable(source, { take }).run()
    await fiber.cancel("enough")
    expect(count()).toBe(0)
    next(1)
    expect(fiber.poll()).toEqual({ status: "cancelled", reason: "enough" })
  })
})

describe("fromObservable", () => {
  it("subscribes anew at each run, and not before", async () => {
    const { source, unsubscribe } = immediate([1, 2])
    const subscribe = vi.spyOn(source, "subscribe")
    const task = fromObservable(source)
    expect(subscribe).not.toHaveBeenCalled()
    expect([await task, await task]).toEqual([2, 2])
    expect([subscribe.mock.calls.length, unsubscribe.mock.calls.length]).toEqual([2, 2])
  })

  it("unsubscribes, once, from what is over before subscribe has returned", async () => {
    for (const [take, value] of [
      ["first", 1],
      ["last", 3],
    ] as const) {
      const { source, unsubscribe } = immediate([1, 2, 3])
      expect(await fromObservable(source, { take })).toBe(value)
      expect(unsubscribe).toHaveBeenCalledTimes(1)
    }
    const broken = immediate([1], (observer) => observer.error("broken"))
    expect(await exitOf(fromObservable(broken.source))).toEqual({ status: "rejected", reason: "broken" })
    expect(broken.unsubscribe).toHaveBeenCalledTimes(1)
  })

  it.each(["first", "last"] as const)("of the %s, fails with EmptyError where there is no value", async (take) => {
    const exit = await exitOf(fromObservable(immediate([]).source, { take }))
    expect(exit).toMatchObject({ status: "rejected", reason: { name: "EmptyError" } })
    expect(exit.status === "rejected" && exit.reason).toBeInstanceOf(EmptyError)
    const zero = fromObservable(immediate([]).source, { take }).catch(EmptyError, () => Task.pure(0))
    expect(await zero).toBe(0)
  })

  it("takes undefined for a value", async () => {
    const source: Subscribable<undefined> = {
      subscribe(observer) {
        observer.next(undefined)
        observer.complete()
      },
    }
    expect(await fromObservable(source)).toBeUndefined()
  })

  it("fails with what subscribe throws", async () => {
    const error = new Error("no subscribers")
    const source: Subscribable<number> = {
      subscribe() {
        throw error
      },
    }
    expect(await exitOf(fromObservable(source))).toEqual({ status: "rejected", reason: error })
  })

  it("ignores what comes after the end", async () => {
    const { source } = immediate([1], (observer) => {
      observer.complete()
      observer.next(2)
      observer.error(new Error("late"))
      observer.complete()
    })
    expect(await fromObservable(source)).toBe(1)
  })

  it("is not held up by an unsubscribe that throws: the producer hears of it, or the hook", async () => {
    const held: { observer?: Observer<number> } = {}
    const unsubscribe = (): void => {
      throw new Error("still subscribed")
    }
    const fiber = fromObservable<number>({
      subscribe(observer) {
        held.observer = observer
        return { unsubscribe }
      },
    }).run()
    held.observer?.next(1)
    expect(() => held.observer?.complete()).toThrow("still subscribed")
    expect(await fiber).toBe(1)

    const onUnhandled = vi.fn()
    const early = fromObservable<number>({
      subscribe(observer) {
        observer.next(2)
        observer.complete()
        return { unsubscribe }
      },
    })
    expect(await early.toPromise({ runtime: Runtime.make({ onUnhandled }) })).toBe(2)
    expect(onUnhandled).toHaveBeenCalledTimes(1)
  })

  it("prefers what the interop method gives to a subscribe of another kind, as stores have", async () => {
    const { source } = immediate([7])
    const store = { subscribe: (_: () => void) => expect.unreachable(), "@@observable": () => source }
    expect(await fromObservable<number>(store as never)).toBe(7)
  })

  it("knows the symbol of a polyfill that came later", async () => {
    const { source } = immediate([7])
    const symbol = Symbol("observable")
    vi.stubGlobal("Symbol", Object.assign(Object.create(Symbol), { observable: symbol }))
    try {
      expect(await fromObservable({ [symbol]: () => source } as never)).toBe(7)
    } finally {
      vi.unstubAllGlobals()
    }
  })

  it("takes a browser's observable, which knows the signal alone", async () => {
    const { source, count, next } = driven("signal")
    const fiber = fromObservable(source, { take: "first" }).run()
    next(1)
    await turn()
    expect([await fiber, count()]).toEqual([1, 0])
  })

  it("refuses at the call what is no observable, and another `take`", async () => {
    for (const wrong of [null, undefined, 1, {}, [], Promise.resolve(1), Task.unit]) {
      expect(() => fromObservable(wrong as never)).toThrow(/Expected fromObservable to get an observable/)
    }
    expect(() => fromObservable(driven().source, { take: "all" as never })).toThrow(
      'Expected `take` of fromObservable to be "first" or "last", got "all".',
    )
    const bad = { "@@observable": () => ({}) } as never
    expect(await exitOf(fromObservable(bad))).toMatchObject({
      reason: { message: "Expected [Symbol.observable]() to return an object with `subscribe`, got {}." },
    })
  })
})
