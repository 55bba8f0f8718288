import { RingBuffer } from "../data/index.ts"

/** Milliseconds. */
const ROUNDING = 1e-6

/** How much may be taken when: a rule of rate limiting, which is told the time and keeps none of its own. */
export interface Allowance {
  /** Takes `count` if it is allowed at `now`, and answers 0; otherwise takes nothing, and answers for how many ms to wait. */
  take(count: number, now: number): number
  /** After such an answer: takes `count` for the end of the wait. False where it is to be asked again then. */
  promise(count: number, now: number): boolean
  /** What was promised last is not wanted any more. */
  giveBack(count: number): void
}

/**
 * A bucket that holds `burst` tokens and gains `limit` in each `interval`: short bursts, and the rate in the long run. It is
 * kept as the time at which it will be full (the "theoretical arrival time" of GCRA), so that nothing is added up as time
 * passes. Who waits is promised the moment at which a token is there, not the moment at which a timer rings after it: late
 * timers do not lower the rate.
 */
export class TokenBucket implements Allowance {
  /** Milliseconds in which one token is gained, and the whole bucket. */
  readonly #each: number
  readonly #whole: number
  #fullAt = -Infinity

  constructor(limit: number, interval: number, burst: number) {
    this.#each = interval / limit
    this.#whole = burst * this.#each
  }

  take(count: number, now: number): number {
    const wait = Math.max(this.#fullAt, now) + count * this.#each - this.#whole - now
    // Of sums of fractions the last digits are none.
    if (wait > ROUNDING) return Math.round(wait / ROUNDING) * ROUNDING
    void this.promise(count, now)
    return 0
  }

  promise(count: number, now: number): boolean {
    this.#fullAt = Math.max(this.#fullAt, now) + count * this.#each
    return true
  }

  giveBack(count: number): void {
    this.#fullAt -= count * this.#each
  }
}

/** At most `limit` in any stretch of time as long as `interval`: what was taken is remembered for so long. */
export class SlidingWindow implements Allowance {
  readonly #limit: number
  readonly #interval: number
  readonly #taken = new RingBuffer<{ readonly at: number; readonly count: number }>()
  #oldest: { readonly at: number; readonly count: number } | undefined
  #inWindow = 0

  constructor(limit: number, interval: number) {
    this.#limit = limit
    this.#interval = interval
  }

  take(count: number, now: number): number {
    for (;;) {
      this.#oldest ??= this.#taken.shift()
      if (this.#oldest === undefined || now - this.#oldest.at < this.#interval) break
      this.#inWindow -= this.#oldest.count
      this.#oldest = undefined
    }
    if (this.#oldest !== undefined && this.#inWindow + count > this.#limit) {
      return this.#oldest.at + this.#interval - now
    }
    this.#inWindow += count
    const taken = { at: now, count }
    if (this.#oldest === undefined) this.#oldest = taken
    else this.#taken.push(taken)
    return 0
  }

  /** What is taken counts from when it is taken: a late timer must not let two intervals overlap. */
  promise(): boolean {
    return false
  }

  giveBack(): void {}
}
