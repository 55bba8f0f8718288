import { describe, type Duration, toMillis } from "../data/index.ts"
import { type FiberCore, FULFILL, held, perform } from "../fiber/index.ts"
import { mustBeTask, mustKnow, Task } from "../task/index.ts"
import { type Allowance, SlidingWindow, TokenBucket } from "./allowance.ts"
import { mustBeCount } from "./count.ts"
import { PermitLine } from "./permit-line.ts"

/** What `RateLimiter.make` is told. */
export interface RateLimiterOptions {
  /** How many per `interval`. An integer >= 1. */
  readonly limit: number
  /** Longer than 0, and finite. */
  readonly interval: Duration
  /**
   * "token-bucket": `burst` at once, then `limit` per `interval` on the average. "sliding-window": at most `limit` in any
   * stretch of time as long as `interval`. Default "token-bucket".
   */
  readonly algorithm?: "token-bucket" | "sliding-window"
  /** How many a token bucket that has been left alone gives at once. An integer >= 1. Default `limit`. */
  readonly burst?: number
}

/**
 * So many in so much time. Who comes too soon waits, first in, first out, however much each wants. It reads the monotonic
 * clock of the runtime that its tasks run on, and has no timer while nobody waits. Cancelling a wait takes nothing.
 *
 * @example
 * ```ts
 * const limiter = RateLimiter.make({ limit: 2, interval: 20 })
 * const call = limiter.limit(Task.pure("called"))
 * const [, ms] = await Task.all([call, call, call]).elapsed()
 * ms >= 10 // true
 * ```
 */
export class RateLimiter {
  readonly #allowance: Allowance
  /** The most that can be taken at once. */
  readonly #most: number
  readonly #line = new PermitLine(1, "its turn at a rate limiter")
  readonly #one: Task<void>

  private constructor(allowance: Allowance, most: number) {
    this.#allowance = allowance
    this.#most = most
    this.#one = this.#taking(1)
  }

  /**
   * Makes one that nothing has been taken of.
   *
   * @throws RangeError, TypeError for options out of their range.
   */
  static make(options: RateLimiterOptions): RateLimiter {
    mustKnow(options, ["limit", "interval", "algorithm", "burst"], "RateLimiter.make")
    const { limit, algorithm = "token-bucket", burst } = options
    mustBeCount(limit, "limit")
    const interval = toMillis(options.interval, "interval")
    if (interval === 0 || interval === Infinity) {
      throw new RangeError(`Expected \`interval\` to be longer than 0 and finite, got ${describe(options.interval)}.`)
    }
    if (algorithm === "sliding-window") {
      if (burst !== undefined) throw new TypeError("Expected `burst` with a token bucket only, got a sliding window.")
      return new RateLimiter(new SlidingWindow(limit, interval), limit)
    }
    if (algorithm !== "token-bucket") {
      throw new RangeError(`Expected \`algorithm\` to be token-bucket or sliding-window, got ${describe(algorithm)}.`)
    }
    if (burst !== undefined) mustBeCount(burst, "burst")
    return new RateLimiter(new TokenBucket(limit, interval, burst ?? limit), burst ?? limit)
  }

  /** How many wait. */
  get waiting(): number {
    return this.#line.waiting + (this.#line.free === 0 ? 1 : 0)
  }

  /** Runs `task` when one more is allowed. What it fails with has been taken all the same. */
  limit<A, E>(task: Task<A, E>): Task<A, E> {
    mustBeTask(task, "limiter.limit")
    return this.#one.andThen(task)
  }

  /**
   * Waits until so many more are allowed, and takes them.
   *
   * @throws RangeError for less than 1, or more than are ever allowed at once.
   */
  take(count = 1): Task<void> {
    mustBeCount(count, "count", 1, this.#most)
    return count === 1 ? this.#one : this.#taking(count)
  }

  /** Takes so many if they are allowed now and nobody waits: yields whether they were. */
  tryTake(count = 1): Task<boolean> {
    mustBeCount(count, "count", 1, this.#most)
    return perform((fiber: FiberCore) => Task.pure(this.#takeNow(fiber, count)), undefined)
  }

  #takeNow(fiber: FiberCore, count: number): boolean {
    return this.#line.free > 0 && this.#allowance.take(count, fiber.loop.clock.now()) === 0
  }

  /** The first in line sleeps until it is allowed; the others stand behind it. */
  #taking(count: number): Task<void> {
    const allowance = this.#allowance
    const look: Task<void> = perform((fiber: FiberCore): Task<void> => {
      const now = fiber.loop.clock.now()
      const wait = allowance.take(count, now)
      if (wait === 0) return Task.unit
      if (!allowance.promise(count, now)) return Task.sleep(wait).andThen(look)
      return held(Task.sleep(wait), (_fiber, _sleep, mode) => {
        if (mode !== FULFILL) allowance.giveBack(count)
      })
    }, undefined)
    const inLine = this.#line.using(1, look)
    return perform((fiber: FiberCore) => (this.#takeNow(fiber, count) ? Task.unit : inLine), undefined)
  }
}
