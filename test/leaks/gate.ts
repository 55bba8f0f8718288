import { spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"
import type { Findings } from "./measure.ts"
import type { Report } from "./report.ts"
import type { Form, Shape } from "./shape.ts"

/** Measures shapes, each in a process of its own that can be told to collect. Close it. */
export interface Gate extends Disposable {
  /**
   * The short form takes a fraction of a second; the long one runs as in production, for seconds. `patience`: the
   * milliseconds that the process may take to end when nothing is left to do.
   */
  measure(shape: Shape, form: Form, patience?: number): Promise<Report>
}

/** One file of the sources as they are and of the shapes, so that any host runs it at once, without a build. */
export async function openGate(): Promise<Gate> {
  const folder = mkdtempSync(join(tmpdir(), "leaks-"))
  const program = join(folder, "child.mjs")
  await build({
    entryPoints: [fileURLToPath(new URL("./child.ts", import.meta.url))],
    outfile: program,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "es2022",
    // As in the build.
    minifySyntax: true,
    // The package is free of side effects; here they are wanted.
    ignoreAnnotations: true,
    tsconfig: fileURLToPath(new URL("../tsconfig.json", import.meta.url)),
    logLevel: "warning",
  })
  return {
    measure: (shape, form, patience = 5_000) => measured(program, shape, form, patience),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Milliseconds that a process may take: a program that does not go on is a failure. */
const LONGEST = { short: 50_000, long: 900_000 } as const

const LONG = ["--expose-gc", "--no-flush-bytecode"]
/** Without optimizers and what they gather on the way, the heap is still from the first rounds on, to the byte. */
const SHORT = [
  ...LONG,
  "--no-opt",
  "--no-maglev",
  "--no-sparkplug",
  "--no-lazy-feedback-allocation",
  "--single-threaded-gc",
]

/** How this host is told to offer its collector; Bun does so by itself. */
function argumentsFor(form: Form): string[] {
  const flags = form === "short" ? SHORT : LONG
  if ("Bun" in globalThis) return []
  return "Deno" in globalThis ? ["run", "-A", `--v8-flags=${flags.join(",")}`] : flags
}

/** What the parent was told is not for the child: coverage, and flags of its own. */
function environmentFor(form: Form): NodeJS.ProcessEnv {
  const env = { ...process.env, NODE_OPTIONS: "", NODE_V8_COVERAGE: undefined }
  return form === "short" ? { ...env, BUN_JSC_useJIT: "0" } : env
}

function measured(program: string, { name, origin }: Shape, form: Form, patience: number): Promise<Report> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...argumentsFor(form), program, name, form], {
      stdio: ["ignore", "pipe", "pipe"],
      env: environmentFor(form),
    })
    let [out, err] = ["", ""]
    let lingers = false
    const stuck = setTimeout(() => child.kill("SIGKILL"), LONGEST[form])
    let lingering: ReturnType<typeof setTimeout> | undefined
    child.stderr.on("data", (chunk) => (err += String(chunk)))
    child.stdout.on("data", (chunk) => {
      out += String(chunk)
      if (!out.includes("\n")) return
      lingering ??= setTimeout(() => {
        lingers = true
        child.kill("SIGKILL")
      }, patience)
    })
    child.on("error", reject)
    child.on("close", (code) => {
      clearTimeout(stuck)
      clearTimeout(lingering)
      if (!out.includes("\n") || (code !== 0 && !lingers)) {
        reject(
          new Error(
            `Expected a report of ${name}, got ${code === null ? "a process that had to be killed" : `exit status ${code}`}: ${err}`,
          ),
        )
      } else resolve({ name, origin, lingers, ...(JSON.parse(out) as Findings) })
    })
  })
}
