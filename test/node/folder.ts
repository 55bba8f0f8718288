import { execFileSync } from "node:child_process"
import { mkdtempSync, readdirSync, readlinkSync, realpathSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { onTestFinished } from "vitest"

/** A directory of this test's own, which is gone after it. */
export function folder(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "rapid-fiber-node-")))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** Not Bun, which reads a directory at once and holds none open, and not Deno, which closes one when it is collected. */
export const isNode = !("bun" in process.versions) && !("deno" in process.versions)

/** What this process holds open at or below a path. Only Linux tells; elsewhere it is nothing. */
export function openBelow(path: string): string[] {
  if (process.platform !== "linux") return []
  return readdirSync("/proc/self/fd").flatMap((descriptor) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${descriptor}`)
      return target.startsWith(path) ? [target] : []
    } catch {
      // The one by which they were listed.
      return []
    }
  })
}

/** Makes a pipe with a name, of which there is none on Windows. */
export function makePipe(path: string): string {
  execFileSync("/usr/bin/env", ["mkfifo", path])
  return path
}

/** Bytes that differ from place to place. */
export function pattern(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8)) % 251)
}

export function concat(chunks: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(chunks))
}
