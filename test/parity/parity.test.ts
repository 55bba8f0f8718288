import { existsSync, readdirSync, readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"

/**
 * `test/parity.json` gives each test of Rapid 2.9.9 for Scala its counterpart here, or the reason why there is none. This
 * file holds the map against the tests, so that neither can change alone. Its keys are the list of Rapid's tests.
 */
const root = new URL("../../", import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), "utf8")

/** How many tests each spec of Rapid has. */
const COUNTS: Readonly<Record<string, number>> = {
  "AbstractBlockingStreamSpec.scala": 5,
  "AbstractBlockingTaskSpec.scala": 4,
  "BasicsAsyncSpec.scala": 19,
  "BasicsSpec.scala": 15,
  "BasicsSyncSpec.scala": 7,
  "BlockableSpec.scala": 1,
  "CancellationJvmSpec.scala": 6,
  "ExtrasSpec.scala": 1,
  "FiberSpec.scala": 2,
  "FiberWaitingSpec.scala": 2,
  "MaterializedCursorSpec.scala": 14,
  "ParallelStreamSpec.scala": 8,
  "RapidAppSpec.scala": 5,
  "ScribeRapidSpec.scala": 5,
  "SingleThreadAgentSpec.scala": 1,
  "StreamJvmSpec.scala": 3,
  "StreamSpec.scala": 73,
  "TaskJvmSpec.scala": 1,
  "TaskSpec.scala": 10,
  "TraceSpec.scala": 13,
}

interface Entry {
  readonly file?: string
  readonly test?: string
  readonly reason?: string
}

const map = Object.entries(JSON.parse(read("test/parity.json")) as Readonly<Record<string, Entry>>)
const counterparts = map.flatMap(([key, { file, test }]) => (file === undefined ? [] : [{ key, file, test }]))

/** The names of a file's tests. They must be plain: a skipped one, or a name that is computed, counts as missing. */
const namesIn = (file: string): string[] =>
  [...read(file).matchAll(/^\s*it\(\s*("(?:[^"\\\n]|\\.)*")/gm)].map((match) => JSON.parse(match[1]) as string)

const files = readdirSync(new URL("test/parity/", root))
  .filter((name) => name.endsWith(".test.ts") && name !== "parity.test.ts")
  .map((name) => `test/parity/${name}`)

describe("the map of Rapid's tests", () => {
  it("has all 195 of them, spec by spec, once each", () => {
    expect(map).toHaveLength(195)
    // JSON.parse keeps the last of two equal keys, so they are counted in the text.
    expect(read("test/parity.json").match(/^ {2}"[^"]+\.scala > /gm)).toHaveLength(195)
    const counted: Record<string, number> = {}
    for (const [key] of map) {
      const spec = key.split(" > ", 1)[0]
      counted[spec] = (counted[spec] ?? 0) + 1
    }
    expect(counted).toEqual(COUNTS)
  })

  it("gives each either a counterpart or a reason", () => {
    const shapeless = map.filter(([, entry]) => {
      const fields = Object.keys(entry).toSorted().join()
      return fields === "file,test" ? false : fields !== "reason" || (entry.reason ?? "").trim() === ""
    })
    expect(shapeless).toEqual([])
  })

  it("names tests that exist, each under Rapid's name for it", () => {
    const missing = counterparts.filter(
      ({ key, file, test }) =>
        !existsSync(new URL(file, root)) ||
        !namesIn(file).includes(test ?? "") ||
        test !== key.slice(key.indexOf(" > ") + 3),
    )
    expect(missing).toEqual([])
  })

  it("gives no two the same counterpart", () => {
    expect(new Set(counterparts.map(({ file, test }) => `${file} > ${test}`)).size).toBe(counterparts.length)
  })
})

describe("the counterparts", () => {
  it.each(files)("of %s are all in the map, and are written so that they can be found", (file) => {
    const mapped = counterparts.filter((counterpart) => counterpart.file === file).map(({ test }) => test)
    expect(new Set(namesIn(file))).toEqual(new Set(mapped))
    expect(namesIn(file)).toHaveLength(mapped.length)
    expect(read(file).match(/\b(?:it|test)(?:\.\w+)*\(/g)).toHaveLength(mapped.length)
  })
})
