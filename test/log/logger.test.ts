import fc from "fast-check"
import { afterEach, describe, expect, it, vi } from "vitest"
import { Logger, type LogLevel, type LogMessage, Runtime, Task } from "rapid-fiber"
import { explore, TestRuntime } from "rapid-fiber/testing"
import { ended, turn } from "../watch.ts"
import { recording } from "./recording.ts"

afterEach(() => {
  vi.restoreAllMocks()
  Logger.setDefault(Logger.console())
})

const LEVELS: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error"]

/** The messages of what a task logs. */
async function messagesOf(task: Task<unknown, unknown>): Promise<string[]> {
  const log = recording()
  await Logger.use(log, task)
  return log.records.map(({ message }) => message)
}

/** The fields of what a task logs, by message. */
async function fieldsOf(task: Task<unknown, unknown>): Promise<Record<string, unknown>> {
  const log = recording()
  await Logger.use(log, task)
  return Object.fromEntries(log.records.map(({ message, fields }) => [message, fields]))
}

describe("a record", () => {
  it("is made when the Task runs, at each run", async () => {
    const log = recording()
    const info = Logger.use(log, Logger.info("hello"))
    expect(log.records).toEqual([])
    await info
    await info
    expect(log.records.map(({ message }) => message)).toEqual(["hello", "hello"])
  })

  it("has the level of its function, the message, the fields, and no error", async () => {
    const log = recording()
    for (const level of LEVELS) await Logger.use(log, Logger[level](`at ${level}`, { level }))
    expect(log.records).toEqual(
      LEVELS.map((level) => ({
        level,
        message: `at ${level}`,
        time: expect.any(Number),
        fiber: { id: expect.any(Number), name: expect.any(String) },
        fields: { level },
      })),
    )
  })

  it("is stamped by the clock of the runtime at the time of the run", async () => {
    const runtime = TestRuntime.make({ startAt: new Date("2030-01-01T00:00:00Z") })
    const log = recording()
    const note = Logger.info("now")
    const program = Logger.use(log, note.andThen(Task.sleep({ days: 1 })).andThen(note))
    await runtime.run(program)
    expect(log.records.map(({ time }) => new Date(time).toISOString())).toEqual([
      "2030-01-01T00:00:00.000Z",
      "2030-01-02T00:00:00.000Z",
    ])
  })

  it("has the time of day on an ordinary runtime", async () => {
    const log = recording()
    const before = Date.now()
    await Logger.use(log, Logger.info("now"))
    expect(log.records[0].time).toBeGreaterThanOrEqual(before)
    expect(log.records[0].time).toBeLessThanOrEqual(Date.now())
  })

  it("has the very error, whatever was thrown, and at any level", async () => {
    for (const error of [new Error("down"), "a text", undefined, null, 0, { of: "one's own" }]) {
      const log = recording()
      await Logger.use(log, Logger.error("failed", { error, n: 1 }))
      await Logger.use(log, Logger.warn("failed", { error }))
      expect(log.records.map((record) => record.error)).toEqual([error, error])
      expect(log.records[0].error).toBe(error)
      expect(log.records[0]).toHaveProperty("error")
      expect(log.records.map(({ fields }) => fields)).toEqual([{ n: 1 }, {}])
    }
  })

  it("takes an Error in place of the fields", async () => {
    const log = recording()
    const error = Object.assign(new Error("down"), { code: 5 })
    await Logger.use(log, Logger.with({ user: 7 }, Logger.error("failed", error)))
    expect(log.records[0].error).toBe(error)
    expect(log.records[0].fields).toEqual({ user: 7 })
  })

  it("keeps its fields as they were", async () => {
    const log = recording()
    const fields = { n: 1 }
    const info = Logger.use(log, Logger.info("n", fields))
    await info
    fields.n = 2
    await info
    expect(log.records.map(({ fields }) => fields)).toEqual([{ n: 1 }, { n: 2 }])
  })

  it("is not lost for a message that fails or is none, nor for a field that cannot be read", async () => {
    const log = recording()
    const failing = (): string => {
      throw new Error("no words")
    }
    const fields = {
      a: 1,
      get b(): number {
        throw new Error("no number")
      },
    }
    await Logger.use(log, Logger.info(failing, fields))
    await Logger.use(
      log,
      Logger.info(() => 5 as unknown as string),
    )
    expect(log.records.map(({ message, fields }) => [message, fields])).toEqual([
      ["[the message failed: no words]", { a: 1, b: "[unreadable: no number]" }],
      ["5", {}],
    ])
  })
})

describe("the fiber of a record", () => {
  it("is the one that logs, before and after it has waited", async () => {
    const log = recording()
    const note = Logger.info("here")
    const program = note.andThen(Task.sleep(1)).andThen(note).andThen(Task.yield()).andThen(note)
    const fiber = Logger.use(log, program).run({ name: "worker" })
    await fiber
    expect(log.records.map(({ fiber }) => fiber)).toEqual(
      Array.from({ length: 3 }, () => ({ id: fiber.id, name: "worker" })),
    )
  })

  it("stays the same where nobody holds it", async () => {
    const log = recording()
    Logger.setDefault(log)
    const twice = Logger.info("a").andThen(Task.sleep(1)).andThen(Logger.info("b"))
    for (let i = 0; i < 3; i++) twice.runAndForget()
    await Task.until(() => log.records.length === 6, { every: 1 })
    const ids = (message: string) =>
      log.records.filter((record) => record.message === message).map(({ fiber }) => fiber.id)
    expect(new Set(ids("a")).size).toBe(3)
    expect(new Set(ids("b"))).toEqual(new Set(ids("a")))
  })

  it("is the child's own in a child", async () => {
    const log = recording()
    const program = Task.gen(function* () {
      yield* Logger.info("parent")
      const child = yield* Logger.info("child").start({ name: "child" })
      yield* child.join()
      yield* Logger.info("parent")
    })
    await Logger.use(log, program).run({ name: "parent" })
    expect(log.records.map(({ message, fiber }) => [message, fiber.name])).toEqual([
      ["parent", "parent"],
      ["child", "child"],
      ["parent", "parent"],
    ])
    expect(new Set(log.records.map(({ fiber }) => fiber.id)).size).toBe(2)
  })

  it("is each one's own, of a thousand that log and wait", async () => {
    const runtime = TestRuntime.make({ seed: 7 })
    const log = recording()
    const worker = (n: number) =>
      Logger.with(
        { n },
        Task.gen(function* () {
          for (let step = 0; step < 3; step++) {
            yield* Logger.info("step", { step })
            yield* Task.sleep(n % 7)
          }
        }),
      )
    const all = Task.forEach(
      Array.from({ length: 1000 }, (_, n) => n),
      worker,
    )
    await runtime.run(Logger.use(log, all))
    const owners = new Map<unknown, Set<number>>()
    for (const { fiber, fields } of log.records)
      owners.set(fields["n"], (owners.get(fields["n"]) ?? new Set()).add(fiber.id))
    expect(log.records.length).toBe(3000)
    expect(owners.size).toBe(1000)
    expect([...owners.values()].every((ids) => ids.size === 1)).toBe(true)
    expect(new Set([...owners.values()].flatMap((ids) => [...ids])).size).toBe(1000)
  })
})

describe("logging", () => {
  it("is done on the spot: it neither waits nor gives way", async () => {
    const log = recording()
    Logger.use(log, Logger.info("sync")).runSync()
    expect(log.records.length).toBe(1)
    const twice = (name: string) => Logger.info(`${name}1`).andThen(Logger.info(`${name}2`))
    expect(await messagesOf(Task.all([twice("a"), twice("b")]))).toEqual(["a1", "a2", "b1", "b2"])
  })

  it("is one step, with no place to give way inside", async () => {
    // The longer a program, the more schedules it has.
    const schedules = async (step: Task<void>): Promise<number> => {
      const twice = Task.all([step, step])
      const found = await explore(() => Logger.use({ log() {} }, twice), { strategy: "exhaustive", runs: 20_000 })
      expect(found.complete).toBe(true)
      return found.runs
    }
    const one = await schedules(Task.defer(() => Task.unit))
    expect(await schedules(Logger.info("a", { n: 1 }))).toBe(one)
    expect(await schedules(Task.defer(() => Task.unit).map(() => {}))).toBeGreaterThan(one)
  })

  it("makes a message only if the level is enabled, and no record otherwise", async () => {
    const log = recording()
    const quiet = { ...log, isEnabled: (level: LogLevel) => level === "warn" }
    const make = vi.fn((): string => "made")
    for (const level of LEVELS) await Logger.use(quiet, Logger[level](make))
    expect(make).toHaveBeenCalledTimes(1)
    expect(log.records.map(({ level, message }) => [level, message])).toEqual([["warn", "made"]])
  })

  it("asks whether a level is enabled at each record", async () => {
    let least = "error"
    const log = { ...recording(), isEnabled: (level: LogLevel) => level === least }
    const both = Logger.info("info").andThen(Logger.error("error"))
    await Logger.use(log, both)
    least = "info"
    await Logger.use(log, both)
    expect(log.records.map(({ message }) => message)).toEqual(["error", "info"])
  })

  it("works with its functions apart from the object", async () => {
    // oxlint-disable-next-line typescript/unbound-method -- what this is about
    const { info, with: fields, use } = Logger
    const log = recording()
    await use(log, fields({ n: 1 }, info("apart")))
    expect(log.records.map(({ message, fields }) => [message, fields])).toEqual([["apart", { n: 1 }]])
  })
})

describe("fields that travel", () => {
  const note = (message: string, fields?: Readonly<Record<string, unknown>>) => Logger.info(message, fields)

  it("are on every record of the task, add up, and are gone behind it", async () => {
    const inner = Logger.with({ b: 2, c: 3 }, note("inner", { c: 4 }))
    const program = note("before")
      .andThen(Logger.with({ a: 1, b: 1 }, inner.andThen(note("outer"))))
      .andThen(note("after"))
    expect(await fieldsOf(program)).toEqual({
      before: {},
      inner: { a: 1, b: 2, c: 4 },
      outer: { a: 1, b: 1 },
      after: {},
    })
  })

  it("add up as objects are spread, whatever their names", async () => {
    const fields = fc.dictionary(fc.string(), fc.integer(), { maxKeys: 4 }).map(({ error: _, ...others }) => others)
    await fc.assert(
      fc.asyncProperty(fields, fields, fields, async (a, b, c) => {
        const seen = await fieldsOf(Logger.with(a, Logger.with(b, note("all", c))))
        expect(Object.entries(seen["all"] as object)).toEqual(Object.entries({ ...a, ...b, ...c }))
      }),
    )
  })

  it("are gone behind a failure and behind a cancellation, and there for cleanups", async () => {
    const log = recording()
    const failing = Logger.with({ a: 1 }, Task.fail("down").finally(note("cleanup"))).catch(() => note("handler"))
    await Logger.use(log, failing)
    const waiting = Logger.with({ b: 1 }, Task.never.finally(note("inside"))).finally(note("outside"))
    const fiber = Logger.use(log, waiting).run()
    await fiber.cancel()
    expect(log.records.map(({ message, fields }) => [message, fields])).toEqual([
      ["cleanup", { a: 1 }],
      ["handler", {}],
      ["inside", { b: 1 }],
      ["outside", {}],
    ])
  })

  it("go to children, members and detached fibers", async () => {
    const late = (name: string) => Task.sleep(1).andThen(note(name))
    const program = Task.gen(function* () {
      const child = yield* late("child").start()
      const detached = yield* late("detached").startDetached()
      yield* Task.all([late("all"), late("all too")])
      yield* Task.race([late("race"), Task.never])
      yield* late("timeout").timeout(1000)
      yield* child.join()
      yield* detached.join()
    })
    const seen = await fieldsOf(Logger.with({ a: 1 }, program))
    expect(Object.keys(seen).toSorted()).toEqual(["all", "all too", "child", "detached", "race", "timeout"])
    expect(new Set(Object.values(seen).map((fields) => JSON.stringify(fields)))).toEqual(new Set(['{"a":1}']))
  })

  it("do not leak to siblings, nor to the parent", async () => {
    const member = (n: number) => Logger.with({ [`m${n}`]: n }, Task.yield().andThen(note(`member ${n}`)))
    const program = Task.all([member(1), note("sibling"), member(2)]).andThen(note("parent"))
    expect(await fieldsOf(Logger.with({ a: 0 }, program))).toEqual({
      "member 1": { a: 0, m1: 1 },
      sibling: { a: 0 },
      "member 2": { a: 0, m2: 2 },
      parent: { a: 0 },
    })
  })

  it("are as they were when `with` was called", async () => {
    const fields = { n: 1 }
    const task = Logger.with(fields, note("n"))
    fields.n = 2
    expect(await fieldsOf(task)).toEqual({ n: { n: 1 } })
  })

  it("may name the error of all records", async () => {
    const log = recording()
    await Logger.use(log, Logger.with({ error: "outer" }, note("a").andThen(note("b", { error: "own" }))))
    expect(log.records.map(({ error, fields }) => [error, fields])).toEqual([
      ["outer", {}],
      ["own", {}],
    ])
  })

  it("belong to their own fiber under any schedule, with anybody cancelled at any step", async () => {
    const program = (trial: { check(check: () => void): void }) => {
      const log = recording()
      const worker = (who: string) =>
        Logger.with(
          { who },
          note("begin")
            .andThen(Logger.with({ inner: who }, Task.yield().andThen(note("inner"))))
            .andThen(note("end"))
            .finally(note("cleanup")),
        ).startDetached({ name: who })
      trial.check(() => {
        for (const { message, fiber, fields } of log.records) {
          const expected = message === "inner" ? { who: fiber.name, inner: fiber.name } : { who: fiber.name }
          expect(fields).toEqual(expected)
        }
        const begun = log.records.filter(({ message }) => message === "begin").length
        expect(log.records.filter(({ message }) => message === "cleanup").length).toBeGreaterThanOrEqual(begun)
      })
      return Logger.use(
        log,
        Task.gen(function* () {
          const [one, two] = [yield* worker("one"), yield* worker("two")]
          yield* one.join().attempt()
          yield* two.join().attempt()
        }),
      )
    }
    const found = await explore(program, { runs: 2000, cancel: ["one", "two"] })
    expect(found.runs).toBe(2000)
  })
})

describe("which logger", () => {
  it("is the innermost one's of `use`, in children and detached fibers, too, and the outer one's behind it", async () => {
    const [outer, inner] = [recording(), recording()]
    const child = (name: string) =>
      Logger.info(name)
        .start()
        .flatMap((fiber) => fiber.join())
    const detached = Logger.info("detached")
      .startDetached()
      .flatMap((fiber) => fiber.join())
    const inside = Logger.use(inner, child("child").andThen(detached).andThen(Logger.info("inner")))
    await Logger.use(outer, Logger.info("before").andThen(inside).andThen(Logger.info("after")))
    expect(inner.records.map(({ message }) => message)).toEqual(["child", "detached", "inner"])
    expect(outer.records.map(({ message }) => message)).toEqual(["before", "after"])
  })

  it("may be another for each member of Task.all", async () => {
    const logs = [recording(), recording(), recording()]
    const member = (log: Logger, n: number) =>
      Logger.use(
        log,
        Logger.info(`a${n}`)
          .andThen(Task.yield())
          .andThen(Logger.info(`b${n}`)),
      )
    await Task.all(logs.map(member))
    expect(logs.map(({ records }) => records.map(({ message }) => message))).toEqual([
      ["a0", "b0"],
      ["a1", "b1"],
      ["a2", "b2"],
    ])
  })

  it("has nothing to do with the fields", async () => {
    const [outer, inner] = [recording(), recording()]
    const info = Logger.info("info")
    await Logger.use(outer, Logger.with({ a: 1 }, Logger.use(inner, Logger.with({ b: 2 }, info)).andThen(info)))
    expect(inner.records[0].fields).toEqual({ a: 1, b: 2 })
    expect(outer.records[0].fields).toEqual({ a: 1 })
  })

  it("is the default of the process where there is no `use`, as of the record", async () => {
    const [first, second] = [recording(), recording()]
    const gate = Task.withResolvers<void>()
    Logger.setDefault(first)
    const fiber = Logger.info("one").andThen(gate.task).andThen(Logger.info("two")).run()
    Logger.setDefault(second)
    gate.resolve()
    await fiber
    expect(first.records.map(({ message }) => message)).toEqual(["one"])
    expect(second.records.map(({ message }) => message)).toEqual(["two"])
  })

  it("is the same on every runtime", async () => {
    const log = recording()
    const runtime = Runtime.make({ clock: "platform" })
    await Logger.use(log, Logger.info("a")).toPromise({ runtime })
    await runtime.close()
    expect(log.records.length).toBe(1)
  })
})

describe("a logger that fails", () => {
  const told = () => vi.spyOn(console, "error").mockImplementation(() => {})

  const throwing = (error: unknown): Logger => ({
    log() {
      throw error
    },
  })

  it("does not fail the program, and is told once", async () => {
    const console_ = told()
    const error = new Error("disk full")
    const bad = throwing(error)
    expect(await Logger.use(bad, Logger.info("a").andThen(Logger.info("b")).as("went on"))).toBe("went on")
    expect(await Logger.use(bad, Logger.info("c").as("again"))).toBe("again")
    expect(console_.mock.calls).toEqual([
      [expect.stringContaining("A logger failed"), error, expect.objectContaining({ message: "a" })],
    ])
  })

  it("does not go round when it logs by itself, or makes a Task that nobody runs: that is told", async () => {
    const console_ = told()
    const looping: Logger = { log: () => Logger.use(looping, Logger.info("again")).runSync() }
    const lazy = { log: () => Task.unit } as unknown as Logger
    await Logger.use(looping, Logger.info("first"))
    await Logger.use(lazy, Logger.info("second"))
    expect(
      console_.mock.calls.map(([, error, record]) => [String(error), (record as { message: string }).message]),
    ).toEqual([
      ["Error: Expected a logger not to log while it logs, got one that does.", "again"],
      ["TypeError: Expected `log` of a logger to do its work, got a Task: nobody runs it.", "second"],
    ])
  })

  it("is told for itself: another one's failure is another", async () => {
    const console_ = told()
    for (const error of ["one", "two"]) await Logger.use(throwing(error), Logger.info("a"))
    expect(console_.mock.calls.map(([, error]) => error)).toEqual(["one", "two"])
  })

  it("may fail at saying which levels it wants", async () => {
    const console_ = told()
    const bad: Logger = {
      log() {},
      isEnabled() {
        throw new Error("what level?")
      },
    }
    expect(await Logger.use(bad, Logger.info("a").as("went on"))).toBe("went on")
    expect(console_).toHaveBeenCalledTimes(1)
  })

  it("may be an async function that rejects", async () => {
    const console_ = told()
    const rejections = vi.fn()
    process.on("unhandledRejection", rejections)
    const bad: Logger = { log: async () => await Promise.reject(new Error("late")) }
    await Logger.use(bad, Logger.info("a").andThen(Logger.info("b")))
    await turn()
    process.off("unhandledRejection", rejections)
    expect(rejections).not.toHaveBeenCalled()
    expect(console_.mock.calls).toEqual([[expect.any(String), new Error("late"), expect.anything()]])
  })

  it("goes on where even the console fails", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {
      throw new Error("no console")
    })
    expect(await Logger.use(throwing("down"), Logger.info("a").as("went on"))).toBe("went on")
  })

  it("harms no cleanup", async () => {
    told()
    const cleaned: string[] = []
    const cleanup = Logger.info("cleaning").tap(() => cleaned.push("done"))
    const fiber = Logger.use(throwing("down"), Task.never.finally(cleanup)).run()
    await fiber.cancel()
    expect((await ended(fiber)).status).toBe("cancelled")
    expect(cleaned).toEqual(["done"])
  })
})

describe("bad input", () => {
  it("is refused at the call", () => {
    const of = (given: unknown) => given as never
    expect(() => Logger.info(of(new Error("x")))).toThrow(
      new TypeError(
        "Expected the message of Logger.info to be a text, or a function that makes one, got a Error. " +
          'An error is a field: Logger.info("what failed", { error }).',
      ),
    )
    expect(() => Logger.warn("a", of(5))).toThrow(
      new TypeError("Expected the fields of Logger.warn to be an object, got 5. Name it: { value: … }."),
    )
    for (const fields of [null, "text", [1], () => ({})]) expect(() => Logger.info("a", of(fields))).toThrow(TypeError)
    expect(() => Logger.with(of(null), Task.unit)).toThrow(
      "Expected the fields of Logger.with to be an object, got null",
    )
    expect(() => Logger.with({}, of(5))).toThrow("Expected the second argument of Logger.with to be a Task, got 5")
    expect(() => Logger.use(of(5), Task.unit)).toThrow(
      new TypeError(
        "Expected Logger.use to get a logger, an object with a method `log(record)`, got 5. " +
          "Of pino: fromPino(pino), of rapid-fiber/pino.",
      ),
    )
    expect(() => Logger.use({ log() {} }, of(undefined))).toThrow(TypeError)
    expect(() => Logger.setDefault(of({}))).toThrow("Expected Logger.setDefault to get a logger")
  })

  it("is refused by the types", () => {
    const unknown: unknown = new Error("x")
    // @ts-expect-error -- what was caught may be anything: it needs a name
    expect(() => Logger.error("failed", unknown)).not.toThrow()
    // @ts-expect-error -- an error is no message
    const message: LogMessage = new Error("x")
    expect(message).toBeInstanceOf(Error)
  })
})
