import { EventEmitter } from "node:events"
import { describe, expect, it } from "vitest"
import { on, type OnOptions, Task } from "rapid-fiber"
import { turn } from "../watch.ts"

const all: OnOptions = { policy: "unbounded" }

describe("on", () => {
  it("touches nothing before it runs, and leaves nothing behind", async () => {
    const emitter = new EventEmitter()
    const ticks = on<[n: number]>(emitter, "tick", all)
    expect(emitter.eventNames()).toEqual([])
    const first = ticks.take(2).toArray().run()
    await turn()
    expect(emitter.listenerCount("tick")).toBe(1)
    for (const n of [1, 2, 3]) emitter.emit("tick", n)
    expect(await first).toEqual([[1], [2]])
    expect(emitter.eventNames()).toEqual([])
  })

  it("gives the Event of an EventTarget, and ends with the event that says so", async () => {
    const target = new EventTarget()
    const types = on(target, "tick", { ...all, end: "done" })
      .map((event) => event.type)
      .toArray()
      .run()
    for (const type of ["tick", "tick", "done", "tick"]) target.dispatchEvent(new Event(type))
    expect(await types).toEqual(["tick", "tick"])
  })

  it("keeps the last, or the first, of those that nobody has asked for", async () => {
    const heard = async (options: OnOptions): Promise<unknown[]> => {
      const emitter = new EventEmitter()
      let go: () => void = () => {}
      const busy = Task.async((resume) => void (go = () => resume(Task.unit)))
      const slow = on<[n: number]>(emitter, "tick", { ...options, end: "end" })
        .map(([n]) => n)
        .tap((n) => (n === 0 ? busy : undefined))
        .toArray()
        .run()
      await turn()
      emitter.emit("tick", 0)
      await turn()
      for (const n of [1, 2, 3, 4]) emitter.emit("tick", n)
      emitter.emit("end")
      go()
      return slow.toPromise()
    }
    expect(await heard({ policy: "sliding", capacity: 2 })).toEqual([0, 3, 4])
    expect(await heard({ policy: "dropping", capacity: 2 })).toEqual([0, 1, 2])
    expect(await heard({ policy: "unbounded" })).toEqual([0, 1, 2, 3, 4])
  })

  it("fails with the error of an emitter, after what came before it", async () => {
    const emitter = new EventEmitter()
    const seen: unknown[] = []
    const lines = on(emitter, "line", all)
      .tap((line) => void seen.push(line))
      .drain()
      .run()
    emitter.emit("line", "a")
    emitter.emit("error", new Error("broken"))
    await expect(lines.toPromise()).rejects.toThrow("broken")
    expect(seen).toEqual([["a"]])
    expect(emitter.eventNames()).toEqual([])
  })

  it("takes its listeners back when it is cancelled", async () => {
    const emitter = new EventEmitter()
    const fiber = on(emitter, "tick", { ...all, end: "end" })
      .drain()
      .run()
    await turn()
    expect(emitter.eventNames()).toHaveLength(3)
    await fiber.cancel()
    expect(emitter.eventNames()).toEqual([])
  })

  it("refuses at the call what it cannot do", () => {
    const emitter = new EventEmitter()
    expect(() => on({} as EventEmitter, "tick", all)).toThrow(/Expected on\(target, type\) to get an EventTarget/)
    expect(() => on(emitter, 1 as never, all)).toThrow(/type of an event as a string, got 1/)
    expect(() => on(emitter, "tick", undefined as never)).toThrow(/options of on to be an object/)
    expect(() => on(emitter, "tick", {} as never)).toThrow(/`policy` of on to be "unbounded", "sliding" or "dropping"/)
    expect(() => on(emitter, "tick", { policy: "sliding", capacity: 0 })).toThrow(/`capacity`/)
    expect(() => on(emitter, "tick", { ...all, size: 1 } as never)).toThrow(/`size`/)
  })
})
