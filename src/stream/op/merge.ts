import type { Task } from "../../task/index.ts"
import { each } from "../each.ts"
import type { Open, Plan } from "../pull.ts"
import { planOf } from "../source/from.ts"
import { beside } from "./beside.ts"
import { forEachOf } from "./workers.ts"

/** The elements of many streams as they come, so many streams at once. */
export function mergeAll<A>(from: Plan<unknown>, concurrency: number, capacity: number): Open<A> {
  return beside<A>("mergeAll", capacity, (channel) => {
    const feed = (inner: unknown): Task<unknown, unknown> =>
      each(planOf<A>(inner, "each element of a stream that is merged"), (element) => channel.put(element))
    return { work: forEachOf(from, feed, concurrency) }
  })
}
