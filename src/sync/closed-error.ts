/**
 * What was asked of is closed: a queue that has been drained, a hub, a pool, an actor, a set of fibers. Nothing was done.
 *
 * @example
 * ```ts
 * const queue = Queue.unbounded<number>()
 * queue.close()
 * await queue.take().catch(ClosedError, (error) => Task.pure(error.what)) // "queue"
 * ```
 */
export class ClosedError extends Error {
  override readonly name = "ClosedError"
  /** What is closed: "queue", "hub", "subscription", "pool", "actor", "fiber set". */
  readonly what: string

  constructor(what: string) {
    super(`Expected an open ${what}, got one that is closed. Ask before it closes, or handle ClosedError.`)
    this.what = what
  }
}
