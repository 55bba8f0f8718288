import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { pageModule } from "../../scripts/build-page.ts"
import { assets } from "../../src/monitor/page/assets.ts"

describe("the assets of the live page", () => {
  it("are those that scripts/build-page.ts makes of the folder `page`: run `npx tsx scripts/build-page.ts`", async () => {
    const kept = readFileSync(new URL("../../src/monitor/page/assets.ts", import.meta.url), "utf8")
    // Not shown side by side: they are long.
    expect(kept === (await pageModule())).toBe(true)
  })

  it("carry the licences of the packages in them", () => {
    for (const path of ["/page.js", "/page.css"]) {
      const { body } = assets[path]
      expect(body.match(/The above copyright notice and this permission notice/g)).toHaveLength(2)
      expect(body).toContain("Copyright (c) 2015-present Jason Miller")
      expect(body).toMatch(/Copyright \(c\) \d+ Leon Sorokin/)
    }
  })

  it("set no HTML of strings but by Preact's own property, which the page does not use", () => {
    const { body } = assets["/page.js"]
    expect(body).not.toMatch(/dangerouslySetInnerHTML:\{|insertAdjacentHTML|document\.write|\beval\(|new Function/)
  })

  it("load nothing from elsewhere", () => {
    for (const { body } of Object.values(assets)) {
      const code = body.replace(/^\/\*![\s\S]*?\*\//, "")
      expect(
        code.match(/(?:https?:)?\/\/[a-z\d.-]+\.[a-z]{2,}/gi)?.filter((url) => !url.includes("www.w3.org")) ?? [],
      ).toEqual([])
    }
  })
})
