import { type RunOptions, Task } from "../../task/index.ts"
import { each } from "../each.ts"
import { inTurn, type Open, type Plan, type Pull } from "../pull.ts"
import { planOf } from "../source/from.ts"
import { iterate } from "./iterate.ts"

/** What `pipeTo` may be told: the words of the platform's. */
export interface PipeOptions {
  /** The end of the stream does not close the destination. Default false. */
  readonly preventClose?: boolean
  /** A failure or a cancellation does not abort the destination. Default false. */
  readonly preventAbort?: boolean
}

/** Makes an element when one is pulled, and holds nothing ready. */
export function readable<A>(from: Plan<A>, options?: RunOptions): ReadableStream<A> {
  const iterator = iterate(from, options)
  return new ReadableStream<A>(
    {
      async pull(controller) {
        const step = await iterator.next()
        if (step.done) controller.close()
        else controller.enqueue(step.value)
      },
      async cancel() {
        await iterator.return?.()
      },
    },
    { highWaterMark: 0 },
  )
}

/** Writes each element when the one before has been taken in; closes the destination at the end, aborts it otherwise. */
export function pipeTo<A>(from: Plan<A>, to: WritableStream<A>, options: PipeOptions): Task<void, unknown> {
  return Task.defer(() => {
    const writer = to.getWriter()
    const written = each(from, (element) => Task.promise(() => writer.write(element)))
    const closed = options.preventClose === true ? Task.unit : Task.promise(() => writer.close())
    return written
      .andThen(closed)
      .finally((exit) => {
        if (exit.status === "fulfilled" || options.preventAbort === true) return undefined
        // The destination may be what has failed: then it has nothing to say.
        return Task.promise(() => writer.abort(exit.reason).catch(() => {}))
      })
      .finally(() => writer.releaseLock())
  })
}

/** What comes out of a pair of streams into which a fiber beside this stage writes. */
export function pipeThrough<A, B>(
  from: Plan<A>,
  pair: { readonly writable: WritableStream<A>; readonly readable: ReadableStream<B> },
): Open<B> {
  return (run) => {
    let writing: { cancel(): Task<void> } | undefined
    let reading: Pull<B> | undefined
    return {
      next() {
        if (reading === undefined) {
          reading = planOf<B>(pair.readable, "the readable of pipeThrough").open(run)
          // Its failure aborts the writable, and so comes out of the readable.
          writing = run.start(pipeTo(from, pair.writable, {}).attempt(), "pipeThrough")
        }
        return reading.next()
      },
      close: () => inTurn(writing?.cancel(), reading?.close?.()),
    }
  }
}
