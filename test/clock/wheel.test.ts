import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Wheel } from "../../src/clock/wheel.ts"

interface Held {
  readonly deadline: number
  readonly order: number
}

/** The wheel's specification: a list that is sorted by deadline and, where equal, by arrival. */
class Model {
  readonly held = new Map<number, Held>()

  due(target: number): number[] {
    return [...this.held]
      .filter(([, { deadline }]) => deadline <= target)
      .toSorted(([, a], [, b]) => a.deadline - b.deadline || a.order - b.order)
      .map(([key]) => key)
  }
}

type Step = { add: number } | { cancel: number } | { advance: number; limit: number }

const distance = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 600 }) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 70_000 }) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 20_000_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 2 ** 33 }) },
  { weight: 1, arbitrary: fc.constantFrom(255, 256, 257, 65_535, 65_536, 2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1) },
)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: distance.map((add) => ({ add })) },
  { weight: 2, arbitrary: fc.nat().map((cancel) => ({ cancel })) },
  {
    weight: 3,
    arbitrary: fc.record({ advance: distance, limit: fc.constantFrom(1, 2, 1000) }),
  },
)

function check(start: number, steps: readonly Step[]): void {
  const wheel = new Wheel(start)
  const model = new Model()
  const entries = new Map<number, number>()
  let key = 0
  let now = start
  for (const next of steps) {
    if ("add" in next) {
      const deadline = now + next.add
      entries.set(key, wheel.add(deadline, key))
      model.held.set(key, { deadline, order: key })
      key++
    } else if ("cancel" in next) {
      const keys = [...model.held.keys()]
      const victim = keys[next.cancel % Math.max(keys.length, 1)]
      if (victim !== undefined) {
        wheel.remove(entries.get(victim)!)
        model.held.delete(victim)
      }
    } else {
      now += next.advance
      const taken: number[] = []
      const out = { push: (sleeper: unknown) => void taken.push(sleeper as number) }
      while (wheel.take(now, next.limit, out));
      expect(taken).toEqual(model.due(now))
      for (const gone of taken) model.held.delete(gone)
      expect(wheel.current).toBe(now)
    }
    expect(wheel.size).toBe(model.held.size)
    const first = Math.min(...[...model.held.values()].map(({ deadline }) => deadline))
    expect(wheel.nextEvent()).toBeLessThanOrEqual(first)
    if (model.held.size > 0) expect(wheel.nextEvent()).toBeGreaterThan(now)
  }
  const left: number[] = []
  wheel.forEach((sleeper) => left.push(sleeper as number))
  expect(left.toSorted((a, b) => a - b)).toEqual([...model.held.keys()])
}

describe("the timer wheel", () => {
  it("hands out what is due in the order of deadline and arrival, at any distance, from tick 0", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => check(0, steps)),
      { numRuns: 1500 },
    )
  })

  for (const start of [2 ** 31 - 300, 2 ** 32 - 300, 2 ** 32 + 2 ** 24 - 5, 2 ** 40 + 12_345]) {
    it(`does so around tick ${start}, where 32 bits wrap`, () => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 60 }), (steps) => check(start, steps)),
        { numRuns: 500 },
      )
    })
  }

  it("holds a million entries, cancels each in constant time, and starts afresh", () => {
    const wheel = new Wheel(0)
    for (let round = 0; round < 3; round++) {
      const entries: number[] = []
      for (let i = 0; i < 1_000_000; i++) entries.push(wheel.add(wheel.current + 1 + (i % 9973), i))
      expect(wheel.size).toBe(1_000_000)
      for (const entry of entries) wheel.remove(entry)
      expect(wheel.size).toBe(0)
      expect(wheel.nextEvent()).toBe(Infinity)
    }
  })

  it("stops at the limit and goes on where it stopped, also when what is left there is cancelled", () => {
    const wheel = new Wheel(0)
    const entries = [0, 1, 2, 3, 4].map((i) => wheel.add(10, i))
    const taken: unknown[] = []
    const out = { push: (sleeper: unknown) => void taken.push(sleeper) }
    expect(wheel.take(50, 2, out)).toBe(true)
    expect(taken).toEqual([0, 1])
    wheel.remove(entries[3])
    expect(wheel.take(50, 2, out)).toBe(false)
    expect(taken).toEqual([0, 1, 2, 4])
  })
})
