/** Stages that do something at the beginning or at the end. */
import { Task } from "../../task/index.ts"
import { inTurn } from "../closing.ts"
import { NONE, type Open, type Plan, stage } from "../pull.ts"
import { tap } from "./map-task.ts"

export function onFirst<A>(from: Plan<A>, f: (element: A) => Task<unknown, unknown> | void): Open<A> {
  return (run) => {
    let first = true
    const once = (element: A): Task<unknown, unknown> | void => {
      if (!first) return undefined
      first = false
      return f(element)
    }
    return tap(from, once, "onFirst")(run)
  }
}

export function onEnd<A>(from: Plan<A>, task: Task<unknown, unknown>): Open<A> {
  return stage(from, (next, run) => {
    let over = false
    return () => {
      if (over) return run.end()
      const element = next()
      if (element !== NONE || !run.ended) return element
      over = true
      return run.await(task)
    }
  })
}

/** After the source is closed, if it was ever asked for an element. */
export function lastly<A>(
  from: Plan<A>,
  cleanup: Task<unknown, unknown> | (() => Task<unknown, unknown> | void),
): Open<A> {
  return (run) => {
    const { next, close } = from.open(run)
    let begun = false
    return {
      next: () => {
        begun = true
        return next()
      },
      close: () =>
        inTurn(close?.(), begun ? Task.unit.finally(cleanup instanceof Task ? cleanup : () => cleanup()) : undefined),
    }
  }
}
