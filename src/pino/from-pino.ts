import { describe } from "../data/index.ts"
import type { Logger, LogLevel } from "../log/index.ts"
import { PinoLogger } from "./pino-logger.ts"

type Write = (fields: object, message: string) => void

/** What is used of a pino logger: also a child, and Fastify's `request.log`. */
export interface PinoLike {
  readonly trace: Write
  readonly debug: Write
  readonly info: Write
  readonly warn: Write
  readonly error: Write
  readonly isLevelEnabled?: (level: LogLevel) => boolean
}

const METHODS = ["trace", "debug", "info", "warn", "error"] as const

/**
 * A logger that writes to `pino`, version 9 or later, which is to be installed beside this package. Levels are pino's,
 * whatever they are set to at the time. The fields of a record are merged into the line, with `fiber: { id, name }`;
 * its error stands where pino's own do, under `err` unless pino is told another key, and is written by pino's serializer.
 * `time` is the record's, unless pino has a `timestamp` of its own.
 *
 * @throws TypeError for what has not pino's methods.
 *
 * @example
 * ```js
 * import pino from "pino"
 * import { fromPino } from "rapid-fiber/pino"
 *
 * Logger.setDefault(fromPino(pino({ level: "debug" })))
 * await Logger.warn("slow", { ms: 700 })
 * // {"level":40,"time":…,"ms":700,"fiber":{"id":1,"name":"fiber-1"},"msg":"slow"}
 * ```
 */
export function fromPino(pino: PinoLike): Logger {
  const missing = METHODS.find((name) => typeof (pino as Partial<PinoLike> | undefined | null)?.[name] !== "function")
  if (missing === undefined) return new PinoLogger(pino)
  throw new TypeError(
    `Expected fromPino to get a pino logger, got ${describe(pino)} without a method \`${missing}\`. Make one: pino().`,
  )
}
