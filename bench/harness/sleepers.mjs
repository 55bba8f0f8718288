// @ts-check
import { latch } from "./latch.mjs"
import { random } from "./random.mjs"
import { latency } from "./statistics.mjs"
/** @import { Reading } from "./types.d.ts" */

/** One of so many sleepers measures how late it was. */
const SAMPLE = 1000

/**
 * How long the sleepers sleep, in ms; the same numbers at each run.
 *
 * @param {unknown} distribution
 * @returns {() => number}
 */
export function durations(distribution) {
  const next = random(20)
  if (distribution === "seconds") return () => Math.floor(next() * 10) * 1000
  if (distribution === "uniform") return () => Math.floor(next() * 10_001)
  throw new Error(`Expected a distribution to be "seconds" or "uniform", got ${distribution}`)
}

/** The sleepers of one run: how long each sleeps, what it calls, and what there is to tell of all. */
export class Sleepers {
  /** @param {Readonly<Record<string, unknown>>} options `count` and `distribution` */
  constructor({ count, distribution }) {
    this.count = Number(count)
    this.next = durations(distribution)
    this.latch = latch(this.count)
    /** What a sleeper calls when it wakes; the same function for all but the sample. */
    this.woke = this.latch.down
    this.lateness = new Float64Array(Math.ceil(this.count / SAMPLE))
    this.measured = 0
    this.longest = 0
    this.cpu = process.cpuUsage()
    this.started = performance.now()
  }

  /** The duration of the next sleeper. */
  draw() {
    const ms = this.next()
    if (ms > this.longest) this.longest = ms
    return ms
  }

  /**
   * What the sleeper number `i` calls when it wakes: one of the sample reads the clock before its sleep and after.
   *
   * @param {number} i
   * @param {number} ms
   */
  callback(i, ms) {
    return i % SAMPLE === 0 ? this.sample(ms) : this.woke
  }

  /** @param {number} ms */
  sample(ms) {
    const asleep = performance.now()
    return () => {
      this.lateness[this.measured++] = performance.now() - asleep - ms
      this.woke()
    }
  }

  /**
   * Waits until all have woken.
   *
   * @returns {Promise<Reading>}
   */
  async report() {
    await this.latch.opened
    const value = performance.now() - this.started
    const { user, system } = process.cpuUsage(this.cpu)
    if (this.measured !== this.lateness.length)
      throw new Error(`Expected ${this.lateness.length} samples, got ${this.measured}`)
    const early = this.lateness.filter((late) => late < 0).length
    return {
      value,
      floor: this.longest,
      details: { early, ...latency("late", this.lateness), "cpu ms": (user + system) / 1000 },
    }
  }
}
