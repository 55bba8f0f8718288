import type { Completable } from "./completable.ts"
import type { Fiber, StartOptions } from "./handle.ts"
import type { Task } from "./task.ts"

/** What runs tasks: made by `Runtime.make`. Tasks run on the process's default runtime unless told otherwise. */
export interface Runtime {
  /**
   * Cancels every fiber of this runtime and resolves when all have ended. From then on it starts nothing: a run on it
   * throws. Closing twice gives the same promise.
   */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** What `run` may be told. */
export interface RunOptions extends StartOptions {
  /**
   * Aborting it cancels the fiber, with its reason (`abortOn` fails a task instead). Already aborted: nothing starts. The
   * listener is removed at the end.
   */
  readonly signal?: AbortSignal
  /** Default: the runtime of the process, made at the first run. */
  readonly runtime?: Runtime
}

/**
 * Where descriptions meet the world. A Task is below the interpreter and knows nothing of it; this is the one place where
 * its running methods reach up, bound by the runtime room when the package is loaded.
 */
export interface Edge {
  run<A, E>(task: Task<A, E>, options: RunOptions | undefined): Fiber<A, E>
  runAndForget(task: Task<unknown, unknown>, runtime: Runtime | undefined): void
  runSync<A>(task: Task<A, unknown>): A
  /** What others may wait for and nobody runs: a Completable. */
  withResolvers<A, E>(): Completable<A, E>
}

export let edge: Edge

export function bindEdge(bound: Edge): void {
  edge = bound
}
