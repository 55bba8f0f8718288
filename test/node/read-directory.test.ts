import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { join, relative } from "node:path"
import { pathToFileURL } from "node:url"
import { describe, expect, it } from "vitest"
import { DirectoryEntry, readDirectory } from "rapid-fiber/node"
import { exitOf } from "../watch.ts"
import { folder, isNode, makePipe, openBelow } from "./folder.ts"

const openDirectories = (path: string): string[] => (isNode ? openBelow(path) : [])

/** Directories four deep, with files in each. */
function tree(): { root: string; all: string[] } {
  const root = folder()
  const all: string[] = []
  const fill = (path: string, depth: number): void => {
    for (const name of ["a.txt", "b.txt"]) {
      writeFileSync(join(path, name), name)
      all.push(relative(root, join(path, name)))
    }
    if (depth === 0) return
    for (const name of ["one", "two"]) {
      mkdirSync(join(path, name))
      all.push(relative(root, join(path, name)))
      fill(join(path, name), depth - 1)
    }
  }
  fill(root, 3)
  return { root, all }
}

describe("readDirectory", () => {
  it("gives what is in a directory, and what it is", async () => {
    const { root } = tree()
    symlinkSync(join(root, "a.txt"), join(root, "link"))
    const entries = await readDirectory(root).toArray()
    expect(entries.map(({ name }) => name).toSorted()).toEqual(["a.txt", "b.txt", "link", "one", "two"])
    for (const entry of entries) {
      expect(entry).toBeInstanceOf(DirectoryEntry)
      expect(entry.path).toBe(join(root, entry.name))
      expect(entry.parentPath).toBe(root)
      expect([entry.isFile(), entry.isDirectory(), entry.isSymbolicLink()]).toEqual([
        entry.name.endsWith(".txt"),
        ["one", "two"].includes(entry.name),
        entry.name === "link",
      ])
      expect([entry.isSocket(), entry.isBlockDevice(), entry.isCharacterDevice()]).toEqual([false, false, false])
    }
    expect(openDirectories(root)).toEqual([])
  })

  it.runIf(isNode && process.platform !== "win32")("knows a pipe", async () => {
    const root = folder()
    makePipe(join(root, "pipe"))
    expect(
      await readDirectory(root)
        .map((entry) => entry.isFIFO())
        .toArray(),
    ).toEqual([true])
  })

  it("is empty for an empty directory, and takes a file: URL", async () => {
    expect(await readDirectory(pathToFileURL(folder()), { recursive: true }).toArray()).toEqual([])
  })

  it("walks a whole tree, each directory before what is in it, with one directory open at a time", async () => {
    const { root, all } = tree()
    let open = 0
    const paths = await readDirectory(root, { recursive: true })
      .tap(() => void (open = Math.max(open, openDirectories(root).length)))
      .map((entry) => relative(root, entry.path))
      .toArray()
    expect(paths.toSorted()).toEqual(all.toSorted())
    for (const path of paths) {
      const parent = join(path, "..")
      if (parent !== ".") expect(paths.indexOf(parent)).toBeLessThan(paths.indexOf(path))
    }
    expect(open).toBe(isNode && process.platform === "linux" ? 1 : 0)
    expect(openDirectories(root)).toEqual([])
  })

  it("goes depth first: what is below a directory lies together", async () => {
    const { root } = tree()
    const tops = await readDirectory(root, { recursive: true })
      .map((entry) => relative(root, entry.path).split("/"))
      .filter((parts) => parts.length > 1)
      .map(([top]) => top)
      .changes()
      .toArray()
    expect(tops.toSorted()).toEqual(["one", "two"])
  })

  it("enters the directories that it is told, and gives those that it does not enter", async () => {
    const { root } = tree()
    const paths = await readDirectory(root, { recursive: ({ name }) => name !== "two" })
      .filter((entry) => entry.isDirectory())
      .map((entry) => relative(root, entry.path))
      .toArray()
    expect(paths.toSorted()).toEqual(["one", "one/one", "one/one/one", "one/one/two", "one/two", "two"].toSorted())
  })

  it("does not follow links, so that a loop is none", async () => {
    const root = folder()
    symlinkSync(root, join(root, "again"))
    expect(await readDirectory(root, { recursive: true }).count()).toBe(1)
  })

  it("closes when it is left early, at whatever entry", async () => {
    const { root, all } = tree()
    for (let count = 0; count <= all.length; count++) {
      expect(await readDirectory(root, { recursive: true }).take(count).count()).toBe(count)
      expect(openDirectories(root)).toEqual([])
    }
    for await (const entry of readDirectory(root, { recursive: true })) if (entry.isDirectory()) break
    expect(openDirectories(root)).toEqual([])
  })

  it("closes when it is cancelled, wherever it is", async () => {
    const { root } = tree()
    for (let turns = 0; turns < 30; turns++) {
      const fiber = readDirectory(root, { recursive: true }).drain().run()
      for (let i = 0; i < turns; i++) await new Promise(setImmediate)
      await fiber.cancel()
      expect(openDirectories(root)).toEqual([])
    }
  })

  it("walks anew at each run, from two fibers alike", async () => {
    const { root, all } = tree()
    const count = readDirectory(root, { recursive: true }).count()
    expect(await count.zip(count)).toEqual([all.length, all.length])
  })

  it("fails at the run with the error of the system, also below", async () => {
    const root = folder()
    const missing = readDirectory(join(root, "missing"))
    expect(await exitOf(missing.drain())).toMatchObject({ reason: { code: "ENOENT", syscall: "opendir" } })
    mkdirSync(join(root, "gone"))
    const walk = readDirectory(root, { recursive: true }).tap((entry) => rmSync(entry.path, { recursive: true }))
    expect(await exitOf(walk.drain())).toMatchObject({ reason: { code: "ENOENT" } })
    expect(openDirectories(root)).toEqual([])
  })

  it("says at the call what is wrong with an argument", () => {
    expect(() => readDirectory(undefined as never)).toThrow(
      "Expected the path of readDirectory to be a string or a file: URL, got undefined.",
    )
    expect(() => readDirectory("x", { recursive: "yes" as never })).toThrow(
      'Expected `recursive` of readDirectory to be a boolean or a function of an entry, got "yes".',
    )
    expect(() => readDirectory("x", { depth: 1 } as never)).toThrow(
      "Expected the options of readDirectory to be among recursive, got `depth`.",
    )
  })
})
