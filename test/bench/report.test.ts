import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Entry } from "../../bench/report/types.d.ts"

const reports = join(import.meta.dirname, "../../bench/report")
const sample = join(import.meta.dirname, "sample.json")
const entries = JSON.parse(readFileSync(sample, "utf8")) as readonly Entry[]
const command = join(reports, "index.mjs")

/** The benchmarks are a package of their own, whose rivals nobody needs for the tests: tables are tested without it. */
const charts = existsSync(join(reports, "../node_modules/echarts"))
const reason = charts ? "" : " (skipped: its charts need `npm ci` in bench/)"

/** Not TypeScript, and imported only here. */
const load = async <A>(file: string): Promise<A> => (await import(pathToFileURL(join(reports, file)).href)) as A

const { markdown } = await load<{ markdown: (of: readonly Entry[]) => string }>("markdown.mjs")

/** Every number that a part of an entry holds. */
function numbersOf(of: unknown): number[] {
  if (typeof of === "number") return [of]
  return typeof of === "object" && of !== null ? Object.values(of).flatMap(numbersOf) : []
}

/** The numbers of the value itself, in milliseconds where JMH chose microseconds. */
function valuesOf({ primaryMetric }: Entry): number[] {
  return numbersOf(primaryMetric).map((value) => (primaryMetric.scoreUnit === "us/op" ? value / 1000 : value))
}

/** Every number that a report may write of an entry. */
const knownOf = (entry: Entry): number[] => [
  ...valuesOf(entry),
  ...numbersOf([entry.secondaryMetrics, entry["rapid-fiber"]]),
]

/** The numbers written in a text, and half of what their last digit means. */
function written(text: string): { readonly value: number; readonly error: number }[] {
  const plain = text.replaceAll("\u202f", "")
  return [...plain.matchAll(/(?<![\w.])-?\d+(?:\.(\d+))?(?![\w.])/g)].map(([word, decimals = ""]) => ({
    value: Number(word),
    error: 0.5 * 10 ** -decimals.length + 1e-9,
  }))
}

function expectKnown(text: string, entry: Entry): void {
  const known = knownOf(entry)
  for (const { value, error } of written(text)) {
    const near = known.some((number) => Math.abs(number - value) <= error)
    expect(near, `${value} in ${JSON.stringify(text)} of ${entry.benchmark}`).toBe(true)
  }
}

const renamed = (name: string): readonly Entry[] =>
  entries.map((entry) => {
    const own = entry["rapid-fiber"]
    return own === undefined ? entry : { ...entry, "rapid-fiber": { ...own, row: name, title: name, case: name } }
  })

const failuresOf = (entry: Entry): readonly string[] => entry["rapid-fiber"]?.failures ?? []
const isMeasured = (entry: Entry): boolean => typeof entry.primaryMetric.score === "number"

describe("the report in Markdown", () => {
  const lines = markdown(entries).split("\n")
  const rows = lines.filter((line) => /^\| (?!variant|---)/.test(line))

  it("has a heading for each case, and a row for each entry", () => {
    const cases = ["fork-join", "callback", "all", "many-sleeps", "soak", "overhead"]
    expect(lines.filter((line) => line.startsWith("#"))).toEqual(cases.map((name) => `### ${name}`))
    expect(rows).toHaveLength(entries.length)
  })

  it("writes no figure that the data do not have", () => {
    let heading = ""
    for (const line of lines) {
      if (line.startsWith("#")) heading = line.slice("### ".length)
      if (!rows.includes(line)) continue
      const [name = "", ...cells] = line
        .slice(2)
        .split(" |")
        .map((cell) => cell.trim())
      const entry = entries.find((of) => caseOf(of) === heading && labelOf(of) === name.replaceAll("*", ""))
      expect(entry, `${heading} ${line}`).toBeDefined()
      if (entry !== undefined && isMeasured(entry))
        expectKnown(cells.join(" | ").replaceAll(/\d+M seconds/g, ""), entry)
    }
  })

  it("says that there is no difference exactly where the interval of the ratio spans 1", () => {
    const ratios = entries.flatMap(({ "rapid-fiber": own }) => [own?.toFloor ?? [], own?.toBest ?? []].flat())
    const spanning = ratios.filter(({ low, high }) => low <= 1 && high >= 1)
    expect(spanning.length).toBeGreaterThan(0)
    expect(rows.join("\n").match(/no difference/g)).toHaveLength(spanning.length)
  })

  it("writes failures as text, those of single processes beneath the table", () => {
    expect(rows.find((row) => row.includes("effect 10M seconds"))).toContain("✗ out of memory")
    expect(lines).toContain("- rapid: a process failed: time-out 120 s")
  })

  it("takes the case and the library of JMH's own entries from their names, and their times in milliseconds", () => {
    const zio = rows.find((row) => row.startsWith("| Zio · JVM"))
    expect(zio).toContain("| 32.2 | 16.3–48.1 |")
    expect(rows.some((row) => row.startsWith("| Cats · JVM"))).toBe(true)
    expect(rows.some((row) => row.startsWith("| Cats, count=10000000, distribution=seconds · JVM | ✗ no result"))).toBe(
      true,
    )
  })

  it("lets no name end a cell, open a tag or begin a line", () => {
    const hostile = markdown(renamed("a|b\n<img src=x>`c`")).split("\n")
    expect(hostile.filter((line) => /(?<!\\)\|b|<img|(?<!\\)`c/.test(line))).toEqual([])
    expect(hostile).toContain("### a\\|b &lt;img src=x&gt;\\`c\\`")
  })

  it("is empty of tables where there are no entries", () => {
    expect(markdown([])).not.toContain("|")
  })
})

/** The name of an entry in the tables. */
function labelOf({ benchmark, params = {}, vmName, "rapid-fiber": own }: Entry): string {
  if (own !== undefined) return params["runtime"] === "node" ? `${own.row}` : `${own.row} · ${params["runtime"]}`
  const library = (benchmark.split(".")[1] ?? "").replace("Bench", "")
  expect(vmName).toContain("OpenJDK")
  return [library, ...Object.entries(params).map((pair) => pair.join("="))].join(", ").concat(" · JVM")
}

function caseOf({ benchmark, "rapid-fiber": own }: Entry): string {
  return own?.case ?? (benchmark.endsWith(".manySleeps") ? "many-sleeps" : "overhead")
}

describe.skipIf(!charts)(`the report in HTML${reason}`, () => {
  let html: (of: readonly Entry[]) => string
  let page: string

  beforeAll(async () => {
    html = (await load<{ html: typeof html }>("html.mjs")).html
    page = html(entries)
  })

  const all = (pattern: RegExp): string[] => [...page.matchAll(pattern)].map(([, group = ""]) => group)
  const tables = (): string => all(/<table[^>]*>([\s\S]*?)<\/table>/g).join("\n")

  it("has a table with a row for each entry, and charts for each case", () => {
    expect(all(/(<article)/g)).toHaveLength(6)
    expect(all(/(<tr class=)/g)).toHaveLength(entries.length)
    // The summary's; of each case the values and the memory; the ratios where there are any.
    expect(all(/(<svg)/g)).toHaveLength(1 + 6 * 2 + 5)
  })

  it("writes into the tables no figure that the data do not have", () => {
    const known = new Set(entries.flatMap(knownOf))
    const shown = all(/<data value="([^"]*)"/g).map(Number)
    expect(shown.length).toBeGreaterThan(3 * entries.filter(isMeasured).length)
    expect(shown.filter((value) => !known.has(value))).toEqual([])
  })

  it("writes every median of the data into the tables and into the charts", () => {
    const shown = new Set(all(/<data value="([^"]*)"/g).map(Number))
    for (const entry of entries.filter(isMeasured)) {
      const { primaryMetric } = entry
      const median = Number(primaryMetric.score) / (primaryMetric.scoreUnit === "us/op" ? 1000 : 1)
      expect(shown).toContain(median)
    }
    const drawn = all(/<svg[^>]*aria-labelledby="[^"]*-values-name"([\s\S]*?)<\/svg>/g).join("\n")
    expect(drawn.match(/(ms|bytes\/round)<\/text>/g)).toHaveLength(entries.filter(isMeasured).length)
  })

  it("writes failures into the tables and into the charts, in place of the figures", () => {
    const drawn = all(/<text[^>]*>([^<]*)<\/text>/g)
    for (const entry of entries.filter((of) => !isMeasured(of))) {
      const [failure = "no result"] = failuresOf(entry)
      expect(tables()).toContain(`✗ ${failure}`)
      expect(drawn).toContain(`✗ ${failure}`)
    }
    expect(tables()).toContain("a process failed: time-out 120 s")
  })

  it("has our every row in exactly one list of the summary", () => {
    const summary = page.slice(page.indexOf('id="summary"'), page.indexOf('id="reading"'))
    const listed = [...summary.matchAll(/<li><a href="#([^"]*)">/g)]
    expect(listed).toHaveLength(entries.filter(({ "rapid-fiber": own }) => own?.role === "rapid").length)
    const headings = [...summary.matchAll(/<h3>(\w[\w -]*)/g)].map(([, name = ""]) => name.trim())
    expect(headings).toEqual(["Ahead", "No difference", "Behind", "Failed", "Nothing to compare with"])
    expect(summary).toContain("0.77 × effect 1M seconds, one value each: no interval")
  })

  it("calls a scale logarithmic where the largest bar is more than 20 times the smallest, and only there", () => {
    const captions = all(/<figcaption>([^<]*)</g).filter((caption) => caption.startsWith("Peak"))
    // 93 MiB beside 1923 MiB.
    expect(captions.filter((caption) => caption.includes("logarithmic"))).toHaveLength(1)
  })

  it("needs nothing from outside: no script, no address, no font", () => {
    expect(all(/\s(?:src|href|xlink:href|srcset|action)="(?!#)([^"]*)"/g)).toEqual([])
    expect(page.match(/https?:|<script|<link|<iframe|@import|@font-face|url\((?!#)/gi)).toBeNull()
  })

  it("has headings in order, landmarks once, and names for every drawing and region", () => {
    const levels = all(/<h(\d)/g).map(Number)
    expect(levels[0]).toBe(1)
    expect(levels.filter((level) => level === 1)).toHaveLength(1)
    levels.slice(1).forEach((level, index) => expect(level - (levels[index] ?? 0)).toBeLessThanOrEqual(1))
    for (const landmark of ["header", "nav", "main"]) expect(page.split(`<${landmark}`)).toHaveLength(2)
    expect(
      all(/<svg role="img" aria-labelledby="[^"]+" viewBox="[^"]+"><title id="[^"]+">([^<]+)<\/title>/g),
    ).toHaveLength(all(/(<svg)/g).length)
    expect(all(/class="scroll" role="region" tabindex="0" aria-label="([^"]+)"/g)).toHaveLength(6)
  })

  it("has identifiers once, and everything that names one finds it", () => {
    const ids = all(/\sid="([^"]*)"/g)
    expect(new Set(ids).size).toBe(ids.length)
    const named = [...all(/href="#([^"]*)"/g), ...all(/aria-labelledby="([^"]*)"/g), ...all(/url\(#([^)]*)\)/g)]
    expect(named.filter((id) => !ids.includes(id))).toEqual([])
  })

  it("names the machine, the versions and the commands", () => {
    const { machine } = entries[0]?.["rapid-fiber"] ?? {}
    for (const text of [machine?.date, machine?.cores, "effect 4.1.0", "bun 1.3.2", "OpenJDK 64-Bit Server VM 21.0.5"])
      expect(page).toContain(text)
    expect(all(/<code>([^<]*)<\/code>/g)).toEqual(
      expect.arrayContaining([machine?.command, "npm run bench -- fork-join --runtimes bun"]),
    )
  })

  it("escapes whatever a name holds, in text, in attributes and in drawings", () => {
    const hostile = html(renamed(`"><script>alert('x')</script>&amp;$&zr0-`))
    expect(/<script|"><script/.test(hostile)).toBe(false)
    expect(hostile).toContain("&#60;script&#62;alert(&#39;x&#39;)&#60;/script&#62;&#38;amp;$&#38;zr0-")
  })

  it("is the same for the same data", () => {
    expect(html(entries)).toBe(page)
  })

  it("stands where there is little: no entry, a single value of zero, a ratio to nothing", () => {
    expect(html([])).toContain("</html>")
    const metric = { score: 0, scoreUnit: "ms/op", rawData: [[0]] }
    const ratio = JSON.parse('{"estimate":null,"low":null,"high":null}')
    const bare = { benchmark: "rapid-fiber.none.rapid", primaryMetric: metric, "rapid-fiber": { toFloor: ratio } }
    expect(html([bare])).toContain('<data value="0">0</data>')
    expect(html([bare]).match(/NaN|undefined|Infinity/g)).toBeNull()
  })

  it("never writes what JavaScript calls nothing", () => {
    expect(page.match(/NaN|undefined|null|Infinity|\[object/g)).toBeNull()
  })
})

describe("the colours of the report", () => {
  const css = readFileSync(join(reports, "style.css"), "utf8")
  const [light = "", dark = ""] = css.split("prefers-color-scheme: dark")
  const palette = (of: string): Map<string, string> =>
    new Map([...of.matchAll(/--(\w+): #(\w{6})/g)].map(([, name = "", hex = ""]) => [name, hex]))

  const luminance = (hex: string): number => {
    const parts = [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
    const [red = 0, green = 0, blue = 0] = parts.map((part) =>
      part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4,
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const contrast = (one: string, other: string): number => {
    const [high = 0, low = 0] = [luminance(one), luminance(other)].toSorted((a, b) => b - a)
    return (high + 0.05) / (low + 0.05)
  }

  it.each([
    ["light", light],
    ["dark", dark],
  ])("stand out enough in %s: 4.5 for text, 3 for what is drawn (WCAG AA)", (_, of) => {
    const colours = palette(of)
    const at = (name: string): string => colours.get(name) ?? expect.fail(`no colour ${name}`)
    for (const ground of ["page", "surface"]) {
      for (const text of ["ink", "muted", "link", "fail"])
        expect(contrast(at(text), at(ground)), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5)
      for (const drawn of ["rapid", "rival", "floor"])
        expect(contrast(at(drawn), at(ground)), `${drawn} on ${ground}`).toBeGreaterThanOrEqual(3)
    }
  })
})

describe("the command", () => {
  const folder = mkdtempSync(join(tmpdir(), "rapid-fiber-report-"))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const run = (...args: string[]) => spawnSync(process.execPath, [command, ...args], { encoding: "utf8" })

  it("writes the tables of several files", () => {
    const file = join(folder, "report.md")
    execFileSync(process.execPath, [command, sample, sample, "--markdown", file])
    expect(readFileSync(file, "utf8")).toBe(markdown([...entries, ...entries]))
  })

  it.skipIf(!charts)(`writes the page${reason}`, () => {
    const file = join(folder, "report.html")
    execFileSync(process.execPath, [command, sample, "--html", file])
    expect(readFileSync(file, "utf8")).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/)
  })

  it("refuses what is no file of results, and says what it expected", () => {
    const file = join(folder, "other.json")
    writeFileSync(file, '[{ "benchmark": 1 }]')
    expect(run(file)).toMatchObject({ status: 1, stderr: expect.stringContaining(`Expected ${file} to be an array`) })
    writeFileSync(file, "[")
    expect(run(file)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(`Expected ${file} to be a file of JSON`),
    })
    expect(run()).toMatchObject({ status: 1, stderr: "Expected a file of results, got none\n" })
  })
})
