import { LinkedList } from "../data/index.ts"
import { type FiberCore, handOver, perform, wait, Waiter } from "../fiber/index.ts"
import { Task } from "../task/index.ts"
import { mustBeCount } from "./count.ts"

/**
 * A meeting point for so many fibers: each waits until all have come, then all go on, and it serves for the next round.
 *
 * @example
 * ```ts
 * const barrier = CyclicBarrier.make(3)
 * const log: string[] = []
 * const step = (ms: number) => Task.sleep(ms).tap(() => void log.push("came")).andThen(barrier.wait()).tap(() => void log.push("went"))
 * await Task.all([step(1), step(3), step(2)])
 * log // ["came", "came", "came", "went", "went", "went"]
 * ```
 */
export class CyclicBarrier {
  /** @internal */
  readonly what = "the others at a barrier"
  /** How many meet. */
  readonly parties: number
  readonly #waiters = new LinkedList<Waiter>()
  readonly #wait = perform(arrive, this)

  private constructor(parties: number) {
    this.parties = parties
  }

  /**
   * Makes one.
   *
   * @throws RangeError for `parties` that is no integer >= 1.
   */
  static make(parties: number): CyclicBarrier {
    mustBeCount(parties, "parties")
    return new CyclicBarrier(parties)
  }

  /** How many have come and wait. */
  get waiting(): number {
    return this.#waiters.size
  }

  /**
   * Waits for the others. Yields how many had come before in this round: the last one gets `parties - 1`. Who is cancelled
   * has not come: the others wait for somebody in its place.
   */
  wait(): Task<number> {
    return this.#wait
  }

  /** @internal */
  arrive(fiber: FiberCore): Task<number> {
    const before = this.#waiters.size
    if (before < this.parties - 1) {
      const waiter = new Waiter(fiber, this, undefined, Task.unit)
      this.#waiters.push(waiter)
      return wait(waiter)
    }
    // Counted as they go: of those who were cancelled none is left.
    for (let nth = 0; nth < before; nth++) (this.#waiters.shift() as Waiter).dismiss(Task.pure(nth))
    return handOver(fiber, before)
  }

  /** @internal */
  left(waiter: Waiter, served: boolean): void {
    if (!served) this.#waiters.remove(waiter)
  }
}

function arrive(fiber: FiberCore, barrier: CyclicBarrier): Task<number> {
  return barrier.arrive(fiber)
}
