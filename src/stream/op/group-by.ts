import { CancelledError } from "../../data/index.ts"
import { Channel } from "../channel.ts"
import { each } from "../each.ts"
import type { Open, Plan } from "../pull.ts"
import { onlyOnce } from "../source/only-once.ts"
import { beside } from "./beside.ts"

/** What a channel holds and will hold, as a stream: to be run once. Closed early, it takes no more. */
export function received<A>(channel: Channel<A>, where: string): Plan<A> {
  const begin = onlyOnce(
    `Expected a stream of ${where} to be run once, got a second run. For several users: broadcast.`,
  )
  return {
    parts: undefined,
    open: (run) => {
      let begun = false
      return {
        next: () => {
          if (!begun) begin()
          begun = true
          return channel.next(run)
        },
        close: () => {
          if (!begun) return undefined
          channel.end()
          channel.clear()
          return undefined
        },
      }
    },
  }
}

/** A stream for each key, which holds so many elements; a full one holds up the source. */
export function groupBy<A, K>(
  from: Plan<A>,
  key: (element: A) => K,
  capacity: number,
): Open<readonly [key: K, elements: Plan<A>]> {
  return beside<readonly [K, Plan<A>]>("groupBy", 1, (channel) => {
    const groups = new Map<K, Channel<A>>()
    const feed = each(from, (element) => {
      const its = key(element)
      const known = groups.get(its)
      if (known !== undefined) return known.put(element)
      const group = new Channel<A>(capacity, "a group of groupBy")
      groups.set(its, group)
      group.push(element)
      return channel.put([its, received(group, "groupBy")])
    })
    const work = feed.finally((exit) => {
      for (const group of groups.values()) {
        if (exit.status === "fulfilled") group.end()
        else group.fail(exit.status === "rejected" ? exit.reason : new CancelledError(exit.reason))
      }
    })
    return { work }
  })
}
