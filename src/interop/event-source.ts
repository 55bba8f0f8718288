import { describe } from "../data/index.ts"

/** What `once` and `on` take for an EventTarget, by structure. */
export interface EventTargetLike {
  addEventListener(type: never, listener: never): unknown
  removeEventListener(type: never, listener: never): unknown
}

/** What they take for an event emitter, by structure: `on` or `once`, and `off` or `removeListener`. */
export type EmitterLike = (
  | { on(type: never, listener: never): unknown }
  | { once(type: never, listener: never): unknown }
) &
  ({ off(type: never, listener: never): unknown } | { removeListener(type: never, listener: never): unknown })

/** The event that a target says it gives to its handler `on<type>`, else any Event. */
export type EventOf<Target, Type extends string> = `on${Type}` extends keyof Target
  ? NonNullable<Target[`on${Type}`]> extends (this: never, event: infer E) => unknown
    ? E
    : Event
  : Event

type Listener = (...args: unknown[]) => void

export interface Source {
  readonly isEmitter: boolean
  add(type: string | symbol, listener: Listener): void
  remove(type: string | symbol, listener: Listener): void
}

/** The listeners of one run. After `removeAll` it adds none: a source may emit while it is being listened to. */
export class Listeners {
  readonly #source: Source
  readonly #added: [type: string | symbol, listener: Listener][] = []
  #open = true

  constructor(source: Source) {
    this.#source = source
  }

  add(type: string | symbol, listener: Listener): void {
    if (!this.#open) return
    this.#added.push([type, listener])
    this.#source.add(type, listener)
  }

  removeAll(): void {
    this.#open = false
    for (const [type, listener] of this.#added.splice(0)) this.#source.remove(type, listener)
  }
}

export function sourceOf(target: unknown, where: string): Source {
  return (
    sourceBy(target, false, ["addEventListener"], ["removeEventListener"]) ??
    sourceBy(target, true, ["on", "once"], ["off", "removeListener"]) ??
    refuse(target, where)
  )
}

/** The source that calls the first of these methods that the target has; undefined if it lacks one of the two. */
function sourceBy(
  target: unknown,
  isEmitter: boolean,
  adders: ReadonlyArray<string>,
  removers: ReadonlyArray<string>,
): Source | undefined {
  const methods = (target ?? {}) as Record<string, unknown>
  const has = (name: string): boolean => typeof methods[name] === "function"
  const [adder, remover] = [adders.find(has), removers.find(has)]
  if (adder === undefined || remover === undefined) return undefined
  const calling = methods as Record<string, (type: string | symbol, listener: Listener) => void>
  return {
    isEmitter,
    add: (type, listener) => calling[adder](type, listener),
    remove: (type, listener) => calling[remover](type, listener),
  }
}

function refuse(target: unknown, where: string): never {
  throw new TypeError(
    `Expected ${where}(target, type) to get an EventTarget (addEventListener and removeEventListener) or an emitter ` +
      `(on or once, off or removeListener), got ${describe(target)}. For another source of events: Task.async.`,
  )
}

export function mustBeType(type: unknown, where: string): void {
  if (typeof type === "string" || typeof type === "symbol") return
  throw new TypeError(`Expected ${where}(target, type) to get the type of an event as a string, got ${describe(type)}.`)
}
