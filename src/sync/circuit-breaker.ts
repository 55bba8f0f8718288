import { type Duration, toMillis } from "../data/index.ts"
import { type FiberCore, FULFILL, held, perform, REJECT } from "../fiber/index.ts"
import { mustBeFunction, mustBeTask, mustKnow, Task } from "../task/index.ts"
import { mustBeCount } from "./count.ts"

type AnyTask = Task<unknown, unknown>

/** The circuit is open: the task was not run. Its `retryAfter` says when it may be tried again. */
export class CircuitOpenError extends Error {
  override readonly name = "CircuitOpenError"
  /** In so many milliseconds a trial is let through; 0 while others are on trial. */
  readonly retryAfter: number

  constructor(retryAfter: number) {
    super(`The circuit is open: too many have failed. The next trial is in ${Math.ceil(retryAfter)} ms.`)
    this.retryAfter = retryAfter
  }
}

export type CircuitState = "closed" | "open" | "half-open"

/** What `CircuitBreaker.make` may be told. Everything has a default. */
export interface CircuitBreakerOptions {
  /** So many failures one after the other open it. An integer >= 1. Default 5. */
  readonly failures?: number
  /** How long it stays open before it lets trials through. Default 30 s. */
  readonly resetAfter?: Duration
  /** How many trials run at once while it is half-open; as many must succeed to close it. An integer >= 1. Default 1. */
  readonly trials?: number
  /** Which failures count. Others, and cancellations, count neither as failure nor as success. Default: all. */
  readonly isFailure?: (error: unknown) => boolean
  /** Called whenever the state has changed. */
  readonly onChange?: (state: CircuitState) => void
}

/**
 * Stops calling what keeps failing. Closed, it lets everything through and counts failures in a row; too many open it, and
 * it refuses at once with `CircuitOpenError`; after a time it is half-open and lets a few trials through: if they succeed it
 * closes, if one fails it opens again. It reads the monotonic clock of the runtime that its tasks run on, and has no timer.
 *
 *     closed ──failures in a row──▶ open ──resetAfter──▶ half-open ──trials succeed──▶ closed
 *                                    ▲                       │
 *                                    └────────one fails──────┘
 *
 * @example
 * ```ts
 * const breaker = CircuitBreaker.make({ failures: 2, resetAfter: { minutes: 1 } })
 * const call = breaker.protect(Task.fail("no answer"))
 * await call.attempt()
 * await call.attempt()
 * breaker.state // "open"
 * await call.catch(CircuitOpenError, () => Task.pure("not called")) // "not called"
 * ```
 */
export class CircuitBreaker {
  readonly #failures: number
  readonly #resetAfter: number
  readonly #trials: number
  readonly #isFailure: (error: unknown) => boolean
  readonly #onChange: ((state: CircuitState) => void) | undefined
  #state: CircuitState = "closed"
  /** Failures in a row while it is closed. */
  #failed = 0
  #openedAt = 0
  /** Trials that run, and that have succeeded. */
  #running = 0
  #succeeded = 0
  /** Counts the changes: what was let through before the last one has no say. */
  #era = 0

  private constructor(options: CircuitBreakerOptions) {
    const { failures = 5, resetAfter = 30_000, trials = 1, isFailure = () => true, onChange } = options
    mustBeCount(failures, "failures")
    mustBeCount(trials, "trials")
    mustBeFunction(isFailure, "CircuitBreaker.make (isFailure)")
    if (onChange !== undefined) mustBeFunction(onChange, "CircuitBreaker.make (onChange)")
    this.#failures = failures
    this.#resetAfter = toMillis(resetAfter, "resetAfter")
    this.#trials = trials
    this.#isFailure = isFailure
    this.#onChange = onChange
  }

  /**
   * Makes one that is closed.
   *
   * @throws RangeError, TypeError for options out of their range.
   */
  static make(options: CircuitBreakerOptions = {}): CircuitBreaker {
    mustKnow(options, ["failures", "resetAfter", "trials", "isFailure", "onChange"], "CircuitBreaker.make")
    return new CircuitBreaker(options)
  }

  /** It goes from "open" to "half-open" when the first trial is let through. */
  get state(): CircuitState {
    return this.#state
  }

  /** Runs `task` if it is let through, and counts how it ends; fails with `CircuitOpenError` otherwise. */
  protect<A, E>(task: Task<A, E>): Task<A, E | CircuitOpenError> {
    mustBeTask(task, "breaker.protect")
    // The outcome is judged where it is known whether it is a failure; a cancellation is seen by the frame alone.
    return perform((fiber: FiberCore): AnyTask => {
      const refused = this.#refuse(fiber)
      if (refused !== undefined) return Task.fail(refused)
      const era = this.#era
      let counts = true
      const judged = task.tapError((error) => {
        counts = this.#isFailure(error)
      })
      return held(judged, (running, _source, mode) => {
        if (era !== this.#era) return
        if (this.#state === "half-open") this.#running--
        if (mode === FULFILL) this.#success(running)
        else if (mode === REJECT && counts && !running.stopped) this.#failure(running)
      })
    }, undefined) as Task<A, E | CircuitOpenError>
  }

  #refuse(fiber: FiberCore): CircuitOpenError | undefined {
    if (this.#state === "closed") return undefined
    if (this.#state === "open") {
      const left = this.#openedAt + this.#resetAfter - fiber.loop.clock.now()
      if (left > 0) return new CircuitOpenError(left)
      this.#become("half-open", fiber)
    }
    if (this.#running >= this.#trials) return new CircuitOpenError(0)
    this.#running++
    return undefined
  }

  #success(fiber: FiberCore): void {
    this.#failed = 0
    if (this.#state === "half-open" && ++this.#succeeded >= this.#trials) this.#become("closed", fiber)
  }

  #failure(fiber: FiberCore): void {
    if (this.#state === "closed" && ++this.#failed < this.#failures) return
    this.#openedAt = fiber.loop.clock.now()
    this.#become("open", fiber)
  }

  /** What the callback throws is reported as a failure that nobody handles, and changes nothing. */
  #become(state: CircuitState, fiber: FiberCore): void {
    this.#state = state
    this.#era++
    this.#failed = 0
    this.#running = 0
    this.#succeeded = 0
    try {
      this.#onChange?.(state)
    } catch (error) {
      fiber.loop.unhandled.report(error, fiber)
    }
  }
}
