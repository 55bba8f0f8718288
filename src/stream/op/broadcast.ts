import { type FiberCore, perform } from "../../fiber/index.ts"
import { Task } from "../../task/index.ts"
import { Channel } from "../channel.ts"
import { each } from "../each.ts"
import { type AnyTask, type Open, type Plan, Run } from "../pull.ts"
import { received } from "./group-by.ts"

/** Gives each element to all channels, when the slowest has room for it. */
function feeding<A>(from: Plan<A>, channels: Iterable<Channel<A>>, remember?: (element: A) => void): AnyTask {
  const untilAllHaveRoom = (): AnyTask | undefined => {
    for (const channel of channels) {
      if (channel.full) return channel.room().flatMap(() => untilAllHaveRoom() ?? Task.unit)
    }
    return undefined
  }
  const fed = each(from, (element) => {
    remember?.(element)
    for (const channel of channels) channel.push(element)
    return untilAllHaveRoom()
  })
  return fed.attempt().map((exit) => {
    for (const channel of channels) {
      if (exit.status === "rejected") channel.fail(exit.reason)
      else channel.end()
    }
  })
}

/** One run of the source for all who use it, side by side; it ends when they have ended. */
export function broadcast<A>(
  from: Plan<A>,
  uses: readonly ((elements: Plan<A>) => Task<unknown, unknown>)[],
  capacity: number,
): Task<unknown[], unknown> {
  return perform((fiber: FiberCore) => {
    const channels = uses.map(() => new Channel<A>(capacity, "a broadcast"))
    const users = uses.map((use, index) => {
      const channel = channels[index]
      // Who has ended, or never looks, holds nobody up.
      return Task.defer(() => use(received(channel))).finally(() => channel.end())
    })
    const feeder = new Run(fiber).start(feeding(from, channels), "broadcast")
    return Task.all(users).finally(() => feeder.cancel())
  }, undefined)
}

/** One run of the source for all who come while it goes on, and the last elements for who comes late. */
export function share<A>(from: Plan<A>, replay: number, capacity: number): Open<A> {
  const channels = new Set<Channel<A>>()
  let last: A[] = []
  let feeder: FiberCore | undefined
  const remember = (element: A): void => {
    if (replay === 0) return
    if (last.length === replay) last.shift()
    last.push(element)
  }
  return (run) => {
    let channel: Channel<A> | undefined
    const begin = (): Channel<A> => {
      const own = new Channel<A>(capacity, "a shared stream")
      for (const element of last) own.push(element)
      channels.add(own)
      if (feeder === undefined) {
        // It belongs to all of them: it is nobody's child, and ends when the last has gone.
        const work = feeding(from, channels, remember).map(() => {
          feeder = undefined
          last = []
          channels.clear()
        })
        feeder = run.fiber.loop.start(run.fiber, work, { name: "share", detached: true, here: true })
      }
      return own
    }
    return {
      next: () => (channel ??= begin()).next(run),
      close() {
        if (channel === undefined) return undefined
        channels.delete(channel)
        channel.end()
        if (channels.size > 0 || feeder === undefined) return undefined
        const ended = feeder.cancel()
        feeder = undefined
        last = []
        return ended
      },
    }
  }
}
