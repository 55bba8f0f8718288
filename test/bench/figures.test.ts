import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { documents, type Entry, readResults, resultsOf, withFigures, withoutSource } from "../../scripts/figures.ts"

const entry = (name: string, row: string, score: number | "NaN", runtime = "node"): Entry => ({
  params: { runtime },
  primaryMetric: { score },
  secondaryMetrics: { peakRss: { score: 274.6 } },
  "rapid-fiber": { case: name, row, details: { "late p99": 1.5 } },
})

const results = resultsOf([
  entry("sleeps", "rapid 10M", 10_345),
  entry("sleeps", "effect", 20_690),
  entry("sleeps", "rapid 10M", 9000, "bun"),
  entry("sleeps", "broken", "NaN"),
])

describe("a figure with its source behind it", () => {
  it.each([
    ["the median", "9 s<!-- = sleeps/rapid 10M -->", "10.3 s<!-- = sleeps/rapid 10M -->"],
    ["in milliseconds", "1 ms<!-- = sleeps/rapid 10M -->", "10345 ms<!-- = sleeps/rapid 10M -->"],
    ["in bold", "**1 s**<!-- = sleeps/rapid 10M -->", "**10.3 s**<!-- = sleeps/rapid 10M -->"],
    ["of a runtime", "1 s<!-- = sleeps/rapid 10M@bun -->", "9.00 s<!-- = sleeps/rapid 10M@bun -->"],
    ["a metric", "1 MiB<!-- = sleeps/rapid 10M : peakRss -->", "275 MiB<!-- = sleeps/rapid 10M : peakRss -->"],
    ["a detail", "1 ms<!-- = sleeps/rapid 10M : late p99 -->", "1.50 ms<!-- = sleeps/rapid 10M : late p99 -->"],
    ["a ratio", "3 ×<!-- = sleeps/rapid 10M ÷ effect -->", "0.50 ×<!-- = sleeps/rapid 10M ÷ effect -->"],
    [
      "a ratio across",
      "3<!-- = sleeps/effect ÷ sleeps/rapid 10M@bun -->",
      "2.30<!-- = sleeps/effect ÷ sleeps/rapid 10M@bun -->",
    ],
  ])("is written as the results have it: %s", (_, stale, fresh) => {
    expect(withFigures(stale, results)).toBe(fresh)
    expect(withFigures(fresh, results)).toBe(fresh)
  })

  it("is refused where the results do not have it", () => {
    expect(() => withFigures("1 s<!-- = sleeps/nobody -->", results)).toThrow(
      'Expected a row of bench/results, got sleeps/nobody in "sleeps/nobody"',
    )
    expect(() => withFigures("1 s<!-- = sleeps/broken -->", results)).toThrow(
      'Expected a value for "sleeps/broken", got NaN',
    )
    expect(() => withFigures("1 s<!-- = sleeps/effect : colour -->", results)).toThrow(
      'Expected a value for "sleeps/effect : colour", got undefined',
    )
  })

  it("is missed where there is none, but not in code and not where it is said to be given, or whose it is", () => {
    const text = [
      "takes 12 ms, 1.5 × or 3 % of 20 bytes; `5 ms`, 7 things, 2 sessions",
      "8 s<!-- = sleeps/effect -->, 5 ms<!-- given -->, 30.9 s<!-- from https://example.org/a -->",
      "```",
      "9 s",
      "```",
    ].join("\n")
    expect(withoutSource(text)).toEqual(["12 ms", "1.5 ×", "3 %", "20 bytes"])
  })
})

describe.each(documents)("%s", (document) => {
  const text = readFileSync(new URL(`../../${document}`, import.meta.url), "utf8")

  it("says what bench/results says (npm run figures)", () => {
    expect(text).toBe(withFigures(text, readResults()))
  })

  it("has no figure without a source", () => {
    expect(withoutSource(text)).toEqual([])
  })
})
