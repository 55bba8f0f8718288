import { RingBuffer } from "../../data/index.ts"
import type { Task } from "../../task/index.ts"
import type { Channel } from "../channel.ts"
import { NONE, type None, type Open, type Plan } from "../pull.ts"
import { beside } from "./beside.ts"
import { Workers } from "./workers.ts"

/** A result's place, from when its element is taken. */
interface Slot<B> {
  result: B | None
}

/** Puts the results of elements into the channel: what is to be done with the next one. */
type Begin<A, B> = (channel: Channel<B>) => (element: A) => Task<void, unknown>

/**
 * One Task for each element, so many at once. The next element is taken when there are fewer than `concurrency + buffer`
 * whose result has not been asked for.
 */
function concurrently<A, B>(from: Plan<A>, concurrency: number, buffer: number, make: Begin<A, B>): Open<B> {
  return beside<B>("mapTask", Infinity, (channel, run) => {
    let held = 0
    const begin = make(channel)
    const count = (element: A): Task<void, unknown> => {
      held++
      return begin(element)
    }
    const workers = new Workers(count, concurrency, () => held < concurrency + buffer)
    const next = (): B | None => {
      const result = channel.next(run)
      if (result !== NONE) {
        held--
        workers.opened()
      }
      return result
    }
    return { work: workers.on(from), next }
  })
}

/**
 * Results in the order of their elements.
 *
 *     slots   [ · e f · ]     · is still running: e and f wait for the one in front of them
 */
export function mapOrdered<A, B>(
  from: Plan<A>,
  f: (element: A) => Task<B, unknown>,
  concurrency: number,
  buffer: number,
): Open<B> {
  return concurrently<A, B>(from, concurrency, buffer, (channel) => {
    const slots = new RingBuffer<Slot<B>>()
    let first: Slot<B> | undefined
    return (element) => {
      const slot: Slot<B> = { result: NONE }
      slots.push(slot)
      return f(element).map((result) => {
        slot.result = result
        // Those behind it may have waited for this one.
        for (first ??= slots.shift(); first !== undefined && first.result !== NONE; first = slots.shift()) {
          channel.push(first.result)
        }
      })
    }
  })
}

/** Results in the order of being ready. */
export function mapUnordered<A, B>(
  from: Plan<A>,
  f: (element: A) => Task<B, unknown>,
  concurrency: number,
  buffer: number,
): Open<B> {
  return concurrently<A, B>(from, concurrency, buffer, (channel) => (element) => {
    return f(element).map((result) => channel.push(result))
  })
}
