/**
 * Any value as data that JSON can hold. It never fails, loses only what cannot be read, and is bounded: a field may be
 * a request with a whole server behind it.
 */
import { describe } from "../data/index.ts"
import { failureText } from "./failure-text.ts"

/** What JSON can hold. */
export type Plain = string | number | boolean | null | readonly Plain[] | PlainObject

export interface PlainObject {
  readonly [name: string]: Plain
}

/** Values in a field or an error. */
const MOST = 1000
/** Objects within each other. */
const DEEPEST = 8

const MORE = "[…]"

/** What Error and its kin have that is not enumerable, in the order of use. */
const PARTS = ["name", "message", "stack", "cause", "errors", "error", "suppressed"]

export function plain(value: unknown): Plain {
  return new Walk().visit(value)
}

/** True for errors of this realm and of others, as test runners have them. */
function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === "[object Error]"
}

class Walk {
  #left = MOST
  /** The objects that the current one is in. */
  readonly #above: object[] = []

  visit(value: unknown): Plain {
    this.#left--
    if (typeof value === "string" || typeof value === "boolean" || value === null) return value
    if (typeof value === "number") return Number.isFinite(value) ? value : String(value)
    if (typeof value === "function") return `[${describe(value)}]`
    if (typeof value === "bigint" || typeof value === "symbol" || value === undefined) return String(value)
    return this.#above.includes(value) ? "[circular]" : this.#enter(value)
  }

  #enter(value: object): Plain {
    this.#above.push(value)
    try {
      return this.#above.length > DEEPEST ? `[${describe(value)}]` : this.#open(value)
    } catch (error) {
      return `[unreadable: ${failureText(error)}]`
    } finally {
      this.#above.pop()
    }
  }

  #open(value: object): Plain {
    if (isError(value))
      return this.#fields(value, new Set([...PARTS.filter((part) => has(value, part)), ...Object.keys(value)]))
    if (Array.isArray(value) || value instanceof Set || value instanceof Map) return this.#items(value)
    // A buffer's own toJSON is a list of all its bytes.
    if (ArrayBuffer.isView(value)) return `[${describe(value)} of ${value.byteLength} bytes]`
    const toJSON: unknown = (value as { toJSON?: unknown }).toJSON
    if (typeof toJSON !== "function") return this.#fields(value, Object.keys(value))
    const json: unknown = toJSON.call(value)
    return json === value ? this.#fields(value, Object.keys(value)) : this.visit(json)
  }

  #items(values: Iterable<unknown>): Plain {
    const items: Plain[] = []
    for (const value of values) {
      if (this.#left <= 0) return [...items, MORE]
      items.push(value === undefined ? null : this.visit(value))
    }
    return items
  }

  /** As in JSON, what is undefined is not there. */
  #fields(value: object, names: Iterable<string>): PlainObject {
    const fields: [string, Plain][] = []
    for (const name of names) {
      if (this.#left <= 0) {
        fields.push(["…", MORE])
        break
      }
      const field = this.#field(value, name)
      if (field !== undefined) fields.push([name, field])
    }
    return Object.fromEntries(fields)
  }

  #field(value: object, name: string): Plain | undefined {
    try {
      const field: unknown = Reflect.get(value, name)
      return field === undefined ? undefined : this.visit(field)
    } catch (error) {
      return `[unreadable: ${failureText(error)}]`
    }
  }
}

/** Name and message may be the prototype's; the rest is somebody's own or nobody's. */
function has(error: Error, part: string): boolean {
  return part === "name" || part === "message" || part === "stack" ? part in error : Object.hasOwn(error, part)
}
