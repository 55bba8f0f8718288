import type { Channel } from "../channel.ts"
import type { Plan } from "../pull.ts"
import { onlyOnce } from "./only-once.ts"

/** What a channel holds and will hold, as a stream: to be run once. Closed early, it takes no more. */
export function received<A>(channel: Channel<A>, where: string, closed: () => void = () => {}): Plan<A> {
  const begin = onlyOnce(
    `Expected a stream of ${where} to be run once, got a second run. For several users: broadcast.`,
  )
  return {
    parts: undefined,
    open: (run) => {
      let begun = false
      const first = (): void => {
        if (!begun) begin()
        begun = true
      }
      return {
        next: () => {
          first()
          return channel.next(run)
        },
        close: () => {
          first()
          closed()
          channel.end()
          channel.clear()
          return undefined
        },
      }
    },
  }
}
