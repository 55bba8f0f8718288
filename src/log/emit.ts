import { isThenable } from "../data/index.ts"
import { type FiberCore, perform } from "../fiber/index.ts"
import { Task } from "../task/index.ts"
import { contextOf } from "./context.ts"
import { defaultLogger } from "./default-logger.ts"
import type { Logger } from "./logger.ts"
import { type Entry, type LogRecord, recordOf } from "./record.ts"

/** Logs an entry, in one step that neither waits nor gives way. */
export function logging(entry: Entry): Task<void> {
  return perform(logAndGoOn, entry)
}

function logAndGoOn(fiber: FiberCore, entry: Entry): Task<void> {
  emit(fiber, entry)
  return Task.unit
}

/** The logger that is in its `log` now: what that logs would come back to it without end. */
let busy: Logger | undefined

/** Gives the entry to the logger of the fiber. Whatever that does, the program goes on. */
export function emit(fiber: FiberCore, entry: Entry): void {
  const { logger = defaultLogger(), fields } = contextOf(fiber)
  const outer = busy
  let record: LogRecord | undefined
  try {
    if (logger.isEnabled !== undefined && !logger.isEnabled(entry.level)) return
    record = recordOf(fiber, entry, fields)
    if (busy === logger) throw new Error("Expected a logger not to log while it logs, got one that does.")
    busy = logger
    const returned: unknown = logger.log(record)
    if (returned instanceof Task)
      throw new TypeError("Expected `log` of a logger to do its work, got a Task: nobody runs it.")
    // An async function passes as a logger, too.
    const lost = record
    if (isThenable(returned)) Promise.resolve(returned).catch((error: unknown) => tellOnce(logger, error, lost))
  } catch (error) {
    tellOnce(logger, error, record)
  } finally {
    busy = outer
  }
}

/** Loggers whose failure has been told. */
let failed: WeakSet<Logger> | undefined

/** There is no better place than the console, and no use in a line for each record that is lost. */
function tellOnce(logger: Logger, error: unknown, record: LogRecord | undefined): void {
  failed ??= new WeakSet()
  if (failed.has(logger)) return
  failed.add(logger)
  try {
    // oxlint-disable-next-line eslint/no-console -- the logger is what is broken
    console.error(
      "A logger failed, and a record is lost. The program goes on; this is told once for each logger.",
      error,
      record,
    )
  } catch {
    // A console that fails has nobody to tell.
  }
}
