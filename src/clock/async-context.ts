/**
 * The platform's async context (AsyncLocalStorage, and OpenTelemetry on top of it), as far as a scheduler must know it:
 * capture it where a fiber starts, and arm shared callbacks outside any, so that one fiber never sees another's.
 *
 * Capturing must cost next to nothing where nobody uses async context, since every fiber that suspends asks. Two facts
 * about Node make that possible, both visible from outside: an AsyncResource keeps its frame under a symbol (Node 24 and
 * later), and while async hooks are on (how Node 20 and 22 carry AsyncLocalStorage) every new promise bears an async id.
 * Where the platform shows neither, each capture keeps its resource.
 */
export interface AsyncContext {
  runInAsyncScope<This, Args extends unknown[], R>(fn: (this: This, ...args: Args) => R, self: This, ...args: Args): R
}

type Marked = Readonly<Record<symbol, unknown>>
type Resource = new (type: string) => AsyncContext

// Read once, at the top of the module, where no context is active; it arms nothing and is not observable.
const Resource = asyncResource()
const root = Resource === undefined ? undefined : new Resource("rapid-fiber")
const baseline = new Set(root === undefined ? [] : Object.getOwnPropertySymbols(root))
const frame = symbolNamed("context_frame")
const asyncId = symbolNamed("async_id_symbol")

function asyncResource(): Resource | undefined {
  const host = (globalThis as { process?: { getBuiltinModule?: (id: string) => unknown } }).process
  return (host?.getBuiltinModule?.("async_hooks") as { AsyncResource?: Resource } | undefined)?.AsyncResource
}

function symbolNamed(description: string): symbol | undefined {
  return [...baseline].find((symbol) => symbol.description === description)
}

/** True where no AsyncLocalStorage can be active: about 4 ns to ask. */
function hooksAreOff(): boolean {
  return asyncId !== undefined && (Promise.resolve() as unknown as Marked)[asyncId] === undefined
}

/** The async context of the caller, or undefined where there is none. */
export function captureContext(): AsyncContext | undefined {
  if (Resource === undefined) return undefined
  const off = hooksAreOff()
  if (off && frame === undefined) return undefined
  const here = new Resource("rapid-fiber")
  if (frame !== undefined && (here as unknown as Marked)[frame] !== undefined) return here
  return off || (asyncId !== undefined && !holdsStore(here)) ? undefined : here
}

function holdsStore(resource: object): boolean {
  return Object.getOwnPropertySymbols(resource).some(
    (symbol) => !baseline.has(symbol) && Reflect.get(resource, symbol) !== undefined,
  )
}

/** True where surely no context is active: what is armed now needs no care. */
export function hasNoContext(): boolean {
  return root === undefined || (frame === undefined && hooksAreOff())
}

/** Runs `arm` in the empty root context: what it arms (a timer, a microtask) fires without anybody's context. */
export function outsideContext<R>(arm: () => R): R {
  return root === undefined || hasNoContext() ? arm() : root.runInAsyncScope(arm, undefined)
}
