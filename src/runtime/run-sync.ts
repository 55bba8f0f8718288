import { CancelledError } from "../data/index.ts"
import { FiberCore } from "../fiber/index.ts"
import type { Task } from "../task/index.ts"
import { hostless } from "./hostless.ts"

/**
 * `runSync` met an operation that cannot finish on the spot. The task has been cancelled, and those of its cleanups that
 * are synchronous have run; the failure of one is the `cause`.
 */
export class RunSyncError extends Error {
  override readonly name = "RunSyncError"
  /** What the task waited for: "sleep", "async", "promise", "join" or "never". */
  readonly operation: string

  constructor(operation: string, options?: ErrorOptions) {
    super(
      `Expected a task that ends on the spot, got one that suspended at \`${operation}\`: it was cancelled. Use \`await\`.`,
      options,
    )
    this.operation = operation
  }
}

/** Runs a task on a scheduler of its own, which only this call drives. */
export function runSync<A>(task: Task<A, unknown>): A {
  const scheduler = hostless()
  const fiber = new FiberCore(scheduler, task, undefined)
  scheduler.run(fiber)
  scheduler.drain()
  const operation = fiber.suspendedOn()
  if (operation !== undefined) {
    fiber.abort()
    scheduler.drain()
  }
  const exit = fiber.poll()
  // What could not end here will not: nobody else runs this scheduler.
  if (exit === undefined) scheduler.closed = true
  if (operation !== undefined) {
    throw new RunSyncError(operation, exit?.status === "rejected" ? { cause: exit.reason } : undefined)
  }
  if (exit?.status === "fulfilled") return exit.value as A
  throw exit?.status === "rejected" ? exit.reason : new CancelledError(exit?.reason)
}
