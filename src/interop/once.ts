import { describe } from "../data/index.ts"
import { Task } from "../task/index.ts"

/** What `once` takes for an EventTarget, by structure. */
export interface EventTargetLike {
  addEventListener(type: never, listener: never): unknown
  removeEventListener(type: never, listener: never): unknown
}

/** What `once` takes for an event emitter, by structure: `on` or `once`, and `off` or `removeListener`. */
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

/**
 * Waits for the next event of a type. Of an EventTarget (what has `addEventListener`) it yields the Event. Of an emitter
 * (`on` or `once`, and `off` or `removeListener`) it yields the array of the arguments, and fails with the error if
 * "error" is emitted first, unless that is the type waited for. What is both is taken for an EventTarget.
 *
 * It listens from the moment it runs, and its listeners are gone at the end, by whatever outcome, cancellation included.
 * There is no time limit: see `timeout`. Events between one run and the next are lost; to have every event, use a stream.
 *
 * @throws TypeError at the call, for a target that is neither.
 *
 * @example
 * ```ts
 * const target = new EventTarget()
 * const ready = once(target, "ready").run()
 * target.dispatchEvent(new Event("ready"))
 * await ready.join().map((event) => event.type) // "ready"
 * ```
 */
export function once<Target extends EventTargetLike, Type extends string>(
  target: Target,
  type: Type,
): Task<EventOf<Target, Type>>
/** The type of the arguments is the caller's word: `once<[code: number]>(child, "exit")`. */
export function once<Args extends readonly unknown[] = unknown[]>(
  emitter: EmitterLike,
  type: string | symbol,
): Task<Args>
export function once(target: unknown, type: string | symbol): Task<unknown> {
  const source = sourceOf(target)
  if (typeof type !== "string" && typeof type !== "symbol") {
    throw new TypeError(`Expected once(target, type) to get the type of an event as a string, got ${describe(type)}.`)
  }
  return Task.async<unknown>((resume) => {
    const listeners = new Listeners(source)
    const settle = (task: Task<unknown>): void => {
      try {
        listeners.removeAll()
      } finally {
        resume(task)
      }
    }
    try {
      listeners.add(type, (...args) => settle(Task.pure(source.isEmitter ? args : args[0])))
      if (source.isEmitter && type !== "error") {
        listeners.add("error", (error) => settle(Task.fail(error) as Task<never>))
      }
    } catch (error) {
      listeners.removeAll()
      throw error
    }
    return () => listeners.removeAll()
  })
}

type Listener = (...args: unknown[]) => void

interface Source {
  readonly isEmitter: boolean
  add(type: string | symbol, listener: Listener): void
  remove(type: string | symbol, listener: Listener): void
}

/** The listeners of one wait. After `removeAll` it adds none: a source may emit while it is being listened to. */
class Listeners {
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

function sourceOf(target: unknown): Source {
  return (
    sourceBy(target, false, ["addEventListener"], ["removeEventListener"]) ??
    sourceBy(target, true, ["on", "once"], ["off", "removeListener"]) ??
    refuse(target)
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

function refuse(target: unknown): never {
  throw new TypeError(
    "Expected once(target, type) to get an EventTarget (addEventListener and removeEventListener) or an emitter " +
      `(on or once, off or removeListener), got ${describe(target)}. For another source of events: Task.async.`,
  )
}
