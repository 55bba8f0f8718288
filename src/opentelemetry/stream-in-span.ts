/**
 * A stage that changes nothing and has a span: all before it runs in the span's context, nothing after it does.
 *
 *     source ──▶ stages before ──▶ withSpan ──▶ stages after, the consumer
 *     └─ calls, waits and the close: in context ┘
 */
import type { Span } from "@opentelemetry/api"
import type { Exit } from "../data/index.ts"
import { type FiberCore, perform } from "../fiber/index.ts"
import { Stream } from "../stream/index.ts"
import { type Restore, Task } from "../task/index.ts"
import { calledInContext, inContext, type Place } from "./fiber-context.ts"
import { failAsCancelled, recordCancellation, recordFailure } from "./span-end.ts"
import type { Started } from "./span-start.ts"

type Open<A> = Stream<A, unknown>["open"]
type Run = Parameters<Open<unknown>>[0]
type Pull<A> = ReturnType<Open<A>>
type Next<A> = ReturnType<Pull<A>["next"]>

export function streamInSpan<A, E>(start: (fiber: FiberCore) => Started, stream: Stream<A, E>): Stream<A, E> {
  return new Stream<A, E>((run) => new SpannedPull(run, stream.open(run), start).pull)
}

/** One run. */
class SpannedPull<A> {
  readonly #run: Run
  readonly #source: Pull<A>
  readonly #start: (fiber: FiberCore) => Started
  /** What `next` answers where it has no element, as a stream without any does. */
  readonly #none: Next<never>
  #started: Started | undefined
  #elements = 0
  /** The stream is run in a cleanup: the cancellation of its fiber is over, and not this span's. */
  readonly #inCleanup: boolean
  /** The last element has come. */
  #ended = false
  /** What an element failed with, boxed since anything may be thrown. */
  #failure: { readonly reason: unknown } | undefined

  constructor(run: Run, source: Pull<A>, start: (fiber: FiberCore) => Started) {
    this.#run = run
    this.#source = source
    this.#start = start
    this.#inCleanup = run.fiber.stopped
    this.#none = Stream.empty.open(run).next()
  }

  get pull(): Pull<A> {
    return { next: () => this.#next(), close: () => this.#close() }
  }

  #next(): Next<A> {
    const run = this.#run
    const { place } = (this.#started ??= this.#start(run.fiber))
    let element: Next<A>
    try {
      element = calledInContext(run.fiber, place, this.#source.next)
    } catch (thrown) {
      this.#failure = { reason: thrown }
      throw thrown
    }
    if (element !== this.#none) this.#elements++
    else if (run.wait === undefined) this.#ended = true
    else run.wait = this.#waiting(run.wait, place)
    return element
  }

  /** What the source waits for, in context as well. */
  #waiting(task: Task<unknown, unknown>, place: Place): Task<unknown, unknown> {
    // To give way is nobody's work.
    if (task === Task.unit) return task
    return masked(place, (restore) => restore(task)).tapError((reason) => {
      this.#failure = { reason }
    })
  }

  #close(): Task<unknown, unknown> | undefined {
    const started = this.#started
    const { close } = this.#source
    if (started === undefined) return close?.()
    return masked(
      started.place,
      () => Task.defer(() => close?.() ?? Task.unit),
      (exit) => this.#end(started.span, exit),
    )
  }

  #end(span: Span, closed: Exit<unknown>): void {
    const { fiber } = this.#run
    const failed = closed.status === "rejected" || this.#failure !== undefined
    if (closed.status === "rejected") recordFailure(span, closed.reason)
    if (this.#failure !== undefined) recordFailure(span, this.#failure.reason)
    span.setAttribute("rapid_fiber.stream.elements", this.#elements)
    if (!failed && !this.#ended) span.setAttribute("rapid_fiber.stream.ended_early", true)
    if (fiber.stopped && !this.#inCleanup && !this.#ended) {
      const hasReason = recordCancellation(span, fiber)
      // Without one it is a `break`, or a `take` behind stages with fibers of their own: nobody wants any more.
      if (!failed && hasReason) failAsCancelled(span)
    }
    span.end()
  }
}

/** Runs in context what `body` makes, masked but for what is restored. */
function masked(
  place: Place,
  body: (restore: Restore) => Task<unknown, unknown>,
  atEnd?: (exit: Exit<unknown>) => void,
): Task<unknown, unknown> {
  return Task.uncancelable((restore) => perform((fiber) => inContext(fiber, place, body(restore), atEnd), undefined))
}
