import { describe } from "../data/index.ts"
import type { Stream } from "../stream/index.ts"
import { mustKnow } from "../task/index.ts"
import { fileBytes, sectionOf } from "./file-bytes.ts"
import { type FilePath, pathOf } from "./file-path.ts"

/** Which part of a file to read, and how. */
export interface ReadFileOptions {
  /** How many bytes to read at once: no chunk is longer. An integer >= 1. Default 65 536. */
  readonly chunkSize?: number
  /**
   * The place of the first byte, from 0. Default: the beginning. Of a pipe or a terminal, which have no places, leave it
   * out.
   */
  readonly start?: number
  /** The place of the last byte, which is read, too, as in `fs.createReadStream`. Default Infinity: up to the end. */
  readonly end?: number
  /** Text in place of bytes: a label of the Encoding Standard, such as "utf-8" or "latin1". Default: bytes. */
  readonly encoding?: string
}

/**
 * The bytes of a file, in chunks; with an `encoding`, its text. It is opened when the first chunk is asked for, anew at
 * each run, read as far as it is asked for, and closed once, whatever the end: the last byte, a failure, `take`, a loop
 * that is left, cancellation. Each chunk has memory of its own and may be kept.
 *
 * Fails with the error of the file system, `ENOENT` for instance, when it runs. A cancellation waits for the read under
 * way, then closes.
 *
 * @throws TypeError, RangeError at the call, for a path that is none and for options out of their range.
 *
 * @example
 * ```ts
 * import { readFile, writeFile } from "rapid-fiber/node"
 * const path = `${process.getBuiltinModule("node:os").tmpdir()}/greeting-${process.pid}.txt`
 * await writeFile(Stream.of("hello, world"), path) // 12
 * await readFile(path).map((chunk) => chunk.length).toArray() // [12]
 * await readFile(path, { encoding: "utf-8", end: 4 }).text() // "hello"
 * process.getBuiltinModule("node:fs").rmSync(path)
 * ```
 */
export function readFile(
  path: FilePath,
  options?: ReadFileOptions & { readonly encoding?: undefined },
): Stream<Uint8Array<ArrayBuffer>>
export function readFile(path: FilePath, options: ReadFileOptions & { readonly encoding: string }): Stream<string>
export function readFile(path: FilePath, options?: ReadFileOptions): Stream<Uint8Array<ArrayBuffer>> | Stream<string>
export function readFile(
  path: FilePath,
  options: ReadFileOptions = {},
): Stream<Uint8Array<ArrayBuffer>> | Stream<string> {
  if (options.encoding !== undefined) return fileText(path, options, "readFile")
  mustKnow(options, known, "readFile")
  return fileBytes(pathOf(path, "readFile"), sectionOf(options, "readFile"))
}

const known = ["chunkSize", "start", "end", "encoding"]

/** The text of a file, in pieces. */
export function fileText(path: FilePath, options: ReadFileOptions, where: string): Stream<string> {
  mustKnow(options, known, where)
  const encoding = encodingOf(options.encoding ?? "utf-8", where)
  return fileBytes(pathOf(path, where), sectionOf(options, where)).decode(encoding)
}

function encodingOf(given: string, where: string): string {
  try {
    return new TextDecoder(given).encoding
  } catch (cause) {
    throw new RangeError(
      `Expected \`encoding\` of ${where} to be a label of the Encoding Standard such as "utf-8", got ${describe(given)}.`,
      { cause },
    )
  }
}
