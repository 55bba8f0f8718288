import { Channel } from "../channel.ts"
import { each } from "../each.ts"
import type { Open, Plan } from "../pull.ts"
import { received } from "../source/received.ts"
import { beside } from "./beside.ts"

/** A stream for each key, which holds so many elements; a full one holds up the source. */
export function groupBy<A, K>(
  from: Plan<A>,
  key: (element: A) => K,
  capacity: number,
): Open<readonly [key: K, elements: Plan<A>]> {
  return beside<readonly [K, Plan<A>]>("groupBy", 1, (channel) => {
    const groups = new Map<K, Channel<A>>()
    /** In the place of all that have been closed early: it takes what comes, and keeps nothing. */
    const gone = new Channel<A>(1, "a group of groupBy")
    gone.end()
    const feed = each(from, (element) => {
      const its = key(element)
      const known = groups.get(its)
      if (known !== undefined) return known.put(element)
      const group = new Channel<A>(capacity, "a group of groupBy")
      groups.set(its, group)
      group.push(element)
      return channel.put([its, received(group, "groupBy", () => void groups.set(its, gone))])
    })
    const work = feed.finally((exit) => {
      for (const group of groups.values()) group.endAs(exit)
    })
    return { work }
  })
}
