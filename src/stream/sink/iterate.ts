import { CancelledError, type Exit, RingBuffer } from "../../data/index.ts"
import type { Fiber, RunOptions, Task } from "../../task/index.ts"
import { each } from "../each.ts"
import type { Plan } from "../pull.ts"
import { Bell } from "../bell.ts"

/** Who has asked for the next element. */
interface Asked<A> {
  readonly resolve: (result: IteratorResult<A, undefined>) => void
  readonly reject: (reason: unknown) => void
}

const END: IteratorReturnResult<undefined> = { done: true, value: undefined }

/**
 * The elements of a stream for `for await`. One fiber runs the stream, from the first `next` on; it makes an element when
 * one has been asked for. `return` cancels it, and resolves when all is closed.
 */
export function iterate<A>(from: Plan<A>): AsyncIterableIterator<A, undefined, void> {
  return iteration(from).iterator
}

/** The same, and how it is left with a reason. */
export function iteration<A>(
  from: Plan<A>,
  options?: RunOptions,
): {
  readonly iterator: AsyncIterableIterator<A, undefined, void>
  readonly leave: (reason?: unknown) => Promise<void>
} {
  const asked = new RingBuffer<Asked<A>>()
  const demand = new Bell("whoever iterates")
  let fiber: Fiber<unknown, unknown> | undefined
  let begun = false
  let over = false
  /** What nobody has heard of yet. */
  let failure: { readonly reason: unknown } | undefined
  /** When it has been left. */
  let closed: Promise<Exit<unknown>> | undefined
  const hasAsked = (): boolean => asked.size > 0
  const give = (element: A): Task<void> => {
    asked.shift()?.resolve({ done: false, value: element })
    return demand.until(hasAsked)
  }
  const finish = (): void => {
    over = true
    if (failure !== undefined && asked.size > 0) {
      asked.shift()?.reject(failure.reason)
      failure = undefined
    }
    while (asked.size > 0) asked.shift()?.resolve(END)
  }
  const leave = async (reason?: unknown): Promise<void> => {
    const running = over ? undefined : fiber
    finish()
    running?.abort(reason)
    if (running !== undefined) closed = new Promise((resolve) => running.onExit(resolve))
    const exit = await closed
    // What a cleanup fails with is the loop's failure.
    if (running !== undefined && exit?.status === "rejected") throw exit.reason
  }
  const iterator: AsyncIterableIterator<A, undefined, void> = {
    next() {
      return new Promise((resolve, reject) => {
        asked.push({ resolve, reject })
        if (over) return finish()
        demand.one()
        if (begun) return
        begun = true
        fiber = each(from, give).run({ name: "for await", ...options })
        fiber.onExit((exit) => {
          if (!over && exit.status !== "fulfilled") {
            failure = { reason: exit.status === "rejected" ? exit.reason : new CancelledError(exit.reason) }
          }
          finish()
        })
      })
    },
    async return() {
      await leave()
      return END
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
  return { iterator, leave }
}
