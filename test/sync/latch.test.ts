import { describe, expect, it } from "vitest"
import { Latch } from "rapid-fiber"
import { turn } from "../watch.ts"

describe("a Latch", () => {
  it("opens when it has been counted down, for those who wait and those who come later", async () => {
    const latch = Latch.make(2)
    const order: string[] = []
    const a = latch
      .wait()
      .tap(() => void order.push("a"))
      .run()
    const b = latch
      .wait()
      .tap(() => void order.push("b"))
      .run()
    await turn()
    expect([latch.countDown(), latch.count, latch.waiting, order]).toEqual([false, 1, 2, []])
    expect([latch.countDown(), latch.count, latch.waiting]).toEqual([true, 0, 0])
    await Promise.all([a, b])
    expect(order).toEqual(["a", "b"])
    expect(latch.wait().runSync()).toBe(undefined)
  })

  it("stays open, and says so to who counts on", () => {
    const latch = Latch.make(3)
    expect([latch.countDown(2), latch.countDown(5), latch.count, latch.countDown()]).toEqual([false, true, 0, false])
  })

  it("keeps nothing of a wait that is cancelled", async () => {
    const latch = Latch.make()
    const waiting = latch.wait().run()
    await turn()
    await waiting.cancel()
    expect(latch.waiting).toBe(0)
    latch.countDown()
    expect(waiting.poll()?.status).toBe("cancelled")
  })

  it("cancels who was let through and has not run yet", async () => {
    const latch = Latch.make()
    const waiting = latch.wait().run()
    await turn()
    latch.countDown()
    waiting.abort("too late")
    await turn()
    expect(waiting.poll()).toEqual({ status: "cancelled", reason: "too late" })
  })

  it("is open from the start with a count of 0, and refuses what is no count", () => {
    expect(Latch.make(0).wait().runSync()).toBe(undefined)
    expect(() => Latch.make(-1)).toThrow("Expected `count` to be an integer >= 0, got -1.")
    expect(() => Latch.make(1).countDown(0)).toThrow("Expected `by` to be an integer >= 1, got 0.")
  })
})
