import { isThenable } from "../data/index.ts"
import { notATask, Task } from "../task/index.ts"

/** What the function of a cleanup has returned, as a Task: nothing is nothing to do, and a promise would not be awaited. */
export function cleanupOf(returned: unknown): Task<unknown, unknown> {
  if (returned instanceof Task) return returned
  if (!isThenable(returned)) return Task.unit
  throw notATask(returned, "what a cleanup returns")
}
