import { isoTime } from "./iso-time.ts"
import { type Plain, plain, type PlainObject } from "./plain.ts"
import type { LogRecord } from "./record.ts"

/**
 * A record for people: `time LEVEL fiber: message name=value`, and below it the rest of the message and what went
 * wrong. Whatever the record contains, only its first line begins at the margin, and no control character reaches a
 * terminal.
 */
export function prettyText(record: LogRecord): string {
  const { time, level, message, fiber, fields } = record
  const [first, ...others] = message.split("\n")
  const head = [`${isoTime(time)} ${level.toUpperCase().padEnd(5)} ${fiber.name}: ${first}`, ...pairs(plain(fields))]
  const failure = Object.hasOwn(record, "error") ? [inWords(plain(record.error))] : []
  const text = [head.join(" "), ...others, ...failure].join("\n")
  return indented(text, "    ").replaceAll(CONTROLS, shown)
}

function pairs(fields: Plain): string[] {
  return Object.entries(fields ?? {}).map(([name, value]) => `${shortName(name)}=${JSON.stringify(value)}`)
}

function shortName(name: string): string {
  return /^[\w.-]+$/.test(name) ? name : JSON.stringify(name)
}

/** An error with its own fields and its stack, and below it what it comes from and what it joins. */
function inWords(failure: Plain): string {
  if (typeof failure === "string") return failure
  if (!isErrorData(failure)) return JSON.stringify(failure)
  const { name, message, stack, cause, errors, error, suppressed, ...rest } = failure
  const joined = Object.entries({ cause, ...numbered(errors), error, suppressed })
  const parts = joined.flatMap(([part, held]) =>
    held === undefined ? [] : [indented(`  ${part}: ${inWords(held)}`, "  ")],
  )
  const head = [`${asText(name)}: ${asText(message)}`, ...pairs(rest)].join(" ")
  return [head, ...framesOf(asText(stack)), ...parts].join("\n")
}

function isErrorData(data: Plain): data is PlainObject {
  return typeof data === "object" && data !== null && "name" in data && "message" in data
}

function numbered(errors: Plain | undefined): PlainObject {
  if (!Array.isArray(errors)) return errors === undefined ? {} : { errors }
  return Object.fromEntries(errors.map((error: Plain, index) => [`errors[${index}]`, error]))
}

/** Of a stack the frames, as V8 writes them or as others do: name and message may have been set after it was taken. */
function framesOf(stack: string): string[] {
  const indentedFrom = stack.search(/^ +at /m)
  if (indentedFrom >= 0) return [stack.slice(indentedFrom)]
  const from = stack.search(/^\S*@/m)
  return from < 0 ? [] : [`    ${indented(stack.slice(from), "    ")}`]
}

function asText(data: Plain | undefined): string {
  return typeof data === "string" ? data : JSON.stringify(data ?? "")
}

function indented(text: string, by: string): string {
  return text.replaceAll("\n", `\n${by}`)
}

/** What moves a terminal's cursor or ends a line, but for our own line breaks. */
const CONTROLS = /(?!\n)[\p{Cc}\u2028\u2029]/gu

function shown(char: string): string {
  return char === "\t" ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`
}
