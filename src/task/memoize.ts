import type { Fiber } from "./handle.ts"
import { access, type Ending } from "./running.ts"
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

  const leave = (exit: { readonly status: string }): Task<unknown, E> | void => {
    const left = run
    if (--waiting > 0 || exit.status !== "cancelled" || left === undefined || left.poll() !== undefined)
      return undefined
    dying = true
    left.whenEnded(() => {
      dying = false
      // Told to stop, and come to a value all the same: then that is the value.
      if (left.poll()?.status !== "fulfilled") run = undefined
    })
    return left
      .cancel()
      .andThen(Task.defer(() => (left.poll()?.status === "rejected" ? left.join().as(undefined) : Task.unit)))
  }

  const wait: Task<A, E> = Task.defer((): Task<A, E> => {
    let entered = false
    const join = access<A, E>((fiber) => {
      if (dying && run !== undefined) return afterwards(run).andThen(wait)
      run ??= fiber.loop.start(fiber, task, { name: undefined, detached: true, here: true }) as Run<A, E>
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
