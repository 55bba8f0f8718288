// @ts-check
import { expectEqual } from "./expect.mjs"
import { fateOf } from "./flaky-server.mjs"
import { latency } from "./statistics.mjs"
/** @import { Reading } from "./types.d.ts" */

/** The share of the items that a busy machine may leave without an answer in time. */
const SLOW = 0.01

/** Paths differ between the rounds, so that the server counts the attempts of each anew. */
let rounds = 0

/** The requests of one round: how long each item took with all its attempts, and what came of it. */
export class Requests {
  /**
   * @param {string} address
   * @param {{ readonly count: number, readonly atOnce: number, readonly retries: number }} of
   */
  constructor(address, { count, atOnce, retries }) {
    this.address = `${address}/${rounds++}`
    this.items = Array.from({ length: count }, (_, item) => item)
    this.atOnce = atOnce
    this.retries = retries
    /** @type {(number | undefined)[]} */
    this.started = Array.from({ length: count })
    /** @type {number[]} */
    this.took = []
    this.asked = 0
    this.underWay = 0
    this.most = 0
    this.begun = performance.now()
  }

  /**
   * One attempt.
   *
   * @param {number} item
   * @param {AbortSignal} signal
   * @returns {Promise<number>}
   */
  ask = async (item, signal) => {
    this.asked++
    this.started[item] ??= performance.now()
    if (++this.underWay > this.most) this.most = this.underWay
    try {
      const response = await fetch(`${this.address}/${item}`, { signal })
      const text = await response.text()
      if (!response.ok) throw new Error(`Expected an answer, got status ${response.status}`)
      this.took.push(performance.now() - this.started[item])
      return Number(text)
    } finally {
      this.underWay--
    }
  }

  /**
   * @param {readonly (number | undefined)[]} values what came of each item; undefined if all its attempts failed
   * @returns {Reading}
   */
  report(values) {
    const value = performance.now() - this.begun
    expectEqual(values.length, this.items.length, "the number of items")
    const wrong = values.findIndex((answer, item) => answer !== undefined && answer !== item)
    expectEqual(wrong, -1, "the first item with the answer of another")
    const errors = values.filter((answer) => answer === undefined).length
    const lost = this.items.filter(this.isLost).length
    const most = lost + this.items.length * SLOW
    if (errors < lost || errors > most) throw new Error(`Expected ${lost} to ${most} errors, got ${errors}`)
    if (this.most > this.atOnce) throw new Error(`Expected at most ${this.atOnce} requests at once, got ${this.most}`)
    const retries = this.asked - this.items.length
    const perSecond = (this.items.length / value) * 1000
    return { value, details: { "per second": perSecond, ...latency("answer", this.took), errors, retries } }
  }

  /** Whether no attempt at this item is answered. @param {number} item */
  isLost = (item) => {
    for (let attempt = 0; attempt <= this.retries; attempt++) {
      if (fateOf(item, attempt).fate === "answers") return false
    }
    return true
  }
}
