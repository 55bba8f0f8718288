import { spawn } from "node:child_process"
import { readdirSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { Task } from "rapid-fiber"
import { folder, isNode } from "./folder.ts"

const root = fileURLToPath(new URL("../../", import.meta.url))
interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function example(
  name: string,
  args: readonly string[],
  temporary: string,
): { ended: Promise<Ended>; kill: (signal: NodeJS.Signals) => void } {
  const child = spawn(process.execPath, ["--import", "tsx", `examples/${name}`, ...args], {
    cwd: root,
    env: { ...process.env, TMPDIR: temporary },
    stdio: ["ignore", "pipe", "pipe"],
  })
  let [out, err] = ["", ""]
  child.stdout.on("data", (chunk) => (out += String(chunk)))
  child.stderr.on("data", (chunk) => (err += String(chunk)))
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject)
    child.on("close", (code) => resolve({ code, out, err }))
  })
  return { ended, kill: (signal) => void child.kill(signal) }
}

// The examples are TypeScript, and import the package by its name: on Node, tsx knows what that means.
describe.runIf(isNode)("the example import-ndjson", () => {
  /** Runs it; yields the peak of its memory in megabytes. */
  async function peakOf(size: number, rows: string): Promise<number> {
    const temporary = folder()
    const { code, out, err } = await example("import-ndjson.ts", [String(size)], temporary).ended
    expect({ code, err }).toEqual({ code: 0, err: "" })
    expect(out).toMatch(new RegExp(String.raw`^wrote     ${size} MB in [\d.]+ s, [\d,]+ MB/s\n`))
    expect(out).toMatch(
      new RegExp(String.raw`^imported  ${size} MB in [\d.]+ s, [\d,]+ MB/s\n +${rows} rows, revenue`, "m"),
    )
    expect(Number(/(\d+) batches at once/.exec(out)?.[1])).toBeLessThanOrEqual(32)
    expect(readdirSync(temporary).filter((name) => name.startsWith("import-ndjson"))).toEqual([])
    return Number(/^peak RSS +([\d,]+) MB$/m.exec(out)?.[1].replace(",", ""))
  }

  it("imports every row, in memory that does not grow with the file", async () => {
    const small = await peakOf(8, "48,981")
    const large = await peakOf(136, "827,130")
    console.log(`import-ndjson: peak RSS ${small} MB for a file of 8 MB, ${large} MB for one of 136 MB`)
    // Rows that were held would take several times the 128 MB.
    expect(large - small).toBeLessThan(96)
  })

  it("stops and removes its file when it is interrupted", async () => {
    const temporary = folder()
    const running = example("import-ndjson.ts", ["500"], temporary)
    const files = (): string[] => readdirSync(temporary, { recursive: true, encoding: "utf8" })
    await Task.until(() => files().some((name) => name.endsWith(".tmp")), { every: 10 })
    running.kill("SIGINT")
    expect(await running.ended).toMatchObject({ code: 130, out: "", err: "cancelled\n" })
    expect(files().filter((name) => name.startsWith("import-ndjson"))).toEqual([])
  })

  it("says what is wrong with its argument", async () => {
    const { code, err } = await example("import-ndjson.ts", ["large"], folder()).ended
    expect(code).toBe(1)
    expect(err).toContain('Expected the size to be a number of megabytes > 0, got "large".')
  })
})
