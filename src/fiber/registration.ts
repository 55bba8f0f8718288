import { describe, follow, type Follower, isThenable, unfollow } from "../data/index.ts"
import { notATask, Task } from "../task/index.ts"
import { cleanupOf } from "./cleanup.ts"
import type { FiberCore } from "./fiber.ts"

type AnyTask = Task<unknown, unknown>

/** Held by what was undone: who asks for the signal only then gets one that is aborted. */
const UNDONE = Symbol()

/**
 * One wait for the outside world: between a fiber that suspends on a callback or a promise and whoever resumes it. It
 * settles once; a second call, a late one, and one after cancellation find it settled and do nothing. A call during
 * registration leaves its result here, where the interpreter finds it before it suspends.
 */
export class Registration implements Follower {
  settled = false
  /** What the fiber waits for, in the words of the API: for errors and dumps. */
  readonly what: "async" | "promise"
  // All of these are dropped when they have served: the outside world may keep the registration for ever.
  #fiber: FiberCore | undefined
  /** What the registering function has resumed with; once it has returned, what undoes the registration; or the promise. */
  #held: unknown
  #controller: AbortController | undefined

  constructor(fiber: FiberCore, what: "async" | "promise") {
    this.#fiber = fiber
    this.what = what
  }

  /** Made when it is asked for: a controller costs more than all the rest. */
  get signal(): AbortSignal {
    const controller = (this.#controller ??= new AbortController())
    if (this.#held === UNDONE) controller.abort()
    return controller.signal
  }

  settle(task: AnyTask): void {
    const fiber = this.#fiber
    if (this.settled || fiber === undefined) return
    const registering = fiber.cur !== this
    // Cancelled while it registers: the cleanup, which is still to come, will run.
    if (registering && fiber.stopping) return
    this.settled = true
    const next =
      task instanceof Task ? task : Task.fail<unknown>(notATask(task, "the argument of resume in Task.async"))
    if (registering) {
      this.#held = next
    } else {
      this.#drop()
      fiber.resume(next)
    }
  }

  /** Settles as the promise does. */
  follow(promise: PromiseLike<unknown>): void {
    const native = promise instanceof Promise ? promise : Promise.resolve(promise)
    this.#held = native
    follow(native, this)
  }

  fulfilled(value: unknown): void {
    this.settle(Task.pure(value))
  }

  rejected(reason: unknown): void {
    this.settle(Task.fail(reason))
  }

  /** A Task that a promise function returned: its signal is aborted if the fiber is cancelled. */
  tie(task: AnyTask): AnyTask {
    const controller = this.#controller
    if (controller === undefined) return task
    return task.finally((exit) => {
      if (exit.status === "cancelled") controller.abort(exit.reason)
    })
  }

  /** The registering function has returned what undoes the registration. What to continue as, if that is known already. */
  returned(cleanup: unknown): AnyTask | undefined {
    if (isThenable(cleanup) && !(cleanup instanceof Task)) throw promiseReturned(cleanup)
    const early = this.#held as AnyTask | undefined
    if (early === undefined) this.#held = cleanup
    else this.#drop()
    return early
  }

  /** The registering function threw: that is the outcome, unless it had resumed before; then it is reported. */
  threw(error: unknown): AnyTask {
    const early = this.#held as AnyTask | undefined
    if (early !== undefined) this.#fiber?.loop.unhandled.report(error, this.#fiber)
    this.settled = true
    this.#drop()
    return early ?? Task.fail<unknown>(error)
  }

  /** The fiber was cancelled: undoes the registration. Returns what of the cleanup is for the fiber to run. */
  undo(reason: unknown): AnyTask {
    const [cleanup, controller] = [this.#held, this.#controller]
    this.#drop()
    this.#held = UNDONE
    controller?.abort(reason)
    if (this.what === "promise") unfollow(cleanup as Promise<unknown>, this)
    else if (cleanup instanceof Task) return cleanup
    return cleanupOf(typeof cleanup === "function" ? cleanup() : undefined)
  }

  #drop(): void {
    this.#fiber = undefined
    this.#held = undefined
    this.#controller = undefined
  }
}

function promiseReturned(given: unknown): TypeError {
  return new TypeError(
    `Expected the function of Task.async to return a cleanup or nothing, got ${describe(given)}. ` +
      "For an async function: Task.promise.",
  )
}
