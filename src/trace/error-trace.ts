/** The trace of an error: the places on its way, which its `stack` shows when it is read. */
import type { Site } from "./site.ts"
import { withSites } from "./stack-text.ts"

/** An error that is thrown again and again must not grow. */
const MOST = 100

const traces = new WeakMap<Error, ErrorTrace>()

export class ErrorTrace {
  readonly sites: Site[] = []
  inner = 0
  #text: string | undefined
  readonly #error: Error
  /** The stack as it was. */
  readonly #stack: () => unknown

  private constructor(error: Error, stack: () => unknown) {
    this.#error = error
    this.#stack = stack
  }

  /** The trace of `error`, a new one if it has none. None if its stack cannot be replaced, or was by somebody else. */
  static of(error: Error): ErrorTrace | undefined {
    const known = traces.get(error)
    const own = Object.getOwnPropertyDescriptor(error, "stack")
    if (known !== undefined) return known.sites.length === 0 || own?.get === known.#get ? known : undefined
    if (own === undefined ? !Object.isExtensible(error) : !own.configurable) return undefined
    // oxlint-disable-next-line typescript/unbound-method -- called with its error below
    const get = own?.get
    // V8 makes the text when it is asked, and cannot be asked any more when the property has been replaced.
    const stack: unknown = get === undefined ? error.stack : undefined
    if (get === undefined && typeof stack !== "string") return undefined
    const trace = new ErrorTrace(error, get === undefined ? () => stack : () => Reflect.apply(get, error, []))
    traces.set(error, trace)
    return trace
  }

  /** Adds a place, once. False if no more are taken. */
  add(site: Site): boolean {
    const { sites } = this
    if (this.full) return false
    // Made while places were not asked for.
    if (site.location === "") return true
    if (sites.includes(site)) return true
    if (sites.push(site) === 1) this.#replaceStack()
    this.#text = undefined
    return true
  }

  get full(): boolean {
    return this.sites.length >= MOST
  }

  readonly #get = (): unknown => {
    if (this.#text !== undefined) return this.#text
    const stack = this.#stack()
    if (typeof stack !== "string") return stack
    return (this.#text = withSites(stack, this.#error.message, this))
  }

  /** As a data property that is written to. */
  #replaceStack(): void {
    const error = this.#error
    const set = (value: unknown): void => {
      Object.defineProperty(error, "stack", { value, writable: true, configurable: true, enumerable: false })
    }
    Object.defineProperty(error, "stack", { get: this.#get, set, configurable: true, enumerable: false })
  }
}
