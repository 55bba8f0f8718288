import type { Manifest } from "./manifest.ts"

/** A file that the package offers: an import subpath, or a command. */
export type Entry = { readonly source: string; readonly output: string } & (
  | { readonly subpath: string; readonly bin?: never }
  | { readonly bin: string; readonly subpath?: never }
)

/** The one list of entries. A new subpath is one line here and one in the `exports` of package.json. */
export const entries: ReadonlyArray<Entry> = [
  { subpath: ".", source: "src/index.ts", output: "dist/index.js" },
  { subpath: "./cron", source: "src/cron/index.ts", output: "dist/cron.js" },
  { subpath: "./node", source: "src/node/index.ts", output: "dist/node.js" },
  { subpath: "./monitor", source: "src/monitor/index.ts", output: "dist/monitor.js" },
  { subpath: "./opentelemetry", source: "src/opentelemetry/index.ts", output: "dist/opentelemetry.js" },
  { subpath: "./pino", source: "src/pino/index.ts", output: "dist/pino.js" },
  { subpath: "./testing", source: "src/testing/index.ts", output: "dist/testing.js" },
  { subpath: "./trace", source: "src/trace/index.ts", output: "dist/trace.js" },
  { subpath: "./trace/on", source: "src/trace/on.ts", output: "dist/trace-on.js" },
  { bin: "rapid-fiber", source: "src/cli/main.ts", output: "dist/cli.js" },
]

/** What package.json must say for these entries; tsc puts each declaration where the source lies under src. */
export function expectedManifest(list: ReadonlyArray<Entry> = entries): Pick<Manifest, "exports" | "bin"> {
  const exports: Record<string, string | { types: string; default: string }> = {}
  const bin: Record<string, string> = {}
  for (const entry of list) {
    if (entry.subpath === undefined) bin[entry.bin] = `./${entry.output}`
    else exports[entry.subpath] = { types: `./${declarationOf(entry.source)}`, default: `./${entry.output}` }
  }
  return { exports: { ...exports, "./package.json": "./package.json" }, bin }
}

/** Where package.json and the list of entries disagree, one sentence each. */
export function disagreements(
  manifest: Pick<Manifest, "exports" | "bin">,
  list: ReadonlyArray<Entry> = entries,
): ReadonlyArray<string> {
  const expected = expectedManifest(list)
  return (["exports", "bin"] as const).flatMap((field) => {
    const names = new Set([...Object.keys(expected[field]), ...Object.keys(manifest[field])])
    return [...names].flatMap((name) => {
      const [want, have] = [JSON.stringify(expected[field][name]), JSON.stringify(manifest[field][name])]
      if (want === have) return []
      return [
        `Expected \`${field}["${name}"]\` of package.json to be ${want ?? "absent"}, got ${have ?? "nothing"}: ` +
          "make it agree with the list in scripts/entries.ts",
      ]
    })
  })
}

function declarationOf(source: string): string {
  return source.replace(/^src\//, "dist/").replace(/\.ts$/, ".d.ts")
}
