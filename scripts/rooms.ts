import { posix } from "node:path"

/** The rooms of src, in order: a room imports only from rooms to its left, through their index.ts. */
export const rooms: ReadonlyArray<string> = [
  "data",
  "clock",
  "task",
  "fiber",
  "log",
  "runtime",
  "sync",
  "stream",
  "interop",
  "trace",
  "pino",
  "opentelemetry",
  "cron",
  "testing",
  "monitor",
  "workers",
  "cluster",
  "cli",
  "node",
]

/** The operation shapes: who follows a fiber step by step reads them past the index, since a bundler inlines what comes from there. */
const shapes = "src/task/node.ts"
const seesShapes = new Set(["fiber", "trace", "testing"])

/** The public entry gathers every room but these, which have a subpath or a command of their own. */
const outsideIndex = new Set(["trace", "pino", "opentelemetry", "cron", "testing", "monitor", "cli", "node"])

/** The command is a user of the library: it may import what users import. */
const usesPublicEntry = new Set(["cli"])

/** Only these rooms may need Node as soon as they are imported. */
const nodeRooms = new Set(["cli", "node"])

/** A broken rule: what was expected, what was found, and what to do. */
export type Violation = { readonly file: string; readonly line: number; readonly message: string }

type Import = { readonly specifier: string; readonly line: number; readonly atTop: boolean }

/** Checks every file, given as path from the repository's root to text. `packages` are those that src may import. */
export function violations(
  files: ReadonlyMap<string, string>,
  packages: ReadonlySet<string> = new Set(),
): ReadonlyArray<Violation> {
  return [...files].flatMap(([file, text]) => {
    const placed = placeError(file)
    if (placed !== undefined) return [{ file, line: 1, message: placed }]
    return importsOf(text).flatMap((found) => {
      const message = importError(file, found, packages)
      return message === undefined ? [] : [{ file, line: found.line, message }]
    })
  })
}

function placeError(file: string): string | undefined {
  const room = roomOf(file)
  if (file === "src/index.ts" || rooms.includes(room)) return undefined
  return complaint(
    `a file of src to lie in a room (${rooms.join(", ")})`,
    `\`${file}\``,
    "move it into a room, or add the room to the list in scripts/rooms.ts",
  )
}

function importError(file: string, found: Import, packages: ReadonlySet<string>): string | undefined {
  const { specifier } = found
  if (specifier.startsWith(".")) return relativeError(file, specifier)
  if (specifier.startsWith("node:")) {
    if (!found.atTop || nodeRooms.has(roomOf(file))) return undefined
    return complaint(
      "no `node:` import at the top level outside src/cli and src/node",
      `\`${specifier}\``,
      "use what every platform has, `process.getBuiltinModule`, or `import()` at the moment of use",
    )
  }
  if (packages.has(packageOf(specifier))) return undefined
  return complaint(
    "no import from another package: there are no runtime dependencies",
    `\`${specifier}\``,
    "write it here, or make it an optional peer dependency of its own subpath",
  )
}

function relativeError(file: string, specifier: string): string | undefined {
  const target = posix.join(posix.dirname(file), specifier)
  const [from, to] = [roomOf(file), roomOf(target)]
  if (!target.startsWith("src/")) {
    return complaint("imports to stay inside src", `\`${target}\``, "move what is needed into a room")
  }
  if (target === "src/index.ts") {
    if (usesPublicEntry.has(from)) return undefined
    return complaint("no file of src to import the public entry", `\`${specifier}\``, "import the room's index.ts")
  }
  if (target === shapes && seesShapes.has(from)) return undefined
  if (file === "src/index.ts" ? outsideIndex.has(to) : rooms.indexOf(to) > rooms.indexOf(from)) {
    return complaint(
      `${file === "src/index.ts" ? "src/index.ts" : `room \`${from}\``} to import only from ${allowed(file, from)}`,
      `room \`${to}\` (\`${target}\`)`,
      "move the shared part to a room further left, or pass it in as a parameter",
    )
  }
  if (from === to || target === `src/${to}/index.ts`) return undefined
  return complaint(
    `another room to be imported through \`src/${to}/index.ts\``,
    `\`${target}\``,
    `export it from that index (marked @internal if users must not see it) and import that`,
  )
}

function allowed(file: string, from: string): string {
  if (file === "src/index.ts") return rooms.filter((room) => !outsideIndex.has(room)).join(", ")
  return rooms.slice(0, rooms.indexOf(from)).join(", ") || "nowhere"
}

function complaint(expected: string, actual: string, remedy: string): string {
  return `Expected ${expected}, got ${actual}: ${remedy}`
}

function roomOf(file: string): string {
  return file.split("/")[1] ?? ""
}

function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/")
}

// Formatted sources start their import and export statements in column 0, and docstrings never do.
const statement = /^(?:import|export)\b(?:[^"';]*?\bfrom)?\s*"([^"]+)"/gm
const call = /\bimport\(\s*"([^"]+)"/g

function importsOf(text: string): ReadonlyArray<Import> {
  const code = text.replace(/^[ \t]*(?:\/?\*|\/\/).*$/gm, "")
  const find = (pattern: RegExp, atTop: boolean): Import[] =>
    [...code.matchAll(pattern)].map((match) => ({
      specifier: match[1] ?? "",
      line: code.slice(0, match.index + match[0].length).split("\n").length,
      atTop,
    }))
  return [...find(statement, true), ...find(call, false)]
}
