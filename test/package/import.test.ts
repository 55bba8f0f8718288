import { execFileSync } from "node:child_process"
import { pathToFileURL } from "node:url"
import { build } from "esbuild"
import { entries } from "../../scripts/entries.ts"
import { root } from "../../scripts/manifest.ts"
import { describe, expect, it } from "vitest"
import { builtIndex } from "./dist.ts"

/** Runs in a fresh process: imports the module, and tells what that left behind. */
const probe = `
const settle = () => new Promise((resolve) => realTimeout(resolve, 20))
const realTimeout = setTimeout
const scheduling = ["setTimeout", "setInterval", "setImmediate", "queueMicrotask", "MessageChannel", "fetch"]
const calls = []
for (const name of scheduling) {
  const real = globalThis[name]
  globalThis[name] = new Proxy(real, {
    apply: (target, self, args) => (calls.push(name), Reflect.apply(target, self, args)),
    construct: (target, args) => (calls.push(name), Reflect.construct(target, args)),
  })
}
const names = () => Reflect.ownKeys(globalThis).map(String)
const builtIns = [Object, Array, Function, Promise, Symbol, AbortSignal]
const members = () => builtIns.flatMap((type) => [type, type.prototype].flatMap((value) => Reflect.ownKeys(value).map(String)))
const resources = () => process.getActiveResourcesInfo()
const listeners = () => process.eventNames().map(String)
const look = () => ({ globals: names(), members: members(), resources: resources(), listeners: listeners() })
const before = look()
await import(process.argv[1])
await settle() // the loader closes its own handles
const after = look()
process.stdout.write(JSON.stringify({ before, after, calls }), () => process.exit())
`

/** The subpaths that browsers may import. */
const portable = entries.filter(({ subpath }) => subpath !== undefined && subpath !== "./node")

type Look = Record<"globals" | "members" | "resources" | "listeners", string[]>

function importAlone(address: string): { before: Look; after: Look; calls: string[] } {
  const args = ["--input-type=module", "--eval", probe, address]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }))
}

describe("importing the built package", () => {
  it("arms no timer, holds no handle, and adds no global, member or listener", () => {
    const { before, after, calls } = importAlone(pathToFileURL(builtIndex()).href)
    expect(calls).toEqual([])
    expect(after).toEqual(before)
  })

  it("is noticed when it does one of these", () => {
    const noisy = `data:text/javascript,setTimeout(() => {}, 60_000); globalThis.leak = 1; Promise.prototype.leak = 1`
    const { before, after, calls } = importAlone(noisy)
    expect(calls).toEqual(["setTimeout"])
    expect(after.globals).toHaveLength(before.globals.length + 1)
    expect(after.resources).toEqual([...before.resources, "Timeout"])
    expect(after.members).toHaveLength(before.members.length + 1)
  })

  it.each(portable)("needs no module of Node at once: $subpath", async ({ output }) => {
    builtIndex()
    const { metafile } = await build({
      entryPoints: [root + output],
      bundle: true,
      // What is loaded later is a file of its own.
      splitting: true,
      outdir: "out",
      format: "esm",
      platform: "neutral",
      external: ["node:*", "hono", "hono/*", "@hono/*", "@opentelemetry/api", "pino"],
      metafile: true,
      write: false,
    })
    const atOnce = Object.entries(metafile.outputs).filter(([, { entryPoint }]) => entryPoint?.endsWith(output))
    const seen = new Set(atOnce.map(([path]) => path))
    for (const path of seen) {
      for (const one of metafile.outputs[path]?.imports ?? []) {
        if (one.kind === "import-statement" && one.external !== true) seen.add(one.path)
      }
    }
    expect(seen.size).toBeGreaterThan(0)
    const outside = [...seen].flatMap(
      (path) => metafile.outputs[path]?.imports.filter(({ external }) => external) ?? [],
    )
    const peers = output === "dist/opentelemetry.js" ? ["@opentelemetry/api"] : []
    expect(outside.filter(({ kind, path }) => kind === "import-statement" && !peers.includes(path))).toEqual([])
  })
})
