import { mustBeTask, type Task } from "../task/index.ts"
import { mustBeCount } from "./count.ts"
import type { Permit } from "./permit.ts"
import { PermitLine } from "./permit-line.ts"

/**
 * So many permits: who has one may go on, who has none waits in line. It bounds how many run at once. Those who wait are
 * served first in, first out, also where they want different numbers: nobody is overtaken. Cancelling a wait takes it out
 * of the line in constant time, and no permit is ever lost.
 *
 * @example
 * ```ts
 * const semaphore = Semaphore.make(2)
 * let [running, most] = [0, 0]
 * const job = Task.sync(() => (most = Math.max(most, ++running))).andThen(Task.sleep(1)).tap(() => void running--)
 * await Task.all(Array.from({ length: 6 }, () => semaphore.withPermit(job)))
 * most // 2
 * ```
 */
export class Semaphore {
  /** How many permits there are in all. */
  readonly permits: number
  readonly #line: PermitLine
  readonly #one: Task<Permit>

  private constructor(permits: number) {
    this.permits = permits
    this.#line = new PermitLine(permits, "a permit of a semaphore")
    this.#one = this.#line.acquire(1)
  }

  /**
   * Makes one, all of its permits free.
   *
   * @throws RangeError for `permits` that is no integer >= 1.
   */
  static make(permits: number): Semaphore {
    mustBeCount(permits, "permits")
    return new Semaphore(permits)
  }

  /** Permits that nobody holds. Who waits in line comes first. */
  get available(): number {
    return this.#line.free
  }

  /** How many wait in line. */
  get waiting(): number {
    return this.#line.waiting
  }

  /** Runs `task` with one permit: waits for it, and releases it at the task's end, by whatever outcome. */
  withPermit<A, E>(task: Task<A, E>): Task<A, E> {
    return this.withPermits(1, task)
  }

  /**
   * Runs `task` with so many permits. The wait can be cancelled, unless it is masked.
   *
   * @throws RangeError for less than 1, or more than there are in all.
   */
  withPermits<A, E>(permits: number, task: Task<A, E>): Task<A, E> {
    this.#mustExist(permits)
    mustBeTask(task, "the task of withPermit and withPermits")
    return this.#line.using(permits, task)
  }

  /**
   * Waits for permits and yields them, to be released by hand or by `using`: for where they are not released at the end of
   * a task, which is what `withPermit` is for. They are yours in the step that ends the wait, so a cancellation loses none
   * in `using permit = yield* semaphore.acquire()`, at the edge in `using permit = await semaphore.acquire()`, and in
   * `scope.use((restore) => restore(semaphore.acquire()))`.
   *
   * @throws RangeError for less than 1, or more than there are in all.
   *
   * @example
   * ```ts
   * const semaphore = Semaphore.make(3)
   * const free = Task.gen(function* () {
   *   using permit = yield* semaphore.acquire(2)
   *   return semaphore.available + permit.permits
   * })
   * await free // 3
   * semaphore.available // 3
   * ```
   */
  acquire(permits = 1): Task<Permit> {
    if (permits === 1) return this.#one
    this.#mustExist(permits)
    return this.#line.acquire(permits)
  }

  /** The permits, at once, if they are free and nobody waits in line; undefined otherwise. */
  tryAcquire(permits = 1): Permit | undefined {
    this.#mustExist(permits)
    return this.#line.tryAcquire(permits)
  }

  #mustExist(permits: number): void {
    mustBeCount(permits, "permits", 1, this.permits)
  }
}
