/**
 * Numbers from a seed: the same on every runtime, bit for bit. The generator is mulberry32 (Tommy Ettinger, public
 * domain): 32 bits of state are enough for choosing schedules, and nothing here is a secret.
 */
export class Random {
  #state: number

  /** `seed` is an integer; only its lowest 32 bits count. */
  constructor(seed: number) {
    this.#state = seed | 0
  }

  /** From 0 to less than 1. */
  readonly next = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }

  /** An integer from 0 to less than `count`. */
  below(count: number): number {
    return Math.floor(this.next() * count)
  }
}
