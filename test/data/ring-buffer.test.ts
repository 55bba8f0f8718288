import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { RingBuffer } from "../../src/data/index.ts"

describe("a ring buffer", () => {
  it("behaves as an array that is pushed to and shifted from", () => {
    const command = fc.oneof(
      fc.nat().map((value) => ({ push: value })),
      fc.constant({ push: undefined }),
    )
    fc.assert(
      fc.property(fc.array(command, { maxLength: 500 }), (commands) => {
        const ring = new RingBuffer<number>()
        const model: number[] = []
        for (const { push } of commands) {
          if (push === undefined) expect(ring.shift()).toBe(model.shift())
          else {
            ring.push(push)
            model.push(push)
          }
          expect(ring.size).toBe(model.length)
        }
        expect(model.map(() => ring.shift())).toEqual(model)
        expect(ring.size).toBe(0)
      }),
    )
  })

  it("keeps the order while it grows past its capacity, wherever its head is", () => {
    const ring = new RingBuffer<number>()
    for (let i = 0; i < 40; i++) ring.push(-1)
    for (let i = 0; i < 40; i++) ring.shift()
    for (let i = 0; i < 200_000; i++) ring.push(i)
    for (let i = 0; i < 200_000; i++) expect(ring.shift() === i).toBe(true)
    expect(ring.size).toBe(0)
    ring.push(1)
    expect(ring.shift()).toBe(1)
  })
})
