import { CancelledError } from "../../data/index.ts"
import type { FiberCore } from "../../fiber/index.ts"
import { type RunOptions, Task } from "../../task/index.ts"
import { each } from "../each.ts"
import { inTurn, stopped } from "../closing.ts"
import { type AnyTask, NONE, type Open, type Plan } from "../pull.ts"
import { Bell } from "../bell.ts"
import { planOf } from "../source/from.ts"
import { iteration } from "./iterate.ts"

/** What `pipeTo` may be told: the words of the platform's. */
export interface PipeOptions {
  /** The end of the stream does not close the destination. Default false. */
  readonly preventClose?: boolean
  /** A failure or a cancellation does not abort the destination. Default false. */
  readonly preventAbort?: boolean
}

/** Makes an element when one is pulled, and holds nothing ready. */
export function readable<A>(from: Plan<A>, options?: RunOptions): ReadableStream<A> {
  const { iterator, leave } = iteration(from, options)
  return new ReadableStream<A>(
    {
      async pull(controller) {
        const step = await iterator.next()
        if (step.done) controller.close()
        else controller.enqueue(step.value)
      },
      cancel: (reason) => leave(reason),
    },
    { highWaterMark: 0 },
  )
}

/** Writes each element when the one before has been taken in; closes the destination at the end, aborts it otherwise. */
export function pipeTo<A>(from: Plan<A>, to: WritableStream<A>, options: PipeOptions): Task<void, unknown> {
  return Task.defer(() => {
    const writer = to.getWriter()
    let writing = false
    const write = (element: A): Task<void> =>
      Task.promise(() => {
        writing = true
        return writer.write(element)
      }).tap(() => {
        writing = false
      })
    const written = each(from, write)
    const closed = options.preventClose === true ? Task.unit : Task.promise(() => writer.close())
    // Also while the source has nothing to write; a write that is under way fails by itself.
    const broken = Task.promise(() => writer.closed)
      .catch((reason) => (writing ? Task.never : Task.fail(reason)))
      .andThen(Task.never)
    return Task.race([written.andThen(closed), broken])
      .finally((exit) => {
        if (exit.status === "fulfilled" || options.preventAbort === true) return undefined
        const reason = exit.status === "cancelled" ? (exit.reason ?? new CancelledError()) : exit.reason
        // The destination may be what has failed: then it has nothing to say.
        return Task.promise(() => writer.abort(reason).catch(() => {}))
      })
      .finally(() => writer.releaseLock())
  })
}

/** What comes out of a pair of streams into which a fiber beside this stage writes. */
export function pipeThrough<A, B>(
  from: Plan<A>,
  pair: { readonly writable: WritableStream<A>; readonly readable: ReadableStream<B> },
): Open<B> {
  const source = planOf<B>(pair.readable, "the readable of pipeThrough")
  return (run) => {
    const reading = source.open(run)
    const failed = new Bell("a failure of pipeThrough")
    let writing: FiberCore | undefined
    let failure: AnyTask | undefined
    let told = false
    /** Where the two ends do not know each other, nothing would come of it. */
    const broken = failed
      .until(() => failure !== undefined)
      .flatMap(() => {
        told = true
        return failure ?? Task.never
      })
    return {
      next() {
        writing ??= run.start(pipeTo(from, pair.writable, {}), "pipeThrough", (exit) => {
          if (exit.status !== "rejected") return
          failure = Task.fail(exit.reason)
          failed.all()
        })
        const element = reading.next()
        if (element === NONE && run.wait !== undefined) run.wait = Task.race([run.wait, broken])
        return element
      },
      // The readable first: a write under way waits for it, and an abort waits for the write.
      close: () =>
        inTurn(
          reading.close?.(),
          Task.defer(() => stopped(writing, () => told) ?? Task.unit),
        ),
    }
  }
}
