import type { Fiber } from "./handle.ts"
import { access, type Ending, type Running } from "./running.ts"
import { Task } from "./task.ts"

/** One run, and who waits for it. */
interface Run<A, E> {
  readonly fiber: Fiber<A, E> & Ending
  readonly loop: Running["loop"]
  waiting: number
  /** Its last waiter has been cancelled, and so has it. */
  dying: boolean
}

/**
 * One run for all who come, and its outcome for those who come later.
 *
 *     empty ──first caller──▶ running ──▶ kept
 *       ▲                        │ the last waiter is cancelled
 *       └──────ended────────  dying        who comes now waits for its end and runs anew
 */
export function memoize<A, E>(task: Task<A, E>): Task<A, E> {
  let run: Run<A, E> | undefined
  /** Dropped with all that it holds when its outcome is kept. */
  let source: Task<A, E> | undefined = task

  const begin = (starter: Running): Run<A, E> => {
    const { loop } = starter
    const fiber = loop.start(starter, source as Task<A, E>, { name: undefined, detached: true, here: true })
    const own: Run<A, E> = { fiber, loop, waiting: 0, dying: false }
    fiber.whenEnded(() => {
      // A value is a value, also of a run that was told to stop; a failure counts unless it is that of its stopping.
      const status = fiber.poll()?.status
      if (run === own && (status === "cancelled" || (status === "rejected" && own.dying))) run = undefined
      else if (run === own) source = undefined
      own.dying = false
    })
    return own
  }

  const leave = (own: Run<A, E>, exit: { readonly status: string }): Task<unknown, E> | void => {
    const { fiber } = own
    if (--own.waiting > 0 || exit.status !== "cancelled" || fiber.poll() !== undefined) return undefined
    own.dying = true
    // At once: what fails from now on can only be a cleanup.
    fiber.abort()
    const failure = Task.defer(() => (fiber.poll()?.status === "rejected" ? fiber.join().as(undefined) : Task.unit))
    return fiber.afterwards().andThen(failure)
  }

  const wait: Task<A, E> = Task.defer((): Task<A, E> => {
    let own: Run<A, E> | undefined
    const join = access<A, E>((fiber) => {
      // What `runSync` has left behind will never end.
      if (run?.dying && run.loop.closed) run = undefined
      if (run?.dying) return run.fiber.afterwards().andThen(wait)
      own = run ??= begin(fiber)
      own.waiting++
      return own.fiber.join()
    })
    return join.finally((exit) => (own === undefined ? undefined : leave(own, exit)))
  })
  return wait
}
