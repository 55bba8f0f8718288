import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, expectTypeOf, it } from "vitest"
import { Stream, Task } from "rapid-fiber"
import { ndjson, NdjsonError, parseNdjson } from "rapid-fiber/node"
import { exitOf } from "../watch.ts"
import { folder, openBelow } from "./folder.ts"

const failureOf = async (stream: Stream<unknown, unknown>): Promise<NdjsonError> => {
  const exit = await exitOf(stream.drain())
  if (exit.status !== "rejected" || !(exit.reason instanceof NdjsonError)) throw new Error("no NdjsonError")
  return exit.reason
}

describe("ndjson", () => {
  it("parses each line, and leaves blank ones out", async () => {
    const path = join(folder(), "rows.ndjson")
    writeFileSync(path, `{"a":1}\n\n  [2]\r\n\t\r\n"three"\nnull\nfalse\n4`)
    expect(await ndjson(path).toArray()).toEqual([{ a: 1 }, [2], "three", null, false, 4])
  })

  it("fails with file, line, text and cause, after the values before it, and closes", async () => {
    const where = folder()
    const path = join(where, "rows.ndjson")
    writeFileSync(path, `{"a":1}\n\n{"b":\n{"c":3}\n`)
    const seen: unknown[] = []
    const error = await failureOf(ndjson(path).tap((row) => void seen.push(row)))
    expect(seen).toEqual([{ a: 1 }])
    expect(error).toMatchObject({ name: "NdjsonError", line: 3, text: `{"b":`, file: path })
    expect(error.cause).toBeInstanceOf(SyntaxError)
    expect(error.message).toBe(
      `Expected line 3 of ${path} to be a JSON value, got "{\\"b\\":": ${(error.cause as Error).message}. ` +
        "Correct it, or parse by yourself: lines(path).map(…).",
    )
    expect(openBelow(where)).toEqual([])
  })

  it("is handled by its class", async () => {
    const path = join(folder(), "rows.ndjson")
    writeFileSync(path, "1\noops\n")
    const rows = ndjson<number>(path)
    expectTypeOf(rows).toEqualTypeOf<Stream<number, NdjsonError>>()
    const safe = rows.catch(NdjsonError, ({ line }) => [-line])
    expectTypeOf(safe).toEqualTypeOf<Stream<number>>()
    expect(await safe.toArray()).toEqual([1, -2])
  })
})

describe("parseNdjson", () => {
  it("parses lines from anywhere, and counts them anew at each run", async () => {
    const bytes = Stream.of("1\n2", "\n\n[3").encode()
    const rows = parseNdjson(bytes.decode().lines())
    expect(await failureOf(rows)).toMatchObject({ line: 4, text: "[3", file: undefined })
    expect((await failureOf(rows)).message).toMatch(/^Expected line 4 to be a JSON value, got "\[3"/)
    expect(await rows.take(2).toArray()).toEqual([1, 2])
  })

  it("cuts a long line in its error, and names the file that it is told", async () => {
    const error = await failureOf(parseNdjson(Stream.of("x".repeat(500)), { file: "rows.ndjson" }))
    expect(error.text).toBe("x".repeat(80))
    expect(error.message).toContain(`of rows.ndjson to be a JSON value, got "${"x".repeat(80)}"…`)
  })

  it("says what to do with text that is not split into lines, and with bytes", async () => {
    expect((await failureOf(parseNdjson(Stream.of("1\n2\n")))).message).toContain("stream.lines()")
    const exit = await exitOf(parseNdjson(Stream.of(new Uint8Array(3)) as never).drain())
    expect(exit).toMatchObject({
      reason: {
        message:
          "Expected the elements of parseNdjson to be lines of text, got a Uint8Array. " +
          "Of bytes: stream.decode().lines().",
      },
    })
  })

  it("passes failures on, and refuses at the call what is no stream", async () => {
    const failing = parseNdjson<number, string>(Stream.of("1").concat(Stream.fail<string>("cut off")))
    expect(await exitOf(failing.drain())).toEqual({ status: "rejected", reason: "cut off" })
    expect(() => parseNdjson(Task.pure("1") as never)).toThrow("Expected parseNdjson to get a Stream, got a Task.")
    expect(() => parseNdjson(Stream.of("1"), { path: "x" } as never)).toThrow("options of parseNdjson")
  })
})
