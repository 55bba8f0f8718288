/**
 * The places in a program where tasks are made. One object for each, however often the program comes by: a task that is made
 * costs a pointer, a loop of a million turns goes round one place, and no function that has run is kept.
 *
 * To know a place again, the engine is asked for the one frame that called us: as an object with a position, where it can,
 * which needs no text. The text is the engine's own, made when the place is new, so it heeds source maps.
 */
import { isOfTraces, isOwn } from "./own-files.ts"

/** A place where a task was made, by which operation. */
export class Site {
  /** The operation: "<flatMap>". */
  readonly kind: string
  /** The function around it, or "". */
  readonly name: string
  /** File, line and column. */
  readonly location: string

  constructor(kind: string, name: string, location: string) {
    this.kind = kind
    this.name = name
    this.location = location
  }

  toString(): string {
    if (this.location === "") return this.kind
    return `${this.kind} ${this.name === "" ? "" : `${this.name} `}(${this.location})`
  }
}

type Caller = (...given: never[]) => unknown

/** What V8 gives in place of a line of text. */
interface CallSite {
  getPosition?(): number
  getScriptNameOrSourceURL?(): string | null | undefined
}

/** The part of Error that not every engine has. */
const V8Error = Error as unknown as {
  captureStackTrace?: (holder: object, below: Caller) => void
  stackTraceLimit?: number | undefined
  prepareStackTrace?: ((error: unknown, frames: unknown[]) => unknown) | undefined
}

const asObjects = (_error: unknown, frames: unknown[]): unknown => frames

let asking = true

/** Without places a site is the operation alone, and the engine is not asked. */
export function askForPlaces(ask: boolean): void {
  asking = ask
}

/** The places of one operation. Those in the library are undefined: they say nothing to its users. */
export class Sites {
  readonly #kind: string
  /** By file and position, or by the line of text where the engine has no positions. */
  readonly #known = new Map<string, Map<number | string, Site | undefined>>()

  readonly #anywhere: Site

  constructor(kind: string) {
    this.#kind = kind
    this.#anywhere = new Site(kind, "", "")
  }

  /** Who has called `callee`, which is on the stack. */
  callerOf(callee: Caller): Site | undefined {
    if (!asking) return this.#anywhere
    try {
      return this.#callerOf(callee)
    } catch {
      // Who formats stacks in another way has failed, or nobody may change Error: it has no place.
      return undefined
    }
  }

  #callerOf(callee: Caller): Site | undefined {
    const frame = frameBelow(callee)
    const file = frame?.getScriptNameOrSourceURL?.()
    const position = frame?.getPosition?.()
    if (!file || position === undefined) return this.#byText(lineBelow(callee))
    const places = this.#placesIn(file)
    const known = places.get(position)
    if (known !== undefined || places.has(position)) return known
    const site = isOwn(file) ? undefined : this.#parse(lineBelow(callee))
    places.set(position, site)
    return site
  }

  #placesIn(file: string): Map<number | string, Site | undefined> {
    let places = this.#known.get(file)
    if (places === undefined) this.#known.set(file, (places = new Map()))
    return places
  }

  #byText(line: string | undefined): Site | undefined {
    if (line === undefined) return undefined
    const places = this.#placesIn("")
    if (!places.has(line)) places.set(line, isOwn(line) ? undefined : this.#parse(line))
    return places.get(line)
  }

  /** Of `at name (location)`, `at location`, and `name@location`. */
  #parse(line: string | undefined): Site | undefined {
    if (line === undefined) return undefined
    const [, name, location] = /^\s*at (?:async )?(.*?) \((.*)\)$/.exec(line) ??
      /^([^@/]*)@(.*)$/.exec(line) ?? ["", "", line.replace(/^\s*at (?:async )?/, "")]
    return new Site(this.#kind, /^(?:Object\.|Module\.)?<anonymous>$/.test(name) ? "" : name, location)
  }
}

/** The frame that called `callee`, where the engine gives frames as objects. */
function frameBelow(callee: Caller): CallSite | undefined {
  if (V8Error.captureStackTrace === undefined) return undefined
  const { prepareStackTrace } = V8Error
  V8Error.prepareStackTrace = asObjects
  try {
    const stack = captured(callee)
    return Array.isArray(stack) ? (stack[0] as CallSite | undefined) : undefined
  } finally {
    V8Error.prepareStackTrace = prepareStackTrace
  }
}

/** The same as a line of text. */
function lineBelow(callee: Caller): string | undefined {
  if (V8Error.captureStackTrace !== undefined) {
    const stack = captured(callee)
    return typeof stack === "string" ? stack.split("\n").find((line) => /^\s+at /.test(line)) : undefined
  }
  // Our own functions are on top; how many depends on the engine, which may have dropped some.
  const lines = (new Error("site").stack ?? "").split("\n").filter((line) => /^\s+at |@/.test(line))
  return lines.find((line) => !isOfTraces(line))
}

function captured(callee: Caller): unknown {
  // An Error: who formats stacks in another way may look at it.
  const holder: { readonly stack?: unknown } = new Error("a place")
  const { stackTraceLimit } = V8Error
  try {
    V8Error.stackTraceLimit = 1
    V8Error.captureStackTrace?.(holder, callee)
    return holder.stack
  } finally {
    V8Error.stackTraceLimit = stackTraceLimit
  }
}
