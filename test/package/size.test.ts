import { gzipSync } from "node:zlib"
import { build } from "esbuild"
import { describe, expect, it } from "vitest"
import { builtIndex } from "./dist.ts"

const kilobyte = 1024

/** Bytes that a page loads for this import: bundled, minified, gzipped. */
async function sizeOf(names: string): Promise<number> {
  const contents = `import { ${names} } from ${JSON.stringify(builtIndex())}; console.log(${names})`
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: import.meta.dirname },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    platform: "browser",
    external: ["node:*"],
    write: false,
  })
  return gzipSync(outputFiles[0]?.contents ?? new Uint8Array(), { level: 9 }).length
}

describe("bundle size", () => {
  it("of `import { Task }` is at most 10 KB, minified and gzipped", async () => {
    const bytes = await sizeOf("Task")
    console.log(`import { Task }: ${(bytes / kilobyte).toFixed(2)} KB min+gzip`)
    expect(bytes).toBeLessThanOrEqual(10 * kilobyte)
  })
})
