import { describe } from "../data/index.ts"
import { perform } from "../fiber/index.ts"
import { mustBeTask, Task } from "../task/index.ts"
import { emit } from "./emit.ts"
import { failureText } from "./failure-text.ts"

/**
 * Logs a failure of `task` at level "error", and fails with it, the very object. A cancellation is none. To log by a
 * function of one's own: `task.logErrors(log)`.
 *
 * @param message What is logged; a function gets the failure. Default: the failure's own message.
 *
 * @example
 * ```ts
 * const seen: unknown[] = []
 * const log: Logger = { log: ({ message, error }) => void seen.push([message, error]) }
 * const failing = Logger.logErrors(Task.fail("disk full"), "nightly backup")
 * await Logger.use(log, failing).attempt() // { status: "rejected", reason: "disk full" }
 * seen // [["nightly backup", "disk full"]]
 * ```
 */
export function logErrors<A, E>(
  task: Task<A, E>,
  message: string | ((failure: unknown) => string) = failureText,
): Task<A, E> {
  mustBeTask(task, "the first argument of Logger.logErrors")
  if (typeof message !== "string" && typeof message !== "function") throw noMessage(message)
  return task.catch((error) =>
    perform((fiber) => {
      const text = typeof message === "string" ? message : () => message(error)
      emit(fiber, { level: "error", message: text, fields: { error } })
      // What `catch` caught is what the task fails with.
      return Task.fail(error as E)
    }, undefined),
  )
}

function noMessage(given: unknown): TypeError {
  return new TypeError(
    `Expected the message of Logger.logErrors to be a text, or a function of the failure, got ${describe(given)}.`,
  )
}
