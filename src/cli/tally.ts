import type { Plan } from "./plan.ts"

/** Start times are kept in units of 10 µs, four bytes each. */
const UNITS_PER_MS = 100
/** Lateness is counted in bins of 0.1 ms; what is later than all bins falls into the last. */
const BINS_PER_MS = 10
const BINS = 100_000

export interface Lateness {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/**
 * Checks every sleeper without an object for any: sleeps of equal duration must wake in the order of their start, so the
 * k-th wake of a duration belongs to its k-th start, whose time is on record, to within the microseconds that a few starts
 * take and rounded down to 10 µs.
 */
export class Tally {
  started = 0
  woken = 0
  early = 0
  /** Wakes beyond the number of sleeps: somebody woke twice. */
  surplus = 0
  #maxLate = 0
  readonly #origin: number
  readonly #durations: readonly number[]
  readonly #starts: Uint32Array
  readonly #ends: Uint32Array
  readonly #nextStart: Uint32Array
  readonly #nextWake: Uint32Array
  readonly #bins = new Uint32Array(BINS)

  constructor(plan: Plan, origin: number) {
    this.#origin = origin
    this.#durations = plan.durations
    this.#starts = new Uint32Array(plan.count)
    this.#nextStart = new Uint32Array(plan.sizes.length)
    this.#ends = new Uint32Array(plan.sizes.length)
    let offset = 0
    for (let index = 0; index < plan.sizes.length; index++) {
      this.#nextStart[index] = offset
      offset += plan.sizes[index]
      this.#ends[index] = offset
    }
    this.#nextWake = this.#nextStart.slice()
  }

  /** A sleep of that duration starts, not before `now`. */
  start(duration: number, now: number): void {
    this.started++
    this.#starts[this.#nextStart[duration]++] = (now - this.#origin) * UNITS_PER_MS
  }

  /** A sleep of that duration woke. */
  wake(duration: number, now: number): void {
    this.woken++
    const place = this.#nextWake[duration]++
    if (place >= this.#ends[duration]) {
      this.surplus++
      return
    }
    const slept = now - this.#origin - this.#starts[place] / UNITS_PER_MS
    const late = slept - this.#durations[duration]
    if (late < 0) this.early++
    if (late > this.#maxLate) this.#maxLate = late
    const bin = Math.min(Math.max(Math.floor(late * BINS_PER_MS), 0), BINS - 1)
    this.#bins[bin]++
  }

  get lateness(): Lateness {
    return { p50: this.#percentile(0.5), p99: this.#percentile(0.99), max: this.#maxLate }
  }

  /** The upper edge of the bin in which the share is reached, in milliseconds. */
  #percentile(share: number): number {
    const wanted = Math.ceil(this.woken * share)
    let seen = 0
    const bin = this.#bins.findIndex((count) => (seen += count) >= wanted)
    return Math.min((bin + 1) / BINS_PER_MS, this.#maxLate)
  }
}
