import { type FiberCore, perform } from "../fiber/index.ts"
import { Task } from "../task/index.ts"
import { closed } from "./closing.ts"
import { type AnyTask, NONE, type Plan, Run } from "./pull.ts"

/**
 * Runs a stream and gives each of its elements to `f`, which may return a Task to be run before the next is asked for.
 */
export function each<A>(from: Plan<A>, f: (element: A) => AnyTask | void): AnyTask {
  return perform((fiber: FiberCore) => {
    const run = new Run(fiber)
    const { next, close } = from.open(run)
    const step = (): AnyTask => {
      for (;;) {
        const element = next()
        if (element === NONE) return run.wait === undefined ? Task.unit : run.wait.flatMap(waited)
        const task = f(element)
        if (task !== undefined) return task.flatMap(step)
      }
    }
    const waited = (value: unknown): AnyTask => {
      run.value = value
      return step()
    }
    const body = perform(step, undefined)
    return close === undefined ? body : body.finally(() => closed(close))
  }, undefined)
}
