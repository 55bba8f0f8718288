import { type Duration, type Linked, LinkedList, toMillis } from "../data/index.ts"
import { type FiberCore, perform } from "../fiber/index.ts"
import { mustBeFunction, mustKnow, notATask, Task } from "../task/index.ts"
import { mustBeCount } from "./count.ts"

/** What `Cache.make` is told. */
export interface CacheOptions<K, V, E = never> {
  /** Makes the value of a key. */
  readonly load: (key: K) => Task<V, E>
  /** How many keys are kept: one more drops the one that has not been asked for longest. An integer >= 1. */
  readonly max: number
  /** How long a value is fresh. Default Infinity. */
  readonly ttl?: Duration
  /**
   * For so long after that it is still given out while a new one is loaded, once, in the background. If that fails, the old
   * one stays until this time is over too. Default 0.
   */
  readonly staleWhileRevalidate?: Duration
  /** For so long a failure is kept and given out as a value is. Default 0: the next who asks loads again. */
  readonly negativeTtl?: Duration
}

/** What is known of a key. */
class Entry<K> implements Linked<Entry<K>> {
  prev: Entry<K> | undefined = undefined
  next: Entry<K> | undefined = undefined
  readonly key: K
  /** Yields the value, or fails as the loading did. */
  outcome: Task<unknown, unknown> = Task.unit
  /** Fresh until then, and good enough while it is loaded again until then. */
  fresh = 0
  stale = 0

  constructor(key: K) {
    this.key = key
  }
}

/**
 * Values by key, loaded when asked for and kept. However many ask for a key at once, it is loaded once: cancelling one of
 * them does not end the loading, cancelling the last one does. Failures reach all who wait and are not kept, unless
 * `negativeTtl` says so. Keys are compared as those of a Map. It reads the monotonic clock of the runtime that asks, and
 * has no timer: what has expired is dropped when it is asked for, or pushed out.
 *
 * @example
 * ```ts
 * let loads = 0
 * const users = Cache.make({ load: (id: number) => Task.sleep(1).map(() => `user ${id}, load ${++loads}`), max: 100 })
 * await Task.all([users.get(7), users.get(7)]) // ["user 7, load 1", "user 7, load 1"]
 * await users.get(7) // "user 7, load 1"
 * ```
 */
export class Cache<in out K, out V, out E = never> {
  readonly #load: (key: K) => Task<V, E>
  readonly #max: number
  readonly #ttl: number
  readonly #stale: number
  readonly #negativeTtl: number
  readonly #entries = new Map<K, Entry<K>>()
  /** The one that has not been asked for longest in front. */
  readonly #byUse = new LinkedList<Entry<K>>()
  /** What is being loaded, for all who wait for it. */
  readonly #flights = new Map<K, Task<V, E>>()

  readonly #get = (fiber: FiberCore, key: K): Task<V, E> => {
    const entry = this.#entries.get(key)
    if (entry === undefined) return this.#flight(key)
    const now = entry.fresh === Infinity ? 0 : fiber.loop.clock.now()
    if (now >= entry.stale) {
      this.#drop(entry)
      return this.#flight(key)
    }
    this.#used(entry)
    if (now >= entry.fresh && !this.#flights.has(key)) {
      // A failure is nobody's: the old value stands, and who asks after its time gets the next one.
      const refresh = this.#flight(key).attempt()
      void fiber.loop.start(fiber, refresh, { name: "refresh of a cache", detached: true })
    }
    return entry.outcome as Task<V, E>
  }

  private constructor(options: CacheOptions<K, V, E>) {
    this.#load = options.load
    this.#max = options.max
    this.#ttl = toMillis(options.ttl ?? Infinity, "ttl")
    this.#stale = toMillis(options.staleWhileRevalidate ?? 0, "staleWhileRevalidate")
    this.#negativeTtl = toMillis(options.negativeTtl ?? 0, "negativeTtl")
  }

  /**
   * Makes one that is empty.
   *
   * @throws RangeError, TypeError for options out of their range.
   */
  static make<K, V, E = never>(options: CacheOptions<K, V, E>): Cache<K, V, E> {
    mustKnow(options, ["load", "max", "ttl", "staleWhileRevalidate", "negativeTtl"], "Cache.make")
    mustBeFunction(options.load, "Cache.make (load)")
    mustBeCount(options.max, "max")
    return new Cache(options)
  }

  /** How many keys it holds, those included that have expired and have not been asked for since. */
  get size(): number {
    return this.#entries.size
  }

  /** The value of a key: the one that is kept, or a new one. */
  get(key: K): Task<V, E> {
    return perform(this.#get, key)
  }

  /**
   * Loads a key anew, or waits for a loading that is under way, and keeps what comes of it; who asks meanwhile gets the old
   * value, if there is one. It is no asking: the key keeps its place among those that `max` pushes out.
   */
  refresh(key: K): Task<V, E> {
    return Task.defer(() => this.#flight(key))
  }

  /** Keeps a value that comes from elsewhere. What is being loaded for its key is not kept. */
  set(key: K, value: V): Task<void> {
    return perform((fiber: FiberCore) => {
      this.#flights.delete(key)
      this.#used(this.#keep(key, Task.pure(value), fiber.loop.clock.now(), this.#ttl, this.#stale))
      return Task.unit
    }, undefined)
  }

  /** Forgets a key, at once; false if it was neither there nor being loaded. What is being loaded for it is not kept. */
  delete(key: K): boolean {
    const entry = this.#entries.get(key)
    if (entry !== undefined) this.#drop(entry)
    return this.#flights.delete(key) || entry !== undefined
  }

  /** Forgets all. */
  clear(): void {
    for (const key of [...this.#entries.keys(), ...this.#flights.keys()]) this.delete(key)
  }

  /** One loading for all who wait; its outcome is kept if nobody has said otherwise meanwhile. */
  #flight(key: K): Task<V, E> {
    const known = this.#flights.get(key)
    if (known !== undefined) return known
    const load = Task.defer(() => {
      // A run that comes after one that was given up: somebody else may be loading by now.
      const current = this.#flights.get(key)
      if (current === undefined) this.#flights.set(key, flight)
      else if (current !== flight) return current
      const task = this.#load(key)
      if (!(task instanceof Task)) throw notATask(task, "what the function `load` of Cache.make returns")
      return task
    })
    const flight: Task<V, E> = load
      .attempt()
      .flatMap((exit) =>
        perform((fiber: FiberCore): Task<V, E> => {
          const outcome = exit.status === "fulfilled" ? Task.pure(exit.value) : Task.fail(exit.reason as E)
          if (this.#flights.get(key) !== flight) return outcome
          const now = fiber.loop.clock.now()
          if (exit.status === "fulfilled") this.#keep(key, outcome, now, this.#ttl, this.#stale)
          else if (this.#negativeTtl > 0 && !this.#stands(key, now)) this.#keep(key, outcome, now, this.#negativeTtl, 0)
          return outcome
        }, undefined),
      )
      .finally(() => {
        if (this.#flights.get(key) === flight) this.#flights.delete(key)
      })
      .memoize()
    this.#flights.set(key, flight)
    return flight
  }

  /** An old value is there that may still be given out. */
  #stands(key: K, now: number): boolean {
    const entry = this.#entries.get(key)
    return entry !== undefined && now < entry.stale
  }

  /** A key that is there keeps its place among those that have been asked for. */
  #keep(key: K, outcome: Task<unknown, unknown>, now: number, ttl: number, stale: number): Entry<K> {
    const entry = this.#entries.get(key) ?? this.#added(key)
    entry.outcome = outcome
    entry.fresh = now + ttl
    entry.stale = now + ttl + stale
    return entry
  }

  #added(key: K): Entry<K> {
    const entry = new Entry(key)
    this.#entries.set(key, entry)
    this.#byUse.push(entry)
    if (this.#entries.size > this.#max) this.#drop(this.#byUse.first as Entry<K>)
    return entry
  }

  #used(entry: Entry<K>): void {
    if (entry === this.#byUse.last) return
    this.#byUse.remove(entry)
    this.#byUse.push(entry)
  }

  #drop(entry: Entry<K>): void {
    this.#entries.delete(entry.key)
    this.#byUse.remove(entry)
  }
}
