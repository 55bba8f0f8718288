import { describe, expect, it } from "vitest"
import { bytes, count, duration, perSecond, short } from "../../page/format.ts"
import { History } from "../../page/history.ts"
import type { Overview } from "../../src/monitor/view.ts"
import { FakeProbe } from "./fake-probe.ts"

const usual = new FakeProbe().overview()

/** At so many seconds, with so many operations. */
function at(second: number, operations: number, uptime = second): Overview {
  return { ...usual, time: second * 1000, uptime: uptime * 1000, counts: { ...usual.counts, operations } }
}
const historyOf = (overviews: readonly Overview[]): History =>
  overviews.reduce((history, overview) => history.with(overview), new History())

describe("the history of the charts", () => {
  it("has rates per second, over whatever time has passed", () => {
    const { samples } = historyOf([at(10, 100), at(11, 300), at(16, 800)])
    expect(samples.map(({ rates }) => rates?.operations)).toEqual([undefined, 200, 100])
  })

  it("knows no rate where the program has begun anew", () => {
    const { samples } = historyOf([at(10, 1000), at(11, 50, 1), at(12, 60, 2)])
    expect(samples.map(({ rates }) => rates?.operations)).toEqual([undefined, undefined, 10])
  })

  it("keeps five minutes", () => {
    const { samples } = historyOf(Array.from({ length: 1000 }, (_, second) => at(second, second)))
    expect([samples.length, samples[0].time, samples.at(-1)?.time]).toEqual([300, 700, 999])
  })

  it("keeps some 660 samples at most, also of a page that is told more often", () => {
    const overviews = Array.from({ length: 8000 }, (_, n) => at(n / 20, n))
    const { samples } = historyOf(overviews)
    expect(samples.length).toBeLessThan(668)
    expect(samples.at(-1)?.rates?.operations).toBeCloseTo(20)
  })

  it("does not fold back when the clock is set back", () => {
    const { samples } = historyOf([at(10, 0), at(11, 0), at(12, 0), at(10.5, 0, 13), at(11.5, 0, 14)])
    const times = samples.map(({ time }) => time)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(times.at(-1)).toBe(11.5)
  })
})

describe("numbers are shown", () => {
  const plain = (text: string): string => text.replaceAll("\u202F", " ")
  it.each([
    [count(0), "0"],
    [count(999), "999"],
    [count(1_234_567), "1 234 567"],
    [short(0), "0"],
    [short(0.25), "0.25"],
    [short(9999), "9 999"],
    [short(10_000), "10 k"],
    [short(947_034), "947 k"],
    [short(1_250_000), "1.25 M"],
    [short(3.1e9), "3.1 G"],
    [perSecond(undefined), "–"],
    [perSecond(12.34), "12.3/s"],
    [duration(undefined), "–"],
    [duration(0), "0 ms"],
    [duration(0.42), "0.42 ms"],
    [duration(999), "999 ms"],
    [duration(1500), "1.5 s"],
    [duration(60_000), "1 min"],
    [duration(200_000), "3 min 20 s"],
    [duration(90_000_000), "1 d 1 h"],
    [duration(86_400_000 + 5000), "1 d"],
    [bytes(0), "0 B"],
    [bytes(1023), "1 023 B"],
    [bytes(314_572_800), "300 MiB"],
    [bytes(1.5 * 2 ** 30), "1.5 GiB"],
  ])("%s", (shown, expected) => expect(plain(shown)).toBe(expected))
})
