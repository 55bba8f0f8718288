import { CancelledError } from "../data/index.ts"
import type { Fiber, Task } from "../task/index.ts"
import { ClosedError } from "./closed-error.ts"

/** A stream that runs `take` for each pull, and holds nothing ready: what is not read stays where it is. */
export function readableOf<A>(take: Task<A, unknown>): ReadableStream<A> {
  let waiting: Fiber<A, unknown> | undefined
  let over = false
  return new ReadableStream<A>(
    {
      pull(controller) {
        const fiber = (waiting = take.run({ name: "ReadableStream" }))
        return new Promise((resolve, reject) => {
          fiber.onExit((exit) => {
            waiting = undefined
            if (exit.status === "fulfilled") controller.enqueue(exit.value)
            else if (exit.reason instanceof ClosedError) controller.close()
            else if (!over) return reject(exit.status === "rejected" ? exit.reason : new CancelledError(exit.reason))
            resolve()
          })
        })
      },
      cancel() {
        over = true
        return waiting?.[Symbol.asyncDispose]()
      },
    },
    { highWaterMark: 0 },
  )
}

/** What a WritableStream writes to. */
export interface Sink<A> {
  offer(chunk: A): Task<unknown, unknown>
  close(): unknown
  fail(reason: unknown): unknown
}

/** A stream that waits for each chunk to be taken in. */
export function writableOf<A>(sink: Sink<A>): WritableStream<A> {
  return new WritableStream<A>({
    write: (chunk, { signal }) =>
      sink
        .offer(chunk)
        .run({ signal, name: "WritableStream" })
        .then(() => undefined),
    close: () => void sink.close(),
    abort: (reason) => void sink.fail(reason),
  })
}
