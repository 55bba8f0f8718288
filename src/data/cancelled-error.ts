/**
 * What a cancelled fiber looks like to whoever waits for its value: `join()` fails with it, and a promise of the fiber
 * rejects with it. Its `name` is "AbortError", as everywhere on the platform; `cause` is the reason of the cancellation.
 *
 * @example
 * ```ts
 * const fiber = Task.never.run()
 * fiber.abort("no longer needed")
 * await fiber.toPromise().catch((error) => [error.name, error.cause]) // ["AbortError", "no longer needed"]
 * ```
 */
export class CancelledError extends Error {
  override readonly name = "AbortError"

  constructor(reason?: unknown) {
    super("The fiber was cancelled", { cause: reason })
  }
}
