import { execFileSync, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { differs, interval, ratio } from "../../bench/harness/bootstrap.mjs"
import { Journal } from "../../bench/harness/journal.mjs"
import { random } from "../../bench/harness/random.mjs"
import { median, percentile } from "../../bench/harness/statistics.mjs"

/** So many processes of so many iterations, whose means differ and whose values scatter around them. */
function sample(next: () => number, centre: number, forks = 10, iterations = 3): number[][] {
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
  return Array.from({ length: forks }, () => {
    const own = centre * (1 + 0.05 * normal())
    return Array.from({ length: iterations }, () => own * (1 + 0.01 * normal()))
  })
}

describe("the bootstrap", () => {
  it("estimates by the median of the processes' medians, so one wild iteration or process changes little", () => {
    expect(
      interval([
        [1, 2, 300],
        [2, 2, 2],
        [2, 3, 3],
      ]).estimate,
    ).toBe(2)
    expect(interval([[10], [11], [1000]]).estimate).toBe(11)
  })

  it("gives the same interval for the same data, which holds the estimate", () => {
    const forks = sample(random(5), 100)
    expect(interval(forks)).toEqual(interval(forks))
    const { estimate, low, high } = interval(forks)
    expect(low).toBeLessThanOrEqual(estimate)
    expect(high).toBeGreaterThanOrEqual(estimate)
  })

  it("has intervals that hold the truth about as often as they say", () => {
    const next = random(7)
    let held = 0
    for (let i = 0; i < 100; i++) {
      const { low, high } = interval(sample(next, 100))
      if (low <= 100 && 100 <= high) held++
    }
    expect(held).toBeGreaterThan(85)
  })

  it("takes the process as the unit: more iterations of two processes do not make it sure", () => {
    const two = interval([Array<number>(100).fill(90), Array<number>(100).fill(110)])
    expect(two.low).toBe(90)
    expect(two.high).toBe(110)
  })

  it("tells apart what differs, and says so where nothing does", () => {
    const next = random(9)
    expect(differs(ratio(sample(next, 50), sample(next, 100)))).toBe(true)
    let found = 0
    for (let i = 0; i < 50; i++) if (differs(ratio(sample(next, 100), sample(next, 100)))) found++
    expect(found).toBeLessThan(10)
  })

  it("rests on percentiles between neighbours", () => {
    expect(percentile([1, 2, 3, 4], 0.5)).toBe(2.5)
    expect(median([3, 1, 2])).toBe(2)
  })
})

describe("files", () => {
  let folder: string
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "rapid-fiber-bench-test-"))))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const file = (name: string, cells: Readonly<Record<string, number[][]>>): string => {
    const entries = Object.entries(cells).map(([benchmark, rawData]) => ({
      benchmark,
      params: { runtime: "node" },
      primaryMetric: { rawData },
    }))
    const path = join(folder, name)
    writeFileSync(path, JSON.stringify(entries))
    return path
  }
  const compare = (...argv: string[]): ReturnType<typeof spawnSync> =>
    spawnSync(process.execPath, ["bench/run.mjs", "compare", ...argv], { encoding: "utf8" })

  const steady = [
    [100, 101],
    [99, 100],
    [100, 102],
  ]
  const slower = [
    [120, 121],
    [119, 120],
    [121, 122],
  ]

  it("compare fails where something has become slower, and only there", () => {
    const [base, same, head] = [
      file("base", { a: steady, b: steady }),
      file("same", { a: steady, b: steady }),
      file("head", { a: steady, b: slower }),
    ]
    const bad = compare(base, head)
    expect(bad.status).toBe(1)
    expect(bad.stdout).toMatch(/= a .*no difference/)
    expect(bad.stdout).toMatch(/✗ b +1\.\d+ \(/)
    expect(compare(base, same).status).toBe(0)
    expect(compare(head, base).status).toBe(0)
    expect(compare(base, head, "--threshold", "30").status).toBe(0)
  })

  it("compare counts a result that has become a failure", () => {
    expect(compare(file("fine", { a: steady }), file("failing", { a: [] })).status).toBe(1)
    expect(compare(file("failing", { a: [] }), file("fine", { a: steady })).status).toBe(0)
  })

  it("compare says what it needs", () => {
    expect(compare().stderr).toContain("Expected two files of results")
    expect(compare(file("a", { a: steady }), file("b", { b: steady })).stderr).toContain("got none")
  })

  it("the journal goes on where it was, and starts afresh for anything else", () => {
    const path = join(folder, "journal", "journal.jsonl")
    const first = new Journal(path, { code: 1 })
    first.keep("a|0", { failure: "crash" })
    first.keep("b|0", { failure: "time-out" })
    writeFileSync(path, '["c|0", {"failu', { flag: "a" })
    const again = new Journal(path, { code: 1 })
    expect([again.size, again.find("a|0"), again.find("c|0")]).toEqual([2, { failure: "crash" }, undefined])
    expect(new Journal(path, { code: 2 }).size).toBe(0)
    again.end()
    expect(new Journal(path, { code: 1 }).size).toBe(0)
  })

  it("the command explains itself", () => {
    const help = execFileSync(process.execPath, ["bench/run.mjs", "--help"], { encoding: "utf8" })
    for (const word of ["--forks", "--warmups", "--iterations", "compare", "--runtimes"]) expect(help).toContain(word)
  })
})
