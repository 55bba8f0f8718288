import { existsSync } from "node:fs"
import { root } from "./manifest.ts"
import { run } from "./run.ts"

/** Builds the library and runs the benchmarks, a package of their own, so that rivals never enter the root lock. */
const folder = `${root}bench`
run("npm", ["run", "--silent", "build", "--", "--quiet"])
if (!existsSync(`${folder}/node_modules`)) run("npm", ["ci"], { cwd: folder })
run("npm", ["start", "--silent", "--", ...process.argv.slice(2)], { cwd: folder })
