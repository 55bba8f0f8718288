/**
 * Counts the host timers that are set, kept alive by them or not. Imported before the library, which takes timers that
 * are replaced later for those of a test.
 */
const live = new Set<unknown>()
const { setTimeout: set, clearTimeout: clear } = globalThis

function counting(callback: (...args: unknown[]) => void, delay?: number, ...args: unknown[]): unknown {
  const handle: unknown = set(() => {
    live.delete(handle)
    callback(...args)
  }, delay)
  live.add(handle)
  return handle
}

globalThis.setTimeout = counting as typeof setTimeout
globalThis.clearTimeout = (handle: Parameters<typeof clear>[0]) => {
  live.delete(handle)
  clear(handle)
}

export const timersSet = (): number => live.size

/** Lets the host have a turn, by what is not counted. */
export const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))
