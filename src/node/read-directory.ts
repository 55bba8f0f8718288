import { opendir } from "node:fs/promises"
import { describe } from "../data/index.ts"
import { Stream } from "../stream/index.ts"
import { mustKnow, type Task } from "../task/index.ts"
import { DirectoryEntry } from "./directory-entry.ts"
import { type FilePath, pathOf } from "./file-path.ts"
import { toItsEnd } from "./to-its-end.ts"

/** How far `readDirectory` goes. */
export interface ReadDirectoryOptions {
  /**
   * true: what is in the directories below as well. A function: in those that it is true of, `node_modules` excepted for
   * instance. Symbolic links are not followed. Default false.
   */
  readonly recursive?: boolean | ((directory: DirectoryEntry) => boolean)
}

/**
 * What is in a directory, in the order in which the system tells it, without "." and "..". Entries are read as they are
 * asked for, a few at once, and the directory is closed once, whatever the end.
 *
 * With `recursive` a directory's entries come first, then, depth first, those of the directories among them. One directory
 * is open at a time, however deep the tree is; the paths of those that are still to be read are held.
 *
 * Fails with the error of the file system when it runs, also for a directory below that has gone meanwhile or may not be
 * read. A cancellation waits for the read under way, then closes.
 *
 * @throws TypeError at the call, for a path that is none and for options that are none.
 *
 * @example
 * ```ts
 * import { readDirectory, writeFile } from "rapid-fiber/node"
 * const { mkdtempSync, rmSync } = process.getBuiltinModule("node:fs")
 * const folder = mkdtempSync(`${process.getBuiltinModule("node:os").tmpdir()}/letters-`)
 * await Task.all(["a.txt", "b.txt"].map((name) => writeFile(Stream.of("text"), `${folder}/${name}`)))
 * const names = await readDirectory(folder, { recursive: true })
 *   .filter((entry) => entry.isFile())
 *   .map((entry) => entry.name)
 *   .toArray()
 * names.toSorted() // ["a.txt", "b.txt"]
 * rmSync(folder, { recursive: true })
 * ```
 */
export function readDirectory(path: FilePath, options: ReadDirectoryOptions = {}): Stream<DirectoryEntry> {
  const root = pathOf(path, "readDirectory")
  mustKnow(options, ["recursive"], "readDirectory")
  const { recursive = false } = options
  if (typeof recursive === "function") return walk(root, recursive)
  if (typeof recursive === "boolean") return recursive ? walk(root, () => true) : entriesOf(root)
  throw new TypeError(
    `Expected \`recursive\` of readDirectory to be a boolean or a function of an entry, got ${describe(recursive)}.`,
  )
}

type Step = readonly [entry: DirectoryEntry, next: undefined] | undefined

function entriesOf(path: string): Stream<DirectoryEntry> {
  return Stream.using(
    toItsEnd(() => opendir(path)),
    (directory) =>
      Stream.unfold(undefined, (): Task<Step> =>
        toItsEnd(() => directory.read()).map((entry) =>
          entry === null ? undefined : [new DirectoryEntry(path, entry), undefined],
        ),
      ),
    (directory) => toItsEnd(() => directory.close()),
  )
}

/** One directory after the other: the next one is the last that has been found, so that it goes down first. */
function walk(root: string, enters: (directory: DirectoryEntry) => boolean): Stream<DirectoryEntry> {
  return Stream.defer(() => {
    const found = [root]
    return Stream.paginate(found, () => {
      const path = found.pop()
      if (path === undefined) return [Stream.empty, undefined]
      const entries = entriesOf(path).tap((entry) => {
        if (entry.isDirectory() && enters(entry)) found.push(entry.path)
      })
      return [entries, found]
    })
  })
}
