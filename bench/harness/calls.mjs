// @ts-check
import { expectEqual } from "./expect.mjs"
/** @import { Reading } from "./types.d.ts" */

/** Calls back in a microtask each, counted: whether all were made, in which order they answer, how many at once. */
export class Calls {
  /**
   * @param {number} count
   * @param {number} atOnce how many may be under way at one time
   */
  constructor(count, atOnce) {
    this.count = count
    this.atOnce = atOnce
    this.made = 0
    this.underWay = 0
    this.most = 0
  }

  /**
   * @param {number} item
   * @param {(item: number) => void} callback
   */
  call(item, callback) {
    this.begin()
    queueMicrotask(() => callback(this.end(item)))
  }

  begin() {
    this.made++
    if (++this.underWay > this.most) this.most = this.underWay
  }

  /**
   * @param {number} item
   * @returns {number}
   */
  end(item) {
    this.underWay--
    return item
  }

  /**
   * @param {readonly number[]} values what came of the items 0, 1, 2 …
   * @param {boolean} [ordered] false where they may come in any order, each once
   * @returns {Reading} for who starts the calls one by one may never reach the bound
   */
  verify(values, ordered = true) {
    expectEqual(this.made, this.count, "the number of calls")
    if (this.most > this.atOnce) throw new Error(`Expected at most ${this.atOnce} calls at once, got ${this.most}`)
    expectEqual(values.length, this.count, "the number of values")
    const found = ordered ? values.findIndex((value, index) => value !== index) : this.#missing(values)
    expectEqual(found, -1, ordered ? "the first index out of order" : "the first value that is missing")
    return { details: { "most at once": this.most } }
  }

  /** @param {readonly number[]} values */
  #missing(values) {
    const seen = new Uint8Array(this.count)
    for (const value of values) seen[value] = 1
    return seen.indexOf(0)
  }
}
