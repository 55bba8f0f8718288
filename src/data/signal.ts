interface Ears {
  readonly listeners: Set<() => void>
  readonly call: () => void
}

/** One listener for each signal, however many wait for it: the platform looks through its own at each addition. */
const known = new WeakMap<AbortSignal, Ears>()

/** Calls `listener` when the signal aborts. What it returns takes the listener back, and with the last one our own. */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  const ears = known.get(signal) ?? listenTo(signal)
  ears.listeners.add(listener)
  return () => {
    if (!ears.listeners.delete(listener) || ears.listeners.size > 0) return
    signal.removeEventListener("abort", ears.call)
    known.delete(signal)
  }
}

function listenTo(signal: AbortSignal): Ears {
  const listeners = new Set<() => void>()
  const call = (): void => {
    for (const listener of listeners) listener()
  }
  const ears = { listeners, call }
  known.set(signal, ears)
  signal.addEventListener("abort", call)
  return ears
}
