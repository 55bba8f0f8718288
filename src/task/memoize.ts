import type { Fiber } from "./handle.ts"
import { access, type Ending, type Running } from "./running.ts"
import { Task } from "./task.ts"

type Run<A, E> = Fiber<A, E> & Ending

/**
 * One run for all who come, and its outcome for those who come later.
 *
 *     empty ──first caller──▶ running ──▶ kept
 *       ▲                        │ the last waiter is cancelled
 *       └──────ended────────  dying        who comes now waits for its end and runs anew
 */
export function memoize<A, E>(task: Task<A, E>): Task<A, E> {
  let run: Run<A, E> | undefined
  let waiting = 0
  let dying = false

  const begin = (fiber: Running): Run<A, E> => {
    const started = fiber.loop.start(fiber, task, { name: undefined, detached: true, here: true })
    started.whenEnded(() => {
      // A value is a value, also of a run that was told to stop; a failure counts unless it is that of its stopping.
      const status = started.poll()?.status
      if (status === "cancelled" || (status === "rejected" && dying)) run = undefined
      dying = false
    })
    return started
  }

  const leave = (exit: { readonly status: string }): Task<unknown, E> | void => {
    const left = run
    if (--waiting > 0 || exit.status !== "cancelled" || left === undefined || left.poll() !== undefined)
      return undefined
    dying = true
    // At once: what fails from now on can only be a cleanup.
    left.abort()
    const failure = Task.defer(() => (left.poll()?.status === "rejected" ? left.join().as(undefined) : Task.unit))
    return afterwards(left).andThen(failure)
  }

  const wait: Task<A, E> = Task.defer((): Task<A, E> => {
    let entered = false
    const join = access<A, E>((fiber) => {
      if (dying && run !== undefined) return afterwards(run).andThen(wait)
      run ??= begin(fiber)
      waiting++
      entered = true
      return run.join()
    })
    return join.finally((exit) => (entered ? leave(exit) : undefined))
  })
  return wait
}

/** Waits for the end of a run, whatever it is. */
function afterwards(run: Ending): Task<void> {
  return Task.async<void>((resume) => run.whenEnded(() => resume(Task.unit)))
}
