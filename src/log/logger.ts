import { describe } from "../data/index.ts"
import { perform } from "../fiber/index.ts"
import { mustBeTask, type Task } from "../task/index.ts"
import { ConsoleLogger, type ConsoleLoggerOptions } from "./console-logger.ts"
import { carrier, contextOf } from "./context.ts"
import { setDefaultLogger } from "./default-logger.ts"
import { logging } from "./emit.ts"
import { copied, type LogFields, mustBeFields } from "./fields.ts"
import type { LogLevel } from "./level.ts"
import { logErrors } from "./log-errors.ts"
import type { LogMessage, LogRecord } from "./record.ts"

/**
 * Where records go: the one thing to write for a log of one's own. `log` is called in the fiber that logs and must not
 * wait; what it throws, or rejects with, is told once on the console, and the program goes on.
 *
 * @example
 * ```ts
 * const seen: string[] = []
 * const mine: Logger = { log: ({ level, message }) => void seen.push(`${level}: ${message}`) }
 * await Logger.use(mine, Logger.info("ready"))
 * seen // ["info: ready"]
 * ```
 */
export interface Logger {
  log(record: LogRecord): void
  /** False: a record of this level would be thrown away, so none is made. Without it all levels are logged. */
  isEnabled?(level: LogLevel): boolean
}

/**
 * Logging as Tasks: a record is made, stamped and written when the Task runs, in one step, with the fiber that runs it.
 *
 * Each of `trace`, `debug`, `info`, `warn` and `error` takes a message and fields. A message that is a function is
 * called only if its level is logged. The field `error` is what went wrong, at any level: any value, and the very object;
 * an Error may also stand in place of the fields.
 *
 * @example
 * ```ts
 * const lines: string[] = []
 * const log = Logger.console({ format: "pretty", write: (text) => void lines.push(text.slice(25)) })
 * const save = Task.fail("disk full").catch((error) => Logger.error("could not save", { error, file: "a.txt" }))
 * await Logger.use(log, Logger.with({ user: 7 }, save)).run({ name: "main" })
 * lines // ['ERROR main: could not save user=7 file="a.txt"\n    disk full']
 * ```
 */
export const Logger = {
  /** Logs what is of use only while looking for a fault. */
  trace(message: LogMessage, fields?: LogFields | Error): Task<void> {
    return atLevel("trace", message, fields)
  },

  /** Logs what is of use to who works on the program. */
  debug(message: LogMessage, fields?: LogFields | Error): Task<void> {
    return atLevel("debug", message, fields)
  },

  /** Logs what is of use to who runs the program. */
  info(message: LogMessage, fields?: LogFields | Error): Task<void> {
    return atLevel("info", message, fields)
  },

  /** Logs what should be looked at. */
  warn(message: LogMessage, fields?: LogFields | Error): Task<void> {
    return atLevel("warn", message, fields)
  },

  /** Logs what has gone wrong: `Logger.error("could not save", { error })`. */
  error(message: LogMessage, fields?: LogFields | Error): Task<void> {
    return atLevel("error", message, fields)
  },

  /**
   * Runs `task` so that its records have these fields, too, also those of its children and of the fibers that it
   * detaches. Fields of an inner `with`, and of a record itself, come on top.
   *
   * @example
   * ```ts
   * const seen: unknown[] = []
   * const handle = Logger.with({ user: 7 }, Task.all([Logger.info("a"), Logger.info("b", { n: 1 })]))
   * await Logger.use({ log: ({ fields }) => void seen.push(fields) }, Logger.with({ request: "r1" }, handle))
   * seen // [{ request: "r1", user: 7 }, { request: "r1", user: 7, n: 1 }]
   * ```
   */
  with<A, E>(fields: LogFields, task: Task<A, E>): Task<A, E> {
    mustBeFields(fields, "Logger.with")
    mustBeTask(task, "the second argument of Logger.with")
    const added = copied(fields)
    return perform((fiber) => {
      const { logger, fields: outer } = contextOf(fiber)
      return carrier().run({ logger, fields: { ...outer, ...added } }, task)
    }, undefined)
  },

  /**
   * Runs `task` with this logger, which its children and the fibers that it detaches use, too. Fields stay as they are.
   */
  use<A, E>(logger: Logger, task: Task<A, E>): Task<A, E> {
    mustBeLogger(logger, "Logger.use")
    mustBeTask(task, "the second argument of Logger.use")
    return perform((fiber) => carrier().run({ logger, fields: contextOf(fiber).fields }, task), undefined)
  },

  /** Makes it the logger of the process, for all that has none by `use`, from now on. Default: `Logger.console()`. */
  setDefault(logger: Logger): void {
    mustBeLogger(logger, "Logger.setDefault")
    setDefaultLogger(logger)
  },

  /**
   * Makes a logger that writes text, to the console unless told otherwise. Errors are written with their stack, cause,
   * parts and own fields. Any field can be written: a cycle, a getter that throws and what has too many parts are said so in
   * its place.
   *
   * @throws TypeError or RangeError for options that it does not know.
   *
   * @example
   * ```ts
   * const lines: string[] = []
   * const json = Logger.console({ level: "debug", format: "json", write: (line) => void lines.push(line) })
   * await Logger.use(json, Logger.debug("two\nlines", { n: 2n }))
   * JSON.parse(lines[0]).message // "two\nlines"
   * JSON.parse(lines[0]).fields // { n: "2" }
   * ```
   */
  console(options: ConsoleLoggerOptions = {}): Logger {
    return new ConsoleLogger(options)
  },

  logErrors,
} as const

function atLevel(level: LogLevel, message: LogMessage, fields: LogFields | Error | undefined): Task<void> {
  const where = `Logger.${level}`
  if (typeof message !== "string" && typeof message !== "function") throw noMessage(message, where)
  if (fields !== undefined) mustBeFields(fields, where)
  return logging({ level, message, fields })
}

function noMessage(given: unknown, where: string): TypeError {
  return new TypeError(
    `Expected the message of ${where} to be a text, or a function that makes one, got ${describe(given)}. ` +
      `An error is a field: ${where}("what failed", { error }).`,
  )
}

function mustBeLogger(given: unknown, where: string): void {
  if (typeof (given as { log?: unknown } | undefined | null)?.log === "function") return
  throw new TypeError(
    `Expected ${where} to get a logger, an object with a method \`log(record)\`, got ${describe(given)}. ` +
      "Of pino: fromPino(pino), of rapid-fiber/pino.",
  )
}
