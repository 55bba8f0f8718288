import { LinkedList } from "../data/index.ts"
import { type FiberCore, perform, wait, Waiter } from "../fiber/index.ts"
import {
  type Fiber,
  mustBeFunction,
  mustBeTask,
  mustKnow,
  type Policy,
  policyOf,
  type ScheduleOptions,
  type StartOptions,
  Task,
} from "../task/index.ts"
import { ClosedError } from "./closed-error.ts"
import { mustBeCountOrInfinity } from "./count.ts"
import type { Permit } from "./permit.ts"
import { PermitLine, type Refusal } from "./permit-line.ts"

/** What `FiberSet.make` may be told. Everything has a default. */
export interface FiberSetOptions {
  /** How many run at once; `start` waits for its turn. An integer >= 1. Default Infinity. */
  readonly limit?: number
  /** A fiber that fails runs again, as long as this goes on. Default: it does not. */
  readonly restart?: Policy<unknown> | ScheduleOptions
  /**
   * Is told of each fiber that fails for good. Default: as with `startDetached`, the failure hook of the runtime is told,
   * unless somebody joins the fiber.
   */
  readonly onFailure?: (error: unknown, fiber: Fiber<unknown, unknown>) => void
}

/**
 * A bag of fibers with one end: the jobs of a service, the connections of a server. Fibers leave it when they end; their
 * failures harm no other. It ends by `drain`, which waits for them, or by `cancel`.
 *
 * @example
 * ```ts
 * const log: string[] = []
 * const jobs = FiberSet.make({ limit: 2 })
 * const job = (name: string) => Task.sleep(1).tap(() => void log.push(name))
 * await Task.forEach(["a", "b", "c"], (name) => jobs.start(job(name)).as(undefined))
 * await jobs.drain()
 * log // ["a", "b", "c"]
 * ```
 */
export class FiberSet implements AsyncDisposable {
  /** @internal */
  readonly what = "the end of a fiber set"
  readonly #line: PermitLine | undefined
  readonly #options: FiberSetOptions
  readonly #fibers = new Set<Fiber<unknown, unknown>>()
  /** Who waits until it is empty. */
  readonly #waiters = new LinkedList<Waiter>()
  #closed = false
  readonly #refusal: Refusal = () => (this.#closed ? closed() : undefined)

  private constructor(options: FiberSetOptions) {
    const { limit = Infinity } = options
    this.#options = options
    this.#line = limit === Infinity ? undefined : new PermitLine(limit, "room in a fiber set")
  }

  /**
   * Makes one that is empty.
   *
   * @throws RangeError, TypeError for options out of their range.
   */
  static make(options: FiberSetOptions = {}): FiberSet {
    mustKnow(options, ["limit", "restart", "onFailure"], "FiberSet.make")
    if (options.limit !== undefined) mustBeCountOrInfinity(options.limit, "limit")
    if (options.onFailure !== undefined) mustBeFunction(options.onFailure, "FiberSet.make (onFailure)")
    // Checked here, where it is written.
    if (options.restart !== undefined) void policyOf(options.restart, "FiberSet.make (restart)")
    return new FiberSet(options)
  }

  /** How many fibers run. */
  get size(): number {
    return this.#fibers.size
  }

  /** How many wait to start. */
  get waiting(): number {
    return this.#line?.waiting ?? 0
  }

  /** Nothing is started any more. */
  get closed(): boolean {
    return this.#closed
  }

  /** The fibers that run, the oldest one first. */
  [Symbol.iterator](): IterableIterator<Fiber<unknown, unknown>> {
    return this.#fibers.values()
  }

  /**
   * Starts a task as a fiber of this set, first waiting for room where there is a limit, and yields its handle. The fiber
   * outlives the one that starts it. Fails with `ClosedError` when the set is closed, also while it waits. As with
   * `task.start()`: in a program, not in an async function, where `await` would wait for the fiber's value.
   */
  start<A, E>(task: Task<A, E>, options?: StartOptions): Task<Fiber<A, E>, ClosedError> {
    mustBeTask(task, "the argument of start")
    const { restart } = this.#options
    const kept = restart === undefined ? task : task.retry(restart)
    const launch = (permit?: Permit): Task<Fiber<A, E>, ClosedError> =>
      perform((fiber: FiberCore): Task<Fiber<A, E>, ClosedError> => {
        if (!this.#closed) return Task.pure(this.#launch(fiber, kept, options?.name, permit))
        permit?.release()
        return closed()
      }, undefined)
    const line = this.#line
    if (line === undefined) return launch()
    return Task.uncancelable((restore) => restore<Permit, ClosedError>(line.acquire(1, this.#refusal)).flatMap(launch))
  }

  /** Waits until no fiber runs. New ones may start meanwhile. */
  empty(): Task<void> {
    return perform((fiber: FiberCore): Task<void> => {
      if (this.#fibers.size === 0) return Task.unit
      const waiter = new Waiter(fiber, this, undefined, Task.unit)
      this.#waiters.push(waiter)
      return wait(waiter)
    }, undefined)
  }

  /** Closes the set: nothing is started any more, those who wait to start fail; then waits until all have ended. */
  drain(): Task<void> {
    return perform(() => {
      this.#close()
      return this.empty()
    }, undefined)
  }

  /** Closes the set, cancels all of its fibers, and waits until they have ended. */
  cancel(reason?: unknown): Task<void> {
    return perform(() => {
      this.#close()
      for (const fiber of this.#fibers) fiber.abort(reason)
      return this.empty()
    }, undefined)
  }

  /** For `await using`: cancels. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.cancel().toPromise()
  }

  /** @internal */
  left(waiter: Waiter, served: boolean): void {
    if (!served) this.#waiters.remove(waiter)
  }

  #close(): void {
    this.#closed = true
    this.#line?.refuse(closed())
  }

  #launch<A, E>(
    starter: FiberCore,
    task: Task<A, E>,
    name: string | undefined,
    permit: Permit | undefined,
  ): Fiber<A, E> {
    const fiber = starter.loop.start(starter, task, { name, detached: true })
    this.#fibers.add(fiber)
    fiber.whenEnded(() => {
      this.#fibers.delete(fiber)
      permit?.release()
      this.#tell(fiber)
      if (this.#fibers.size > 0) return
      for (let one = this.#waiters.shift(); one !== undefined; one = this.#waiters.shift()) one.serve()
    })
    return fiber as Fiber<A, E>
  }

  #tell(fiber: FiberCore): void {
    const { onFailure } = this.#options
    const exit = onFailure && fiber.poll()
    if (exit?.status === "rejected") fiber.loop.tell(() => onFailure?.(exit.reason, fiber), exit)
  }
}

function closed(): Task<never, ClosedError> {
  return Task.fail(new ClosedError("fiber set"))
}
