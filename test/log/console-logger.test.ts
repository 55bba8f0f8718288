import fc from "fast-check"
import { afterEach, describe, expect, it, vi } from "vitest"
import { type ConsoleLoggerOptions, Logger, type LogFields, type LogLevel, Task } from "rapid-fiber"
import { TestRuntime } from "rapid-fiber/testing"

afterEach(() => {
  vi.restoreAllMocks()
  Logger.setDefault(Logger.console())
})

const LEVELS: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error"]

/** What is written for a task, at 2030-01-01 in the fiber "main". */
async function written(options: ConsoleLoggerOptions, task: Task<unknown, unknown>): Promise<string[]> {
  const texts: string[] = []
  const log = Logger.console({ ...options, write: (text) => void texts.push(text) })
  const runtime = TestRuntime.make({ startAt: new Date("2030-01-01T00:00:00Z") })
  await runtime.run(Logger.use(log, task), { name: "main" })
  return texts
}

async function jsonOf(message: string, fields?: LogFields): Promise<Record<string, unknown>> {
  const [line] = await written({ format: "json" }, Logger.info(message, fields))
  return JSON.parse(line) as Record<string, unknown>
}

const prettyOf = async (message: string, fields?: LogFields): Promise<string> =>
  (await written({ format: "pretty" }, Logger.info(message, fields))).join("|")

/** Its JSON is itself: JSON.stringify takes it as it is. */
class Itself {
  n = 1
  toJSON(): this {
    return this
  }
}

/** Whatever a reader of lines may take for the end of one. */
const BREAKS = "\n\r\v\f\u001c\u001d\u001e\u0085\u2028\u2029".split("")

describe("Logger.console", () => {
  it("writes its level and what is above it, by default from info on", async () => {
    const each = Task.forEach(LEVELS, (level) => Logger[level](level))
    for (const [index, level] of LEVELS.entries()) {
      const lines = await written({ level, format: "json" }, each)
      expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(LEVELS.slice(index))
    }
    expect((await written({}, each)).length).toBe(3)
  })

  it("filters also where a logger around it hands records on without asking", async () => {
    const lines: string[] = []
    const inner = Logger.console({ level: "warn", write: (line) => void lines.push(line) })
    await Logger.use({ log: (record) => inner.log(record) }, Logger.info("a").andThen(Logger.warn("b")))
    expect(lines.length).toBe(1)
  })

  it("tells `write` the level", async () => {
    const seen: string[] = []
    const log = Logger.console({ level: "trace", write: (_, level) => void seen.push(level) })
    await Logger.use(
      log,
      Task.forEach(LEVELS, (level) => Logger[level](level)),
    )
    expect(seen).toEqual(LEVELS)
  })

  it("writes to the console's method for the level unless told otherwise", async () => {
    const methods = ["debug", "info", "warn", "error"] as const
    const calls: string[] = []
    for (const method of methods) {
      vi.spyOn(console, method).mockImplementation((text: string) => void calls.push(`${method} ${text.slice(25, 28)}`))
    }
    const log = Logger.console({ level: "trace", format: "pretty" })
    await Logger.use(
      log,
      Task.forEach(LEVELS, (level) => Logger[level](level)),
    )
    expect(calls).toEqual(["debug TRA", "debug DEB", "info INF", "warn WAR", "error ERR"])
  })

  it("is the default, which is chosen at the first record", async () => {
    const info = vi.spyOn(console, "info").mockImplementation(() => {})
    await Logger.info("hello").andThen(Logger.debug("not this"))
    expect(info).toHaveBeenCalledTimes(1)
    expect(info.mock.calls[0][0]).toContain("hello")
  })

  it("is pretty on a terminal and in a browser, and JSON elsewhere", async () => {
    const isJson = async () => (await written({}, Logger.info("a")))[0].startsWith("{")
    const was = process.stdout.isTTY
    try {
      process.stdout.isTTY = true
      expect(await isJson()).toBe(false)
      process.stdout.isTTY = false
      expect(await isJson()).toBe(true)
      Object.assign(globalThis, { document: {} })
      expect(await isJson()).toBe(false)
    } finally {
      process.stdout.isTTY = was
      Reflect.deleteProperty(globalThis, "document")
    }
  })

  it("refuses options that it does not know at the call", () => {
    const make = (options: unknown) => () => Logger.console(options as ConsoleLoggerOptions)
    expect(make({ level: "verbose" })).toThrow(
      new RangeError(
        'Expected `level` of Logger.console to be one of "trace", "debug", "info", "warn", "error", got "verbose".',
      ),
    )
    expect(make({ format: "xml" })).toThrow(
      'Expected `format` of Logger.console to be one of "pretty", "json", got "xml".',
    )
    expect(make({ write: 5 })).toThrow("Expected `write` of Logger.console to get a function, got 5.")
    expect(make({ levels: "info" })).toThrow("Expected the options of Logger.console to be among level, format, write")
  })
})

describe("a line of JSON", () => {
  it("is the record: time, level, message, fiber, fields, error", async () => {
    const line = await jsonOf("hello", { user: 7, error: "down" })
    expect(line).toEqual({
      time: "2030-01-01T00:00:00.000Z",
      level: "info",
      message: "hello",
      fiber: { id: expect.any(Number), name: "main" },
      fields: { user: 7 },
      error: "down",
    })
    expect(Object.keys(await jsonOf("hello"))).toEqual(["time", "level", "message", "fiber"])
  })

  it("is one line, and can be parsed, whatever is logged", async () => {
    const anything = fc.anything({
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withObjectString: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
    })
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("a\nb", "\r\n", "\u2028\u2029\u0085\v", "\ud800", '"}\n{"'),
    )
    await fc.assert(
      fc.asyncProperty(text, fc.dictionary(text, anything), anything, async (message, fields, error) => {
        const log = Logger.with({ ...fields, error }, Logger.info(message, { note: message }))
        const lines = await written({ format: "json" }, log)
        expect(lines.length).toBe(1)
        expect(BREAKS.filter((end) => lines[0].includes(end))).toEqual([])
        const parsed = JSON.parse(lines[0]) as { message: string; fields: { note: string } }
        // A half of a surrogate pair is not text; JSON escapes it.
        expect(parsed.message).toBe(message)
        expect(parsed.fields.note).toBe(message)
      }),
    )
  })

  it("has fields as JSON.stringify has them, where it can", async () => {
    const json = fc.jsonValue({ maxDepth: 4 })
    await fc.assert(
      fc.asyncProperty(json, async (value) => {
        expect(JSON.stringify((await jsonOf("a", { value }))["fields"])).toBe(JSON.stringify({ value }))
      }),
    )
    const date = new Date(0)
    const url = new URL("http://localhost/")
    const fields = { date, url, nothing: undefined, list: [undefined, date], nested: { nothing: undefined } }
    expect((await jsonOf("a", fields))["fields"]).toEqual(JSON.parse(JSON.stringify(fields)))
  })

  it("has a word for what JSON has none for", async () => {
    const cycle: Record<string, unknown> = { name: "loop" }
    cycle["self"] = { cycle }
    const shared = { n: 1 }
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    const fields = {
      cycle,
      twice: [shared, shared],
      big: 10n,
      nan: Number.NaN,
      symbol: Symbol("s"),
      run: function go() {},
      map: new Map([["a", new Set([1])]]),
      bytes: new Uint8Array(1000),
      bare: Object.assign(Object.create(null) as object, { n: 1 }),
      itself: new Itself(),
      revoked: proxy,
      throwing: {
        toJSON() {
          throw new Error("no JSON")
        },
      },
      getter: {
        a: 1,
        get b() {
          throw "no b"
        },
      },
    }
    expect((await jsonOf("a", fields))["fields"]).toEqual({
      cycle: { name: "loop", self: { cycle: "[circular]" } },
      twice: [{ n: 1 }, { n: 1 }],
      big: "10",
      nan: "NaN",
      symbol: "Symbol(s)",
      run: "[a function go]",
      map: [["a", [1]]],
      bytes: "[a Uint8Array of 1000 bytes]",
      bare: { n: 1 },
      itself: { n: 1 },
      revoked: expect.stringMatching(/^\[unreadable: .*revoked.*\]$/),
      throwing: "[unreadable: no JSON]",
      getter: { a: 1, b: "[unreadable: no b]" },
    })
  })

  it("is bounded, however much hangs on a field", async () => {
    interface Node {
      [name: string]: Node | number
    }
    const all: Node[] = Array.from({ length: 100 }, () => ({}))
    for (const node of all) for (const [index, other] of all.entries()) node[`n${index}`] = other
    const deep = Array.from({ length: 100_000 }).reduce<object>((inner) => ({ inner }), {})
    const fields = { graph: all, list: Array.from({ length: 1_000_000 }, () => 0), deep, after: 1 }
    for (const format of ["json", "pretty"] as const) {
      for (const [name, value] of Object.entries(fields)) {
        const [text] = await written({ format }, Logger.info("a", { [name]: value }))
        expect(text.length).toBeLessThan(50_000)
      }
    }
    expect((await jsonOf("a", { list: Array.from({ length: 2000 }, (_, n) => n) }))["fields"]).toEqual({
      list: [...Array.from({ length: 998 }, (_, n) => n), "[…]"],
    })
  })

  it("has an error with its stack, cause, parts and own fields", async () => {
    const cause = new RangeError("too far")
    const error = Object.assign(new Error("down", { cause }), { code: "E1" })
    const data = (await jsonOf("a", { error }))["error"]
    expect(data).toEqual({
      name: "Error",
      message: "down",
      stack: error.stack,
      cause: { name: "RangeError", message: "too far", stack: cause.stack },
      code: "E1",
    })
    const several = new AggregateError([new Error("one"), "two"], "both")
    expect((await jsonOf("a", { error: several }))["error"]).toMatchObject({
      name: "AggregateError",
      message: "both",
      errors: [{ message: "one" }, "two"],
    })
  })

  it("has both parts of a SuppressedError, ours and the platform's", async () => {
    const joined = await Task.fail(new Error("body"))
      .finally(() => Task.fail(new Error("cleanup")))
      .toPromise()
      .catch((error: unknown) => error)
    const platforms = Object.defineProperties(new Error("joined"), {
      name: { value: "SuppressedError" },
      error: { value: new Error("cleanup") },
      suppressed: { value: new Error("body") },
    })
    for (const error of [joined, platforms]) {
      expect((await jsonOf("a", { error }))["error"]).toMatchObject({
        name: "SuppressedError",
        error: { message: "cleanup" },
        suppressed: { message: "body" },
      })
    }
  })

  it("has errors among the fields, in a cycle, and with parts that cannot be read", async () => {
    const error = new Error("a")
    error.cause = error
    expect((await jsonOf("a", { last: error }))["fields"]).toMatchObject({
      last: { message: "a", cause: "[circular]" },
    })
    const bad = Object.defineProperty(new Error("a"), "message", {
      get: () => {
        throw new Error("no message")
      },
    })
    // Some engines read the message for the stack, too: then all of it cannot be read.
    expect(JSON.stringify((await jsonOf("a", { error: bad }))["error"])).toContain("[unreadable: no message]")
  })
})

describe("a pretty text", () => {
  it("is the time, the level, the fiber, the message, and the fields", async () => {
    expect(await prettyOf("hello", { user: 7, name: "ada", "two words": [1], gone: undefined })).toBe(
      '2030-01-01T00:00:00.000Z INFO  main: hello user=7 name="ada" "two words"=[1]',
    )
  })

  it("has further lines of a message behind the fields, indented", async () => {
    expect(await prettyOf("one\ntwo", { n: 1 })).toBe("2030-01-01T00:00:00.000Z INFO  main: one n=1\n    two")
  })

  it("has an error with its own fields, its stack, its cause and its parts below it", async () => {
    const error = Object.assign(new Error("down", { cause: "the net" }), { code: 5 })
    error.stack = "Error: down\n    at a (file.js:1:2)\n    at b (file.js:3:4)"
    const parts = new AggregateError([error, "two"], "both")
    parts.stack = "AggregateError: both\n    at c (file.js:5:6)"
    expect((await prettyOf("failed", { error: parts })).split("\n").slice(1)).toEqual([
      "    AggregateError: both",
      "        at c (file.js:5:6)",
      "      errors[0]: Error: down code=5",
      "          at a (file.js:1:2)",
      "          at b (file.js:3:4)",
      "        cause: the net",
      "      errors[1]: two",
    ])
  })

  it("names an error as it is called now, also where its stack has no head", async () => {
    const error = new Error("old")
    error.name = "Renamed"
    error.message = "new"
    const [, head, frame] = (await prettyOf("failed", { error })).split("\n")
    expect(head).toBe("    Renamed: new")
    expect(frame).toMatch(/^ {8}at /)
    error.stack = "elsewhere@file.js:1:2\n@file.js:3:4"
    expect((await prettyOf("failed", { error })).split("\n").slice(1)).toEqual([
      "    Renamed: new",
      "        elsewhere@file.js:1:2",
      "        @file.js:3:4",
    ])
    error.stack = "Error: new"
    expect((await prettyOf("failed", { error })).split("\n").slice(1)).toEqual(["    Renamed: new"])
  })

  it("has what was thrown though it is no error", async () => {
    expect((await prettyOf("failed", { error: "a text\nof two lines" })).split("\n").slice(1)).toEqual([
      "    a text",
      "    of two lines",
    ])
    expect((await prettyOf("failed", { error: { n: 1 } })).split("\n").slice(1)).toEqual(['    {"n":1}'])
    expect((await prettyOf("failed", { error: undefined })).split("\n").slice(1)).toEqual(["    undefined"])
  })

  it("begins at the margin only once, and moves no terminal, whatever is logged", async () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("\u001b[2J", "a\n2030 ERROR forged", "\r", "\u2028", "\b"),
    )
    await fc.assert(
      fc.asyncProperty(text, text, async (message, other) => {
        const task = Logger.error(message, { [other]: other, error: new Error(other, { cause: message }) })
        const [written_] = await written({ format: "pretty" }, task)
        const [first, ...others] = written_.split("\n")
        expect(first).toMatch(/^2030-01-01T00:00:00.000Z ERROR main: /)
        for (const line of others) expect(line).toMatch(/^ {4}/)
        expect(written_.replaceAll(/[\n\t]/g, "")).not.toMatch(/[\p{Cc}\u2028\u2029]/u)
      }),
    )
  })
})
