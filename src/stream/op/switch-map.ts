import { Task } from "../../task/index.ts"
import { each } from "../each.ts"
import type { Open, Plan } from "../pull.ts"
import { planOf } from "../source/from.ts"
import { beside } from "./beside.ts"

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
