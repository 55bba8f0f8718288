import { bytesInUse } from "./heap.ts"
import type { Form, Shape } from "./shape.ts"
import { type Slope, slopeOf } from "./slope.ts"

/** Samples before the first that counts: until the optimizer has settled. */
const WARM_UP = 4
/** Samples of a line. */
const SAMPLES = 12
/** A leak shows in so many lines, each over twice as many rounds as the one before; what warms up does not. */
const LEAKING = 3
/** And noise is less of them each time. */
const NOISY = 5
/** Bytes per round that no leak is below: the smallest object takes 16. */
const LEAST = 0.5
/** What must be seen, at the least: a line that would not tell it from nothing says nothing. */
const SEEN = 16

/** What the rounds have done to the heap. */
export interface Growth extends Slope {
  /** Rounds until the last sample. */
  readonly rounds: number
  readonly verdict: "flat" | "leak" | "noisy"
}

/** A leak is surely more than none, and more than a stray byte. */
function judge({ slope, stderr }: Slope): Growth["verdict"] {
  if (slope >= LEAST && slope - 2 * stderr > 0) return "leak"
  return SEEN - 2 * stderr > 2 * stderr ? "flat" : "noisy"
}

/** Takes a sample of the heap every so many rounds, until it can tell whether they make it grow. */
export class Sampler {
  /** Rounds until the next sample. */
  every: number
  growth: Growth | undefined
  readonly #lines = { flat: 0, leak: 0, noisy: 0 }
  /** Samples of this line; below zero while it is warming up. */
  #taken = -WARM_UP
  #rounds = 0
  // Of one size from the start, so that they are no growth themselves.
  readonly #at = new Float64Array(SAMPLES)
  readonly #bytes = new Float64Array(SAMPLES)
  readonly #width: number
  readonly #collections: number

  constructor({ rounds, width = 1 }: Shape, form: Form) {
    this.every = Math.max(1, Math.round(rounds[form] / (WARM_UP + SAMPLES)))
    this.#width = width
    // Without the optimizers' threads one says as much as many.
    this.#collections = form === "short" ? 1 : 3
  }

  /** True when no more rounds are needed. */
  async sample(): Promise<boolean> {
    this.#rounds += this.every * this.#width
    const bytes = await bytesInUse(this.#collections)
    // Written while warming up, too: the first time may take memory of its own.
    const place = Math.max(this.#taken, 0)
    this.#at[place] = this.#rounds
    this.#bytes[place] = bytes
    if (++this.#taken < SAMPLES) return false
    const line = slopeOf(Array.from(this.#at), Array.from(this.#bytes))
    const verdict = judge(line)
    this.growth = { ...line, rounds: this.#rounds, verdict }
    this.#lines[verdict]++
    if (verdict === "flat" || this.#lines.leak === LEAKING || this.#lines.noisy === NOISY) return true
    this.every *= 2
    this.#taken = 0
    return false
  }
}
