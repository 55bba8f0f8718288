import { describe } from "../data/index.ts"
import { Stream } from "../stream/index.ts"
import { mustKnow } from "../task/index.ts"
import { type FilePath, pathOf } from "./file-path.ts"
import { lines } from "./lines.ts"
import { mustBeStream } from "./must-be-stream.ts"
import { NdjsonError } from "./ndjson-error.ts"
import type { ReadFileOptions } from "./read-file.ts"

/** What `parseNdjson` may be told. */
export interface ParseNdjsonOptions {
  /** Where the lines are from, for the error. */
  readonly file?: string
}

/**
 * The values in a file of JSON lines (NDJSON, JSON Lines): each line is parsed, blank ones are left out. The type of the
 * values is the caller's word: nothing checks it. The file is opened, closed and waited for as by `readFile`.
 *
 * Fails with an `NdjsonError` that names file and line at the first line that is not JSON; the values before it stand.
 *
 * @param options Those of `readFile`; `encoding` is "utf-8" by default.
 * @throws TypeError, RangeError at the call, for a path that is none and for options out of their range.
 *
 * @example
 * ```ts
 * import { ndjson, writeFile } from "rapid-fiber/node"
 * const path = `${process.getBuiltinModule("node:os").tmpdir()}/users-${process.pid}.ndjson`
 * await writeFile(Stream.of({ name: "ada" }, { name: "grace" }).map((row) => `${JSON.stringify(row)}\n`), path)
 * await ndjson<{ name: string }>(path).map(({ name }) => name).toArray() // ["ada", "grace"]
 * process.getBuiltinModule("node:fs").rmSync(path)
 * ```
 */
export function ndjson<A = unknown>(path: FilePath, options: ReadFileOptions = {}): Stream<A, NdjsonError> {
  return parseNdjson<A>(lines(path, options), { file: pathOf(path, "ndjson") })
}

/**
 * The same for lines from anywhere: each element is one line, as `stream.lines()` makes them of text.
 *
 * @throws TypeError at the call, for what is no Stream.
 *
 * @example
 * ```ts
 * import { parseNdjson } from "rapid-fiber/node"
 * const { body } = new Response(`{"id":1}\n\n{"id":2}\n`)
 * await parseNdjson(Stream.from(body ?? []).decode().lines()).toArray() // [{ id: 1 }, { id: 2 }]
 * ```
 */
export function parseNdjson<A = unknown, E = never>(
  stream: Stream<string, E>,
  options?: ParseNdjsonOptions,
): Stream<A, E | NdjsonError> {
  mustBeStream(stream, "parseNdjson")
  mustKnow(options, ["file"], "parseNdjson")
  return Stream.defer((): Stream<A, E | NdjsonError> => {
    let count = 0
    // No line parses to undefined: so it can say that there is nothing.
    return stream.collect((line) => valueOf(line, ++count, options?.file) as A | undefined)
  })
}

function valueOf(line: string, count: number, file: string | undefined): unknown {
  if (typeof line !== "string") {
    throw new TypeError(
      `Expected the elements of parseNdjson to be lines of text, got ${describe(line)}. Of bytes: stream.decode().lines().`,
    )
  }
  if (line.trim() === "") return undefined
  try {
    return JSON.parse(line)
  } catch (error) {
    throw new NdjsonError(line, count, file, error)
  }
}
