import { ConsoleLogger } from "./console-logger.ts"
import type { Logger } from "./logger.ts"

let preset: Logger | undefined

/** The logger of the process: the console, until another is set. */
export function defaultLogger(): Logger {
  return (preset ??= new ConsoleLogger({}))
}

export function setDefaultLogger(logger: Logger): void {
  preset = logger
}
