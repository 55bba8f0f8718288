import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { disagreements, entries } from "./entries.ts"
import { readManifest, root } from "./manifest.ts"
import { run } from "./run.ts"

/** Looks at the packed tarball as its users' tools do: publint, attw, and a strict TypeScript consumer. */
const missing = entries.filter(({ output }) => !existsSync(root + output))
if (missing.length > 0) fail(missing.map(({ output }) => `Expected ${output} to exist: run npm run build`))
const wrong = disagreements(readManifest())
if (wrong.length > 0) fail(wrong)

const folder = mkdtempSync(join(tmpdir(), "rapid-fiber-package-"))
process.on("exit", () => rmSync(folder, { recursive: true, force: true }))

execFileSync("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder], { cwd: root })
const tarball = join(folder, `rapid-fiber-${readManifest().version}.tgz`)
run(tool("publint"), [tarball, "--strict"])
run(tool("attw"), [tarball, "--profile", "esm-only", "--no-summary", "--no-emoji", "--no-color"])
checkConsumer()

/** The declarations must hold without skipLibCheck: `stripInternal` could have removed what another one imports. */
function checkConsumer(): void {
  const installed = join(folder, "node_modules/rapid-fiber")
  mkdirSync(installed, { recursive: true })
  execFileSync("tar", ["-xzf", tarball, "-C", installed, "--strip-components=1"])
  writeFileSync(join(folder, "package.json"), `{ "type": "module" }`)
  const subpaths = entries.flatMap(({ subpath }) => (subpath === undefined ? [] : [subpath]))
  // Only who imports `./node` needs the types of Node, and only who imports `./opentelemetry` those of its peer.
  checkSubpaths(
    subpaths.filter((subpath) => subpath !== "./node" && subpath !== "./opentelemetry"),
    [],
  )
  checkSubpaths(["./node"], ["node"])
  symlinkSync(join(root, "node_modules/@opentelemetry"), join(folder, "node_modules/@opentelemetry"), "junction")
  checkSubpaths(["./opentelemetry"], [])
}

function checkSubpaths(subpaths: ReadonlyArray<string>, types: ReadonlyArray<string>): void {
  const lines = subpaths.map((subpath, i) => `export * as entry${i} from "rapid-fiber${subpath.slice(1)}"`)
  writeFileSync(join(folder, "consumer.ts"), `${lines.join("\n")}\n`)
  for (const [module, moduleResolution] of [
    ["NodeNext", "NodeNext"],
    ["ESNext", "Bundler"],
  ]) {
    const compilerOptions = {
      module,
      moduleResolution,
      target: "ES2022",
      lib: ["ES2023", "ESNext.Disposable", "DOM"],
      types,
      typeRoots: [join(root, "node_modules/@types")],
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      skipLibCheck: false,
    }
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["consumer.ts"] }))
    run(tool("tsc"), ["-p", folder])
    console.log(`A strict consumer with moduleResolution ${moduleResolution} accepts the declarations.`)
  }
}

function tool(name: string): string {
  return join(root, "node_modules/.bin", name)
}

function fail(messages: ReadonlyArray<string>): never {
  for (const message of messages) console.error(message)
  process.exit(1)
}
