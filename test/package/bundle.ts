import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { build } from "esbuild"
import { rolldown } from "rolldown"

/** Makes one file of a program for a page. */
export type Bundler = (program: string, options: { readonly minify: boolean }) => Promise<string>

/** Both take `sideEffects: false` at its word, but not in the same way. */
export const bundlers: Readonly<Record<string, Bundler>> = { esbuild, rolldown: rollup }

async function esbuild(program: string, { minify }: { minify: boolean }): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: import.meta.dirname },
    bundle: true,
    minify,
    format: "esm",
    target: "es2022",
    platform: "browser",
    external: ["node:*"],
    write: false,
  })
  return outputFiles[0]?.text ?? ""
}

async function rollup(program: string, { minify }: { minify: boolean }): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "rapid-fiber-bundle-"))
  try {
    const input = join(folder, "program.js")
    writeFileSync(input, program)
    const bundle = await rolldown({ input, platform: "browser", external: /^node:/, logLevel: "silent" })
    const { output } = await bundle.generate({ format: "esm", minify, codeSplitting: false })
    return output[0].code
  } finally {
    rmSync(folder, { recursive: true })
  }
}
