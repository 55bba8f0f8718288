import { afterEach, describe, expect, it, vi } from "vitest"
import fastify from "fastify"
import pino, { type Logger as Pino, type LoggerOptions } from "pino"
import { Logger, type LogLevel, Task } from "rapid-fiber"
import { fromPino, type PinoLike } from "rapid-fiber/pino"
import { TestRuntime } from "rapid-fiber/testing"

afterEach(() => void vi.restoreAllMocks())

const LEVELS: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error"]

type Line = Readonly<Record<string, unknown>>

/** A real pino that writes to memory, and the lines that it has written. */
function memory(options: LoggerOptions = {}): {
  readonly log: Pino
  readonly texts: string[]
  readonly lines: () => Line[]
} {
  const texts: string[] = []
  const log = pino({ base: null, ...options }, { write: (text: string) => void texts.push(text) })
  return { log, texts, lines: () => texts.map((text) => JSON.parse(text) as Line) }
}

describe("fromPino", () => {
  it("writes level, time, fields, fiber and message on one line", async () => {
    const { log, texts } = memory()
    const runtime = TestRuntime.make({ startAt: 1000 })
    const task = Logger.with({ user: 7 }, Task.sleep(234).andThen(Logger.info("hello", { n: 1 })))
    const fiber = Logger.use(fromPino(log), task).run({ runtime, name: "main" })
    await runtime.run(fiber.join())
    expect(texts).toEqual([
      `{"level":30,"time":1234,"user":7,"n":1,"fiber":{"id":${fiber.id},"name":"main"},"msg":"hello"}\n`,
    ])
  })

  it("has pino's level for each of ours", async () => {
    const { log, lines } = memory({ level: "trace" })
    await Logger.use(
      fromPino(log),
      Task.forEach(LEVELS, (level) => Logger[level](level)),
    )
    expect(lines().map(({ level, msg }) => [level, msg])).toEqual([
      [10, "trace"],
      [20, "debug"],
      [30, "info"],
      [40, "warn"],
      [50, "error"],
    ])
  })

  it("makes no message below pino's level, which may change at any time", async () => {
    const { log, lines } = memory()
    const logger = fromPino(log)
    const make = vi.fn(() => "made")
    await Logger.use(logger, Logger.debug(make))
    expect(make).not.toHaveBeenCalled()
    log.level = "debug"
    await Logger.use(logger, Logger.debug(make))
    log.level = "silent"
    await Logger.use(logger, Logger.error(make))
    expect(make).toHaveBeenCalledTimes(1)
    expect(lines().map(({ level }) => level)).toEqual([20])
  })

  it("has an error under err, through pino's serializer or the one of its options", async () => {
    const error = Object.assign(new Error("down", { cause: new Error("the net") }), { code: 5 })
    const { log, lines } = memory()
    await Logger.use(fromPino(log), Logger.error("failed", { error, n: 1 }))
    expect(lines()[0]).toMatchObject({
      err: { type: "Error", code: 5, stack: expect.any(String) },
      n: 1,
      msg: "failed",
    })
    expect((lines()[0]["err"] as { message: string }).message).toBe("down: the net")

    const own = memory({ serializers: { err: (seen: unknown) => (seen === error ? "the very object" : "another") } })
    await Logger.use(fromPino(own.log), Logger.error("failed", error))
    expect(own.lines()[0]["err"]).toBe("the very object")

    const named = memory({ errorKey: "problem" })
    await Logger.use(fromPino(named.log), Logger.error("failed", { error }))
    expect(named.lines()[0]).toMatchObject({ problem: { type: "Error", code: 5 } })
    expect(named.lines()[0]).not.toHaveProperty("err")
  })

  it("has what was thrown though it is no error", async () => {
    const { log, lines } = memory()
    await Logger.use(fromPino(log), Logger.error("failed", { error: "a text" }))
    await Logger.use(fromPino(log), Logger.logErrors(Task.fail({ of: "one's own" })).attempt())
    expect(lines().map(({ err }) => err)).toEqual(["a text", { of: "one's own" }])
  })

  it("has both parts of a SuppressedError, ours and the platform's", async () => {
    const ours = await Task.fail(new Error("body"))
      .finally(() => Task.fail(new Error("cleanup")))
      .toPromise()
      .catch((error: unknown) => error)
    const platforms = Object.defineProperties(new Error("joined"), {
      name: { value: "SuppressedError" },
      error: { value: new Error("cleanup") },
      suppressed: { value: new Error("body") },
    })
    const { log, lines } = memory()
    for (const error of [ours, platforms]) await Logger.use(fromPino(log), Logger.error("failed", { error }))
    expect(lines().length).toBe(2)
    for (const { err } of lines()) {
      expect(err).toMatchObject({
        stack: expect.any(String),
        error: { type: "Error", message: "cleanup" },
        suppressed: { type: "Error", message: "body" },
      })
    }
  })

  it("keeps a message as it is, and one line for each record", async () => {
    const { log, texts, lines } = memory()
    const messages = ["100%d %s %%", "two\nlines", '"}\n{"level":60', ""]
    await Logger.use(
      fromPino(log),
      Task.forEach(messages, (message) => Logger.info(message)),
    )
    expect(lines().map(({ msg }) => msg)).toEqual(messages)
    for (const text of texts) expect(text.indexOf("\n")).toBe(text.length - 1)
  })

  it("loses no record to a field that cannot be serialised", async () => {
    const told = vi.spyOn(console, "error").mockImplementation(() => {})
    const { log, lines } = memory()
    const cycle: Record<string, unknown> = {}
    cycle["self"] = cycle
    const throwing = {
      toJSON() {
        throw new Error("no JSON")
      },
    }
    for (const value of [cycle, 10n, throwing, Symbol("s"), () => {}, undefined]) {
      await Logger.use(fromPino(log), Logger.info("kept", { value }))
    }
    expect(lines().map(({ msg }) => msg)).toEqual(Array.from({ length: 6 }, () => "kept"))
    expect(told).not.toHaveBeenCalled()
  })

  it("has the bindings of a child, and leaves the pino that it is given as it was", async () => {
    const { log, lines } = memory()
    const child = log.child({ module: "db" })
    const runtime = TestRuntime.make({ startAt: 5 })
    await runtime.run(Logger.use(fromPino(child), Logger.info("a")))
    const before = Date.now()
    child.info("b")
    expect(lines().map(({ module, msg }) => [module, msg])).toEqual([
      ["db", "a"],
      ["db", "b"],
    ])
    expect(lines()[0]["time"]).toBe(5)
    expect(lines()[1]["time"]).toBeGreaterThanOrEqual(before)
  })

  it("leaves the time to a pino that is told how to write it", async () => {
    const iso = memory({ timestamp: pino.stdTimeFunctions.isoTime })
    await Logger.use(fromPino(iso.log), Logger.info("a"))
    expect(iso.lines()[0]["time"]).toMatch(/^\d{4}-\d\d-\d\dT/)
    const none = memory({ timestamp: false })
    await Logger.use(fromPino(none.log), Logger.info("a"))
    expect(none.lines()[0]).not.toHaveProperty("time")
  })

  it("redacts and mixes in as pino is told to", async () => {
    const { log, lines } = memory({
      redact: ["password"],
      mixin: () => ({ mixed: 1 }),
      msgPrefix: "[app] ",
      nestedKey: "payload",
    })
    await Logger.use(fromPino(log), Logger.info("a", { password: "secret", n: 1 }))
    expect(lines()[0]).toMatchObject({ payload: { password: "[Redacted]", n: 1, mixed: 1 }, msg: "[app] a" })
  })

  it("keeps a thousand fibers apart", async () => {
    const { log, lines } = memory()
    const worker = (n: number) => Logger.with({ n }, Task.yield().andThen(Logger.info("done")))
    await Logger.use(
      fromPino(log),
      Task.forEach(
        Array.from({ length: 1000 }, (_, n) => n),
        worker,
      ),
    )
    expect(new Set(lines().map(({ n }) => n)).size).toBe(1000)
    expect(new Set(lines().map(({ fiber }) => (fiber as { id: number }).id)).size).toBe(1000)
  })

  it("may be the default of the process", async () => {
    const { log, lines } = memory()
    Logger.setDefault(fromPino(log))
    try {
      await Logger.info("a")
    } finally {
      Logger.setDefault(Logger.console())
    }
    expect(lines().map(({ msg }) => msg)).toEqual(["a"])
  })

  it("takes Fastify's log of a request", async () => {
    const texts: string[] = []
    const app = fastify({
      logger: { base: null, level: "warn", stream: { write: (text: string) => void texts.push(text) } },
    })
    app.get("/", (request) =>
      Logger.use(fromPino(request.log), Logger.info("no").andThen(Logger.warn("slow")).as("ok")),
    )
    expect((await app.inject("/")).body).toBe("ok")
    await app.close()
    expect(texts.map((text) => JSON.parse(text) as Line)).toEqual([
      { level: 40, time: expect.any(Number), reqId: expect.any(String), fiber: expect.any(Object), msg: "slow" },
    ])
  })

  it("takes what has pino's methods and nothing more", async () => {
    const calls: unknown[] = []
    const write = (level: string) => (fields: object, message: string) => void calls.push([level, fields, message])
    const like: PinoLike = {
      trace: write("trace"),
      debug: write("debug"),
      info: write("info"),
      warn: write("warn"),
      error: write("error"),
    }
    const error = new Error("down")
    await Logger.use(fromPino(like), Logger.debug("a", { n: 1 }).andThen(Logger.error("b", error))).run({
      name: "main",
    })
    const fiber = { id: expect.any(Number), name: "main" }
    expect(calls).toEqual([
      ["debug", { n: 1, fiber }, "a"],
      ["error", { fiber, err: error }, "b"],
    ])
  })

  it("refuses what is no pino at the call", () => {
    expect(() => fromPino({ info() {} } as never)).toThrow(
      new TypeError(
        "Expected fromPino to get a pino logger, got { info: info() {} } without a method `trace`. Make one: pino().",
      ),
    )
    for (const given of [undefined, null, 5, pino]) expect(() => fromPino(given as never)).toThrow(TypeError)
  })
})
