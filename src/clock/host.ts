import { hasNoContext, outsideContext } from "./async-context.ts"

/** The host's event loop, as a scheduler sees it. */
export interface Host {
  /** Milliseconds, for measuring how long a turn has taken. */
  now(): number
  /** Calls `f` before the host's turn ends. */
  microtask(f: () => void): void
  /** Calls `f` in a later turn, after the host has seen to its input and output. */
  macrotask(f: () => void): void
}

type Defer = (f: () => void) => unknown

// The host's own function, so that a test that replaces timers does not stop the loop from giving way.
const hostSetImmediate = (globalThis as { setImmediate?: Defer }).setImmediate

/** The host that this process runs on. */
export class PlatformHost implements Host {
  readonly #resolved = Promise.resolve()
  readonly #later: Defer = hostSetImmediate ?? overChannel() ?? ((f) => setTimeout(f, 0))

  now(): number {
    return performance.now()
  }

  microtask(f: () => void): void {
    if (hasNoContext()) void this.#resolved.then(f)
    else outsideContext(() => void this.#resolved.then(f))
  }

  macrotask(f: () => void): void {
    outsideContext(() => this.#later(f))
  }
}

/** Browsers clamp nested timeouts to 4 ms; a message to oneself comes at once. */
function overChannel(): Defer | undefined {
  if (typeof MessageChannel === "undefined") return undefined
  const { port1, port2 } = new MessageChannel()
  const waiting: (() => void)[] = []
  port1.onmessage = () => waiting.shift()?.()
  return (f) => {
    waiting.push(f)
    port2.postMessage(undefined)
  }
}
