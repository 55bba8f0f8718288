// @ts-check
import { fasterThan } from "../harness/budget.mjs"
import { Calls } from "../harness/calls.mjs"
import { loadRapid } from "../harness/library.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const COUNT = 100_000
const AT_ONCE = 32
const items = Array.from({ length: COUNT }, (_, i) => i)

/** @type {About} */
export const about = {
  title: "100k items mapped, 32 at once, a callback in a microtask each; the floor is a pool of 32 async workers",
  variants: ["native", "rapid", "rapidForEach", "effect", "pMap", "pLimit"],
  floor: "native",
  rivals: ["pMap", "pLimit"],
  budgets: [fasterThan("effect", "pMap")],
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
