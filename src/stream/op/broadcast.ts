import { type FiberCore, perform } from "../../fiber/index.ts"
import { Task } from "../../task/index.ts"
import { Channel } from "../channel.ts"
import { each } from "../each.ts"
import { stopped } from "../closing.ts"
import { type AnyTask, type Plan, Run } from "../pull.ts"
import { received } from "../source/received.ts"

/** Gives each element to all channels, when the slowest has room for it, as long as there is one that takes any. */
export function feeding<A>(from: Plan<A>, channels: Iterable<Channel<A>>, remember?: (element: A) => void): AnyTask {
  const untilAllHaveRoom = (): AnyTask | undefined => {
    let taken = false
    for (const channel of channels) {
      if (channel.full) return channel.room().flatMap(() => untilAllHaveRoom() ?? Task.unit)
      taken ||= !channel.ended
    }
    return taken ? undefined : Task.never
  }
  return each(from, (element) => {
    remember?.(element)
    for (const channel of channels) channel.push(element)
    return untilAllHaveRoom()
  })
}

/** One run of the source for all who use it, side by side; it ends when they have ended. */
export function broadcast<A>(
  from: Plan<A>,
  uses: readonly ((elements: Plan<A>) => Task<unknown, unknown>)[],
  capacity: number,
): Task<unknown[], unknown> {
  return Task.uncancelable((restore) =>
    perform((fiber: FiberCore) => {
      const channels = uses.map(() => new Channel<A>(capacity, "a broadcast"))
      const users = uses.map((use, index) => {
        const channel = channels[index]
        // Who has ended, or never looks, holds nobody up.
        return Task.defer(() => use(received(channel, "broadcast"))).finally(() => channel.end())
      })
      const feeder = new Run(fiber).start(feeding(from, channels), "broadcast", (exit) => {
        for (const channel of channels) channel.endAs(exit)
      })
      return restore(Task.all(users)).finally(
        () => stopped(feeder, (reason) => channels.some((channel) => channel.hasTold(reason))) ?? Task.unit,
      )
    }, undefined),
  )
}
