import { mustBeTask, Task } from "../task/index.ts"
import type { Permit } from "./permit.ts"
import { PermitLine, type Refusal } from "./permit-line.ts"

/**
 * A lock: one at a time, first in, first out. Not reentrant: a fiber that asks for a lock which it holds by `withLock`
 * would wait for itself, so that fails at once, with a TypeError that says so. (A child of the holder that asks waits
 * for its parent: that is a deadlock nobody can see from here. See `Runtime.make({ onDeadlock })`.)
 *
 * @example
 * ```ts
 * const mutex = Mutex.make()
 * let balance = 10
 * const withdraw = mutex.withLock(
 *   Task.gen(function* () {
 *     const read = balance
 *     yield* Task.sleep(1)
 *     balance = read - 1
 *   }),
 * )
 * await Task.all([withdraw, withdraw, withdraw])
 * balance // 7
 * ```
 */
export class Mutex {
  readonly #line = new PermitLine(1, "a mutex", true)

  readonly #twice: Refusal = (fiber) => (this.#line.holder === fiber ? Task.fail(locksTwice()) : undefined)

  private constructor() {}

  /** Makes one that nobody holds. */
  static make(): Mutex {
    return new Mutex()
  }

  /** Somebody holds it. */
  get locked(): boolean {
    return this.#line.free === 0
  }

  /** How many wait in line. */
  get waiting(): number {
    return this.#line.waiting
  }

  /** Runs `task` while it holds the lock. The wait can be cancelled, unless it is masked. */
  withLock<A, E>(task: Task<A, E>): Task<A, E> {
    mustBeTask(task, "the task of withLock")
    return this.#line.using(1, task, this.#twice)
  }

  /**
   * Waits for the lock and yields it, to be released by hand or by `using`: as `Semaphore.acquire`. Prefer `withLock`. Who
   * holds it is not known then, so asking twice waits for ever.
   */
  acquire(): Task<Permit> {
    return this.#line.acquire(1)
  }

  /** The lock, at once, if nobody has it or waits for it; undefined otherwise. */
  tryAcquire(): Permit | undefined {
    return this.#line.tryAcquire(1)
  }
}

function locksTwice(): TypeError {
  return new TypeError(
    "Expected a fiber to lock a Mutex once, got a withLock inside a withLock of the same: a Mutex is not reentrant. " +
      "Lock once, around both.",
  )
}
