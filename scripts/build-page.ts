import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"
import { root } from "./manifest.ts"

/**
 * Bundles the live page, which lies in `page`, into one module of strings, so that the server needs no files and a user no
 * bundler: `npx tsx scripts/build-page.ts` after a change. The module is part of the sources; a test says when it is old.
 */
const output = "src/monitor/page/assets.ts"

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = await pageModule()
  writeFileSync(root + output, text)
  console.log(`${output}  ${(text.length / 1024).toFixed(1)} KB`)
}

/** The text of the module. */
export async function pageModule(): Promise<string> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: { page: "page/main.tsx", style: "page/style.css" },
    outdir: "out",
    bundle: true,
    minify: true,
    format: "esm",
    target: ["es2023", "chrome123", "firefox121", "safari17.5"],
    jsx: "automatic",
    jsxImportSource: "preact",
    charset: "utf8",
    legalComments: "none",
    metafile: true,
    write: false,
    logLevel: "warning",
  })
  const built = (ending: string): string => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? ""
  const licences = licencesOf(Object.keys(metafile.inputs))
  const files = [
    ["/", "text/html; charset=utf-8", readFileSync(`${root}page/index.html`, "utf8")],
    ["/page.js", "text/javascript; charset=utf-8", `${licences}\n${built("page.js")}`],
    ["/page.css", "text/css; charset=utf-8", `${licences}\n${built("style.css")}`],
  ] as const
  const entries = files.map(
    ([path, type, body]) => `  "${path}": {\n    type: "${type}",\n    body: ${literal(body)},\n  },\n`,
  )
  return (
    "/** Made by scripts/build-page.ts from the folder `page`: change that, and make this anew. */\n" +
    "export const assets: Readonly<Record<string, { readonly type: string; readonly body: string }>> = {\n" +
    `${entries.join("")}}\n`
  )
}

/** A template, so that lines stay lines. */
function literal(text: string): string {
  return `\`${text.replaceAll(/[\\`]|\$\{/g, (found) => `\\${found}`)}\``
}

/** The licences of the packages that are bundled, each with its whole text, as they ask for. */
function licencesOf(inputs: ReadonlyArray<string>): string {
  const folders = inputs.flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? [])
  const texts = [...new Set(folders)].toSorted().map((folder) => {
    const { name, version } = JSON.parse(readFileSync(`${root}${folder}/package.json`, "utf8")) as Record<
      string,
      string
    >
    return `${name} ${version}\n\n${readFileSync(`${root}${folder}/LICENSE`, "utf8").trim()}\n`
  })
  return `/*!\n${texts.join("\n")}*/`
}
