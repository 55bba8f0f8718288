import { describe, type Duration, type Linked, LinkedList, toMillis } from "../data/index.ts"
import { acquired, type FiberCore, handOver, held, perform } from "../fiber/index.ts"
import {
  acquiring,
  type Fiber,
  mustBeFunction,
  mustBeTaskOrFunction,
  mustKnow,
  notATask,
  type Restore,
  Task,
} from "../task/index.ts"
import { ClosedError } from "./closed-error.ts"
import { mustBeCount } from "./count.ts"
import type { Permit } from "./permit.ts"
import { PermitLine, type Refusal } from "./permit-line.ts"

/** What `Pool.make` is told. */
export interface PoolOptions<R, E = never> {
  /** Makes a resource; not interrupted, but where a function of `restore` says so, as in `Task.bracket`. */
  readonly create: Task<R, E> | ((restore: Restore) => Task<R, E>)
  /** Ends one. Default: nothing. */
  readonly destroy?: (resource: R) => Task<unknown, unknown> | void
  /** How many there may be. An integer >= 1. */
  readonly max: number
  /** How many are kept when they are idle, and made by `warm`. An integer from 0 to `max`. Default 0. */
  readonly min?: number
  /** One that has been idle for longer is destroyed, while there are more than `min`. Default Infinity. */
  readonly idleTimeout?: Duration
  /** Whether an idle one still serves, asked before it is used again; where not it is destroyed and another takes its place. */
  readonly check?: (resource: R) => boolean | Task<boolean, unknown>
}

/** A resource that the pool has made. */
class Item<R> implements Linked<Item<R>> {
  prev: Item<R> | undefined = undefined
  next: Item<R> | undefined = undefined
  readonly resource: R
  /** When it came back, by the clock of the runtime. */
  since = 0

  constructor(resource: R) {
    this.resource = resource
  }
}

/** What `pool.lease()` yields: a resource that is yours until it is released, by hand or by `using`. */
export class Lease<out R> implements Disposable, AsyncDisposable {
  readonly resource: R
  #release: (() => void) | undefined

  /** @internal */
  constructor(resource: R, release: () => void) {
    this.resource = resource
    this.#release = release
  }

  /** Gives the resource back, at once; a second call does nothing. */
  release(): void {
    const release = this.#release
    this.#release = undefined
    release?.()
  }

  /** For `using`: releases. */
  [Symbol.dispose](): void {
    this.release()
  }

  /** For `await using` and `scope.use`: releases. */
  [Symbol.asyncDispose](): Promise<void> {
    this.release()
    return Promise.resolve()
  }
}

/**
 * Resources that are made when needed and used again: connections, workers, browsers. At most `max` at once; who comes when
 * all are in use waits, first in, first out. The one that came back last goes out first, so that those not needed grow old.
 * Nothing of it is lost: whoever is cancelled when, each resource is in use, idle or destroyed, once.
 *
 * @example
 * ```ts
 * let made = 0
 * await using pool = Pool.make({ create: Task.sync(() => ({ id: ++made })), max: 2 })
 * const query = pool.use((connection) => Task.sleep(1).as(connection.id))
 * await Task.all([query, query, query, query])
 * made // 2
 * ```
 */
export class Pool<R, E = never> implements AsyncDisposable {
  readonly #create: PoolOptions<R, E>["create"]
  readonly #destroy: (resource: R) => Task<unknown, unknown> | void
  readonly #check: PoolOptions<R, E>["check"]
  readonly #max: number
  readonly #min: number
  readonly #idleTimeout: number
  readonly #line: PermitLine
  /** The one that has been idle for longest in front. */
  readonly #idle = new LinkedList<Item<R>>()
  #made = 0
  #closed = false
  readonly #refusal: Refusal = () => (this.#closed ? Task.fail(new ClosedError("pool")) : undefined)
  /** Destroys those that have been idle for too long, while there are any. */
  #reaper: Fiber<void, unknown> | undefined

  private constructor(options: PoolOptions<R, E>, idleTimeout: number) {
    this.#create = options.create
    this.#destroy = options.destroy ?? (() => {})
    this.#check = options.check
    this.#max = options.max
    this.#min = options.min ?? 0
    this.#idleTimeout = idleTimeout
    this.#line = new PermitLine(options.max, "a resource of a pool")
  }

  /**
   * Makes one that is empty. It makes nothing before it is asked to.
   *
   * @throws RangeError, TypeError for options out of their range.
   */
  static make<R, E = never>(options: PoolOptions<R, E>): Pool<R, E> {
    mustKnow(options, ["create", "destroy", "max", "min", "idleTimeout", "check"], "Pool.make")
    mustBeTaskOrFunction(options.create, "Pool.make (create)")
    if (options.destroy !== undefined) mustBeFunction(options.destroy, "Pool.make (destroy)")
    if (options.check !== undefined) mustBeFunction(options.check, "Pool.make (check)")
    mustBeCount(options.max, "max")
    if (options.min !== undefined) mustBeCount(options.min, "min", 0, options.max)
    return new Pool(options, toMillis(options.idleTimeout ?? Infinity, "idleTimeout"))
  }

  /** How many there are: in use, idle, being made. */
  get size(): number {
    return this.#made
  }

  /** How many wait to be used. */
  get idle(): number {
    return this.#idle.size
  }

  /** How many wait for a resource. */
  get waiting(): number {
    return this.#line.waiting
  }

  /**
   * Runs `f` with a resource: waits for one, and takes it back at the end, by whatever outcome. The wait can be cancelled.
   * Fails as `create` does, and with `ClosedError` once the pool is closed.
   */
  use<A, E2>(f: (resource: R) => Task<A, E2>): Task<A, E | E2 | ClosedError> {
    mustBeFunction(f, "pool.use")
    const body = (item: Item<R>): Task<A, E2> =>
      Task.defer(() => {
        const task = f(item.resource)
        if (!(task instanceof Task)) throw notATask(task, "what the function of pool.use returns")
        return task
      })
    const using = perform((): Task<A, E | E2> => {
      const item = this.#check === undefined ? this.#last() : undefined
      if (item !== undefined) return held(body(item), (fiber) => this.#back(item, fiber))
      return Task.uncancelable((restore) =>
        this.#obtain(restore).flatMap((got) => held(restore(body(got)), (fiber) => this.#back(got, fiber))),
      )
    }, undefined)
    return this.#line.using<A, E | E2 | ClosedError>(1, using, this.#refusal)
  }

  /**
   * Waits for a resource and yields it, to be released by hand or by `using`. It is yours in the step that ends the wait, as
   * with `Semaphore.acquire`. Prefer `use`.
   */
  lease(): Task<Lease<R>, E | ClosedError> {
    const leased = acquired(
      (restore) =>
        restore(this.#line.acquire(1, this.#refusal)).flatMap((permit) =>
          this.#obtain(restore)
            .flatMap((item) => perform((fiber) => Task.pure(this.#leased(item, permit, fiber)), undefined))
            .finally(({ status }) => {
              if (status !== "fulfilled") permit.release()
            }),
        ),
      (lease) => lease.release(),
    )
    return perform((running: FiberCore): Task<Lease<R>, E | ClosedError> => {
      const refused = this.#refusal(running) as Task<never, ClosedError> | undefined
      if (refused !== undefined) return refused
      // One that lies there and is not to be asked costs a step.
      if (this.#check !== undefined || this.#idle.last === undefined || !this.#line.take(1)) return leased
      return handOver(running, this.#leased(this.#last() as Item<R>, this.#line.permit(1), running))
    }, undefined)
  }

  /** Makes resources until there are `min`, side by side; fails as `create` does. */
  warm(): Task<void, E | ClosedError> {
    const enough = (): boolean => this.#made >= this.#min
    const make = Task.uncancelable((restore) =>
      enough()
        ? Task.unit
        : this.#fresh(restore).flatMap((item) => perform((fiber) => (this.#back(item, fiber), Task.unit), undefined)),
    )
    const refusal: Refusal = (fiber) => this.#refusal(fiber) ?? (enough() ? Task.unit : undefined)
    const one = this.#line.using<void, E | ClosedError>(1, make, refusal)
    const all = Task.forEach(Array.from({ length: this.#min }), () => one, { concurrency: Infinity })
    return perform((fiber) => (this.#refusal(fiber) ?? all) as Task<void, E | ClosedError>, undefined)
  }

  /**
   * Ends the pool: who asks from now on fails with `ClosedError`; who waits already is served; when all resources have come
   * back they are destroyed. Fails with what fails in destroying, after all have been destroyed. Cancelled while it waits, the
   * pool stays closed, and another `close` goes on.
   */
  close(): Task<void, unknown> {
    return perform(() => {
      this.#closed = true
      const reaper = this.#reaper
      const all = this.#line.closing(
        this.#max,
        Task.uncancelable(() => this.#endAll()),
      )
      return reaper === undefined ? all : reaper.cancel().andThen(all)
    }, undefined)
  }

  /** For `await using`: closes. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close().toPromise()
  }

  // --- with a permit in hand -----------------------------------------------------------------------------------------

  #last(): Item<R> | undefined {
    const { last } = this.#idle
    if (last !== undefined) this.#idle.remove(last)
    return last
  }

  #leased(item: Item<R>, permit: Permit, fiber: FiberCore): Lease<R> {
    return new Lease(item.resource, () => {
      this.#back(item, fiber)
      permit.release()
    })
  }

  /** An idle one that still serves, or a new one. */
  #obtain(restore: Restore): Task<Item<R>, E> {
    const item = this.#last()
    if (item === undefined) return this.#fresh(restore)
    if (this.#check === undefined) return Task.pure(item)
    return this.#sound(item)
      .catch((error) => reported(this.#end(item)).andThen(Task.fail(error) as Task<never>))
      .flatMap((sound) =>
        sound ? Task.pure(item) : reported(this.#end(item)).andThen(Task.defer(() => this.#obtain(restore))),
      )
  }

  /** A check that fails says no. */
  #sound(item: Item<R>): Task<boolean> {
    const check = this.#check as (resource: R) => boolean | Task<boolean, unknown>
    const asked = Task.defer(() => {
      const answer = check(item.resource)
      return answer instanceof Task ? answer : Task.pure(answer)
    })
    return asked.attempt().map((exit) => {
      if (exit.status === "rejected") return false
      if (typeof exit.value === "boolean") return exit.value
      throw new TypeError(`Expected \`check\` to answer a boolean or a Task of one, got ${describe(exit.value)}.`)
    })
  }

  #fresh(restore: Restore): Task<Item<R>, E> {
    this.#made++
    return Task.defer(() => acquiring(this.#create, restore))
      .map((resource) => new Item(resource))
      .finally(({ status }) => {
        if (status !== "fulfilled") this.#made--
      })
  }

  #end(item: Item<R>): Task<void, unknown> {
    return Task.unit
      .finally(() => this.#destroy(item.resource))
      .finally(() => {
        this.#made--
      })
  }

  #endAll(): Task<void, unknown> {
    const item = this.#idle.shift()
    return item === undefined ? Task.unit : this.#end(item).finally(() => this.#endAll())
  }

  #back(item: Item<R>, fiber: FiberCore): void {
    this.#idle.push(item)
    if (this.#idleTimeout === Infinity) return
    item.since = fiber.loop.clock.now()
    if (this.#reaper !== undefined || this.#closed || this.#made <= this.#min) return
    const reaper = fiber.loop.start(fiber, this.#reaping, { name: "idle timeout of a pool", detached: true })
    this.#reaper = reaper
    // Also when its runtime is closed.
    reaper.whenEnded(() => {
      if (this.#reaper === reaper) this.#reaper = undefined
    })
  }

  /** Looks at who has been idle for too long, until there is nobody left to look at. */
  readonly #reaping: Task<void> = Task.uncancelable((restore) =>
    perform((fiber: FiberCore) => this.#reap(fiber, restore), undefined),
  ).flatMap((again) => (again ? this.#reaping : Task.unit))

  /** One look; yields whether there is to be another. It destroys with a permit in hand: there are never more than `max`. */
  #reap(fiber: FiberCore, restore: Restore): Task<boolean> {
    const { first } = this.#idle
    if (first === undefined || this.#closed || this.#made <= this.#min) {
      this.#reaper = undefined
      return Task.pure(false)
    }
    const left = first.since + this.#idleTimeout - fiber.loop.clock.now()
    if (left > 0) return restore(Task.sleep(left, { ref: false })).as(true)
    // Promised to somebody who is about to run.
    if (!this.#line.take(1)) return restore(Task.sleep(this.#idleTimeout, { ref: false })).as(true)
    this.#idle.remove(first)
    return held(reported(this.#end(first)), () => this.#line.give(1)).as(true)
  }
}

/** What fails where nobody waits for it goes to the runtime's hook. */
function reported(task: Task<void, unknown>): Task<void> {
  return task.catch((error) =>
    perform((fiber: FiberCore) => {
      fiber.loop.unhandled.report(error, fiber)
      return Task.unit
    }, undefined),
  )
}
