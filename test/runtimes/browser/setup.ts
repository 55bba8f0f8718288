// First, so that the library finds the browser as it is: no `setImmediate`, no `process`.
import "rapid-fiber"

/** The globals of Node that the tests use, made of what a browser has. */

const immediates = new Map<number, () => void>()
const { port1, port2 } = new MessageChannel()
let last = 0
port1.onmessage = ({ data }: MessageEvent<number>) => {
  const f = immediates.get(data)
  immediates.delete(data)
  f?.()
}

function setImmediate(f: (...args: unknown[]) => void, ...args: unknown[]): number {
  immediates.set(++last, () => f(...args))
  port2.postMessage(last)
  return last
}

const clearImmediate = (id: number): void => void immediates.delete(id)

type Listener = (reason: unknown) => void

/** Node's names of what the window tells. Of warnings a browser knows nothing. */
const kinds: Readonly<Record<string, string>> = { unhandledRejection: "unhandledrejection", uncaughtException: "error" }
const handlers = new Map<string, Map<Listener, (event: Event) => void>>()

// The window is listened to only as long as a test listens: meanwhile the test runner does not count what it hears.
function on(kind: string, listener: Listener): void {
  const handler = (event: Event): void => {
    event.preventDefault()
    listener(event instanceof PromiseRejectionEvent ? event.reason : (event as ErrorEvent).error)
  }
  handlers.set(kind, (handlers.get(kind) ?? new Map<Listener, typeof handler>()).set(listener, handler))
  const type = kinds[kind]
  if (type !== undefined) addEventListener(type, handler)
}

function off(kind: string, listener: Listener): void {
  const handler = handlers.get(kind)?.get(listener)
  const type = kinds[kind]
  if (handler !== undefined && type !== undefined) removeEventListener(type, handler)
  handlers.get(kind)?.delete(listener)
}

const listeners = (kind: string): Listener[] => [...(handlers.get(kind)?.keys() ?? [])]

const process = {
  on,
  off,
  listeners,
  removeAllListeners(kind: string) {
    for (const listener of listeners(kind)) off(kind, listener)
  },
  memoryUsage() {
    const { memory } = performance as Performance & { readonly memory: { readonly usedJSHeapSize: number } }
    return { heapUsed: memory.usedJSHeapSize }
  },
}

Object.assign(globalThis, { setImmediate, clearImmediate, process })
