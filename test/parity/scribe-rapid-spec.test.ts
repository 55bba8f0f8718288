import { afterEach, expect, it } from "vitest"
import { Logger, type LogRecord, Task } from "rapid-fiber"
import { recording } from "../log/recording.ts"

/** ScribeRapidSpec.scala. */
afterEach(() => Logger.setDefault(Logger.console()))

const textsOf = (records: readonly LogRecord[]): string[] => records.map(({ message }) => message)

it("ScribeEffect should do rapid logging", async () => {
  const log = recording()
  Logger.setDefault(log)
  const seen = Logger.info("1").map(() => textsOf(log.records))
  expect(log.records).toEqual([])
  expect(seen.runSync()).toEqual(["1"])
})

it("ScribeEffect should do instantiation logging", async () => {
  // A class that logs needs nothing mixed in: the functions are Logger's own.
  class Business {
    doStuff(): Task<string> {
      return Logger.info("3").as("done")
    }
  }
  const log = recording()
  Logger.setDefault(log)
  expect(await new Business().doStuff()).toBe("done")
  expect(textsOf(log.records)).toEqual(["3"])
})

it("ScribeEffect should do reference logging", async () => {
  // A reference to a function, taken before the logger is set, logs to what is set when it runs.
  const info = (message: string) => Logger.info(message)
  const task = info("4")
  const log = recording()
  Logger.setDefault(log)
  await task
  expect(textsOf(log.records)).toEqual(["4"])
})

it("ScribeEffect should do existing logger logging", async () => {
  // A logger that is there already, of another kind, is used through an adapter of one line.
  const lines: string[] = []
  const existing = { write: (line: string) => void lines.push(line) }
  const adapted: Logger = { log: ({ message }) => existing.write(message) }
  await Logger.use(adapted, Logger.info("5"))
  expect(lines).toEqual(["5"])
})

it("ScribeEffect should log an error properly on a Fiber", async () => {
  const log = recording()
  Logger.setDefault(log)
  const failure = new Error("Failure!")
  const failing = Task.sync((): string => {
    throw failure
  })
  const fiber = Logger.logErrors(failing)
    .catch((error) => Task.pure(error))
    .run()
  expect(await fiber).toBe(failure)
  expect(log.records.map(({ message, error }) => [message, error])).toEqual([["Failure!", failure]])
  expect(log.records[0].fiber).toEqual({ id: fiber.id, name: fiber.name })
  // The same without a logger, to a function of one's own.
  const seen: unknown[] = []
  await failing.logErrors((error) => seen.push(error)).attempt()
  expect(seen).toEqual([failure])
})
