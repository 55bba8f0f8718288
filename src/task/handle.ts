import type { Exit } from "../data/index.ts"
import type { Running } from "./running.ts"
import type { Task } from "./task.ts"

/**
 * The handle of a running Task: wait for it, look at it, cancel it. A fiber comes from `task.run()` at the edge of a
 * program and from `task.start()` inside one. Awaiting a fiber waits for its value, as `join()` does in a Task.
 *
 * @example
 * ```ts
 * const fiber = Task.sleep({ seconds: 5 }).as("done").run()
 * fiber.poll() // undefined: it still runs
 * await fiber.cancel() // resolves when its finalizers have run
 * fiber.poll() // { status: "cancelled", reason: undefined }
 * ```
 */
export interface Fiber<out A, out E = never> extends PromiseLike<Awaited<A>>, AsyncDisposable {
  /** A number that no other fiber of this process has. */
  readonly id: number

  /** The name given to `run` or `start`, or `fiber-<id>`. */
  readonly name: string

  /**
   * Waits for the fiber's value. Fails with its failure, the original object, and with `CancelledError` if it was
   * cancelled. Cancelling the wait leaves the fiber alone and leaves nothing behind in it.
   */
  join(): Task<A, E>

  /**
   * Requests cancellation and waits until the fiber has ended, its finalizers included. Never fails: look at `poll()` for
   * the outcome. A fiber that cancels itself stops at its next operation and does not wait.
   */
  cancel(reason?: unknown): Task<void>

  /** Requests cancellation now and returns at once: for event handlers. The first reason stands. */
  abort(reason?: unknown): void

  /** The outcome, or undefined while the fiber runs. */
  poll(): Exit<A> | undefined

  /**
   * Calls `callback` once with the outcome; at once if the fiber has ended. Returns a function that takes the callback
   * back, in constant time. What the callback throws goes to the runtime's failure hook and harms no one else.
   */
  onExit(callback: (exit: Exit<A>) => void): () => void

  /** A promise of the value. It rejects as `join()` fails. */
  toPromise(): Promise<Awaited<A>>

  /** Cancels the fiber and waits until it has ended: `await using fiber = task.run()`. */
  [Symbol.asyncDispose](): Promise<void>
}

/** What `run`, `start` and `startDetached` may be told. */
export interface StartOptions {
  /** Shown in errors and dumps. Default: `fiber-<id>`. */
  readonly name?: string
}

/** What a Start node carries. */
export interface StartSpec {
  readonly name: string | undefined
  readonly detached: boolean
  /** Whose child it is, if not that of the fiber that starts it. */
  readonly parent?: Running | undefined
  /** A detached fiber that stays on this scheduler, also on that of `runSync`. */
  readonly here?: boolean
}
