/**
 * How what was opened is closed: in turn, whatever fails, and without losing what a cleanup fails with.
 *
 * A failure of a cleanup is never nobody's. Beside a stream it may come when nobody asks for elements any more; then it is the
 * failure of the close, while that of an element is dropped. So it is remembered which failures came from a close: objects,
 * that is, since nothing else can be told apart.
 */
import { CancelledError, holdsCancellation, type SuppressedError } from "../data/index.ts"
import { type FiberCore, perform } from "../fiber/index.ts"
import { Task } from "../task/index.ts"
import type { AnyTask, None, Run } from "./pull.ts"

/** Waits until a pull is closed, and forgets it as that begins: from then on it is closed, whatever comes. */
export function closing(run: Run, close: () => AnyTask | undefined, forget: () => void): None {
  return run.await(
    Task.uncancelable(() => {
      forget()
      return closed(close)
    }),
  )
}

let failedCleanups: WeakSet<object> | undefined

/** What `close` comes to; a failure of it is remembered as such. */
export function closed(close: () => AnyTask | undefined): AnyTask {
  return (close() ?? Task.unit).tapError((reason) => {
    if (typeof reason === "object" && reason !== null) (failedCleanups ??= new WeakSet()).add(reason)
  })
}

/** A cleanup has failed with this, in a cancellation or at an end. */
export function isOfCleanup(reason: unknown): boolean {
  if (failedCleanups?.has(reason as object)) return true
  const { name, error } = (reason ?? {}) as Partial<SuppressedError>
  if (name === "SuppressedError" && isOfCleanup(error)) return true
  return holdsCancellation(reason) && !(reason instanceof CancelledError)
}

/** Fails with what a cleanup has failed with; with nothing else. */
export function failedCleanup(reason: unknown): AnyTask {
  return isOfCleanup(reason) ? Task.fail(reason) : Task.unit
}

/**
 * Cancels a fiber that was started beside a stream, and waits until it has ended. Fails as its cleanups do, if nobody has
 * `heard` of it; what else it fails with at the last moment is that of an element that nobody asks for any more.
 */
export function stopped(fiber: FiberCore | undefined, heard: (reason: unknown) => boolean): AnyTask | undefined {
  if (fiber === undefined) return undefined
  const rest = Task.defer((): AnyTask => {
    const exit = fiber.poll()
    return exit?.status === "rejected" && !heard(exit.reason) ? failedCleanup(exit.reason) : Task.unit
  })
  if (fiber.poll() !== undefined) return rest
  return perform((running) => fiber.cancel(running.reason), undefined).andThen(rest)
}

/** One close after the other; the second also where the first fails. */
export function inTurn(first: AnyTask | undefined, second: AnyTask | undefined): AnyTask | undefined {
  if (first === undefined || second === undefined) return first ?? second
  return first.finally(second)
}
