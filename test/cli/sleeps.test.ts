import { describe, expect, it } from "vitest"
import { planSleeps } from "../../src/cli/plan.ts"
import { describeReport, reportOf } from "../../src/cli/report.ts"
import { sleeps } from "../../src/cli/sleeps.ts"
import { Tally } from "../../src/cli/tally.ts"

const options = { count: 1000, max: 1, uniform: true, json: true }

describe("the plan of sleeps", () => {
  it("draws the same each time, and as many of each duration as it says", () => {
    const plan = planSleeps(options)
    const [a, b] = [plan.draw(), plan.draw()]
    const sizes = new Uint32Array(plan.durations.length)
    for (let i = 0; i < plan.count; i++) {
      const drawn = a()
      expect(b()).toBe(drawn)
      sizes[drawn]++
    }
    expect(sizes).toEqual(plan.sizes)
    expect(plan.longest).toBeLessThanOrEqual(1000)
    expect(planSleeps({ ...options, uniform: false }).durations).toEqual([0, 1000])
  })
})

describe("the tally", () => {
  const plan = planSleeps({ ...options, count: 100, uniform: false })
  const measured = { wall: 1000, rssBefore: 0, peakRss: 0, interrupted: false }
  const started = (): Tally => {
    const tally = new Tally(plan, 0)
    const next = plan.draw()
    for (let i = 0; i < plan.count; i++) tally.start(next(), i)
    return tally
  }
  const wakeAll = (tally: Tally, when: (duration: number, k: number) => number): void => {
    const seen = [0, 0]
    const next = plan.draw()
    for (let i = 0; i < plan.count; i++) {
      const duration = next()
      tally.wake(duration, i + when(plan.durations[duration], seen[duration]++))
    }
  }

  it("finds nothing wrong when every sleeper wakes once and late enough", () => {
    const tally = started()
    wakeAll(tally, (ms) => ms + 2.5)
    const report = reportOf(options, plan, tally, measured)
    expect(reportOf({ ...options, count: 100 }, plan, tally, measured).ok).toBe(true)
    expect(report).toMatchObject({ lost: 0, early: 0, surplus: 0, woken: 100 })
    expect(report.lateness.max).toBeCloseTo(2.5)
    expect(report.lateness.p50).toBeCloseTo(2.5, 0)
  })

  it("counts one that wakes early, one that wakes twice and one that is lost", () => {
    const early = started()
    wakeAll(early, (ms, k) => ms + (ms === 1000 && k === 3 ? -0.5 : 0.5))
    expect(reportOf({ ...options, count: 100 }, plan, early, measured)).toMatchObject({ early: 1, ok: false })

    const twice = started()
    wakeAll(twice, (ms) => ms + 1)
    twice.wake(0, 5000)
    expect(reportOf({ ...options, count: 100 }, plan, twice, measured)).toMatchObject({ surplus: 1, ok: false })

    const lost = started()
    lost.wake(0, 5000)
    const report = reportOf({ ...options, count: 100 }, plan, lost, measured)
    expect(report).toMatchObject({ lost: 99, ok: false })
    expect(describeReport(report)).toContain("FAILED")
  })
})

describe("rapid-fiber sleeps", () => {
  it("wakes every sleeper once, none early, and says so", async () => {
    const report = await sleeps({ count: 20_000, max: 1, uniform: true, json: true })
    expect(report).toMatchObject({ woken: 20_000, started: 20_000, lost: 0, early: 0, surplus: 0, ok: true })
    expect(report.ratio).toBeGreaterThanOrEqual(1)
    expect(describeReport(report)).toMatch(/20,000 sleeps, one thread\.[\s\S]*early +0[\s\S]*OK/)
  })
})
