/**
 * A task took longer than it was given. Its `name` is the platform's, "TimeoutError".
 *
 * @example
 * ```ts
 * await Task.never.timeout(5).catch(TimeoutError, (error) => Task.pure(error.duration)) // 5
 * ```
 */
export class TimeoutError extends Error {
  override readonly name = "TimeoutError"
  /** What it was given, in milliseconds. */
  readonly duration: number

  constructor(duration: number) {
    super(`The task took longer than ${duration} ms`)
    this.duration = duration
  }
}
