// @ts-check
import { EventEmitter } from "node:events"
import { fasterThan } from "../harness/budget.mjs"
import { expectEqual } from "../harness/expect.mjs"
import { loadRapid } from "../harness/library.mjs"
import { rowsFor } from "../harness/rows.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const CAPACITY = 16

/** A million deliveries each. */
const forms = [
  { form: "", options: { count: 10_000, subscribers: 100 } },
  { form: ", 1000 subscribers", options: { count: 1_000, subscribers: 1_000 } },
]

/**
 * A subscriber that falls behind by 16 messages makes the publisher wait. An EventEmitter knows no back-pressure: it
 * stands beside the others for comparison, with all that is published lying in an array per listener.
 *
 * @type {About}
 */
export const about = {
  title:
    "10k messages to 100 subscribers, and 1000 to 1000, who may fall behind by 16, each message taken by itself; the " +
    "floor is an array and promises per subscriber, by hand",
  rows: () =>
    forms.flatMap(({ form, options }) => [
      ...rowsFor({ variants: ["native"], floor: `native${form}`, form, options }),
      { name: `native emitter${form}, no back-pressure`, variant: "emitter", floor: `native${form}`, options },
      ...rowsFor({
        variants: ["rapid", "effect"],
        floor: `native${form}`,
        form,
        options,
        budgets: [fasterThan(`effect${form}`)],
      }),
    ]),
}

/** @type {Variant} */
export async function native(options) {
  const { count, subscribers } = sizes(options)
  const { Queue } = await import("../harness/by-hand.mjs")
  return async () => {
    /** @type {import("../harness/by-hand.mjs").Queue<number>[]} */
    const subscriptions = Array.from({ length: subscribers }, () => new Queue(CAPACITY))
    const publish = async () => {
      for (let i = 0; i < count; i++) {
        // There is one publisher: who has room now has it still when all have.
        for (const queue of subscriptions) while (queue.size >= CAPACITY) await queue.roomMade()
        for (const queue of subscriptions) queue.push(i)
      }
    }
    const [, ...sums] = await Promise.all([publish(), ...subscriptions.map((queue) => listen(queue, count))])
    verify(sums, count, subscribers)
  }
}

/** @type {Variant} */
export async function emitter(options) {
  const { count, subscribers } = sizes(options)
  const { Queue } = await import("../harness/by-hand.mjs")
  return async () => {
    const messages = new EventEmitter().setMaxListeners(subscribers)
    const listening = Array.from({ length: subscribers }, () => {
      /** @type {import("../harness/by-hand.mjs").Queue<number>} */
      const queue = new Queue(Infinity)
      messages.on("message", (message) => queue.push(message))
      return listen(queue, count)
    })
    for (let i = 0; i < count; i++) messages.emit("message", i)
    verify(await Promise.all(listening), count, subscribers)
  }
}

/** @type {Variant} */
export async function rapid(options) {
  const { count, subscribers } = sizes(options)
  const { Hub, Task } = await loadRapid()
  const program = Task.gen(function* () {
    /** @type {import("../../dist/index.js").Hub<number>} */
    const hub = Hub.make()
    const subscriptions = []
    for (let n = 0; n < subscribers; n++) subscriptions.push(yield* hub.subscribe({ capacity: CAPACITY }))
    const publish = Task.gen(function* () {
      for (let i = 0; i < count; i++) yield* hub.publish(i)
      return 0
    })
    const listeners = subscriptions.map((subscription) =>
      Task.gen(function* () {
        let sum = 0
        for (let i = 0; i < count; i++) sum += yield* subscription.take()
        return sum
      }),
    )
    const [, ...sums] = yield* Task.all([publish, ...listeners])
    for (const subscription of subscriptions) subscription.unsubscribe()
    return sums
  })
  return async () => verify(await program, count, subscribers)
}

/** @type {Variant} */
export async function effect(options) {
  const { count, subscribers } = sizes(options)
  const Effect = await import("effect/Effect")
  const PubSub = await import("effect/PubSub")
  const program = Effect.gen(function* () {
    /** @type {import("effect/PubSub").PubSub<number>} */
    const hub = yield* PubSub.bounded(CAPACITY)
    const subscriptions = []
    for (let n = 0; n < subscribers; n++) subscriptions.push(yield* PubSub.subscribe(hub))
    const publish = Effect.gen(function* () {
      for (let i = 0; i < count; i++) yield* PubSub.publish(hub, i)
      return 0
    })
    const listeners = subscriptions.map((subscription) =>
      Effect.gen(function* () {
        let sum = 0
        for (let i = 0; i < count; i++) sum += yield* PubSub.take(subscription)
        return sum
      }),
    )
    const [, ...sums] = yield* Effect.all([publish, ...listeners], { concurrency: "unbounded" })
    return sums
  })
  return async () => verify(await Effect.runPromise(Effect.scoped(program)), count, subscribers)
}

/**
 * @param {import("../harness/by-hand.mjs").Queue<number>} queue
 * @param {number} count
 */
async function listen(queue, count) {
  let sum = 0
  for (let i = 0; i < count; i++) sum += await queue.take()
  return sum
}

/** @param {Readonly<Record<string, unknown>>} options */
const sizes = ({ count, subscribers }) => ({ count: Number(count), subscribers: Number(subscribers) })

/**
 * @param {readonly unknown[]} sums
 * @param {number} count
 * @param {number} subscribers
 */
function verify(sums, count, subscribers) {
  expectEqual(sums.length, subscribers, "the number of subscribers")
  for (const sum of sums) expectEqual(sum, (count * (count - 1)) / 2, "the sum of the messages")
}
