import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Stream, Task } from "rapid-fiber"
import { readFile, writeFile } from "rapid-fiber/node"
import { ended, exitOf } from "../watch.ts"
import { concat, folder, openBelow, pattern } from "./folder.ts"

const posix = process.platform !== "win32"
const modeOf = (path: string): number => statSync(path).mode & 0o7777

describe("writeFile", () => {
  it("writes bytes and text in their order, and tells how many bytes", async () => {
    const path = join(folder(), "out.txt")
    const piece = fc.oneof(fc.string({ unit: "grapheme" }), fc.uint8Array(), fc.constant(pattern(70_000)))
    await fc.assert(
      fc.asyncProperty(fc.array(piece), async (pieces) => {
        const whole = concat(pieces.map((one) => (typeof one === "string" ? Buffer.from(one) : one)))
        expect(await writeFile(Stream.from(pieces), path)).toBe(whole.length)
        expect(Buffer.compare(readFileSync(path), whole)).toBe(0)
      }),
      { numRuns: 50 },
    )
  })

  it.each([0, 1, 65_535, 65_536, 65_537, 200_000])("writes %i bytes that come in small pieces", async (size) => {
    const path = join(folder(), "out.bin")
    const bytes = pattern(size)
    const pieces = Stream.range(0, Math.ceil(size / 1000)).map((i) => bytes.subarray(i * 1000, (i + 1) * 1000))
    expect(await writeFile(pieces, path)).toBe(size)
    expect(Buffer.compare(readFileSync(path), bytes)).toBe(0)
  })

  it("holds no buffer that its maker uses again", async () => {
    const path = join(folder(), "out.bin")
    const buffer = Buffer.alloc(2)
    await writeFile(
      Stream.range(0, 4).map((n) => buffer.fill(n)),
      path,
    )
    expect([...readFileSync(path)]).toEqual([0, 0, 1, 1, 2, 2, 3, 3])
  })

  it("writes anew at each run, and nothing before", async () => {
    const where = folder()
    const path = pathToFileURL(join(where, "out.txt"))
    let runs = 0
    const task = writeFile(
      Stream.defer(() => [`run ${++runs}`]),
      path,
    )
    expect(readdirSync(where)).toEqual([])
    await task
    await task
    expect(readFileSync(path, "utf8")).toBe("run 2")
    expect(readdirSync(where)).toEqual(["out.txt"])
    expect(openBelow(where)).toEqual([])
  })

  it("shows the old file until the new one is whole", async () => {
    const where = folder()
    const path = join(where, "out.txt")
    writeFileSync(path, "old")
    const seen = new Set<string>()
    const pieces = Stream.range(0, 5)
      .map(() => "x".repeat(70_000))
      .tap(() => void seen.add(readFileSync(path, "utf8")))
    await writeFile(pieces.onEnd(Task.sync(() => seen.add(readFileSync(path, "utf8")))), path)
    expect([...seen]).toEqual(["old"])
    expect(statSync(path).size).toBe(350_000)
  })

  it("leaves the old file as it was, and nothing else, when the stream fails", async () => {
    const where = folder()
    const path = join(where, "out.txt")
    const failing = writeFile(Stream.of("x".repeat(100_000)).concat(Stream.fail("no more")), path)
    expect(await exitOf(failing)).toEqual({ status: "rejected", reason: "no more" })
    expect(readdirSync(where)).toEqual([])
    writeFileSync(path, "old")
    await exitOf(failing)
    expect(readdirSync(where)).toEqual(["out.txt"])
    expect(readFileSync(path, "utf8")).toBe("old")
    expect(openBelow(where)).toEqual([])
  })

  it("leaves the old file or the new one, and nothing else, when it is cancelled wherever it is", async () => {
    const where = folder()
    const path = join(where, "out.txt")
    const whole = "x".repeat(70_000).repeat(3)
    const task = writeFile(
      Stream.range(0, 3).map(() => "x".repeat(70_000)),
      path,
      { flush: true },
    )
    for (let turns = 0; turns < 40; turns++) {
      writeFileSync(path, "old")
      const fiber = task.run()
      for (let i = 0; i < turns; i++) await new Promise(setImmediate)
      fiber.abort()
      await ended(fiber)
      expect(readdirSync(where)).toEqual(["out.txt"])
      expect(["old", whole]).toContain(readFileSync(path, "utf8"))
      expect(openBelow(where)).toEqual([])
    }
    writeFileSync(path, "old")
    const waiting = writeFile(Stream.of("new").concat(Task.never as Task<string>), path).run()
    await Task.until(() => readdirSync(where).length === 2, { every: 1 })
    await waiting.cancel()
    expect(readdirSync(where)).toEqual(["out.txt"])
    expect(readFileSync(path, "utf8")).toBe("old")
  })

  it("lets two write the same file at the same time: one of them is whole", async () => {
    const path = join(folder(), "out.txt")
    const write = (letter: string): Task<number> =>
      writeFile(
        Stream.range(0, 3).map(() => letter.repeat(70_000)),
        path,
      )
    await write("a").zip(write("b"))
    expect(readFileSync(path, "utf8")).toMatch(/^(a{210000}|b{210000})$/)
  })

  it.runIf(posix)(
    "gives the mode that it is told, keeps the one that was, and asks the umask for a new file",
    async () => {
      const where = folder()
      const path = join(where, "out.txt")
      await writeFile(Stream.of("x"), path, { mode: 0o600 })
      expect(modeOf(path)).toBe(0o600)
      chmodSync(path, 0o666)
      await writeFile(Stream.of("y"), path)
      expect(modeOf(path)).toBe(0o666)
      await writeFile(Stream.of("z"), join(where, "new.txt"))
      expect(modeOf(join(where, "new.txt"))).toBe(0o666 & ~process.umask())
    },
  )

  it.runIf(posix)("replaces the file that a link leads to", async () => {
    const where = folder()
    mkdirSync(join(where, "real"))
    const [link, real] = [join(where, "link"), join(where, "real", "file.txt")]
    writeFileSync(real, "old")
    symlinkSync(real, link)
    await writeFile(Stream.of("new"), link)
    expect(readlinkSync(link)).toBe(real)
    expect(readFileSync(real, "utf8")).toBe("new")
    expect(readdirSync(where).toSorted()).toEqual(["link", "real"])
    const dangling = join(where, "dangling")
    symlinkSync(join("real", "none.txt"), dangling)
    await writeFile(Stream.of("made"), dangling)
    expect(readlinkSync(dangling)).toBe(join("real", "none.txt"))
    expect(readFileSync(join(where, "real", "none.txt"), "utf8")).toBe("made")
  })

  it("fails at the run for a directory that is not there, and for what is no file", async () => {
    const where = folder()
    const missing = await exitOf(writeFile(Stream.of("x"), join(where, "no", "out.txt")))
    expect(missing).toMatchObject({ status: "rejected", reason: { code: "ENOENT", syscall: "open" } })
    const exit = await exitOf(writeFile(Stream.of("x"), where))
    expect(exit).toMatchObject({
      reason: {
        message:
          `Expected ${where} to be a regular file, or nothing, for writeFile to replace it; it is a directory. ` +
          "To write into a device or a pipe: { append: true }.",
      },
    })
    if (posix) {
      const device = await exitOf(writeFile(Stream.of("x"), "/dev/null"))
      expect(device).toMatchObject({ reason: { message: expect.stringContaining("a device, a pipe, a socket") } })
      expect(await writeFile(Stream.of("x"), "/dev/null", { append: true })).toBe(1)
    }
    expect(readdirSync(where)).toEqual([])
  })

  it("removes the temporary file when it cannot take its place", async () => {
    const where = folder()
    const path = join(where, "out.txt")
    const hindering = Stream.of("x").tap(() => void mkdirSync(join(path, "inner"), { recursive: true }))
    expect(await exitOf(writeFile(hindering, path))).toMatchObject({ reason: { syscall: "rename" } })
    expect(readdirSync(where)).toEqual(["out.txt"])
    expect(openBelow(where)).toEqual([])
  })

  it("does not run the stream when it cannot open", async () => {
    let runs = 0
    await exitOf(
      writeFile(
        Stream.defer(() => [String(++runs)]),
        join(folder(), "no", "out.txt"),
      ),
    )
    expect(runs).toBe(0)
  })

  it("adds to the end with `append`, element by element, and keeps what is there whatever the end", async () => {
    const where = folder()
    const path = join(where, "log.txt")
    const seen: string[] = []
    const pieces = Stream.of("a", "b", "c").tap((one) => {
      if (one !== "a") seen.push(readFileSync(path, "utf8"))
    })
    expect(await writeFile(pieces, path, { append: true, flush: true })).toBe(3)
    expect(seen).toEqual(["a", "ab"])
    await exitOf(writeFile(Stream.of("d").concat(Stream.fail("no")), path, { append: true }))
    const fiber = writeFile(Stream.of("e").concat(Task.never as Task<string>), path, { append: true }).run()
    await Task.until(() => readFileSync(path, "utf8").endsWith("e"), { every: 1 })
    await fiber.cancel()
    expect(readFileSync(path, "utf8")).toBe("abcde")
    expect(readdirSync(where)).toEqual(["log.txt"])
    expect(openBelow(where)).toEqual([])
  })

  it("flushes a new file", async () => {
    const where = folder()
    const path = join(where, "out.txt")
    expect(await writeFile(Stream.of("x"), path, { flush: true })).toBe(1)
    expect(openBelow(where)).toEqual([])
  })

  it("copies a file", async () => {
    const where = folder()
    const [from, to] = [join(where, "from"), join(where, "to")]
    writeFileSync(from, pattern(150_000))
    expect(await writeFile(readFile(from, { chunkSize: 1000 }), to)).toBe(150_000)
    expect(Buffer.compare(readFileSync(from), readFileSync(to))).toBe(0)
  })

  it("refuses elements that are neither text nor bytes, and leaves no file", async () => {
    const where = folder()
    const exit = await exitOf(writeFile(Stream.of("a", { b: 1 }) as never, join(where, "out.txt")))
    expect(String((exit as { reason: unknown }).reason)).toBe(
      "TypeError: Expected the elements of writeFile to be strings or bytes, got { b: 1 }. " +
        "Make text of them first: stream.map((element) => `${JSON.stringify(element)}\\n`).",
    )
    expect(readdirSync(where)).toEqual([])
  })

  it("says at the call what is wrong with an argument", () => {
    expect(() => writeFile("text" as never, "x")).toThrow('Expected writeFile to get a Stream, got "text".')
    expect(() => writeFile(Stream.of("x"), "")).toThrow("Expected the path of writeFile to be a string or a file: URL")
    expect(() => writeFile(Stream.of("x"), "x", { mode: -1 })).toThrow(
      "Expected `mode` of writeFile to be permission bits, 0o000 to 0o7777, such as 0o600, got -1.",
    )
    expect(() => writeFile(Stream.of("x"), "x", { flag: "a" } as never)).toThrow(
      "Expected the options of writeFile to be among mode, append, flush, got `flag`.",
    )
  })
})
