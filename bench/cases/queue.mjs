// @ts-check
import { fasterThan } from "../harness/budget.mjs"
import { expectEqual } from "../harness/expect.mjs"
import { loadRapid } from "../harness/library.mjs"
import { rowsFor } from "../harness/rows.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const COUNT = 500_000
const UNBOUNDED = 1_000_000

/** Each item is offered and taken by itself: no library is asked for several at a time. */
const forms = [
  { form: "", options: { capacity: 16, fibers: 1 } },
  { form: ", unbounded", options: { unbounded: true } },
  { form: ", 10 to 10", options: { capacity: 64, fibers: 10 } },
]

/** @type {About} */
export const about = {
  title:
    "500k items from a producer to a consumer, at most 16 in between; 1M offered to an unbounded queue, then taken; " +
    "500k from 10 producers to 10 consumers, at most 64 in between; the floor is an array and promises, by hand",
  rows: () =>
    forms.flatMap(({ form, options }) =>
      rowsFor({
        variants: ["native", "rapid", "effect"],
        floor: `native${form}`,
        form,
        options,
        budgets: [fasterThan(`effect${form}`)],
      }),
    ),
}

/** @type {Variant} */
export async function native({ capacity, fibers, unbounded }) {
  const { Queue } = await import("../harness/by-hand.mjs")
  if (unbounded === true) {
    return async () => {
      /** @type {import("../harness/by-hand.mjs").Queue<number>} */
      const queue = new Queue(Infinity)
      for (let i = 0; i < UNBOUNDED; i++) queue.push(i)
      const seen = new Seen()
      for (let i = 0; i < UNBOUNDED; i++) seen.add(await queue.take())
      seen.verify(UNBOUNDED, true)
    }
  }
  const count = Number(fibers)
  return async () => {
    /** @type {import("../harness/by-hand.mjs").Queue<number>} */
    const queue = new Queue(Number(capacity))
    const seen = new Seen()
    const produce = async (/** @type {number} */ first) => {
      for (let i = first; i < COUNT; i += count) await queue.offer(i)
    }
    const consume = async () => {
      for (let i = 0; i < COUNT / count; i++) seen.add(await queue.take())
    }
    const all = Array.from({ length: count }, (_, first) => [produce(first), consume()])
    await Promise.all(all.flat())
    seen.verify(COUNT, count === 1)
  }
}

/** @type {Variant} */
export async function rapid({ capacity, fibers, unbounded }) {
  const { Queue, Task } = await loadRapid()
  if (unbounded === true) {
    const program = Task.gen(function* () {
      /** @type {import("../../dist/index.js").Queue<number>} */
      const queue = Queue.unbounded()
      for (let i = 0; i < UNBOUNDED; i++) yield* queue.offer(i)
      const seen = new Seen()
      for (let i = 0; i < UNBOUNDED; i++) seen.add(yield* queue.take())
      seen.verify(UNBOUNDED, true)
    })
    return () => program.toPromise()
  }
  const count = Number(fibers)
  return async () => {
    /** @type {import("../../dist/index.js").Queue<number>} */
    const queue = Queue.bounded(Number(capacity))
    const seen = new Seen()
    const produce = (/** @type {number} */ first) =>
      Task.gen(function* () {
        for (let i = first; i < COUNT; i += count) yield* queue.offer(i)
      })
    const consume = Task.gen(function* () {
      for (let i = 0; i < COUNT / count; i++) seen.add(yield* queue.take())
    })
    await Task.all(Array.from({ length: count }, (_, first) => [produce(first), consume]).flat())
    seen.verify(COUNT, count === 1)
  }
}

/** @type {Variant} */
export async function effect({ capacity, fibers, unbounded }) {
  const Effect = await import("effect/Effect")
  const Queue = await import("effect/Queue")
  if (unbounded === true) {
    const program = Effect.gen(function* () {
      const queue = yield* Queue.unbounded()
      for (let i = 0; i < UNBOUNDED; i++) yield* Queue.offer(queue, i)
      const seen = new Seen()
      for (let i = 0; i < UNBOUNDED; i++) seen.add(Number(yield* Queue.take(queue)))
      seen.verify(UNBOUNDED, true)
    })
    return () => Effect.runPromise(program)
  }
  const count = Number(fibers)
  return async () => {
    /** @type {import("effect/Queue").Queue<number>} */
    const queue = Effect.runSync(Queue.bounded(Number(capacity)))
    const seen = new Seen()
    const produce = (/** @type {number} */ first) =>
      Effect.gen(function* () {
        for (let i = first; i < COUNT; i += count) yield* Queue.offer(queue, i)
      })
    const consume = Effect.gen(function* () {
      for (let i = 0; i < COUNT / count; i++) seen.add(yield* Queue.take(queue))
    })
    const all = Array.from({ length: count }, (_, first) => [produce(first), consume]).flat()
    await Effect.runPromise(Effect.all(all, { concurrency: "unbounded", discard: true }))
    seen.verify(COUNT, count === 1)
  }
}

/** The items that were taken: how many, whether in the order of their offering, and their sum. */
class Seen {
  count = 0
  sum = 0
  inOrder = true

  /** @param {number} item */
  add(item) {
    if (item !== this.count) this.inOrder = false
    this.count++
    this.sum += item
  }

  /**
   * @param {number} count
   * @param {boolean} ordered with one producer and one consumer
   */
  verify(count, ordered) {
    expectEqual(this.count, count, "the number of items")
    expectEqual(this.sum, (count * (count - 1)) / 2, "the sum of the items")
    if (ordered) expectEqual(this.inOrder, true, "the order of the items")
  }
}
