import { CancelledError } from "../data/index.ts"
import type { Fiber, Task } from "../task/index.ts"
import { ClosedError } from "./closed-error.ts"

/**
 * The iterator of what is taken one after the other: each `next` runs `take` in a fiber of its own, `ClosedError` is the
 * end, `return` cancels what waits.
 */
export function iteratorOf<A>(take: Task<A, unknown>): AsyncIterableIterator<A, undefined> {
  const waiting = new Set<Fiber<A, unknown>>()
  let over = false
  return {
    next() {
      if (over) return Promise.resolve(end())
      return new Promise<IteratorResult<A, undefined>>((resolve, reject) => {
        const fiber = take.run({ name: "for await" })
        waiting.add(fiber)
        // The very value: one that is thenable stays what it is.
        fiber.onExit((exit) => {
          waiting.delete(fiber)
          if (exit.status === "fulfilled") resolve({ done: false, value: exit.value })
          else if (over || exit.reason instanceof ClosedError) resolve(end())
          else reject(exit.status === "rejected" ? exit.reason : new CancelledError(exit.reason))
        })
      })
    },
    async return() {
      over = true
      await Promise.all(Array.from(waiting, (fiber) => fiber[Symbol.asyncDispose]()))
      return end()
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

function end(): IteratorReturnResult<undefined> {
  return { done: true, value: undefined }
}
