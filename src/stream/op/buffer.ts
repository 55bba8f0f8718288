import { each } from "../each.ts"
import type { Open, Plan } from "../pull.ts"
import { beside } from "./beside.ts"

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
