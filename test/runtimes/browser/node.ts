/** Stands in for the `node:` modules of files whose other tests a browser can run. */

/** The listeners of each signal by type, and which of them leave at the first event: a browser does not tell. */
const listening = new WeakMap<EventTarget, Map<string, Map<unknown, boolean>>>()

AbortSignal.prototype.addEventListener = function (
  type: string,
  listener: EventListenerOrEventListenerObject | null,
  options?: AddEventListenerOptions | boolean,
) {
  EventTarget.prototype.addEventListener.call(this, type, listener, options)
  const types = listening.get(this) ?? new Map<string, Map<unknown, boolean>>()
  const once = typeof options === "object" && options.once === true
  listening.set(this, types.set(type, (types.get(type) ?? new Map<unknown, boolean>()).set(listener, once)))
}

AbortSignal.prototype.removeEventListener = function (
  type: string,
  listener: EventListenerOrEventListenerObject | null,
  options?: EventListenerOptions | boolean,
) {
  EventTarget.prototype.removeEventListener.call(this, type, listener, options)
  listening.get(this)?.get(type)?.delete(listener)
}

/** As that of `node:events`, for a signal. */
export function getEventListeners(signal: AbortSignal, type: string): unknown[] {
  const listeners = [...(listening.get(signal)?.get(type) ?? [])]
  return listeners.filter(([, once]) => !(once && signal.aborted)).map(([listener]) => listener)
}

/** Can be imported, called and constructed; the tests that use them are left out by name. */
function absent(): void {}

export { absent as AsyncLocalStorage, absent as EventEmitter, absent as readFile, absent as stat }
