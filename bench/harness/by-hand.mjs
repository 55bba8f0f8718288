// @ts-check

/**
 * What one writes with promises alone, where no library is at hand: the floors of the cases in which fibers wait for
 * each other. Nobody who waits here can be cancelled.
 */

/** So many at once, first in, first out. A permit passes from who is done to who is first in the line. */
export class Semaphore {
  /** @type {(() => void)[]} */
  waiting = []

  /** @param {number} permits */
  constructor(permits) {
    this.free = permits
  }

  /**
   * @template A
   * @param {() => A | Promise<A>} job
   * @returns {Promise<A>}
   */
  async run(job) {
    if (this.free > 0) this.free--
    else await /** @type {Promise<void>} */ (new Promise((resolve) => this.waiting.push(resolve)))
    try {
      return await job()
    } finally {
      const next = this.waiting.shift()
      if (next === undefined) this.free++
      else next()
    }
  }
}

/**
 * Items in an array, and promises for those who wait. An array's own `shift` moves what is left of a long one each
 * time, so the front is an index.
 *
 * @template A
 */
export class Queue {
  /** @type {(A | undefined)[]} */
  items = []
  front = 0
  /** @type {(() => void)[]} */
  takers = []
  /** @type {(() => void)[]} */
  producers = []

  /** @param {number} capacity */
  constructor(capacity) {
    this.capacity = capacity
  }

  get size() {
    return this.items.length - this.front
  }

  /** @param {A} item */
  async offer(item) {
    // Who comes meanwhile may have taken the room: it is looked for again.
    while (this.size >= this.capacity) await this.roomMade()
    this.push(item)
  }

  /** @returns {Promise<void>} */
  roomMade() {
    return new Promise((resolve) => this.producers.push(resolve))
  }

  /**
   * Where there is no bound nobody waits.
   *
   * @param {A} item
   */
  push(item) {
    this.items.push(item)
    this.takers.shift()?.()
  }

  /** @returns {Promise<A>} */
  async take() {
    while (this.size === 0) await /** @type {Promise<void>} */ (new Promise((resolve) => this.takers.push(resolve)))
    const item = /** @type {A} */ (this.items[this.front])
    this.items[this.front++] = undefined
    // Half of it is used up: each item is moved once at most, on the average.
    if (this.front >= 32 && this.front * 2 >= this.items.length) {
      this.items = this.items.slice(this.front)
      this.front = 0
    }
    this.producers.shift()?.()
    return item
  }
}
