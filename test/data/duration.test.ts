import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { toMillis } from "../../src/data/index.ts"
import { type Duration, Task } from "rapid-fiber"

describe("a duration", () => {
  it("is a number of milliseconds or fields that add up", () => {
    expect(toMillis(250, "d")).toBe(250)
    expect(toMillis(0, "d")).toBe(0)
    expect(toMillis(Infinity, "d")).toBe(Infinity)
    expect(toMillis({ seconds: 5 }, "d")).toBe(5000)
    expect(toMillis({ days: 1, hours: 1, minutes: 1, seconds: 1, milliseconds: 1 }, "d")).toBe(90_061_001)
    expect(toMillis({ minutes: 0.5 }, "d")).toBe(30_000)
  })

  it("adds up whatever fields it has", () => {
    const amount = fc.double({ min: 0, max: 1e6, noNaN: true })
    fc.assert(
      fc.property(amount, amount, (hours, milliseconds) => {
        expect(toMillis({ hours, milliseconds }, "d")).toBe(hours * 3_600_000 + milliseconds)
      }),
    )
  })

  const refused: [string, unknown, RegExp][] = [
    ["NaN", Number.NaN, /got NaN/],
    ["a negative number", -1, /got -1/],
    ["minus Infinity", -Infinity, /got -Infinity/],
    ["an empty object", {}, /got \{\}/],
    ["an object of undefined fields", { seconds: undefined }, /got \{ seconds: undefined \}/],
    ["a negative field", { seconds: -2 }, /`duration\.seconds`.*got -2/],
    ["a NaN field", { hours: Number.NaN }, /`duration\.hours`.*got NaN/],
    ["an unknown field", { second: 5 }, /got \{ second: 5 \}/],
    ["an inherited name as a field", { toString: 1 }, /got \{ toString: 1 \}/],
    ["a string", "5s", /got "5s"/],
    ["null", null, /got null/],
    ["undefined", undefined, /got undefined/],
    ["an array", [5], /got an? Array/],
    ["a bigint", 5n, /got 5/],
    ["a Date", new Date(0), /got a Date/],
  ]
  for (const [what, given, message] of refused) {
    it(`refuses ${what} where it is written, with the value in the message`, () => {
      expect(() => Task.sleep(given as Duration)).toThrow(message)
      expect(() => Task.sleep(given as Duration)).toThrow(/`duration/)
    })
  }
})
