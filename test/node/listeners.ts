import type { EventEmitter } from "node:events"

/** How many listeners an emitter has, by type, without that which each Transform of Node's has of itself. */
export function listenersOf(emitter: EventEmitter): Record<string, number> {
  const names = emitter.eventNames().filter((name) => name !== "prefinish")
  return Object.fromEntries(names.map((name) => [String(name), emitter.listenerCount(name)]))
}
