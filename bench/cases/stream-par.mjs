// @ts-check
import { Readable } from "node:stream"
import { fasterThan } from "../harness/budget.mjs"
import { Calls } from "../harness/calls.mjs"
import { loadRapid } from "../harness/library.mjs"
import { rowsFor } from "../harness/rows.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const COUNT = 100_000
const AT_ONCE = 32
const items = Array.from({ length: COUNT }, (_, i) => i)

const ordered = ["effect", "pMap", "pMapIterable", "readable", "rxjs"]
const unordered = ["effect, unordered", "rxjs, unordered"]

/**
 * p-map and Readable know only results in the order of their items.
 *
 * @type {About}
 */
export const about = {
  title:
    "100k elements mapped, 32 at once, a callback in a microtask each, collected: in the order of the elements, and as " +
    "they come; the floor is a pool of 32 async workers",
  rows: () => [
    ...rowsFor({
      variants: ["native", "rapid", ...ordered],
      floor: "native",
      options: { ordered: true },
      rivals: ordered.slice(1),
      budgets: [fasterThan(...ordered)],
    }),
    ...rowsFor({
      variants: ["native", "rapid", "effect", "rxjs"],
      floor: "native, unordered",
      form: ", unordered",
      options: { ordered: false },
      rivals: unordered.slice(1),
      budgets: [fasterThan(...unordered)],
    }),
  ],
}

/** @type {Variant} */
export async function native({ ordered }) {
  return async () => {
    const calls = new Calls(COUNT, AT_ONCE)
    /** @type {number[]} */
    const values = []
    let next = 0
    const work = async () => {
      while (next < COUNT) {
        const at = next++
        const value = await promised(calls, items[at])
        if (ordered === true) values[at] = value
        else values.push(value)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    return calls.verify(values, ordered === true)
  }
}

/** @type {Variant} */
export async function rapid({ ordered }) {
  const { Stream, Task } = await loadRapid()
  const options = { concurrency: AT_ONCE, ordered: ordered === true }
  return async () => {
    const calls = new Calls(COUNT, AT_ONCE)
    const one = (/** @type {number} */ item) =>
      Task.async((/** @type {(task: import("../../dist/index.js").Task<number>) => void} */ resume) =>
        calls.call(item, (value) => resume(Task.pure(value))),
      )
    return calls.verify(await Stream.from(items).mapTask(one, options).toArray(), ordered === true)
  }
}

/** @type {Variant} */
export async function effect({ ordered }) {
  const Effect = await import("effect/Effect")
  const Stream = await import("effect/Stream")
  const options = { concurrency: AT_ONCE, unordered: ordered !== true }
  return async () => {
    const calls = new Calls(COUNT, AT_ONCE)
    const one = (/** @type {number} */ item) =>
      Effect.callback((/** @type {(effect: import("effect/Effect").Effect<number>) => void} */ resume) =>
        calls.call(item, (value) => resume(Effect.succeed(value))),
      )
    const stream = Stream.fromIterable(items).pipe(Stream.mapEffect(one, options))
    return calls.verify(await Effect.runPromise(Stream.runCollect(stream)), ordered === true)
  }
}

/** What `mergeMap` emits comes as it is ready; the index keeps the order of the items. @type {Variant} */
export async function rxjs({ ordered }) {
  const { from, lastValueFrom, mergeMap, Observable, tap, toArray } = await import("rxjs")
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
    if (ordered !== true) {
      return calls.verify(await lastValueFrom(from(items).pipe(mergeMap(one, AT_ONCE), toArray())), false)
    }
    /** @type {number[]} */
    const values = []
    const put = (/** @type {number} */ item, /** @type {number} */ at) =>
      one(item).pipe(tap((value) => (values[at] = value)))
    await lastValueFrom(from(items).pipe(mergeMap(put, AT_ONCE)))
    return calls.verify(values)
  }
}

/** It takes the whole array, and is no stream. @type {Variant} */
export async function pMap() {
  const { default: map } = await import("p-map")
  return async () => {
    const calls = new Calls(COUNT, AT_ONCE)
    return calls.verify(await map(items, (item) => promised(calls, item), { concurrency: AT_ONCE }))
  }
}

/** @type {Variant} */
export async function pMapIterable() {
  const { pMapIterable: map } = await import("p-map")
  return async () => {
    const calls = new Calls(COUNT, AT_ONCE)
    /** @type {number[]} */
    const values = []
    const options = { concurrency: AT_ONCE, backpressure: 2 * AT_ONCE }
    for await (const value of map(items, (item) => promised(calls, item), options)) values.push(value)
    return calls.verify(values)
  }
}

/** @type {Variant} */
export async function readable() {
  return async () => {
    const calls = new Calls(COUNT, AT_ONCE)
    const stream = Readable.from(items).map((item) => promised(calls, item), { concurrency: AT_ONCE })
    return calls.verify(await stream.toArray())
  }
}

/**
 * @param {Calls} calls
 * @param {number} item
 * @returns {Promise<number>}
 */
const promised = (calls, item) => new Promise((resolve) => calls.call(item, resolve))
