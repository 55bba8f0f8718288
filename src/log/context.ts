import { type FiberCore, Local } from "../fiber/index.ts"
import type { LogFields } from "./fields.ts"
import type { Logger } from "./logger.ts"

/** What a fiber carries for logging. */
interface LogContext {
  /** Undefined: the default of the process. */
  readonly logger: Logger | undefined
  readonly fields: LogFields
}

const NONE: LogContext = { logger: undefined, fields: {} }

/** Made when first needed: nothing runs as the module is loaded. */
let carried: Local<LogContext> | undefined

/** What the fiber carries now: read in the step that logs, which so is one step. */
export function contextOf(fiber: FiberCore): LogContext {
  return carrier().in(fiber)
}

export function carrier(): Local<LogContext> {
  return (carried ??= Local.make(NONE))
}
