import type { Exit } from "../data/index.ts"
import type { Task } from "./task.ts"

/**
 * A value that somebody will bring: what `Promise.withResolvers()` gives, with a Task in place of the promise. The
 * functions need no `this`, so it may be taken apart.
 *
 * @example
 * ```ts
 * const { task, resolve } = Task.withResolvers<string>()
 * const waiting = task.run()
 * resolve("first") // true
 * resolve("second") // false
 * await waiting // "first"
 * ```
 */
export interface Completable<A, E = never> {
  /** Waits for the value; those who wait are served in the order of their coming. Cancelling a wait leaves nothing behind. */
  readonly task: Task<A, E>
  /** Brings the value. False if it was too late: the first one stands. */
  readonly resolve: (value: A) => boolean
  /** Brings a failure. False if it was too late. */
  readonly reject: (reason: E) => boolean
  /** The outcome, or undefined while there is none. */
  readonly poll: () => Exit<A> | undefined
  /** Calls back once with the outcome, at once if there is one. Returns the undo. */
  readonly onExit: (callback: (exit: Exit<A>) => void) => () => void
}
