import { Task } from "../task/index.ts"
import {
  type EmitterLike,
  type EventOf,
  type EventTargetLike,
  Listeners,
  mustBeType,
  sourceOf,
} from "./event-source.ts"

/**
 * Waits for the next event of a type. Of an EventTarget (what has `addEventListener`) it yields the Event. Of an emitter
 * (`on` or `once`, and `off` or `removeListener`) it yields the array of the arguments, and fails with the error if
 * "error" is emitted first, unless that is the type waited for. What is both is taken for an EventTarget.
 *
 * It listens from the moment it runs, and its listeners are gone at the end, by whatever outcome, cancellation included.
 * There is no time limit: see `timeout`. Events between one run and the next are lost; to have every event: `on`.
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
  const source = sourceOf(target, "once")
  mustBeType(type, "once")
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
