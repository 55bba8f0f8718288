import { type FiberCore, perform } from "../fiber/index.ts"
import { Task } from "../task/index.ts"
import { contextOf } from "./context.ts"
import { defaultLogger } from "./default-logger.ts"
import type { Logger } from "./logger.ts"
import { type Entry, recordOf } from "./record.ts"

/** Logs an entry, in one step that neither waits nor gives way. */
export function logging(entry: Entry): Task<void> {
  return perform(logAndGoOn, entry)
}

function logAndGoOn(fiber: FiberCore, entry: Entry): Task<void> {
  emit(fiber, entry)
  return Task.unit
}

/** Gives the entry to the logger of the fiber. Whatever that does, the program goes on. */
export function emit(fiber: FiberCore, entry: Entry): void {
  const { logger = defaultLogger(), fields } = contextOf(fiber)
  try {
    if (logger.isEnabled !== undefined && !logger.isEnabled(entry.level)) return
    const returned: unknown = logger.log(recordOf(fiber, entry, fields))
    // An async function passes as a logger, too.
    if (returned instanceof Promise) returned.catch((error: unknown) => tellOnce(logger, error))
  } catch (error) {
    tellOnce(logger, error)
  }
}

/** Loggers whose failure has been told. */
let failed: WeakSet<Logger> | undefined

/** There is no better place than the console, and no use in a line for each record that is lost. */
function tellOnce(logger: Logger, error: unknown): void {
  failed ??= new WeakSet()
  if (failed.has(logger)) return
  failed.add(logger)
  try {
    // oxlint-disable-next-line eslint/no-console -- the logger is what is broken
    console.error(
      "A logger failed, and a record is lost. The program goes on; this is told once for each logger.",
      error,
    )
  } catch {
    // A console that fails has nobody to tell.
  }
}
