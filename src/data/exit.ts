/**
 * How a fiber ended: the words of `Promise.allSettled`, and one more for cancellation, which is an outcome of its own.
 *
 * @example
 * ```ts
 * const exit = Task.pure(42).run().poll()
 * // { status: "fulfilled", value: 42 }
 * ```
 */
export type Exit<A> = Settled<A> | Cancelled

/** The two outcomes that a program may handle as a value: what `attempt()` yields. */
export type Settled<A> = Fulfilled<A> | Rejected

export interface Fulfilled<A> {
  readonly status: "fulfilled"
  readonly value: A
}

export interface Rejected {
  readonly status: "rejected"
  /** The original object that was thrown or passed to `Task.fail`. */
  readonly reason: unknown
}

export interface Cancelled {
  readonly status: "cancelled"
  /** What was passed to `abort(reason)`, or the reason of the AbortSignal. */
  readonly reason: unknown
}
