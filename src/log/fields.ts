import { describe } from "../data/index.ts"
import { failureText } from "./failure-text.ts"

/** What is known beside the message, by name. Its `error` is what went wrong: any value, and kept as it is. */
export type LogFields = Readonly<Record<string, unknown>>

/** For fields that were given: what is no object would get names that nobody chose, or none. */
export function mustBeFields(given: unknown, where: string): void {
  if (typeof given === "object" && given !== null && !Array.isArray(given)) return
  throw new TypeError(`Expected the fields of ${where} to be an object, got ${describe(given)}. Name it: { value: … }.`)
}

/** A copy, also of fields that cannot all be read. */
export function copied(fields: LogFields): LogFields {
  try {
    return { ...fields }
  } catch {
    return Object.fromEntries(Object.keys(fields).map((name) => [name, read(fields, name)]))
  }
}

function read(fields: LogFields, name: string): unknown {
  try {
    return fields[name]
  } catch (error) {
    return `[unreadable: ${failureText(error)}]`
  }
}
