import { LinkedList } from "../data/index.ts"
import { type FiberCore, perform, wait, Waiter } from "../fiber/index.ts"
import { Task } from "../task/index.ts"
import { mustBeCount } from "./count.ts"

/**
 * A gate that opens for good when it has been counted down: those who wait go on then, in the order of their coming, and
 * who comes later does not wait.
 *
 * @example
 * ```ts
 * const ready = Latch.make(2)
 * const waiting = ready.wait().as("open").run()
 * ready.countDown()
 * waiting.poll() // undefined
 * ready.countDown()
 * await waiting // "open"
 * ```
 */
export class Latch {
  /** @internal */
  readonly what = "a latch"
  #count: number
  readonly #waiters = new LinkedList<Waiter>()
  readonly #wait = perform(pass, this)

  private constructor(count: number) {
    this.#count = count
  }

  /**
   * Makes one that opens after so many calls of `countDown`. Default 1.
   *
   * @throws RangeError for a `count` that is no integer >= 0. 0: it is open.
   */
  static make(count = 1): Latch {
    mustBeCount(count, "count", 0)
    return new Latch(count)
  }

  /** How many are missing. */
  get count(): number {
    return this.#count
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiters.size
  }

  /** Waits until it is open. Cancelling the wait leaves nothing behind. */
  wait(): Task<void> {
    return this.#wait
  }

  /**
   * Counts, at once; what is too much is left out. True if that has opened it.
   *
   * @throws RangeError for a `by` that is no integer >= 1.
   */
  countDown(by = 1): boolean {
    mustBeCount(by, "by")
    if (this.#count === 0) return false
    this.#count = Math.max(this.#count - by, 0)
    if (this.#count > 0) return false
    for (let waiter = this.#waiters.shift(); waiter !== undefined; waiter = this.#waiters.shift()) waiter.serve()
    return true
  }

  /** @internal */
  pass(fiber: FiberCore): Task<void> {
    if (this.#count === 0) return Task.unit
    const waiter = new Waiter(fiber, this, undefined, Task.unit)
    this.#waiters.push(waiter)
    return wait(waiter)
  }

  /** @internal */
  left(waiter: Waiter, served: boolean): void {
    if (!served) this.#waiters.remove(waiter)
  }
}

function pass(fiber: FiberCore, latch: Latch): Task<void> {
  return latch.pass(fiber)
}
