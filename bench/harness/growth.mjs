// @ts-check
import { memoryInUse } from "./heap.mjs"
import { slope } from "./statistics.mjs"
/** @import { Reading } from "./types.d.ts" */

const SAMPLES = 25
/** Until the optimizer has settled; what leaks goes on leaking after it. */
const WARM_UP = 5

/** Watches the heap while a number of rounds go by, and tells by how many bytes each makes it grow. */
export class Growth {
  /** @param {number} rounds a multiple of 25 */
  constructor(rounds) {
    if (rounds % SAMPLES !== 0) throw new Error(`Expected the rounds to be a multiple of ${SAMPLES}, got ${rounds}`)
    /** A sample is due when so many rounds have gone by since the last. */
    this.every = rounds / SAMPLES
    this.taken = 0
    // Of one size from the start, so that they are no growth themselves.
    this.rounds = new Float64Array(SAMPLES)
    this.bytes = new Float64Array(SAMPLES)
  }

  async sample() {
    const { heap } = await memoryInUse()
    this.bytes[this.taken] = heap
    this.rounds[this.taken] = ++this.taken * this.every
  }

  /** @returns {Reading} */
  report() {
    if (this.taken !== SAMPLES) throw new Error(`Expected ${SAMPLES} samples, got ${this.taken}`)
    const [settled, last] = [this.bytes[WARM_UP], this.bytes[SAMPLES - 1]]
    return {
      value: slope(this.rounds.subarray(WARM_UP), this.bytes.subarray(WARM_UP)),
      details: {
        samples: SAMPLES - WARM_UP,
        "KiB at first": this.bytes[0] / 1024,
        "KiB when warm": settled / 1024,
        "KiB at last": last / 1024,
      },
    }
  }
}
