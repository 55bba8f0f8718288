import { type FiberCore, held, perform } from "../fiber/index.ts"
import { mustBeTask, type Task } from "../task/index.ts"
import { Mutex } from "./mutex.ts"

type AnyTask = Task<unknown, unknown>

/** A key's lock, while somebody holds it or waits for it. */
interface Entry {
  readonly mutex: Mutex
  users: number
}

/**
 * A lock for each key: those of one key one at a time, first in, first out; those of different keys side by side. A key is
 * there as long as somebody holds it or waits for it: nothing of it stays behind. Keys are compared as those of a Map. Not
 * reentrant, as a Mutex.
 *
 * @example
 * ```ts
 * const lock = KeyedLock.make<string>()
 * const order: string[] = []
 * const visit = (key: string, name: string) => lock.withLock(key, Task.sleep(1).tap(() => void order.push(name)))
 * await Task.all([visit("a", "first"), visit("a", "second"), visit("b", "beside")])
 * order // ["first", "beside", "second"]
 * lock.size // 0
 * ```
 */
export class KeyedLock<K> {
  readonly #entries = new Map<K, Entry>()

  private constructor() {}

  /** Makes one; it holds nothing. */
  static make<K>(): KeyedLock<K> {
    return new KeyedLock<K>()
  }

  /** How many keys are held. */
  get size(): number {
    return this.#entries.size
  }

  /** Somebody holds this key. */
  locked(key: K): boolean {
    return this.#entries.has(key)
  }

  /** How many wait for this key. */
  waiting(key: K): number {
    return this.#entries.get(key)?.mutex.waiting ?? 0
  }

  /** Runs `task` while it holds the lock of `key`. The wait can be cancelled, unless it is masked. */
  withLock<A, E>(key: K, task: Task<A, E>): Task<A, E> {
    mustBeTask(task, "the task of withLock")
    return perform((_fiber: FiberCore): AnyTask => {
      const entry = this.#entry(key)
      entry.users++
      return held(entry.mutex.withLock(task), () => {
        if (--entry.users === 0) this.#entries.delete(key)
      })
    }, undefined) as Task<A, E>
  }

  #entry(key: K): Entry {
    const known = this.#entries.get(key)
    if (known !== undefined) return known
    const entry = { mutex: Mutex.make(), users: 0 }
    this.#entries.set(key, entry)
    return entry
  }
}
