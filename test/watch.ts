import { type Exit, type Fiber, type SuppressedError, type Task } from "rapid-fiber"

/** For tests that look at fibers without awaiting them, which would be part of what is tested. */

/** Lets the host have a turn, its timers included. */
export const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(() => setTimeout(resolve, 2))
  })

/** The exit of a fiber; a fiber that does not end is a failure. */
export const ended = <A>(fiber: Fiber<A, unknown>): Promise<Exit<A>> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("The fiber did not come to its end")), 3000)
    fiber.onExit((exit) => {
      clearTimeout(timer)
      resolve(exit)
    })
  })

/** Runs a task as a root, to its exit. */
export const exitOf = <A>(task: Task<A, unknown>): Promise<Exit<A>> => ended(task.run())

/** All that the reason of an exit joins: a platform's own SuppressedError does not show its parts to JSON. */
export function failuresIn(exit: Exit<unknown>): unknown[] {
  return exit.status === "fulfilled" ? [] : parts(exit.reason)
}

function parts(reason: unknown): unknown[] {
  if (!(reason instanceof Error) || reason.name !== "SuppressedError") return [reason]
  const { error, suppressed } = reason as SuppressedError
  return [...parts(error), ...parts(suppressed)]
}
