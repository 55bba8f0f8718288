import { readdirSync, readFileSync } from "node:fs"
import { readManifest, root } from "./manifest.ts"
import { violations } from "./rooms.ts"

/** Part of `npm run lint`: fails if a file of src imports against the order of the rooms. */
const names = readdirSync(`${root}src`, { recursive: true, encoding: "utf8" })
  .map((name) => `src/${name.replaceAll("\\", "/")}`)
  .filter((name) => name.endsWith(".ts"))
const files = new Map(names.map((name) => [name, readFileSync(root + name, "utf8")]))

const found = violations(files, new Set(Object.keys(readManifest().peerDependencies ?? {})))
for (const { file, line, message } of found) console.error(`${file}:${line}: ${message}`)
console.log(`rooms: ${files.size} files, ${found.length} violations`)
process.exitCode = found.length > 0 || files.size === 0 ? 1 : 0
