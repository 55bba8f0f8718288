import type { Stream } from "../stream/index.ts"
import type { FilePath } from "./file-path.ts"
import { fileText, type ReadFileOptions } from "./read-file.ts"

/**
 * The lines of a text file, without the \n or \r\n at their ends: `readFile(path).decode().lines()`. An empty line is an
 * empty string; what is left after the last line end is a line, too. The file is opened, closed and waited for as by
 * `readFile`; what is held is one chunk and the line that it ends in.
 *
 * @param options Those of `readFile`; `encoding` is "utf-8" by default.
 * @throws TypeError, RangeError at the call, for a path that is none and for options out of their range.
 *
 * @example
 * ```ts
 * import { lines, writeFile } from "rapid-fiber/node"
 * const path = `${process.getBuiltinModule("node:os").tmpdir()}/users-${process.pid}.txt`
 * await writeFile(Stream.of("ada\n", "grace\n"), path)
 * const insertRow = (name: string) => Task.sleep(1).as(`inserted ${name}`)
 * await lines(path).mapTask(insertRow, { concurrency: 32 }).toArray() // ["inserted ada", "inserted grace"]
 * process.getBuiltinModule("node:fs").rmSync(path)
 * ```
 */
export function lines(path: FilePath, options: ReadFileOptions = {}): Stream<string> {
  return fileText(path, options, "lines").lines()
}
