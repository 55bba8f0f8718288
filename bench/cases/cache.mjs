// @ts-check
import { fasterThan } from "../harness/budget.mjs"
import { expectEqual } from "../harness/expect.mjs"
import { loadRapid } from "../harness/library.mjs"
import { rowsFor } from "../harness/rows.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const KEYS = 1_000
const HITS = 1_000_000
const FIBERS = 100
/** The value of a key is one more than the key. */
const sumOfAll = (KEYS * (KEYS + 1)) / 2

const variants = ["native", "rapid", "effect", "lruFetch"]

/**
 * Hits: every key is there, and each is asked for in its turn, so that the one asked for is always the oldest. Loading:
 * 100 fibers ask for each of a thousand keys that are not there; each key must be loaded once.
 *
 * The floor is a Map of promises, which forgets nothing. lru-cache's `memo` makes and gives out its values
 * synchronously: nothing is awaited.
 *
 * @type {About}
 */
export const about = {
  title:
    "1M hits on a cache of 1000 keys, in one fiber; and 100 fibers that each ask for 1000 keys, each loaded once by " +
    "a callback in a microtask; the floor is a Map of promises",
  rows: () => [
    ...rowsFor({ variants, floor: "native", budgets: [fasterThan("effect", "lruFetch")] }),
    { name: "lruMemo, synchronous", variant: "lruMemo", floor: "native" },
    ...rowsFor({
      variants,
      floor: "native, loading",
      form: ", loading",
      options: { loading: true },
      budgets: [fasterThan("effect, loading", "lruFetch, loading")],
    }),
  ],
}

/** @type {Variant} */
export async function native({ loading }) {
  const make = (/** @type {(key: number) => Promise<number>} */ load) => {
    /** @type {Map<number, Promise<number>>} */
    const values = new Map()
    return (/** @type {number} */ key) => {
      const known = values.get(key)
      if (known !== undefined) return known
      const value = load(key)
      values.set(key, value)
      // A failure is not kept.
      value.catch(() => values.delete(key))
      return value
    }
  }
  if (loading === true) return () => together((load) => make(load))
  return hits(make(async (key) => key + 1))
}

/** @type {Variant} */
export async function rapid({ loading }) {
  const { Cache, Task } = await loadRapid()
  if (loading === true) {
    return async () => {
      const source = new Source()
      /** @type {import("../../dist/index.js").Cache<number, number>} */
      const cache = Cache.make({
        load: (key) => Task.async((resume) => source.call(key, (value) => resume(Task.pure(value)))),
        max: KEYS,
      })
      const worker = Task.gen(function* () {
        let sum = 0
        for (let key = 0; key < KEYS; key++) sum += yield* cache.get(key)
        return sum
      })
      source.verify(await Task.all(Array.from({ length: FIBERS }, () => worker)))
    }
  }
  /** @type {import("../../dist/index.js").Cache<number, number>} */
  const cache = Cache.make({ load: (key) => Task.sync(() => key + 1), max: KEYS })
  const ask = (/** @type {number} */ times) =>
    Task.gen(function* () {
      let sum = 0
      for (let i = 0; i < times; i++) sum += yield* cache.get(i % KEYS)
      return sum
    })
  await ask(KEYS)
  const program = ask(HITS)
  return async () => expectEqual(await program, (HITS / KEYS) * sumOfAll, "the sum")
}

/** @type {Variant} */
export async function effect({ loading }) {
  const Effect = await import("effect/Effect")
  const Cache = await import("effect/Cache")
  if (loading === true) {
    return async () => {
      const source = new Source()
      const lookup = (/** @type {number} */ key) =>
        Effect.callback((/** @type {(effect: import("effect/Effect").Effect<number>) => void} */ resume) =>
          source.call(key, (value) => resume(Effect.succeed(value))),
        )
      const cache = Effect.runSync(Cache.make({ lookup, capacity: KEYS }))
      const worker = Effect.gen(function* () {
        let sum = 0
        for (let key = 0; key < KEYS; key++) sum += yield* Cache.get(cache, key)
        return sum
      })
      const workers = Array.from({ length: FIBERS }, () => worker)
      source.verify(await Effect.runPromise(Effect.all(workers, { concurrency: "unbounded" })))
    }
  }
  const cache = Effect.runSync(
    Cache.make({ lookup: (/** @type {number} */ key) => Effect.sync(() => key + 1), capacity: KEYS }),
  )
  const ask = (/** @type {number} */ times) =>
    Effect.gen(function* () {
      let sum = 0
      for (let i = 0; i < times; i++) sum += yield* Cache.get(cache, i % KEYS)
      return sum
    })
  await Effect.runPromise(ask(KEYS))
  const program = ask(HITS)
  return async () => expectEqual(await Effect.runPromise(program), (HITS / KEYS) * sumOfAll, "the sum")
}

/** @type {Variant} */
export async function lruFetch({ loading }) {
  const { LRUCache } = await import("lru-cache")
  const make = (/** @type {(key: number) => Promise<number>} */ load) => {
    /** @type {import("lru-cache").LRUCache<number, number>} */
    const cache = new LRUCache({ max: KEYS, fetchMethod: load })
    return async (/** @type {number} */ key) => /** @type {number} */ (await cache.fetch(key))
  }
  if (loading === true) return () => together(make)
  return hits(make(async (key) => key + 1))
}

/** @type {Variant} */
export async function lruMemo() {
  const { LRUCache } = await import("lru-cache")
  /** @type {import("lru-cache").LRUCache<number, number>} */
  const cache = new LRUCache({ max: KEYS, memoMethod: (key) => key + 1 })
  for (let key = 0; key < KEYS; key++) cache.memo(key)
  return () => {
    let sum = 0
    for (let i = 0; i < HITS; i++) sum += cache.memo(i % KEYS)
    expectEqual(sum, (HITS / KEYS) * sumOfAll, "the sum")
  }
}

/**
 * The values are there when the iterations begin.
 *
 * @param {(key: number) => Promise<number>} get
 */
async function hits(get) {
  for (let key = 0; key < KEYS; key++) await get(key)
  return async () => {
    let sum = 0
    for (let i = 0; i < HITS; i++) sum += await get(i % KEYS)
    expectEqual(sum, (HITS / KEYS) * sumOfAll, "the sum")
  }
}

/**
 * 100 async functions in place of the fibers.
 *
 * @param {(load: (key: number) => Promise<number>) => (key: number) => Promise<number>} make
 */
async function together(make) {
  const source = new Source()
  const get = make((key) => new Promise((resolve) => source.call(key, resolve)))
  const work = async () => {
    let sum = 0
    for (let key = 0; key < KEYS; key++) sum += await get(key)
    return sum
  }
  source.verify(await Promise.all(Array.from({ length: FIBERS }, work)))
}

/** Where the values come from: each in a microtask, counted. */
class Source {
  loads = 0

  /**
   * @param {number} key
   * @param {(value: number) => void} callback
   */
  call(key, callback) {
    this.loads++
    queueMicrotask(() => callback(key + 1))
  }

  /** @param {readonly number[]} sums */
  verify(sums) {
    expectEqual(this.loads, KEYS, "the number of loads")
    expectEqual(sums.length, FIBERS, "the number of those who asked")
    for (const sum of sums) expectEqual(sum, sumOfAll, "the sum")
  }
}
