import { RingBuffer } from "../../data/index.ts"
import type { Task } from "../../task/index.ts"
import { NONE, type None, type Open, type Plan } from "../pull.ts"
import { beside } from "./beside.ts"
import { Workers } from "./workers.ts"

/** A result's place, from when its element is taken. */
interface Slot<B> {
  result: B | None
}

/**
 * One Task for each element, so many at once; results in the order of their elements. The next element is taken when
 * there are fewer than `concurrency + buffer` whose result has not been asked for.
 *
 *     slots   [ · e f · ]     · is still running: e and f wait for the one in front of them
 */
export function mapConcurrently<A, B>(
  from: Plan<A>,
  f: (element: A) => Task<B, unknown>,
  concurrency: number,
  buffer: number,
): Open<B> {
  return beside<B>("mapTask", Infinity, (channel, run) => {
    const slots = new RingBuffer<Slot<B>>()
    let first: Slot<B> | undefined
    let held = 0
    const begin = (element: A): Task<void, unknown> => {
      const slot: Slot<B> = { result: NONE }
      held++
      slots.push(slot)
      return f(element).map((result) => {
        slot.result = result
        // Those behind it may have waited for this one.
        for (first ??= slots.shift(); first !== undefined && first.result !== NONE; first = slots.shift()) {
          channel.push(first.result)
        }
      })
    }
    const workers = new Workers(begin, concurrency, () => held < concurrency + buffer)
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

/** The same in the order of being ready. */
export function mapUnordered<A, B>(
  from: Plan<A>,
  f: (element: A) => Task<B, unknown>,
  concurrency: number,
  buffer: number,
): Open<B> {
  return beside<B>("mapTask", Infinity, (channel, run) => {
    let held = 0
    const begin = (element: A): Task<void, unknown> => {
      held++
      return f(element).map((result) => channel.push(result))
    }
    const workers = new Workers(begin, concurrency, () => held < concurrency + buffer)
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
