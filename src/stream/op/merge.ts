import { Task } from "../../task/index.ts"
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

/** Made ahead, so many at most. */
export function buffer<A>(from: Plan<A>, capacity: number): Open<A> {
  return beside<A>("buffer", capacity, (channel) => ({
    work: each(from, (element) => {
      channel.push(element)
      // Room comes first, so that what is made and what is kept are together no more.
      return channel.full ? channel.room() : undefined
    }),
  }))
}

/** The elements of the stream that was made last; the one before is cancelled. */
export function switchMap<A, B>(from: Plan<A>, f: (element: A) => unknown): Open<B> {
  return beside<B>("switchMap", 1, (channel) => {
    let current: { cancel(): Task<void>; join(): Task<unknown, unknown> } | undefined
    const turnTo = (element: A): Task<void> => {
      const plan = planOf<B>(f(element), "what the callback of switchMap returns")
      const feed = each(plan, (inner) => channel.put(inner)).catch((reason) => Task.sync(() => channel.fail(reason)))
      const begin = Task.defer(() => {
        channel.clear()
        return feed.start({ name: "switchMap" })
      })
      return (current?.cancel() ?? Task.unit).andThen(begin).map((fiber) => {
        current = fiber
      })
    }
    return { work: each(from, turnTo).andThen(Task.defer(() => current?.join() ?? Task.unit)) }
  })
}
