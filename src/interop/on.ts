import { describe } from "../data/index.ts"
import { Stream } from "../stream/index.ts"
import { Queue } from "../sync/index.ts"
import { mustKnow, Task } from "../task/index.ts"
import {
  type EmitterLike,
  type EventOf,
  type EventTargetLike,
  Listeners,
  mustBeType,
  sourceOf,
} from "./event-source.ts"

/** What `on` is told: events come whether somebody asks for them or not. */
export interface OnOptions {
  /**
   * What happens to events that nobody has asked for yet: all are kept ("unbounded"), the last `capacity` ("sliding"), or the
   * first `capacity` ("dropping").
   */
  readonly policy: "unbounded" | "sliding" | "dropping"
  /** How many are kept. An integer >= 1. Default 16; not for "unbounded". */
  readonly capacity?: number
  /** The type of an event that ends the stream: "close", "end". Default: it goes on until it is closed. */
  readonly end?: string | symbol
}

/**
 * The events of a type: of an EventTarget the Events; of an emitter the arrays of the arguments, and a failure if "error"
 * is emitted, unless that is the type asked for. It listens from when the first event is asked for, and its listeners are gone
 * at the end, whatever that is.
 *
 * @throws TypeError, RangeError at the call, for a target that is neither, and for options out of their range.
 *
 * @example
 * ```ts
 * const target = new EventTarget()
 * const two = on(target, "tick", { policy: "unbounded" }).take(2).count().run()
 * for (let i = 0; i < 3; i++) target.dispatchEvent(new Event("tick"))
 * await two // 2
 * ```
 */
export function on<Target extends EventTargetLike, Type extends string>(
  target: Target,
  type: Type,
  options: OnOptions,
): Stream<EventOf<Target, Type>>
/** The type of the arguments is the caller's word: `on<[line: string]>(reader, "line", …)`. */
export function on<Args extends readonly unknown[] = unknown[]>(
  emitter: EmitterLike,
  type: string | symbol,
  options: OnOptions,
): Stream<Args>
export function on(target: unknown, type: string | symbol, options: OnOptions): Stream<unknown> {
  const source = sourceOf(target, "on")
  mustBeType(type, "on")
  mustKnow(options ?? (null as never), ["policy", "capacity", "end"], "on")
  const make = queueOf(options)
  make()
  const listen = Task.sync(() => {
    const queue = make()
    const listeners = new Listeners(source)
    try {
      listeners.add(type, (...args) => void queue.tryOffer(source.isEmitter ? args : args[0]))
      if (options.end !== undefined) listeners.add(options.end, () => void queue.close())
      if (source.isEmitter && type !== "error") listeners.add("error", (error) => void queue.fail(error as never))
    } catch (error) {
      listeners.removeAll()
      throw error
    }
    return { queue, listeners }
  })
  return Stream.using(
    listen,
    ({ queue }) => queue,
    ({ listeners }) => listeners.removeAll(),
  )
}

function queueOf({ policy, capacity = 16 }: OnOptions): () => Queue<unknown> {
  // It is checked in any case.
  void Queue.sliding(capacity)
  if (policy === "unbounded") return () => Queue.unbounded()
  if (policy === "sliding") return () => Queue.sliding(capacity)
  if (policy === "dropping") return () => Queue.dropping(capacity)
  throw new RangeError(`Expected \`policy\` of on to be "unbounded", "sliding" or "dropping", got ${describe(policy)}.`)
}
