// @ts-check
import { fasterThan } from "../harness/budget.mjs"
import { Calls } from "../harness/calls.mjs"
import { loadFp4ts } from "../harness/fp4ts.mjs"
import { loadRapid } from "../harness/library.mjs"
import { rowsFor } from "../harness/rows.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const COUNT = 100_000
const AT_ONCE = 32
const items = Array.from({ length: COUNT }, (_, i) => i)

/** @type {About} */
export const about = {
  title: "100k items mapped, 32 at once, a callback in a microtask each; the floor is a pool of 32 async workers",
  rows: () =>
    rowsFor({
      variants: [
        ...["native", "rapid", "rapidForEach", "effect", "pMap", "pLimit"],
        ...["effect3", "fp4ts", "bluebird", "fluture", "effection", "rxjs"],
      ],
      floor: "native",
      reduced: { fp4ts: 10_000 },
      rivals: ["pMap", "pLimit"],
      budgets: [fasterThan("effect", "pMap")],
    }),
}

/** @type {Variant} */
export async function native() {
  return async () => {
    const calls = new Calls(COUNT, AT_ONCE)
    /** @type {number[]} */
    const values = []
    let next = 0
    const work = async () => {
      while (next < COUNT) {
        const at = next++
        values[at] = await promised(calls, items[at])
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    return calls.verify(values)
  }
}

/** @type {Variant} */
export async function rapid() {
  const { Task } = await loadRapid()
  return async () => {
    const calls = new Calls(COUNT, AT_ONCE)
    return calls.verify(await Task.all(lazily(items, caller(Task, calls)), { concurrency: AT_ONCE }))
  }
}

/** It collects nothing; to do the same work, its callback does. @type {Variant} */
export async function rapidForEach() {
  const { Task } = await loadRapid()
  return async () => {
    const calls = new Calls(COUNT, AT_ONCE)
    /** @type {number[]} */
    const values = []
    const called = caller(Task, calls)
    const put = (/** @type {number} */ item, /** @type {number} */ index) =>
      called(item).map((value) => (values[index] = value))
    await Task.forEach(items, put, { concurrency: AT_ONCE })
    return calls.verify(values)
  }
}

/** @type {Variant} */
export async function effect() {
  const Effect = await import("effect/Effect")
  return async () => {
    const calls = new Calls(COUNT, AT_ONCE)
    const one = (/** @type {number} */ item) =>
      Effect.callback((/** @type {(effect: import("effect/Effect").Effect<number>) => void} */ resume) =>
        calls.call(item, (value) => resume(Effect.succeed(value))),
      )
    return calls.verify(await Effect.runPromise(Effect.forEach(items, one, { concurrency: AT_ONCE })))
  }
}

/** @type {Variant} */
export async function pMap() {
  const { default: map } = await import("p-map")
  return async () => {
    const calls = new Calls(COUNT, AT_ONCE)
    return calls.verify(await map(items, (item) => promised(calls, item), { concurrency: AT_ONCE }))
  }
}

/** @type {Variant} */
export async function pLimit() {
  const { default: limited } = await import("p-limit")
  return async () => {
    const calls = new Calls(COUNT, AT_ONCE)
    return calls.verify(await limited(AT_ONCE).map(items, (item) => promised(calls, item)))
  }
}

/** @type {Variant} */
export async function effect3() {
  const Effect = await import("effect3/Effect")
  return async () => {
    const calls = new Calls(COUNT, AT_ONCE)
    const one = (/** @type {number} */ item) =>
      Effect.async((/** @type {(effect: import("effect3/Effect").Effect<number>) => void} */ resume) =>
        calls.call(item, (value) => resume(Effect.succeed(value))),
      )
    return calls.verify(await Effect.runPromise(Effect.forEach(items, one, { concurrency: AT_ONCE })))
  }
}

/** It traverses its own lists, not arrays. @type {Variant} */
export async function fp4ts({ count }) {
  const { IO } = await loadFp4ts()
  const { Right } = await import("@fp4ts/cats")
  const { List } = await import("@fp4ts/collections")
  const list = List.fromArray(items.slice(0, Number(count)))
  const bounded = IO.parTraverseN_(List.TraversableFilter)
  return async () => {
    const calls = new Calls(Number(count), AT_ONCE)
    /** @type {(item: number) => import("@fp4ts/effect").IO<number>} */
    const one = (item) => IO.async_((resume) => calls.call(item, (value) => resume(Right(value))))
    const values = await bounded(list, AT_ONCE)(one).unsafeRunToPromise()
    return calls.verify(values.toArray)
  }
}

/** @type {Variant} */
export async function bluebird() {
  const { default: Bluebird } = await import("bluebird")
  return async () => {
    const calls = new Calls(COUNT, AT_ONCE)
    /** @type {(item: number) => import("bluebird")<number>} */
    const one = (item) => new Bluebird((resolve) => calls.call(item, resolve))
    return calls.verify(await Bluebird.map(items, one, { concurrency: AT_ONCE }))
  }
}

/** @type {Variant} */
export async function fluture() {
  const { Future, parallel, promise } = await import("fluture")
  return async () => {
    const calls = new Calls(COUNT, AT_ONCE)
    /** @type {(item: number) => import("fluture").FutureInstance<never, number>} */
    const one = (item) =>
      Future((_, resolve) => {
        calls.call(item, resolve)
        return () => {}
      })
    return calls.verify(await promise(parallel(AT_ONCE)(items.map(one))))
  }
}

/** It has no bounded map: one writes the pool of workers. @type {Variant} */
export async function effection() {
  const { action, all, run } = await import("effection")
  return async () => {
    const calls = new Calls(COUNT, AT_ONCE)
    /** @type {(item: number) => import("effection").Operation<number>} */
    const one = (item) =>
      action((resolve) => {
        calls.call(item, resolve)
        return () => {}
      })
    /** @type {number[]} */
    const values = []
    const queue = items.entries()
    /** @returns {import("effection").Operation<void>} */
    function* work() {
      for (const [at, item] of queue) values[at] = yield* one(item)
    }
    await run(() => all(Array.from({ length: AT_ONCE }, work)))
    return calls.verify(values)
  }
}

/** What `mergeMap` emits comes in the order of its coming; the index keeps the order of the items. @type {Variant} */
export async function rxjs() {
  const { Observable, from, lastValueFrom, mergeMap, tap } = await import("rxjs")
  return async () => {
    const calls = new Calls(COUNT, AT_ONCE)
    /** @type {(item: number) => import("rxjs").Observable<number>} */
    const one = (item) =>
      new Observable((subscriber) =>
        calls.call(item, (value) => {
          subscriber.next(value)
          subscriber.complete()
        }),
      )
    /** @type {number[]} */
    const values = []
    const put = (/** @type {number} */ item, /** @type {number} */ at) =>
      one(item).pipe(tap((value) => (values[at] = value)))
    await lastValueFrom(from(items).pipe(mergeMap(put, AT_ONCE)))
    return calls.verify(values)
  }
}

/**
 * @template A, B
 * @param {Iterable<A>} of
 * @param {(item: A) => B} f
 */
function* lazily(of, f) {
  for (const item of of) yield f(item)
}

/**
 * @param {Calls} calls
 * @param {number} item
 * @returns {Promise<number>}
 */
const promised = (calls, item) => new Promise((resolve) => calls.call(item, resolve))

/**
 * @param {typeof import("../../dist/index.js").Task} Task
 * @param {Calls} calls
 * @returns {(item: number) => import("../../dist/index.js").Task<number>}
 */
const caller = (Task, calls) => (item) => Task.async((resume) => calls.call(item, (value) => resume(Task.pure(value))))
