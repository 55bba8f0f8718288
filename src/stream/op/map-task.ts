import { notATask, Task } from "../../task/index.ts"
import { mustNotBePromise } from "../callbacks.ts"
import { NONE, type Open, type Plan, stage } from "../pull.ts"

/** One Task for each element, one after the other. */
export function mapTask<A, B>(from: Plan<A>, f: (element: A) => Task<B, unknown>): Open<B> {
  return stage(from, (next, run) => {
    let waiting = false
    return () => {
      if (waiting) {
        waiting = false
        return run.value as B
      }
      const element = next()
      if (element === NONE) return NONE
      const task = f(element)
      if (!(task instanceof Task)) throw notATask(task, "what the callback of mapTask returns")
      const made = run.perform(task)
      waiting = made === NONE
      return made
    }
  })
}

/** Something beside each element, which goes on as it is. */
export function tap<A>(from: Plan<A>, f: (element: A) => Task<unknown, unknown> | void, where: string): Open<A> {
  return stage(from, (next, run) => {
    let held: A | typeof NONE = NONE
    return () => {
      const element = held === NONE ? next() : held
      if (element === NONE || held !== NONE) {
        held = NONE
        return element
      }
      const task = mustNotBePromise(f(element), `what the callback of ${where} returns`)
      if (!(task instanceof Task) || run.perform(task) !== NONE) return element
      held = element
      return NONE
    }
  })
}
