import type { Span } from "@opentelemetry/api"
import type { Exit } from "../data/index.ts"
import { type FiberCore, perform } from "../fiber/index.ts"
import { Stream } from "../stream/index.ts"
import { mustBeTask, mustBeTaskOrFunction, Task } from "../task/index.ts"
import { inContext } from "./fiber-context.ts"
import { failAsCancelled, recordCancellation, recordFailure } from "./span-end.ts"
import { type Started, starting, type WithSpanOptions } from "./span-start.ts"
import { streamInSpan } from "./stream-in-span.ts"

/**
 * Runs a Task, or a Stream, in a span of its own: each run opens one and ends it, exactly once, whatever the outcome. The
 * span is active meanwhile: in every callback and cleanup of what it is around, after each wait, in its children, members
 * of `Task.all` and detached fibers, and nowhere else. Its parent is the span that is active in the fiber.
 *
 * - A value leaves the span's status as it is.
 * - A failure is recorded as an exception, the very object, with the status ERROR and `error.type`.
 * - A cancellation is no exception: the status is ERROR, "cancelled", with the attributes `rapid_fiber.cancelled` and, if
 *   a reason was given, `rapid_fiber.cancel_reason`.
 *
 * A function gets the span and makes the Task: for attributes that are known later. The span of a Stream lasts from the
 * first element that is asked for until the stream is closed, and counts the elements (`rapid_fiber.stream.elements`).
 * Where it was not read to its end, `rapid_fiber.stream.ended_early` says so; that is an error only if it was cancelled
 * with a reason.
 *
 * @throws TypeError at the call for what is no Task, function or Stream, and for unknown options.
 *
 * @example
 * ```ts
 * import { withSpan } from "rapid-fiber/opentelemetry"
 * const charge = withSpan("charge", Task.sleep(1).as("paid"), { attributes: { "payment.method": "card" } })
 * const checkout = withSpan("checkout", (span) => charge.tap((state) => void span.setAttribute("payment.state", state)))
 * await checkout // "paid"
 * const rows = withSpan("rows", Stream.of(1, 2, 3))
 * await rows.toArray() // [1, 2, 3]
 * ```
 */
export function withSpan<A, E = never>(
  name: string,
  task: Task<A, E> | ((span: Span) => Task<A, E>),
  options?: WithSpanOptions,
): Task<A, E>
export function withSpan<A, E = never>(name: string, stream: Stream<A, E>, options?: WithSpanOptions): Stream<A, E>
export function withSpan(
  name: string,
  what: Task<unknown, unknown> | Stream<unknown, unknown> | ((span: Span) => Task<unknown, unknown>),
  options?: WithSpanOptions,
): Task<unknown, unknown> | Stream<unknown, unknown> {
  const start = starting(name, options)
  if (what instanceof Stream) return streamInSpan(start, what)
  mustBeTaskOrFunction(what, "withSpan")
  return taskInSpan(start, what)
}

function taskInSpan<A, E>(
  start: (fiber: FiberCore) => Started,
  what: Task<A, E> | ((span: Span) => Task<A, E>),
): Task<A, E> {
  // Masked: nothing comes between the start of the span and what will end it.
  return Task.uncancelable((restore) =>
    perform((fiber) => {
      const { span, place } = start(fiber)
      const task = typeof what === "function" ? made(what, span) : what
      // In a cleanup the cancellation is over, and not this span's.
      const inCleanup = fiber.stopped
      return inContext(fiber, place, restore(task), (exit) => {
        record(span, exit)
        if (fiber.stopped && !inCleanup) recordCancellation(span, fiber)
        span.end()
      })
    }, undefined),
  )
}

/** What a function of the user's makes, with the span active. */
function made<A, E>(f: (span: Span) => Task<A, E>, span: Span): Task<A, E> {
  return perform(() => {
    const task = f(span)
    mustBeTask(task, "what the function of withSpan returns")
    return task
  }, undefined)
}

function record(span: Span, exit: Exit<unknown>): void {
  if (exit.status === "rejected") recordFailure(span, exit.reason)
  else if (exit.status === "cancelled") failAsCancelled(span)
}
