import { type FileHandle, open } from "node:fs/promises"
import { describe } from "../data/index.ts"
import { Stream } from "../stream/index.ts"
import type { Task } from "../task/index.ts"
import { toItsEnd } from "./to-its-end.ts"

/** A part of a file, in pieces. */
export interface Section {
  readonly chunkSize: number
  /** Undefined: from where the file begins to give, which is all that a pipe knows. */
  readonly start: number | undefined
  /** The last byte that is read. */
  readonly end: number
}

type Bytes = Uint8Array<ArrayBuffer>
type Chunk = readonly [bytes: Bytes, next: number] | undefined

/** The bytes of a file: opened when the first are asked for, and read one chunk after the other. */
export function fileBytes(path: string, section: Section): Stream<Bytes> {
  return Stream.using(
    toItsEnd(() => open(path, "r")),
    (file) => Stream.unfold(section.start ?? 0, (at) => chunkAt(file, at, section)),
    (file) => toItsEnd(() => file.close()),
  )
}

function chunkAt(file: FileHandle, at: number, { chunkSize, start, end }: Section): Task<Chunk> | Chunk {
  const size = Math.min(chunkSize, end + 1 - at)
  if (size <= 0) return undefined
  // A buffer of its own, not of Node's pool, and not zeroed, since only what has been read is shown.
  const { buffer } = Buffer.allocUnsafeSlow(size)
  const reading = toItsEnd(() => file.read(new Uint8Array(buffer), 0, size, start === undefined ? null : at))
  return reading.map(({ bytesRead }): Chunk => {
    return bytesRead === 0 ? undefined : [new Uint8Array(buffer, 0, bytesRead), at + bytesRead]
  })
}

/** Checks the numbers, at the call. */
export function sectionOf(
  given: { readonly chunkSize?: number; readonly start?: number; readonly end?: number },
  where: string,
): Section {
  const { chunkSize = 64 * 1024, start, end = Infinity } = given
  if (!Number.isInteger(chunkSize) || chunkSize < 1) throw wrong("chunkSize", "an integer >= 1", chunkSize, where)
  if (start !== undefined && !(Number.isInteger(start) && start >= 0)) {
    throw wrong("start", "an integer >= 0", start, where)
  }
  if (end !== Infinity && !(Number.isInteger(end) && end >= (start ?? 0))) {
    throw wrong("end", `the place of the last byte, an integer >= ${start ?? 0}, or Infinity`, end, where)
  }
  return { chunkSize, start, end }
}

function wrong(name: string, expected: string, given: unknown, where: string): RangeError {
  return new RangeError(`Expected \`${name}\` of ${where} to be ${expected}, got ${describe(given)}.`)
}
