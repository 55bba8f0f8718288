import { mkdirSync, openSync, closeSync, writeFileSync, writeSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { describe, expect, it } from "vitest"
import { Stream, Task } from "rapid-fiber"
import { readFile } from "rapid-fiber/node"
import { ended, exitOf, turn } from "../watch.ts"
import { concat, folder, makePipe, openBelow, pattern } from "./folder.ts"

/** A file of so many bytes. */
function fileOf(size: number): { path: string; bytes: Uint8Array; where: string } {
  const where = folder()
  const path = join(where, "data.bin")
  const bytes = pattern(size)
  writeFileSync(path, bytes)
  return { path, bytes, where }
}

describe("readFile", () => {
  it.each([0, 1, 9, 10, 11, 19, 20, 21, 100])("gives %i bytes in chunks of 10, whole", async (size) => {
    const { path, bytes, where } = fileOf(size)
    const chunks = await readFile(path, { chunkSize: 10 }).toArray()
    expect(concat(chunks)).toEqual(bytes)
    expect(chunks.map((chunk) => chunk.length)).toEqual(
      Array.from({ length: Math.ceil(size / 10) }, (_, i) => Math.min(10, size - i * 10)),
    )
    expect(openBelow(where)).toEqual([])
  })

  it.each([65_535, 65_536, 65_537, 200_000])("gives %i bytes in chunks of 64 KiB by default", async (size) => {
    const { path, bytes } = fileOf(size)
    const chunks = await readFile(path).toArray()
    expect(chunks).toHaveLength(Math.ceil(size / 65_536))
    expect(Buffer.compare(concat(chunks), bytes)).toBe(0)
  })

  it("gives plain byte arrays with memory of their own", async () => {
    const { path } = fileOf(30)
    const chunks = await readFile(path, { chunkSize: 10 }).toArray()
    expect(new Set(chunks.map((chunk) => chunk.buffer)).size).toBe(3)
    for (const chunk of chunks) expect(Object.getPrototypeOf(chunk)).toBe(Uint8Array.prototype)
  })

  it.each([
    [{ start: 3 }, 3, 100],
    [{ start: 0, end: 0 }, 0, 1],
    [{ end: 24 }, 0, 25],
    [{ start: 10, end: 29 }, 10, 30],
    [{ start: 95, end: 400 }, 95, 100],
    [{ start: 100 }, 100, 100],
    [{ start: 1000 }, 100, 100],
  ])("reads the part %o, its last byte included", async (part, from, to) => {
    const { path, bytes } = fileOf(100)
    expect(concat(await readFile(path, { chunkSize: 10, ...part }).toArray())).toEqual(bytes.slice(from, to))
  })

  it("gives text with an encoding, characters across chunks included", async () => {
    const path = join(folder(), "text.txt")
    writeFileSync(path, "Zürich – 東京 🚀")
    expect(await readFile(path, { encoding: "utf-8", chunkSize: 1 }).text()).toBe("Zürich – 東京 🚀")
    writeFileSync(path, "Z\u00fcrich", "latin1")
    expect(await readFile(path, { encoding: "latin1" }).text()).toBe("Zürich")
  })

  it("takes a file: URL", async () => {
    const { path, bytes } = fileOf(5)
    expect(await readFile(pathToFileURL(path)).toArray()).toEqual([bytes])
  })

  it("opens nothing before it runs, and fails at the run with the error of the system", async () => {
    const path = join(folder(), "missing.txt")
    const stream = readFile(path)
    const exit = await exitOf(stream.drain())
    expect(exit).toMatchObject({ status: "rejected", reason: { code: "ENOENT", syscall: "open", path } })
    writeFileSync(path, "now")
    expect(await stream.decode().text()).toBe("now")
  })

  it("is opened when the first chunk is asked for, and anew at each run", async () => {
    const { path, where } = fileOf(10)
    const seen: number[] = []
    const stream = Stream.of(1)
      .tap(() => void seen.push(openBelow(where).length))
      .map(() => new Uint8Array())
      .concat(readFile(path))
    expect(await stream.count()).toBe(2)
    expect(await stream.count()).toBe(2)
    expect(seen).toEqual([0, 0])
  })

  it("fails with the error of a read, and closes", async () => {
    const where = folder()
    mkdirSync(join(where, "inner"))
    const exit = await exitOf(readFile(join(where, "inner")).drain())
    expect(exit).toMatchObject({ status: "rejected", reason: { code: "EISDIR" } })
    expect(openBelow(where)).toEqual([])
  })

  it("closes after an early end, a loop that is left and a failure further on", async () => {
    const { path, where } = fileOf(100)
    const stream = readFile(path, { chunkSize: 10 })
    expect(await stream.take(2).count()).toBe(2)
    expect(openBelow(where)).toEqual([])
    for await (const chunk of stream) {
      expect(chunk).toHaveLength(10)
      if (process.platform === "linux") expect(openBelow(where)).toEqual([path])
      break
    }
    expect(openBelow(where)).toEqual([])
    const failing = stream.mapTask(() => Task.fail("no"))
    expect(await exitOf(failing.drain())).toEqual({ status: "rejected", reason: "no" })
    expect(openBelow(where)).toEqual([])
  })

  it("is closed before what follows it is opened", async () => {
    const { path, where } = fileOf(10)
    const after = Stream.defer(() => Stream.of(openBelow(where).length))
    expect(
      await readFile(path)
        .map(() => -1)
        .concat(after)
        .toArray(),
    ).toEqual([-1, 0])
  })

  it("closes when it is cancelled, wherever it is", async () => {
    const { path, where } = fileOf(1000)
    for (let turns = 0; turns < 30; turns++) {
      const fiber = readFile(path, { chunkSize: 1 }).drain().run()
      for (let i = 0; i < turns; i++) await new Promise(setImmediate)
      await fiber.cancel()
      expect(openBelow(where)).toEqual([])
    }
  })

  it.skipIf(process.platform === "win32")("waits for the read under way when it is cancelled", async () => {
    const where = folder()
    const path = makePipe(join(where, "pipe"))
    // Open for both, so that neither opening waits for the other end.
    const writer = openSync(path, "r+")
    const chunks: string[] = []
    const fiber = readFile(path)
      .decode()
      .forEach((text) => void chunks.push(text))
      .run()
    writeSync(writer, "one")
    await Task.until(() => chunks.length === 1, { every: 1 })
    await turn()
    fiber.abort()
    await turn()
    expect(fiber.poll()).toBeUndefined()
    writeSync(writer, "two")
    expect(await ended(fiber)).toMatchObject({ status: "cancelled" })
    expect(chunks).toEqual(["one"])
    closeSync(writer)
    expect(openBelow(where)).toEqual([])
  })

  it("reads alike from two fibers at the same time", async () => {
    const { path, bytes } = fileOf(500)
    const all = readFile(path, { chunkSize: 7 }).toArray().map(concat)
    expect(await Task.all([all, all])).toEqual([bytes, bytes])
  })

  it("says at the call what is wrong with an argument", () => {
    expect(() => readFile("")).toThrow('Expected the path of readFile to be a string or a file: URL, got "".')
    expect(() => readFile(7 as never)).toThrow("Expected the path of readFile to be a string or a file: URL, got 7.")
    expect(() => readFile(new URL("https://example.com/x"))).toThrow(
      "got a URL of https:. Of the network: Stream.from(response.body), with fetch.",
    )
    expect(() => readFile("x", { chunkSize: 0 })).toThrow(
      "Expected `chunkSize` of readFile to be an integer >= 1, got 0.",
    )
    expect(() => readFile("x", { start: -1 })).toThrow("Expected `start` of readFile to be an integer >= 0, got -1.")
    expect(() => readFile("x", { start: 5, end: 4 })).toThrow(
      "Expected `end` of readFile to be the place of the last byte, an integer >= 5, or Infinity, got 4.",
    )
    expect(() => readFile("x", { encoding: "utf-9" })).toThrow(
      'Expected `encoding` of readFile to be a label of the Encoding Standard such as "utf-8", got "utf-9".',
    )
    expect(() => readFile("x", { highWaterMark: 1 } as never)).toThrow(
      "Expected the options of readFile to be among chunkSize, start, end, encoding, got `highWaterMark`.",
    )
  })
})
