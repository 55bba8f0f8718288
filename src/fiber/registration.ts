import { notATask, Task } from "../task/index.ts"
import * as Op from "../task/node.ts"
import type { FiberCore } from "./fiber.ts"

/**
 * One wait for the outside world: between a fiber that suspends on a callback or a promise and whoever resumes it. It
 * settles once; a second call, a late one, and one after cancellation find it settled and do nothing. A call during
 * registration leaves its result here, where the interpreter finds it before it suspends.
 */
export class Registration {
  settled = false
  /** What to continue as, when settled before the fiber had suspended. */
  early: Task<unknown, unknown> | undefined = undefined
  cleanup: unknown = undefined
  controller: AbortController | undefined = undefined
  /** What the fiber waits for, in the words of the API: for errors and dumps. */
  readonly what: "async" | "promise"
  readonly #fiber: FiberCore

  constructor(fiber: FiberCore, what: "async" | "promise") {
    this.#fiber = fiber
    this.what = what
  }

  /** Made only for a function that declares the parameter: a controller costs more than all the rest. */
  signalFor(wanted: boolean): AbortSignal | undefined {
    if (!wanted) return undefined
    this.controller = new AbortController()
    return this.controller.signal
  }

  settle(task: Task<unknown, unknown>): void {
    if (this.settled) return
    // Cancelled while it registers: the cleanup, which is still to come, will run.
    const registering = this.#fiber.cur !== this
    if (registering && this.#fiber.stopping) return
    this.settled = true
    const next = task instanceof Task ? task : new Task<never, unknown>(Op.Fail, notATask(task, RESUME), undefined)
    if (registering) this.early = next
    else this.#fiber.wake(next)
  }

  /** The registration threw: that is the outcome, unless it had resumed before; then it is reported. */
  failed(error: unknown): void {
    if (this.settled) this.#fiber.loop.unhandled.report(error, this.#fiber)
    this.settled = true
    this.early ??= new Task<never, unknown>(Op.Fail, error, undefined)
  }

  /** The fiber was cancelled: undoes the registration. Returns the cleanup if that is a Task, for the fiber to run. */
  undo(reason: unknown): Task<unknown, unknown> | undefined {
    this.controller?.abort(reason)
    const cleanup = this.cleanup
    if (cleanup instanceof Task) return cleanup
    const returned: unknown = typeof cleanup === "function" ? cleanup() : undefined
    return returned instanceof Task ? returned : undefined
  }
}

const RESUME = "the argument of resume in Task.async"
