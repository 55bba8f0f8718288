import { RingBuffer } from "../data/index.ts"

/** How much may be taken when: a rule of rate limiting, which is told the time and keeps none of its own. */
export interface Allowance {
  /** Takes `count` if it is allowed at `now`, and answers 0; otherwise takes nothing, and answers in how many ms to ask again. */
  take(count: number, now: number): number
}

/** A bucket that holds `burst` tokens and gains `limit` in each `interval`: short bursts, and the rate in the long run. */
export class TokenBucket implements Allowance {
  readonly #burst: number
  /** Tokens per millisecond. */
  readonly #rate: number
  #tokens: number
  #at: number | undefined

  constructor(limit: number, interval: number, burst: number) {
    this.#burst = burst
    this.#rate = limit / interval
    this.#tokens = burst
  }

  take(count: number, now: number): number {
    const gained = (now - (this.#at ?? now)) * this.#rate
    this.#tokens = Math.min(this.#tokens + gained, this.#burst)
    this.#at = now
    // What is missing by a rounding error is there.
    const missing = count - this.#tokens
    if (missing > 1e-9) return missing / this.#rate
    this.#tokens -= count
    return 0
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
}
