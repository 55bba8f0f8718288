import type { Logger, LogRecord } from "rapid-fiber"

/** A logger that keeps what it gets. */
export function recording(): Logger & { readonly records: LogRecord[] } {
  const records: LogRecord[] = []
  return { records, log: (record) => void records.push(record) }
}
