/**
 * The failure of whoever was promised a value by a source that ended without one. Its message says which source; the
 * usual answer is a value in its place: `.catch(EmptyError, () => Task.pure(…))`.
 *
 * @example
 * ```ts
 * const empty = { subscribe: (observer) => observer.complete() }
 * await fromObservable(empty).catch(EmptyError, (error) => Task.pure(error.name)) // "EmptyError"
 * ```
 */
export class EmptyError extends Error {
  override readonly name = "EmptyError"
}
