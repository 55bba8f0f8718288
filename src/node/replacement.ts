import { randomBytes } from "node:crypto"
import type { Stats } from "node:fs"
import { type FileHandle, open, readlink, realpath, rename, stat, unlink } from "node:fs/promises"
import { dirname, join, resolve } from "node:path"
import { Task } from "../task/index.ts"
import { toItsEnd } from "./to-its-end.ts"

/** A file that is to take another's place. */
export interface Replacement {
  readonly file: FileHandle
  readonly temporary: string
  readonly target: string
}

/** Opens it beside the file that it is to replace, since a rename is atomic within a file system only. */
export function openReplacement(path: string, mode: number | undefined): Task<Replacement> {
  return toItsEnd(async () => {
    const { target, old } = await find(path)
    if (old !== undefined && !old.isFile()) throw notAFile(path, old)
    const temporary = join(dirname(target), `.rapid-fiber-${randomBytes(8).toString("hex")}.tmp`)
    const inherited = old === undefined ? undefined : old.mode & 0o7777
    const file = await open(temporary, "wx", mode ?? inherited ?? 0o666)
    const replacement = { file, temporary, target }
    if (mode !== undefined || inherited === undefined) return replacement
    try {
      // The umask has taken some of them.
      await file.chmod(inherited)
      return replacement
    } catch (error) {
      await file.close().finally(() => unlink(temporary))
      throw error
    }
  })
}

/** The file that a path leads to, behind symbolic links, and what it is. */
async function find(path: string): Promise<{ target: string; old: Stats | undefined }> {
  try {
    const target = await realpath(path)
    return { target, old: await stat(target) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error
    const link = await readlink(path).catch(() => undefined)
    if (link === undefined) return { target: path, old: undefined }
    return find(resolve(await realpath(dirname(path)), link))
  }
}

function notAFile(path: string, old: Stats): Error {
  const found = old.isDirectory() ? "a directory" : "something else: a device, a pipe, a socket"
  return new Error(
    `Expected ${path} to be a regular file, or nothing, for writeFile to replace it; it is ${found}. ` +
      "To write into a device or a pipe: { append: true }.",
  )
}

/** Puts it in its place; where that fails it is removed. */
export function commit(replacement: Replacement, flush: boolean): Task<unknown> {
  const { file, temporary, target } = replacement
  return toItsEnd(() => file.close())
    .andThen(toItsEnd(() => rename(temporary, target)))
    .tapError(() => toItsEnd(() => unlink(temporary)))
    .andThen(flush ? flushDirectory(dirname(target)) : Task.unit)
}

/** Removes it, the old file being as it was. */
export function discard({ file, temporary }: Replacement): Task<unknown> {
  return toItsEnd(() => file.close()).finally(toItsEnd(() => unlink(temporary)))
}

/** A name is on the disk when its directory is. Windows has no such call, and does it by itself. */
function flushDirectory(path: string): Task<unknown> {
  if (process.platform === "win32") return Task.unit
  return Task.bracket(
    toItsEnd(() => open(path, "r")),
    (directory) => toItsEnd(() => directory.sync()),
    (directory) => toItsEnd(() => directory.close()),
  )
}
