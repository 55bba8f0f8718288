import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { fileURLToPath, pathToFileURL } from "node:url"
import { build, transform } from "esbuild"
import { afterAll, beforeAll, expect, it } from "vitest"

/** A program in a process of its own, as users start it, with the library bundled as it is published. */
const root = fileURLToPath(new URL("../../", import.meta.url))
const folder = mkdtempSync(`${tmpdir()}/traces-`)
const library = `${folder}/node_modules/rapid-fiber`

beforeAll(async () => {
  await build({
    entryPoints: { index: `${root}src/index.ts`, "trace/on": `${root}src/trace/on.ts` },
    outdir: `${library}/dist`,
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    ignoreAnnotations: true,
    logLevel: "error",
  })
  writeFileSync(`${library}/package.json`, JSON.stringify({ type: "module", exports: { ".": "./dist/index.js" } }))
})

afterAll(() => rmSync(folder, { recursive: true }))

const TYPESCRIPT = `import { Task } from "rapid-fiber"

interface Padding {
  readonly lines: number
}

const load = (): Task<number> =>
  Task.sync((): number => {
    throw new Error("boom")
  })

const program = load().flatMap((n) => Task.pure(n))

program.catch((error) => Task.sync(() => console.log((error as Error).stack))).runAndForget()
`

// Deno finds packages by an import map.
it.skipIf("Deno" in globalThis)(
  "a trace shows the lines of the source, also of tasks that modules make while they load",
  async () => {
    const { code } = await transform(TYPESCRIPT, {
      loader: "ts",
      sourcemap: "inline",
      sourcefile: "app.ts",
      minifyWhitespace: true,
    })
    mkdirSync(`${folder}/app`)
    writeFileSync(`${folder}/app/app.mjs`, code)
    const on = pathToFileURL(`${library}/dist/trace/on.js`).href
    const output = execFileSync(process.execPath, ["--enable-source-maps", "--import", on, `${folder}/app/app.mjs`], {
      encoding: "utf8",
    })
    const lines = output.trim().split("\n")
    expect(lines[0]).toBe("Error: boom")
    const places = lines.slice(1).map((line) => line.replace(/\(?(?:file:\/\/)?\/[^()]*\/app\//, "(").trim())
    expect(places.slice(0, 2)).toEqual([
      expect.stringMatching(/^at .*\(app\.ts:9:11\)?$/),
      expect.stringMatching(/^at <sync> load \(app\.ts:8:8\)$/),
    ])
    expect(places[2]).toMatch(/^at <flatMap> \(app\.ts:12:24\)$/)
    expect(places[3]).toMatch(/^at <catch> \(app\.ts:14:9\)$/)
    expect(output).not.toContain("/dist/")
  },
)
