import { writeFileSync } from "node:fs"
import { join } from "node:path"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { lines } from "rapid-fiber/node"
import { exitOf } from "../watch.ts"
import { folder, openBelow } from "./folder.ts"

describe("lines", () => {
  it("gives the lines of a file, without their ends, whatever the chunks", async () => {
    const path = join(folder(), "text.txt")
    const line = fc.string({ unit: fc.constantFrom("a", "é", "東", "🚀", " ") })
    await fc.assert(
      fc.asyncProperty(
        fc.array(line),
        fc.constantFrom("\n", "\r\n"),
        fc.integer({ min: 1, max: 5 }),
        async (all, end, chunkSize) => {
          writeFileSync(path, all.map((text) => text + end).join(""))
          expect(await lines(path, { chunkSize }).toArray()).toEqual(all)
        },
      ),
      { numRuns: 50 },
    )
  })

  it("gives what is left after the last line end, in the encoding that it is told", async () => {
    const path = join(folder(), "text.txt")
    writeFileSync(path, "\u00e9\n\nx", "latin1")
    expect(await lines(path, { encoding: "latin1" }).toArray()).toEqual(["é", "", "x"])
  })

  it("closes after an early end, and fails at the run for a file that is not there", async () => {
    const where = folder()
    const path = join(where, "text.txt")
    expect(await exitOf(lines(path).drain())).toMatchObject({ status: "rejected", reason: { code: "ENOENT" } })
    writeFileSync(path, "a\nb\nc\n")
    expect(await lines(path, { chunkSize: 1 }).first()).toBe("a")
    expect(openBelow(where)).toEqual([])
  })

  it("names itself in its errors", () => {
    expect(() => lines("")).toThrow("Expected the path of lines to be a string or a file: URL")
    expect(() => lines("x", { lines: 1 } as never)).toThrow("Expected the options of lines to be among")
  })
})
