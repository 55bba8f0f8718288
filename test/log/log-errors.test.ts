import { describe, expect, it, vi } from "vitest"
import { Logger, type LogRecord, Task, TimeoutError } from "rapid-fiber"
import { explore } from "rapid-fiber/testing"
import { ended, exitOf } from "../watch.ts"
import { recording } from "./recording.ts"

/** The exit of a task, and what it logs. */
async function logged(task: Task<unknown, unknown>): Promise<{ exit: unknown; records: readonly LogRecord[] }> {
  const log = recording()
  return { exit: await exitOf(Logger.use(log, task)), records: log.records }
}

describe("Logger.logErrors", () => {
  it("logs a failure and fails with the very object", async () => {
    for (const failure of [new Error("down"), "a text", undefined, null, { of: "one's own" }]) {
      const { exit, records } = await logged(Logger.logErrors(Task.sleep(1).andThen(Task.fail(failure))))
      expect(exit).toEqual({ status: "rejected", reason: failure })
      expect((exit as { reason: unknown }).reason).toBe(failure)
      expect(records.map(({ level, error }) => [level, error])).toEqual([["error", failure]])
      expect(records[0].error).toBe(failure)
    }
  })

  it("has the failure's message, or what it is given", async () => {
    const failing = Task.fail(new Error("down"))
    const messageOf = async (task: Task<unknown, unknown>) => (await logged(task)).records.map(({ message }) => message)
    expect(await messageOf(Logger.logErrors(failing))).toEqual(["down"])
    expect(await messageOf(Logger.logErrors(Task.fail(new RangeError())))).toEqual(["RangeError"])
    expect(await messageOf(Logger.logErrors(Task.fail("a text")))).toEqual(["a text"])
    expect(await messageOf(Logger.logErrors(Task.fail(undefined)))).toEqual(["undefined"])
    expect(
      await messageOf(Logger.logErrors(Task.fail(Object.assign(new Error("a"), { message: 5, name: 6 })))),
    ).toEqual(["Error"])
    expect(await messageOf(Logger.logErrors(failing, "nightly"))).toEqual(["nightly"])
    expect(await messageOf(Logger.logErrors(failing, (failure) => `nightly: ${String(failure)}`))).toEqual([
      "nightly: Error: down",
    ])
  })

  it("logs nothing of a success, and keeps its value", async () => {
    const { exit, records } = await logged(Logger.logErrors(Task.sleep(1).as(5)))
    expect(exit).toEqual({ status: "fulfilled", value: 5 })
    expect(records).toEqual([])
  })

  it("logs no cancellation", async () => {
    const log = recording()
    const fiber = Logger.use(log, Logger.logErrors(Task.never)).run()
    await fiber.cancel("enough")
    expect(await ended(fiber)).toEqual({ status: "cancelled", reason: "enough" })
    const inside = Logger.logErrors(Task.sleep(1000))
    expect((await logged(Task.race([inside, Task.sleep(1)]))).records).toEqual([])
    expect((await logged(inside.timeout(1))).exit).toEqual({ status: "rejected", reason: expect.any(TimeoutError) })
    expect((await logged(inside.timeout(1))).records).toEqual([])
    expect((await logged(Task.all([inside, Task.fail("sibling")]))).records).toEqual([])
    expect(log.records).toEqual([])
  })

  it("logs a time limit outside of it as the failure that it is", async () => {
    const { records } = await logged(Logger.logErrors(Task.never.timeout(1)))
    expect(records.map(({ error }) => error)).toEqual([expect.any(TimeoutError)])
  })

  it("logs with the fields that it stands among", async () => {
    const task = Logger.with({ a: 1 }, Logger.logErrors(Logger.with({ b: 2 }, Task.fail("down"))))
    expect((await logged(task)).records.map(({ fields }) => fields)).toEqual([{ a: 1 }])
  })

  it("can be handed on as a function of a task", async () => {
    const pipe = <A, B>(value: A, f: (value: A) => B): B => f(value)
    expect((await logged(pipe(Task.fail("down"), Logger.logErrors))).records.length).toBe(1)
  })

  it("keeps the failure where the logger fails", async () => {
    const console_ = vi.spyOn(console, "error").mockImplementation(() => {})
    const log: Logger = {
      log() {
        throw new Error("disk full")
      },
    }
    const failure = new Error("down")
    const exit = await exitOf(Logger.use(log, Logger.logErrors(Task.fail(failure))))
    expect(exit).toEqual({ status: "rejected", reason: failure })
    expect(console_).toHaveBeenCalledTimes(1)
    console_.mockRestore()
  })

  it("logs a failure once under any schedule, and nothing of who was cancelled before it", async () => {
    const found = await explore(
      (trial) => {
        const log = recording()
        let failures = 0
        const failing = Task.yield().andThen(
          Task.sync(() => {
            failures++
            throw new Error("down")
          }),
        )
        trial.check(() => {
          expect(log.records.length).toBeLessThanOrEqual(failures)
          expect(log.records.every(({ error }) => (error as Error).message === "down")).toBe(true)
        })
        return Logger.use(log, Logger.logErrors(failing).attempt().startDetached({ name: "victim" })).flatMap((fiber) =>
          fiber.join().attempt(),
        )
      },
      { runs: 500, cancel: "victim" },
    )
    expect(found.runs).toBe(500)
  })

  it("refuses bad input at the call", () => {
    expect(() => Logger.logErrors(5 as never)).toThrow(
      "Expected the first argument of Logger.logErrors to be a Task, got 5",
    )
    expect(() => Logger.logErrors(Task.unit, 5 as never)).toThrow(
      new TypeError("Expected the message of Logger.logErrors to be a text, or a function of the failure, got 5."),
    )
  })
})
