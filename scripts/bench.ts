import { existsSync } from "node:fs"
import { root } from "./manifest.ts"
import { run } from "./run.ts"

/** Runs the benchmarks, a package of its own, so that rivals never enter the root lock. */
const folder = `${root}bench`
if (!existsSync(`${folder}/node_modules`)) run("npm", ["ci"], { cwd: folder })
run("npm", ["start", "--silent", "--", ...process.argv.slice(2)], { cwd: folder })
