import { onAbort } from "../data/index.ts"
import { FiberCore, FULFILL, REJECT, type Scheduler } from "../fiber/index.ts"
import { type Completable, type Fiber, mustBeSignal, type Runtime, type RunOptions, Task } from "../task/index.ts"
import { hostless } from "./hostless.ts"
import { schedulerOf } from "./scheduler.ts"

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

let nowhere: Scheduler | undefined

/** A fiber without a body, which the completers end. It runs nowhere; nobody waits for it but its waiters. */
export function withResolvers<A, E>(): Completable<A, E> {
  const fiber = new FiberCore((nowhere ??= hostless()), Task.never, undefined)
  return {
    task: fiber.join() as Task<A, E>,
    resolve: (value) => fiber.settle(FULFILL, value),
    reject: (reason) => fiber.settle(REJECT, reason),
    poll: () => fiber.poll(),
    onExit: (callback) => fiber.onExit(callback),
  }
}

/** Ties the fiber to a signal until the fiber ends. */
function follow(fiber: FiberCore, signal: AbortSignal): void {
  mustBeSignal(signal)
  if (signal.aborted) return fiber.abort(signal.reason)
  fiber.ownSide().unlisten = onAbort(signal, () => fiber.abort(signal.reason))
}
