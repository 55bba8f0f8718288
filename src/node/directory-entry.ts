import type { Dirent } from "node:fs"
import { join } from "node:path"

/**
 * What `readDirectory` finds: an `fs.Dirent` that knows where it is. What it is was known when its directory was read; a
 * symbolic link is a link, whatever it leads to.
 */
export class DirectoryEntry {
  /** Its name in its directory. */
  readonly name: string
  /** Its path: that of its directory, as `readDirectory` was given it, and its name. */
  readonly path: string
  /** The path of its directory. */
  readonly parentPath: string
  readonly #entry: Dirent

  /** @internal */
  constructor(parentPath: string, entry: Dirent) {
    this.name = entry.name
    this.path = join(parentPath, entry.name)
    this.parentPath = parentPath
    this.#entry = entry
  }

  /** Whether it is a regular file. */
  isFile(): boolean {
    return this.#entry.isFile()
  }

  /** Whether it is a directory. */
  isDirectory(): boolean {
    return this.#entry.isDirectory()
  }

  /** Whether it is a symbolic link. */
  isSymbolicLink(): boolean {
    return this.#entry.isSymbolicLink()
  }

  /** Whether it is a pipe with a name. */
  isFIFO(): boolean {
    return this.#entry.isFIFO()
  }

  /** Whether it is a socket. */
  isSocket(): boolean {
    return this.#entry.isSocket()
  }

  /** Whether it is a device of blocks, such as a disk. */
  isBlockDevice(): boolean {
    return this.#entry.isBlockDevice()
  }

  /** Whether it is a device of characters, such as a terminal. */
  isCharacterDevice(): boolean {
    return this.#entry.isCharacterDevice()
  }
}
