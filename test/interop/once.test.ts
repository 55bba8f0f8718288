import { EventEmitter } from "node:events"
import { describe, expect, it } from "vitest"
import { once, Runtime, Task } from "rapid-fiber"
import { ended, exitOf, turn } from "../watch.ts"

type Listener = (...args: unknown[]) => void

/** An emitter of the fewest methods, by the names that it is given. */
function emitter(add: "on" | "once", remove: "off" | "removeListener") {
  const listeners: [type: unknown, listener: Listener][] = []
  return {
    listeners,
    emit(type: unknown, ...args: unknown[]): void {
      for (const [of, listener] of listeners.slice()) if (of === type) listener(...args)
    },
    [add](type: unknown, listener: Listener): void {
      listeners.push([type, listener])
    },
    [remove](type: unknown, listener: Listener): void {
      const at = listeners.findIndex(([of, held]) => of === type && held === listener)
      if (at >= 0) listeners.splice(at, 1)
    },
  } as unknown as EventEmitter & { readonly listeners: unknown[] }
}

/** An EventTarget that knows its listeners. */
class Counted extends EventTarget {
  readonly listeners = new Set<unknown>()
  override addEventListener(type: string, listener: EventListenerOrEventListenerObject | null): void {
    super.addEventListener(type, listener)
    this.listeners.add(listener)
  }
  override removeEventListener(type: string, listener: EventListenerOrEventListenerObject | null): void {
    super.removeEventListener(type, listener)
    this.listeners.delete(listener)
  }
}

const kinds = {
  "an EventTarget": () => {
    const target = new Counted()
    return {
      target: target as object,
      emit: (type: string) => void target.dispatchEvent(new Event(type)),
      count: () => target.listeners.size,
      value: expect.objectContaining({ type: "tick" }),
    }
  },
  "a Node EventEmitter": () => {
    const target = new EventEmitter()
    return {
      target: target as object,
      emit: (type: string) => void target.emit(type, 1, "two"),
      count: () => target.eventNames().reduce((sum, type) => sum + target.listenerCount(type), 0),
      value: [1, "two"],
    }
  },
  ...Object.fromEntries(
    (["on", "once"] as const).flatMap((add) =>
      (["off", "removeListener"] as const).map((remove) => [
        `an object of ${add} and ${remove}`,
        () => {
          const target = emitter(add, remove)
          return {
            target,
            emit: (type: string) => void target.emit(type, 1, "two"),
            count: () => target.listeners.length,
            value: [1, "two"],
          }
        },
      ]),
    ),
  ),
}

describe.each(Object.entries(kinds))("once of %s", (_, make) => {
  it("yields the next event, from the moment it runs, and is gone from the listeners [p-timeout#42]", async () => {
    const { target, emit, count, value } = make()
    const task = once(target as EventEmitter, "tick")
    emit("tick")
    expect(count()).toBe(0)
    const fiber = task.run()
    expect(count()).toBeGreaterThan(0)
    emit("other")
    expect(fiber.poll()).toBeUndefined()
    emit("tick")
    expect(count()).toBe(0)
    emit("tick")
    expect(await fiber).toEqual(value)
  })

  it("is gone from the listeners when it is cancelled [p-queue#235]", async () => {
    const { target, emit, count } = make()
    const fiber = once(target as EventEmitter, "tick").run()
    await fiber.cancel("enough")
    expect(count()).toBe(0)
    emit("tick")
    expect(fiber.poll()).toEqual({ status: "cancelled", reason: "enough" })
  })

  it("leaves nothing behind in what lives long [node#54614]", async () => {
    const { target, emit, count } = make()
    const task = once(target as EventEmitter, "tick")
    for (let i = 0; i < 200; i++) {
      const fibers = [task.run(), task.run(), task.run()]
      await fibers[0].cancel()
      emit("tick")
      await Promise.all([fibers[1], fibers[2]])
      expect(count()).toBe(0)
    }
  })
})

describe("once of an emitter", () => {
  it("fails with the error, the very one, if that is emitted first", async () => {
    const target = new EventEmitter()
    const error = new Error("broken")
    const fiber = once(target, "tick").run()
    target.emit("error", error)
    target.emit("tick")
    const exit = await ended(fiber)
    expect(exit).toEqual({ status: "rejected", reason: error })
    expect(exit.status === "rejected" && exit.reason).toBe(error)
    expect(target.eventNames()).toEqual([])
  })

  it("ignores an error after the event", async () => {
    const target = emitter("on", "off")
    const fiber = once(target, "tick").run()
    target.emit("tick")
    target.emit("error", new Error("late"))
    expect(await fiber).toEqual([])
  })

  it("yields the arguments of an error that is waited for", async () => {
    const target = new EventEmitter()
    const fiber = once(target, "error").run()
    expect(target.listenerCount("error")).toBe(1)
    target.emit("error", "x", 2)
    expect(await fiber).toEqual(["x", 2])
    expect(target.eventNames()).toEqual([])
  })

  it("takes a symbol for the type", async () => {
    const target = new EventEmitter()
    const type = Symbol("tick")
    const fiber = once(target, type).run()
    target.emit(type, 1)
    expect(await fiber).toEqual([1])
  })

  it("that emits while it is being listened to leaves no listener behind", async () => {
    const target = emitter("on", "off")
    const on = target.on.bind(target)
    target.on = (type, listener) => {
      on(type, listener)
      if (type === "tick") target.emit(type, "at once")
      return target
    }
    expect(await once(target, "tick")).toEqual(["at once"])
    expect(target.listeners).toEqual([])
  })

  it("that refuses a listener is the failure, and keeps no other", async () => {
    const target = emitter("on", "off")
    const on = target.on.bind(target)
    target.on = (type, listener) => {
      if (type === "error") throw new Error("no more")
      return on(type, listener)
    }
    expect(await exitOf(once(target, "tick"))).toMatchObject({ status: "rejected", reason: { message: "no more" } })
    expect(target.listeners).toEqual([])
  })

  it("that cannot take a listener back does not hold up the event", async () => {
    const target = emitter("on", "off")
    const off = target.off.bind(target)
    target.off = (type, listener) => {
      off(type, listener)
      throw new Error("not taken back")
    }
    const fiber = once(target, "tick").run()
    expect(() => target.emit("tick", 1)).toThrow("not taken back")
    expect(await fiber).toEqual([1])
  })
})

describe("once of an EventTarget", () => {
  it("does not fail on an error event, as the platform does not", async () => {
    const target = new EventTarget()
    const fiber = once(target, "tick").run()
    target.dispatchEvent(new Event("error"))
    await turn()
    expect(fiber.poll()).toBeUndefined()
    await fiber.cancel()
  })

  it("takes what is an emitter, too, for an EventTarget", async () => {
    const { port1, port2 } = new MessageChannel()
    const fiber = once(port1, "message").run()
    port1.start()
    port2.postMessage("hello")
    expect((await fiber).data).toBe("hello")
    port1.close()
  })

  it("waits for the abort of a signal", async () => {
    const controller = new AbortController()
    const fiber = once(controller.signal, "abort").run()
    controller.abort()
    expect((await fiber).target).toBe(controller.signal)
  })
})

describe("once", () => {
  it("refuses at the call what is neither, and says what would do", () => {
    const wrong = [
      null,
      undefined,
      1,
      "x",
      {},
      [],
      () => {},
      { on() {} },
      { off() {} },
      { addEventListener() {} },
      Task,
    ]
    for (const target of wrong) expect(() => once(target as never, "tick")).toThrow(TypeError)
    expect(() => once({ on() {} } as never, "tick")).toThrow(
      "Expected once(target, type) to get an EventTarget (addEventListener and removeEventListener) or an emitter " +
        "(on or once, off or removeListener), got { on: on() {} }. For another source of events: Task.async.",
    )
    expect(() => once(new EventEmitter(), undefined as never)).toThrow(/type of an event as a string, got undefined/)
  })

  it("hears an event that comes in the turn of the run, wherever it runs", async () => {
    const target = new EventTarget()
    const heard = Task.gen(function* () {
      const waiting = yield* once(target, "tick").start()
      yield* Task.yield()
      target.dispatchEvent(new Event("tick"))
      return (yield* waiting.join()).type
    })
    expect(await heard.toPromise({ runtime: Runtime.make() })).toBe("tick")
  })
})
