import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { median, slopeOf } from "./slope.ts"

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

describe("slopeOf", () => {
  it("is that of a line, without an error", () => {
    fc.assert(
      fc.property(fc.integer({ min: -50, max: 50 }), fc.integer(), fc.integer({ min: 3, max: 40 }), (by, from, n) => {
        const { slope, stderr } = slopeOf(
          upTo(n),
          upTo(n).map((x) => from + by * x),
        )
        expect(slope).toBeCloseTo(by, 4)
        expect(stderr).toBeLessThan(1e-3)
      }),
    )
  })

  it("agrees with a worked example", () => {
    const { slope, stderr } = slopeOf([1, 2, 3, 4, 5], [2, 4, 5, 4, 5])
    expect(slope).toBeCloseTo(0.6)
    expect(stderr).toBeCloseTo(0.2828, 4)
  })

  it("has an error that covers noise without a trend", () => {
    const noise = upTo(16).map((i) => (i % 2 === 0 ? 1000 : -1000))
    const { slope, stderr } = slopeOf(
      upTo(16).map((i) => i * 100),
      noise,
    )
    expect(Math.abs(slope)).toBeLessThan(2 * stderr)
  })

  it("refuses two points, which say nothing of the error", () => {
    expect(() => slopeOf([1, 2], [1, 2])).toThrow("at least three points")
  })
})

describe("median", () => {
  it("is the middle one, or between the two", () => {
    expect([median([3, 1, 2]), median([4, 1, 3, 2]), median([7])]).toEqual([2, 2.5, 7])
  })
})
