import { describe } from "../data/index.ts"
import { FiberCore } from "../fiber/index.ts"
import type { Fiber, Runtime, RunOptions, Task } from "../task/index.ts"
import { schedulerOf } from "./scheduler-runtime.ts"

/** Starts a task as a root with a handle. */
export function run<A, E>(task: Task<A, E>, options: RunOptions | undefined): Fiber<A, E> {
  const scheduler = schedulerOf(options?.runtime)
  const fiber = new FiberCore(scheduler, task, undefined)
  if (options?.name !== undefined) fiber.ownSide().name = options.name
  if (options?.signal !== undefined) follow(fiber, options.signal)
  scheduler.run(fiber)
  return fiber as Fiber<A, E>
}

/** Starts a task as a root that nobody holds. */
export function runAndForget(task: Task<unknown, unknown>, runtime: Runtime | undefined): void {
  schedulerOf(runtime).forget(task)
}

/** Ties the fiber to a signal until the fiber ends. */
function follow(fiber: FiberCore, signal: AbortSignal): void {
  if (typeof (signal as Partial<AbortSignal> | null)?.addEventListener !== "function") {
    throw new TypeError(`Expected \`signal\` to be an AbortSignal, got ${describe(signal)}.`)
  }
  if (signal.aborted) return fiber.abort(signal.reason)
  const abort = (): void => fiber.abort(signal.reason)
  signal.addEventListener("abort", abort)
  fiber.ownSide().unlisten = () => signal.removeEventListener("abort", abort)
}
