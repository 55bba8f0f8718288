import { chmodSync, readFileSync, rmSync, statSync } from "node:fs"
import { build, type BuildOptions, type Metafile } from "esbuild"
import { disagreements, entries, type Entry } from "./entries.ts"
import { readManifest, root } from "./manifest.ts"
import { run } from "./run.ts"

/** Cleans dist, lets tsc check and emit the types, and bundles one ESM file per entry with shared chunks. */
const quiet = process.argv.includes("--quiet")
const started = performance.now()

const wrong = disagreements(readManifest())
for (const message of wrong) console.error(message)
if (wrong.length > 0) process.exit(1)

rmSync(`${root}dist`, { recursive: true, force: true })
run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"])

const shared = {
  absWorkingDir: root,
  outdir: "dist",
  bundle: true,
  format: "esm",
  target: "es2022",
  // Puts the constants of the hot loop in place; names and layout stay readable.
  minifySyntax: true,
  sourcemap: true,
  legalComments: "none",
  // Takes `import "…"` at its word, though the package is free of side effects: an entry may have to bring the runtime along.
  ignoreAnnotations: true,
  metafile: true,
  logLevel: "warning",
} satisfies BuildOptions

const library = entries.filter(({ subpath }) => subpath !== undefined)
const commands = entries.filter(({ bin }) => bin !== undefined)
const built = await Promise.all([
  build({
    ...shared,
    entryPoints: points(library),
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    platform: "neutral",
    // Node's modules are reached by `import()` at the moment of use; `npm run lint` keeps them off the top level.
    external: ["node:*", ...Object.keys(readManifest().peerDependencies ?? {})],
  }),
  ...commands.map((entry) =>
    build({ ...shared, entryPoints: points([entry]), platform: "node", banner: { js: hashbangFor(entry) } }),
  ),
])
for (const { output } of commands) chmodSync(root + output, 0o755)
if (!quiet) report(built.map(({ metafile }) => metafile))

function points(list: ReadonlyArray<Entry>): Record<string, string> {
  return Object.fromEntries(list.map(({ source, output }) => [output.replace(/^dist\/|\.js$/g, ""), source]))
}

/** A command starts with a hashbang: its own, if the source has one, for esbuild keeps it. */
function hashbangFor({ source }: Entry): string {
  return readFileSync(root + source, "utf8").startsWith("#!") ? "" : "#!/usr/bin/env node"
}

function report(metafiles: ReadonlyArray<Metafile>): void {
  const outputs = metafiles.flatMap(({ outputs: files }) => Object.keys(files)).filter((name) => name.endsWith(".js"))
  for (const name of outputs) console.log(`${name}  ${(statSync(root + name).size / 1024).toFixed(1)} KB`)
  console.log(`built in ${((performance.now() - started) / 1000).toFixed(1)} s`)
}
