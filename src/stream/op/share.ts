import type { FiberCore } from "../../fiber/index.ts"
import { Channel } from "../channel.ts"
import { stopped } from "../closing.ts"
import type { AnyTask, Open, Plan, Run } from "../pull.ts"
import { feeding } from "./broadcast.ts"

/** One run of the source, for all who come while it goes on. It belongs to all of them: the last who leaves ends it. */
class Sharing<A> {
  /** It has ended, or is ending: who comes now begins another. */
  over = false
  /** Ends when the source is closed. */
  readonly feeder: FiberCore
  readonly #replay: number
  readonly #channels = new Set<Channel<A>>()
  /** The last elements, in a ring. */
  readonly #last: A[] = []
  #count = 0

  constructor(run: Run, from: Plan<A>, replay: number, before: FiberCore | undefined, ended: () => void) {
    this.#replay = replay
    const feed = feeding(from, this.#channels, (element) => this.#remember(element))
    const work = before === undefined ? feed : before.afterwards().andThen(feed)
    this.feeder = run.start(work, "share", (exit) => {
      this.over = true
      for (const channel of this.#channels) channel.endAs(exit)
      ended()
    })
  }

  join(capacity: number): Channel<A> {
    const channel = new Channel<A>(capacity, "a shared stream")
    for (let nth = Math.max(this.#count - this.#replay, 0); nth < this.#count; nth++) {
      channel.push(this.#last[nth % this.#replay])
    }
    this.#channels.add(channel)
    return channel
  }

  leave(channel: Channel<A>): AnyTask | undefined {
    this.#channels.delete(channel)
    channel.end()
    channel.clear()
    if (this.#channels.size > 0) return undefined
    this.over = true
    this.#last.length = 0
    return stopped(this.feeder, (reason) => channel.hasTold(reason))
  }

  #remember(element: A): void {
    if (this.#replay > 0) this.#last[this.#count++ % this.#replay] = element
  }
}

/** One run of the source for all who come while it goes on, and the last elements for who comes late. */
export function share<A>(from: Plan<A>, replay: number, capacity: number): Open<A> {
  let current: Sharing<A> | undefined
  return (run) => {
    let sharing: Sharing<A> | undefined
    let channel: Channel<A> | undefined
    const join = (): Channel<A> => {
      if (current === undefined || current.over) {
        const own: Sharing<A> = new Sharing(run, from, replay, current?.feeder, () => {
          if (current === own) current = undefined
        })
        current = own
      }
      sharing = current
      return sharing.join(capacity)
    }
    return {
      next: () => (channel ??= join()).next(run),
      close: () => {
        const left = channel === undefined ? undefined : sharing?.leave(channel)
        sharing = undefined
        return left
      },
    }
  }
}
