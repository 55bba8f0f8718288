import { open } from "node:fs/promises"
import { describe } from "../data/index.ts"
import type { Stream } from "../stream/index.ts"
import { mustKnow, Task } from "../task/index.ts"
import { type FilePath, pathOf } from "./file-path.ts"
import { type FileContent, FileWriter } from "./file-writer.ts"
import { mustBeStream } from "./must-be-stream.ts"
import { commit, discard, openReplacement } from "./replacement.ts"
import { toItsEnd } from "./to-its-end.ts"

/** How a file is written. */
export interface WriteFileOptions {
  /**
   * The permission bits of a new file, less the umask of the process. Default: those of the file that is replaced, else
   * 0o666. Of a file that is appended to they stay as they are.
   */
  readonly mode?: number
  /** Adds to the end of the file, as it comes. Not atomic: see `writeFile`. Default false. */
  readonly append?: boolean
  /** Waits until all of it is on the disk (`fsync`), the file's name included. Default false. */
  readonly flush?: boolean
}

/**
 * Writes a stream of bytes, and of text in UTF-8, to a file, and yields the number of bytes.
 *
 * It is atomic: others see the old file, or none, until the whole new one is there. What is written goes to a temporary
 * file in the same directory, whose name nobody else has and which takes the file's place, by a rename, at the end. A
 * failure or a cancellation removes it and leaves the old file as it was; only a process that is killed leaves it behind,
 * as `.rapid-fiber-….tmp`. A symbolic link stays, and the file that it leads to is replaced. The directory must be
 * writable, what is replaced must be a regular file, and the new one belongs to who writes it.
 *
 * With `append: true` it is not: each element is written to the end of the file as it comes, and what has been written
 * stays, whatever the end. Bring small elements together, `.chunk(1000).map((lines) => lines.join(""))`, where they come
 * fast.
 *
 * Fails with the error of the file system when it runs. A cancellation waits for the write under way; one that comes
 * during the rename comes too late.
 *
 * @throws TypeError, RangeError at the call, for what is no Stream, a path that is none and options out of their range.
 *
 * @example
 * ```ts
 * import { readFile, writeFile } from "rapid-fiber/node"
 * const path = `${process.getBuiltinModule("node:os").tmpdir()}/log-${process.pid}.txt`
 * await writeFile(Stream.of("first\n"), path, { mode: 0o600, flush: true }) // 6
 * await writeFile(Stream.of("second\n"), path, { append: true }) // 7
 * await writeFile(Stream.of("lost\n").concat(Stream.fail("no more")), path).catch(() => Task.pure(-1)) // -1
 * await readFile(path).decode().text() // "first\nsecond\n"
 * process.getBuiltinModule("node:fs").rmSync(path)
 * ```
 */
export function writeFile<E>(
  stream: Stream<FileContent, E>,
  path: FilePath,
  options: WriteFileOptions = {},
): Task<number, E> {
  mustBeStream(stream, "writeFile")
  const target = pathOf(path, "writeFile")
  mustKnow(options, ["mode", "append", "flush"], "writeFile")
  const { mode, append = false, flush = false } = options
  if (mode !== undefined && !(Number.isInteger(mode) && mode >= 0 && mode <= 0o7777)) {
    throw new RangeError(
      `Expected \`mode\` of writeFile to be permission bits, 0o000 to 0o7777, such as 0o600, got ${describe(mode)}.`,
    )
  }
  return append ? appended(stream, target, mode, flush) : replaced(stream, target, mode, flush)
}

/** How much of small elements is written at once, in bytes. */
const batchSize = 64 * 1024

function replaced<E>(
  stream: Stream<FileContent, E>,
  path: string,
  mode: number | undefined,
  flush: boolean,
): Task<number, E> {
  return Task.bracket(
    openReplacement(path, mode),
    ({ file }) => {
      const writer = new FileWriter(file, batchSize)
      const written = stream.forEach(writer.write).andThen(writer.rest)
      return (flush ? written.andThen(toItsEnd(() => file.sync())) : written).map(() => writer.bytes)
    },
    (replacement, exit) => (exit.status === "fulfilled" ? commit(replacement, flush) : discard(replacement)),
  )
}

function appended<E>(
  stream: Stream<FileContent, E>,
  path: string,
  mode: number | undefined,
  flush: boolean,
): Task<number, E> {
  return Task.bracket(
    toItsEnd(() => open(path, "a", mode)),
    (file) => {
      const writer = new FileWriter(file, 0)
      const written = stream.forEach(writer.write)
      return (flush ? written.andThen(toItsEnd(() => file.sync())) : written).map(() => writer.bytes)
    },
    (file) => toItsEnd(() => file.close()),
  )
}
