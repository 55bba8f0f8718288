import type { FiberCore } from "../../fiber/index.ts"
import { Channel } from "../channel.ts"
import { stopped } from "../closing.ts"
import type { AnyTask, None, Open, Run } from "../pull.ts"

/** What a stage does beside itself, and how it is asked for elements meanwhile. */
export interface Beside<A> {
  /** Puts what is ready into the channel. */
  readonly work: AnyTask
  /** Default: what is in the channel. */
  readonly next?: () => A | None
}

/**
 * A stage whose work is done beside it, by a fiber that begins when the first element is asked for. When that has ended
 * the channel has; closing the stage cancels it, and waits until it has ended.
 */
export function beside<A>(what: string, capacity: number, make: (channel: Channel<A>, run: Run) => Beside<A>): Open<A> {
  return (run) => {
    const channel = new Channel<A>(capacity, what)
    let worker: FiberCore | undefined
    const { work, next = () => channel.next(run) } = make(channel, run)
    return {
      next() {
        worker ??= run.start(work, what, channel.endAs)
        return next()
      },
      close: () => stopped(worker, (reason) => channel.hasTold(reason)),
    }
  }
}
