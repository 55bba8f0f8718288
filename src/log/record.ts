import { describe } from "../data/index.ts"
import type { FiberCore } from "../fiber/index.ts"
import { failureText } from "./failure-text.ts"
import { copied, type LogFields } from "./fields.ts"
import type { LogLevel } from "./level.ts"

/** What a logger gets: plain data, of which nothing changes afterwards but what the fields refer to. */
export interface LogRecord {
  readonly level: LogLevel
  readonly message: string
  /** Milliseconds since 1970, by the clock of the runtime, when the logging Task ran. */
  readonly time: number
  /** The fiber that logs: its id is the same as long as it lives, and unique in the process. */
  readonly fiber: { readonly id: number; readonly name: string }
  /** Those of `Logger.with` around the Task, overlaid by its own; without `error`. */
  readonly fields: LogFields
  /** The field `error`: the very value. Missing where there was none; a thrown `undefined` is one. */
  readonly error?: unknown
}

/** A text, or what makes it when it is needed. */
export type LogMessage = string | (() => string)

/** What a program wants to be logged. */
export interface Entry {
  readonly level: LogLevel
  readonly message: LogMessage
  readonly fields: LogFields | Error | undefined
}

/** The record of an entry, made when it is logged. */
export function recordOf(fiber: FiberCore, entry: Entry, around: LogFields): LogRecord {
  const all = { ...around, ...fieldsOf(entry) }
  const { error, ...fields } = all
  const record = {
    level: entry.level,
    message: textOf(entry.message),
    time: fiber.loop.clock.wall(),
    fiber: { id: fiber.id, name: fiber.name },
    fields,
  }
  return Object.hasOwn(all, "error") ? { ...record, error } : record
}

function fieldsOf({ fields }: Entry): LogFields {
  if (fields === undefined) return {}
  return fields instanceof Error ? { error: fields } : copied(fields)
}

/** A message that cannot be made loses itself, not the record. */
function textOf(message: LogMessage): string {
  if (typeof message === "string") return message
  try {
    const made: unknown = message()
    return typeof made === "string" ? made : describe(made)
  } catch (error) {
    return `[the message failed: ${failureText(error)}]`
  }
}
