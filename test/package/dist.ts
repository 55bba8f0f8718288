import { existsSync } from "node:fs"
import { entries } from "../../scripts/entries.ts"
import { root } from "../../scripts/manifest.ts"

/** The built file of the `.` export. Fails, rather than skips, where nothing has been built. */
export function builtIndex(): string {
  for (const { output } of entries) {
    if (!existsSync(root + output)) throw new Error(`Expected ${output} to exist: run npm run build`)
  }
  return `${root}dist/index.js`
}
