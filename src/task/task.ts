import { type Duration, type Exit, type Settled, toMillis } from "../data/index.ts"
import { edge, type Runtime, type RunOptions } from "./edge.ts"
import { mustBeClass, mustBeFunction, notATask } from "./errors.ts"
import { type FailureOfYielded, iterate, type TaskIterator, type Yielded } from "./generator.ts"
import type { Fiber, StartOptions, StartSpec } from "./handle.ts"
import * as Op from "./node.ts"

declare const failure: unique symbol

/** The declared failures of what a callback may return: those of a Task, none of anything else. */
export type FailureOf<T> = T extends Task<unknown, infer E> ? E : never

/** A cleanup for `finally`: a Task, or a function of the outcome that may return one. */
export type Cleanup<A, E> = Task<unknown, E> | ((exit: Exit<A>) => Task<unknown, E> | void)

/**
 * A Task is a lazy promise: an immutable description of work that runs when it is awaited or started, each time anew,
 * and that can be cancelled. `A` is the value it yields. `E` is a ledger of the failures it declares (`Task.fail`,
 * `mapError`); anything may still be thrown, as in all of JavaScript.
 *
 * @example
 * ```ts
 * const greeting = Task.sleep(10).map(() => "hello").tap(console.log)
 * await greeting // runs it
 * await greeting // runs it again
 * ```
 */
export class Task<out A, out E = never> implements PromiseLike<Awaited<A>> {
  declare readonly [failure]: E

  /** @internal */
  readonly tag: number
  /** @internal */
  readonly a: any
  /** @internal */
  readonly b: any

  /** @internal */
  constructor(tag: number, a?: unknown, b?: unknown) {
    this.tag = tag
    this.a = a
    this.b = b
  }

  // --- making one ----------------------------------------------------------------------------------------------------

  /** Yields nothing, at once. */
  static get unit(): Task<void> {
    return UNIT
  }

  /** Never ends by itself; cancel it. It holds no timer and does not keep the process alive. */
  static get never(): Task<never> {
    return NEVER
  }

  /** Yields `value`. */
  static pure<A>(value: A): Task<A> {
    return new Task<A>(Op.Pure, value)
  }

  /**
   * Calls `f` at each run and yields what it returns; what it throws is the task's failure. A promise is not awaited: use
   * `Task.promise` for that.
   */
  static sync<A>(f: () => A): Task<A> {
    mustBeFunction(f, "Task.sync")
    return new Task<A>(Op.Sync, f)
  }

  /** Calls `f` at each run and continues as the Task that it returns: for recursion and for decisions made late. */
  static defer<A, E>(f: () => Task<A, E>): Task<A, E> {
    mustBeFunction(f, "Task.defer")
    return new Task<A, E>(Op.Defer, f)
  }

  /** Fails with `error`, the very object, and declares it in the type. */
  static fail<const E>(error: E): Task<never, E> {
    return new Task<never, E>(Op.Fail, error)
  }

  /**
   * Waits for a duration: never less, by the runtime's clock. Cancelling it frees its place at once. `sleep(0)` lets the
   * other fibers run once; `sleep(Infinity)` is `never`.
   *
   * @param options.ref false: this wait does not keep the process alive. Default true.
   */
  static sleep(duration: Duration, options?: { readonly ref?: boolean }): Task<void> {
    const ms = toMillis(duration, "duration")
    if (ms === Infinity) return Task.never
    return ms === 0 ? Task.yield() : new Task<void>(Op.Sleep, ms, options?.ref !== false)
  }

  /**
   * Wraps a callback interface. `register` is called at each run; it calls `resume` with the Task to continue as, once,
   * now or later: what comes after the first call, or after a cancellation, is ignored. It may return what undoes the
   * registration, a function or a Task, to be run if the fiber is cancelled first. The AbortSignal is made only if
   * `register` declares it.
   *
   * @example
   * ```ts
   * const tick = Task.async<string>((resume) => {
   *   const timer = setTimeout(() => resume(Task.pure("tick")), 5)
   *   return () => clearTimeout(timer)
   * })
   * await tick // "tick"
   * ```
   */
  static async<A, E = never>(
    register: (
      resume: (task: Task<A, E>) => void,
      signal: AbortSignal,
    ) => void | (() => unknown) | Task<unknown, unknown>,
  ): Task<A, E> {
    mustBeFunction(register, "Task.async")
    return new Task<A, E>(Op.Async, register)
  }

  /**
   * Calls `f` at each run and waits for the promise that it returns; a rejection is the task's failure, the same object.
   * A Task that `f` returns is run in its place. If `f` declares a parameter, it gets an AbortSignal that is aborted when
   * the fiber is cancelled; the fiber does not wait for the promise then.
   *
   * @example
   * ```ts
   * const text = Task.promise((signal) => fetch("data:,hello", { signal })).flatMap((r) => Task.promise(() => r.text()))
   * await text // "hello"
   * ```
   */
  static promise<A>(f: (signal: AbortSignal) => A): Task<Awaited<A>, FailureOf<A>> {
    mustBeFunction(f, "Task.promise")
    return new Task<Awaited<A>, FailureOf<A>>(Op.Promise, f)
  }

  /**
   * Direct style: `yield*` a Task to wait for its value. A failure is thrown at the `yield*`, so `try`, `catch` and
   * `finally` work; on cancellation the `finally` blocks run, and what they yield runs to its end. A block that was
   * entered without a cancellation is ordinary code and can be cancelled: for a cleanup that must complete, use
   * `.finally(…)`.
   *
   * @example
   * ```ts
   * const sum = Task.gen(function* () {
   *   const a = yield* Task.pure(1)
   *   const b = yield* Task.sleep(1).as(2)
   *   return a + b
   * })
   * await sum // 3
   * ```
   */
  static gen<Y extends Yielded<unknown>, A>(body: () => Generator<Y, A, never>): Task<A, FailureOfYielded<Y>> {
    mustBeFunction(body, "Task.gen")
    return new Task<A, FailureOfYielded<Y>>(Op.Gen, body)
  }

  /** Lets every fiber that is ready run before this one goes on. */
  static yield(): Task<void> {
    return YIELD
  }

  /** Yields the handle of the fiber that runs it. */
  static self(): Task<Fiber<unknown, unknown>> {
    return SELF
  }

  // --- what to do with the value -------------------------------------------------------------------------------------

  /** Yields `f(value)`. A promise or a Task that `f` returns is the value, not waited for: use `flatMap` for a Task. */
  map<B>(f: (value: A) => B): Task<B, E> {
    mustBeFunction(f, "map")
    return new Task<B, E>(Op.Map, this, f)
  }

  /** Continues as the Task that `f` makes of the value. */
  flatMap<B, E2>(f: (value: A) => Task<B, E2>): Task<B, E | E2> {
    mustBeFunction(f, "flatMap")
    return new Task<B, E | E2>(Op.FlatMap, this, f)
  }

  /** Calls `f` with the value and keeps the value. A Task that `f` returns is run first; its failure is this one's. */
  tap<T>(f: (value: A) => T): Task<A, E | FailureOf<T>> {
    mustBeFunction(f, "tap")
    return new Task<A, E | FailureOf<T>>(Op.FlatMap, this, (value: A) => after(f(value), Task.pure(value), "tap"))
  }

  /** Calls `f` with the failure and keeps the failure. A Task that `f` returns is run first. Not called on cancellation. */
  tapError<T>(f: (error: unknown) => T): Task<A, E | FailureOf<T>> {
    mustBeFunction(f, "tapError")
    return new Task<A, E | FailureOf<T>>(Op.Catch, this, (error: unknown) =>
      after(f(error), Task.fail(error), "tapError"),
    )
  }

  /** Yields `value` in place of its own. */
  as<B>(value: B): Task<B, E> {
    return new Task<B, E>(Op.Map, this, () => value)
  }

  /** Runs this, drops its value, and continues as `next`. */
  andThen<B, E2>(next: Task<B, E2>): Task<B, E | E2> {
    if (!(next instanceof Task)) throw notATask(next, "the argument of andThen")
    return new Task<B, E | E2>(Op.FlatMap, this, () => next)
  }

  // --- when it fails -------------------------------------------------------------------------------------------------

  /** Continues as the Task that `handler` makes of a failure. Cancellation is no failure and passes through. */
  catch<B, E2>(handler: (error: unknown) => Task<B, E2>): Task<A | B, E2>
  /** The same for failures that are instances of `kind`, which leaves the declared failures; the others stand. */
  catch<X, B, E2>(
    kind: abstract new (...args: never[]) => X,
    handler: (error: X) => Task<B, E2>,
  ): Task<A | B, Exclude<E, X> | E2>
  catch(first: unknown, second?: unknown): Task<unknown, unknown> {
    if (arguments.length < 2) {
      mustBeFunction(first, "catch")
      return new Task(Op.Catch, this, first)
    }
    mustBeFunction(first, "catch")
    mustBeFunction(second, "catch")
    mustBeClass(first)
    const kind = first as abstract new () => unknown
    const handler = second as (error: unknown) => Task<unknown, unknown>
    return new Task(Op.Catch, this, (error: unknown) => (error instanceof kind ? handler(error) : Task.fail(error)))
  }

  /** Fails with `f(error)` in place of the error, and declares it. */
  mapError<E2>(f: (error: unknown) => E2): Task<A, E2> {
    mustBeFunction(f, "mapError")
    return new Task<A, E2>(Op.Catch, this, (error: unknown) => Task.fail(f(error)))
  }

  /** Yields the outcome as a value: `{ status: "fulfilled", value }` or `{ status: "rejected", reason }`. */
  attempt(): Task<Settled<A>> {
    return new Task<Settled<A>>(Op.Attempt, this)
  }

  /**
   * Runs `cleanup` when this has ended, by whatever outcome, exactly once; cancellation waits for it. If the cleanup
   * fails after a failure, the failure is a `SuppressedError` that holds both.
   */
  finally<E2 = never>(cleanup: Cleanup<A, E2>): Task<A, E | E2> {
    if (!(cleanup instanceof Task)) mustBeFunction(cleanup, "finally")
    return new Task<A, E | E2>(Op.Finally, this, cleanup)
  }

  // --- running it inside a program -----------------------------------------------------------------------------------

  /**
   * Starts this as a child of the fiber that runs the result, and yields the child's handle. When the parent ends, the
   * child is cancelled and awaited. When the child fails, joined or not, the parent's body is cancelled and the child's
   * failure becomes the parent's: use `attempt()` inside the child to keep a failure a value.
   */
  start(options?: StartOptions): Task<Fiber<A, E>> {
    return new Task<Fiber<A, E>>(Op.Start, this, { name: options?.name, detached: false } satisfies StartSpec)
  }

  /** Starts this as a fiber of its own, that outlives the fiber which starts it. Nobody is told if it fails unobserved but the failure hook. */
  startDetached(options?: StartOptions): Task<Fiber<A, E>> {
    return new Task<Fiber<A, E>>(Op.Start, this, { name: options?.name, detached: true } satisfies StartSpec)
  }

  // --- running it at the edge ----------------------------------------------------------------------------------------

  /**
   * Runs this and returns its handle. It starts at once, like an async function, unless it is called from inside a
   * running fiber's callback: then it waits for its turn.
   */
  run(options?: RunOptions): Fiber<A, E> {
    return edge.run(this, options)
  }

  /** Runs this without a handle: the cheapest way to start. A failure goes to the runtime's failure hook. */
  runAndForget(options?: { readonly runtime?: Runtime }): void {
    edge.runAndForget(this, options?.runtime)
  }

  /**
   * Runs this to its end on the spot and returns the value or throws the failure. Where it must wait for something
   * asynchronous it is cancelled, and a `RunSyncError` says what it waited for.
   */
  runSync(): A {
    return edge.runSync(this)
  }

  /** Runs this and returns a promise of its value. */
  toPromise(options?: RunOptions): Promise<Awaited<A>> {
    return edge.run(this, options).toPromise()
  }

  /** What `await` calls: runs this. */
  then<B = Awaited<A>, C = never>(
    onFulfilled?: ((value: Awaited<A>) => B | PromiseLike<B>) | null,
    onRejected?: ((reason: unknown) => C | PromiseLike<C>) | null,
  ): Promise<B | C> {
    return this.toPromise().then(onFulfilled, onRejected)
  }

  /** For `yield*` inside `Task.gen`; a Task is not a list. */
  [Symbol.iterator](): TaskIterator<A, E> {
    return iterate(this)
  }
}

// Outside the class: static fields would make bundlers rename it, and traces and errors show its name.
const UNIT = new Task<void>(Op.Pure, undefined)
const NEVER = new Task<never>(Op.Never, undefined)
const YIELD = new Task<void>(Op.Yield, undefined)
const SELF = new Task<Fiber<unknown, unknown>>(Op.Self, undefined)

/** `next`, after what a callback returned if that is a Task; a promise would run unwatched and is refused. */
function after<A, E>(returned: unknown, next: Task<A, E>, where: string): Task<A, unknown> {
  if (returned instanceof Task) return returned.andThen(next)
  if (typeof (returned as { then?: unknown } | undefined | null)?.then === "function") {
    throw notATask(returned, `what the callback of ${where} returns`)
  }
  return next
}
