import { describe } from "../data/index.ts"
import { mustBeFunction, mustKnow } from "../task/index.ts"
import { jsonLine } from "./json-line.ts"
import { LEVELS, type LogLevel, reaches } from "./level.ts"
import type { Logger } from "./logger.ts"
import { prettyText } from "./pretty-text.ts"
import type { LogRecord } from "./record.ts"

/** What `Logger.console` may be told. Everything has a default. */
export interface ConsoleLoggerOptions {
  /** The least level that is written. Default "info". */
  readonly level?: LogLevel
  /**
   * "pretty" is for people, with errors over several lines; "json" is one line for each record, for programs. Default:
   * "pretty" where somebody reads along, on a terminal or in a browser, and "json" elsewhere.
   */
  readonly format?: "pretty" | "json"
  /**
   * Gets each record as text, without a line break at its end. Default: the method of `console` for the level, so that
   * Node writes warnings and errors to its standard error, and browsers can filter.
   */
  readonly write?: (text: string, level: LogLevel) => void
}

const FORMATS = ["pretty", "json"] as const

/** Writes records as text, by default to the console. */
export class ConsoleLogger implements Logger {
  readonly #least: LogLevel
  readonly #format: (record: LogRecord) => string
  readonly #write: (text: string, level: LogLevel) => void

  constructor(options: ConsoleLoggerOptions) {
    mustKnow(options, ["level", "format", "write"], "Logger.console")
    const { level = "info", format = isReadAlong() ? "pretty" : "json", write = toConsole } = options
    mustBeAmong(level, LEVELS, "level")
    mustBeAmong(format, FORMATS, "format")
    mustBeFunction(write, "`write` of Logger.console")
    this.#least = level
    this.#format = format === "json" ? jsonLine : prettyText
    this.#write = write
  }

  isEnabled(level: LogLevel): boolean {
    return reaches(level, this.#least)
  }

  log(record: LogRecord): void {
    if (this.isEnabled(record.level)) this.#write(this.#format(record), record.level)
  }
}

function mustBeAmong(given: unknown, known: readonly unknown[], name: string): void {
  if (known.includes(given)) return
  const list = known.map((value) => describe(value)).join(", ")
  throw new RangeError(`Expected \`${name}\` of Logger.console to be one of ${list}, got ${describe(given)}.`)
}

function isReadAlong(): boolean {
  const host = globalThis as { process?: { stdout?: { isTTY?: boolean } }; document?: unknown }
  return host.process?.stdout?.isTTY === true || host.document !== undefined
}

/** `console.trace` would add a stack. Looked up at each record: a test may have replaced the console. */
function toConsole(text: string, level: LogLevel): void {
  console[level === "trace" ? "debug" : level](text)
}
