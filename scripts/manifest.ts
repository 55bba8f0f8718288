import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

/** The repository's root, with a slash at its end. */
export const root: string = fileURLToPath(new URL("..", import.meta.url))

/** What the scripts read of package.json. */
export type Manifest = {
  readonly version: string
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>
  readonly bin: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

export function readManifest(): Manifest {
  return JSON.parse(readFileSync(`${root}package.json`, "utf8")) as Manifest
}
