import { spawnSync } from "node:child_process"
import { root } from "./manifest.ts"

/** Runs a command of this repository, its output passed on, and ends the script if it fails. */
export function run(command: string, args: ReadonlyArray<string>, options: { readonly cwd?: string } = {}): void {
  const { status, error } = spawnSync(command, args, { cwd: options.cwd ?? root, stdio: "inherit" })
  if (error !== undefined) throw error
  if (status !== 0) {
    console.error(`Expected \`${[command, ...args].join(" ")}\` to succeed, got exit status ${status}`)
    process.exit(status ?? 1)
  }
}
