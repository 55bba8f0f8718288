import { describe, type Exit } from "../data/index.ts"
import type { Completable } from "./completable.ts"
import { mustBeFunction, mustBeTask, mustBeTaskOrFunction } from "./errors.ts"
import type { Fiber, StartOptions } from "./handle.ts"
import { access, type Ending, type Running } from "./running.ts"
import { type Cleanup, type Restore, Task } from "./task.ts"

type Release = (exit: Exit<unknown>) => Task<unknown, unknown> | void

/** A value that says itself how it is released, or none. */
export type DisposableLike = Disposable | AsyncDisposable | null | undefined

/**
 * A set of resources with one end: what is acquired in it is released when it closes, in reverse order, each exactly
 * once, masked from cancellation, whatever has failed meanwhile. `Task.scoped` opens one for a part of a program;
 * `Scope.make()` makes one to be closed by hand or by `await using`. The words are AsyncDisposableStack's.
 *
 * @example
 * ```ts
 * const log: string[] = []
 * const open = (name: string) => Task.sync(() => name)
 * await Task.scoped((scope) =>
 *   Task.gen(function* () {
 *     yield* scope.acquire(open("a"), (name) => void log.push(`closed ${name}`))
 *     yield* scope.acquire(open("b"), (name) => void log.push(`closed ${name}`))
 *   }),
 * )
 * log // ["closed b", "closed a"]
 * ```
 */
export class Scope implements AsyncDisposable {
  readonly #entries = new Set<Release>()
  readonly #owner: Running | undefined
  #closed: Completable<void, unknown> | undefined
  /** The fiber that releases. */
  #closer: Running | undefined

  /** @internal */
  constructor(owner: Running | undefined) {
    this.#owner = owner
  }

  /** Makes a scope that stays open until it is closed. */
  static make(): Scope {
    return new Scope(undefined)
  }

  /**
   * Acquires a resource and keeps it for the scope. `acquire` runs masked, so that it is never interrupted half-way; a
   * function of `restore` says where it may be. `release` gets the resource and the scope's outcome. A scope that closed
   * meanwhile releases at once, and the task fails.
   */
  acquire<R, E>(
    acquire: Task<R, E> | ((restore: Restore) => Task<R, E>),
    release: (resource: R, exit: Exit<unknown>) => Task<unknown, unknown> | void,
  ): Task<R, E> {
    mustBeTaskOrFunction(acquire, "scope.acquire (acquire)")
    mustBeFunction(release, "scope.acquire (release)")
    return Task.uncancelable((restore) => {
      if (this.#closed !== undefined) throw closed()
      return acquiring(acquire, restore).tap((resource) => this.#keep((exit) => release(resource, exit))) as Task<R, E>
    })
  }

  /** Acquires a value that has `Symbol.asyncDispose` or `Symbol.dispose`, and releases it by that; null is kept as it is. */
  use<R extends DisposableLike, E>(acquire: Task<R, E> | ((restore: Restore) => Task<R, E>)): Task<R, E> {
    mustBeTaskOrFunction(acquire, "scope.use")
    const checked = (restore: Restore): Task<R, E> =>
      acquiring(acquire, restore).tap((resource) => void disposer(resource))
    return this.acquire(checked, (resource) => disposer(resource)?.())
  }

  /** Adds a cleanup: a Task, or a function of the scope's outcome. */
  defer(cleanup: Cleanup<unknown, unknown>): Task<void> {
    mustBeTaskOrFunction(cleanup, "scope.defer")
    const release: Release = (exit) => (typeof cleanup === "function" ? cleanup(exit) : cleanup)
    return Task.defer(() => (this.#keep(release) ?? Task.unit) as Task<void>)
  }

  /**
   * Starts a fiber that ends with the scope: it is cancelled and awaited at its place in the reverse order, so before what
   * it uses. It leaves the scope when it ends. In `Task.scoped` it is a child of the fiber that opened the scope. As with
   * `start`: in a program, not in an async function, where `await` would wait for its value.
   */
  start<A, E>(task: Task<A, E>, options?: StartOptions): Task<Fiber<A, E>> {
    mustBeTask(task, "the argument of scope.start")
    return access((fiber) => {
      if (this.#closed !== undefined) throw closed()
      const parent = this.#owner
      const spec = { name: options?.name, detached: parent === undefined, parent }
      const started: Fiber<A, E> & Ending = (parent ?? fiber).loop.start(fiber, task, spec)
      const end: Release = () => started.cancel()
      this.#entries.add(end)
      started.whenEnded(() => this.#entries.delete(end))
      return Task.pure(started)
    })
  }

  /**
   * Releases everything and waits for it. A second call waits for the first, unless it comes from a release, which would
   * wait for itself. Fails with what failed in the releases. It cannot be cancelled half-way.
   */
  close(exit: Exit<unknown> = { status: "fulfilled", value: undefined }): Task<void, unknown> {
    return access((fiber) =>
      Task.uncancelable((restore) => {
        if (this.#closed !== undefined) return fiber === this.#closer ? Task.unit : restore(this.#closed.task)
        const closing = (this.#closed = Task.withResolvers<void, unknown>())
        this.#closer = fiber
        const entries = Array.from(this.#entries)
        this.#entries.clear()
        return released(entries, exit).finally((end) => {
          this.#closer = undefined
          if (end.status === "rejected") closing.reject(end.reason)
          else closing.resolve(undefined)
        })
      }),
    )
  }

  /** For `await using`: closes. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close().toPromise()
  }

  /** Takes in what has been acquired; too late, it is given back at once. */
  #keep(release: Release): Task<unknown, unknown> | undefined {
    if (this.#closed === undefined) {
      this.#entries.add(release)
      return undefined
    }
    const late = Task.fail<unknown>(closed())
    return late.finally(release)
  }
}

/** What acquires: a Task as it is, a function of `restore` called. */
export function acquiring<R, E>(
  acquire: Task<R, E> | ((restore: Restore) => Task<R, E>),
  restore: Restore,
): Task<R, E> {
  const task = typeof acquire === "function" ? acquire(restore) : acquire
  mustBeTask(task, "what the acquiring function returns")
  return task
}

/** The last one first; what fails is joined to what failed before, and stops none. */
function released(entries: Release[], exit: Exit<unknown>): Task<void, unknown> {
  const release = entries.pop()
  if (release === undefined) return Task.unit
  return Task.unit.finally(() => release(exit)).finally(() => released(entries, exit))
}

/** What releases a resource, by its own word. */
function disposer(resource: DisposableLike): (() => Task<unknown, unknown>) | undefined {
  if (resource === null || resource === undefined) return undefined
  const { [Symbol.asyncDispose]: later, [Symbol.dispose]: now } = resource as Partial<AsyncDisposable & Disposable>
  if (later !== undefined) return () => Task.promise(() => later.call(resource))
  if (now !== undefined) return () => Task.sync(() => now.call(resource))
  throw new TypeError(
    `Expected scope.use to get what has Symbol.asyncDispose or Symbol.dispose, got ${describe(resource)}. ` +
      "For anything else: scope.acquire(task, release).",
  )
}

function closed(): Error {
  return new Error("Expected an open scope, got a closed one. Acquire before it ends.")
}
