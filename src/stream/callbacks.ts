/** What callbacks of streams may return: asked when they have returned it. */
import { isThenable } from "../data/index.ts"
import { notATask, Task } from "../task/index.ts"
import type { AnyTask } from "./pull.ts"

/** `f`, which may do all that it does at once. */
export function mayReturnTask<A>(
  f: (element: A) => AnyTask | void,
  where: string,
): (element: A) => AnyTask | undefined {
  return (element) => {
    const task = mustNotBePromise(f(element), `what the callback of ${where} returns`)
    return task instanceof Task ? task : undefined
  }
}

/** `f`, which must return a Task. */
export function returnsTask<A>(f: (element: A) => AnyTask, where: string): (element: A) => AnyTask {
  return (element) => {
    const task = f(element)
    if (!(task instanceof Task)) throw notATask(task, `what the callback of ${where} returns`)
    return task
  }
}

/** For callbacks that may return a Task, whose promise would not be awaited. */
export function mustNotBePromise<T>(given: T, where: string): T {
  if (isThenable(given) && !(given instanceof Task)) throw notATask(given, where)
  return given
}
