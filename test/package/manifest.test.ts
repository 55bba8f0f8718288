import { existsSync, statSync } from "node:fs"
import { disagreements, entries, expectedManifest } from "../../scripts/entries.ts"
import { readManifest, root } from "../../scripts/manifest.ts"
import { describe, expect, it } from "vitest"
import { builtIndex } from "./dist.ts"

describe("package.json", () => {
  const manifest = readManifest()

  it("has no runtime dependency", () => {
    expect(manifest.dependencies ?? {}).toEqual({})
    expect(manifest.optionalDependencies ?? {}).toEqual({})
  })

  it("agrees with the list of entries", () => {
    expect(disagreements(manifest)).toEqual([])
  })

  it("is told what to change when an entry is missing", () => {
    const { exports, bin } = expectedManifest()
    const list = [...entries, { subpath: "./extra", source: "src/extra/index.ts", output: "dist/extra.js" }]
    expect(disagreements({ exports, bin }, list)).toEqual([
      'Expected `exports["./extra"]` of package.json to be ' +
        '{"types":"./dist/extra/index.d.ts","default":"./dist/extra.js"}, got nothing: ' +
        "make it agree with the list in scripts/entries.ts",
    ])
    expect(disagreements({ exports, bin: { ...bin, other: "./dist/other.js" } })).toHaveLength(1)
  })

  it("names only files that the build makes", () => {
    builtIndex()
    const targets = [...Object.values(manifest.exports), ...Object.values(manifest.bin)]
    for (const target of targets.flatMap((value) => (typeof value === "string" ? value : Object.values(value)))) {
      expect(existsSync(root + target), `${target} exists`).toBe(true)
    }
  })

  it("has a command that can be executed", () => {
    builtIndex()
    for (const command of Object.values(manifest.bin)) {
      expect(statSync(root + command).mode & 0o111, `${command} is executable`).not.toBe(0)
    }
  })
})
