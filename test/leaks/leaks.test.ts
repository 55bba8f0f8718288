import { availableParallelism } from "node:os"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Gate, openGate } from "./gate.ts"
import { planted } from "./planted.ts"
import { pooled } from "./pool.ts"
import { leaksIn, type Report } from "./report.ts"
import { shapes } from "./shapes/index.ts"

/** The short form; `npm run soak` is the long one. */
const all = [...planted, ...shapes]
/** From the start, so that no shape waits for the assertions of another. */
const reports = new Map<string, Promise<Report>>()
let gate: Gate

beforeAll(async () => {
  gate = await openGate()
  // What is planted to stay alive need not be waited for that long.
  const measured = pooled(all, Math.min(2, availableParallelism()), (shape) =>
    gate.measure(shape, "short", shape.origin === "planted" ? 1_000 : 5_000),
  )
  for (const [i, report] of measured.entries()) {
    report.catch(() => {}) // It is told to the test of this shape.
    reports.set(all[i].name, report)
  }
})
afterAll(async () => {
  await Promise.allSettled(reports.values())
  gate[Symbol.dispose]()
})

describe("the gate", () => {
  for (const { name, told, bytes } of planted) {
    it(`sees the leak of ${name}`, { timeout: 60_000 }, async (context) => {
      const report = await reports.get(name)!
      // The rest is counted all the same.
      if (bytes && report.growth === undefined)
        context.skip("This host does not collect when told to: no heap measured")
      expect(leaksIn(report).join("\n")).toMatch(told)
    })
  }
})

describe("rounds without end leave nothing behind", () => {
  for (const { name, origin } of shapes) {
    it(`${name} [${origin}]`, { timeout: 60_000 }, async () => {
      expect(leaksIn(await reports.get(name)!)).toEqual([])
    })
  }

  it("and none of them has a name that another has", () => {
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length)
  })
})
