import { existsSync, statSync } from "node:fs"
import { root } from "./manifest.ts"
import { run } from "./run.ts"

/** Builds the library and runs the benchmarks, a package of their own, so that rivals never enter the root lock. */
const folder = `${root}bench`
run("npm", ["run", "--silent", "build", "--", "--quiet"])
// What npm has installed is older than the lock where that has changed since.
const installed = `${folder}/node_modules/.package-lock.json`
const stale = !existsSync(installed) || statSync(installed).mtimeMs < statSync(`${folder}/package-lock.json`).mtimeMs
if (stale) run("npm", ["ci"], { cwd: folder })
run("npm", ["start", "--silent", "--", ...process.argv.slice(2)], { cwd: folder })
