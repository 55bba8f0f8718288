export type { ConsoleLoggerOptions } from "./console-logger.ts"
export type { LogFields } from "./fields.ts"
export type { LogLevel } from "./level.ts"
export { Logger } from "./logger.ts"
export type { LogMessage, LogRecord } from "./record.ts"
/** @internal */
export { emit } from "./emit.ts"
