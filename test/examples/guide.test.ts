import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8")

/** Excerpts are moved to the left. */
const unindented = (text: string): string => text.replaceAll(/^ +/gm, "")

/** A block marked `typescript` in the chapter on servers is an excerpt; those marked `ts` are run, as in all chapters. */
const blocks = [...read("docs/guide/20-servers.md").matchAll(/^```typescript\n([\s\S]*?)^```$/gm)]
const excerpts = blocks.map((block, index) => ({ number: index + 1, text: unindented(block[1]) }))
const examples = ["hono", "fastify", "edge"].map((name) => unindented(read(`examples/${name}.ts`)))

describe("the chapter on servers", () => {
  it.each(excerpts)("quotes an example word for word: excerpt $number", ({ text }) => {
    expect(
      examples.some((example) => example.includes(text)),
      text,
    ).toBe(true)
  })

  it("has excerpts", () => expect(excerpts.length).toBeGreaterThan(4))
})
