import { isoTime } from "./iso-time.ts"
import { type Plain, plain } from "./plain.ts"
import type { LogRecord } from "./record.ts"

/** A record as JSON, on one line whatever it contains. */
export function jsonLine(record: LogRecord): string {
  const { time, level, message, fiber, fields } = record
  const line: Record<string, Plain> = { time: isoTime(time), level, message, fiber }
  if (Object.keys(fields).length > 0) line["fields"] = plain(fields)
  if (Object.hasOwn(record, "error")) line["error"] = plain(record.error)
  return JSON.stringify(line).replaceAll(BREAKS, escaped)
}

/** What some readers take for the end of a line, beside what JSON escapes. */
const BREAKS = /[\u0085\u2028\u2029]/g

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`
}
