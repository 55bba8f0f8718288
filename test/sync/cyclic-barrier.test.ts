import { describe, expect, it } from "vitest"
import { CyclicBarrier, Task } from "rapid-fiber"
import { turn } from "../watch.ts"

describe("a CyclicBarrier", () => {
  it("lets all go when the last has come, tells each its place, and serves again", async () => {
    const barrier = CyclicBarrier.make(3)
    const round = Task.all([barrier.wait(), barrier.wait(), barrier.wait()])
    expect([await round, await round]).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ])
    expect(barrier.waiting).toBe(0)
  })

  it("waits for somebody in the place of who is cancelled", async () => {
    const barrier = CyclicBarrier.make(2)
    const first = barrier.wait().run()
    await turn()
    expect(barrier.waiting).toBe(1)
    await first.cancel()
    expect(barrier.waiting).toBe(0)
    const second = barrier.wait().run()
    await turn()
    expect(second.poll()).toBe(undefined)
    expect([await barrier.wait(), await second]).toEqual([1, 0])
  })

  it("is none for one", async () => {
    expect(CyclicBarrier.make(1).wait().runSync()).toBe(0)
    expect(() => CyclicBarrier.make(0)).toThrow("Expected `parties` to be an integer >= 1, got 0.")
  })
})
