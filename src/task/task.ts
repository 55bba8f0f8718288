import {
  type Duration,
  type Exit,
  holdsCancellation,
  isThenable,
  type Settled,
  suppress,
  type TimeoutError,
  toMillis,
} from "../data/index.ts"
import { all, allSettled, any, forEach, race } from "./all.ts"
import type { Completable } from "./completable.ts"
import type { ConcurrencyOptions, SignalOptions } from "./crew.ts"
import { edge, type Runtime, type RunOptions } from "./edge.ts"
import { mustBeClass, mustBeFunction, mustBeTask, mustBeTaskOrFunction, mustKnow, notATask } from "./errors.ts"
import { type FailureOfYielded, iterate, type TaskIterator, type Yielded } from "./generator.ts"
import type { Fiber, StartOptions, StartSpec } from "./handle.ts"
import { abortOn, timeout } from "./limit.ts"
import { memoize } from "./memoize.ts"
import * as Op from "./node.ts"
import type { Policy, ScheduleOptions } from "./policy.ts"
import { repeat, retry } from "./recur.ts"
import { access } from "./running.ts"
import { acquiring, Scope } from "./scope.ts"
import { at, elapsed, timed, until } from "./time.ts"
import type { Timer } from "./timer.ts"

declare const failure: unique symbol

/** The declared failures of what a callback may return: those of a Task, none of anything else. */
export type FailureOf<T> = T extends Task<unknown, infer E> ? E : never

/** The value of a Task. */
export type ValueOf<T> = T extends Task<infer A, unknown> ? A : never

/** Lets cancellation in where `uncancelable` keeps it out. */
export type Restore = <A, E>(task: Task<A, E>) => Task<A, E>

/** What `Task.until` may be told. */
export interface UntilOptions {
  /** The pause between two looks. Default 1 s. */
  readonly every?: Duration
  /** How long to go on. Default Infinity. */
  readonly timeout?: Duration
}

type Tasks = readonly Task<unknown, unknown>[]
type TaskRecord = Readonly<Record<string, Task<unknown, unknown>>>
type Values<T> = { -readonly [K in keyof T]: ValueOf<T[K]> }
type Outcomes<T> = { -readonly [K in keyof T]: Settled<ValueOf<T[K]>> }

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
   * now or later: what comes after the first call, or after a cancellation, is ignored. The fiber may go on inside that
   * call, as any callback's code does. `register` may return what undoes the registration, a function or a Task, to be run
   * if the fiber is cancelled first. It is also given an AbortSignal that is aborted then; the signal is made when it is
   * asked for.
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
      on: { readonly signal: AbortSignal },
    ) => void | (() => unknown) | Task<unknown, unknown>,
  ): Task<A, E> {
    mustBeFunction(register, "Task.async")
    return new Task<A, E>(Op.Async, register)
  }

  /**
   * Calls `f` at each run and waits for the promise that it returns; a rejection is the task's failure, the same object.
   * A Task that `f` returns is run in its place. If `f` declares a parameter, it gets an AbortSignal that is aborted when
   * the fiber is cancelled; after the abort the fiber does not wait for the promise. To wait for it all the same:
   * `Task.uncancelable`.
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
   * `.finally(…)`. A `try` does not narrow the declared failures; `.catch(…)` does. The body has no `this` of yours.
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

  /** Yields the time of day in milliseconds since 1970, by the runtime's clock. */
  static now(): Task<number> {
    return access(({ loop }) => Task.pure(loop.clock.wall()))
  }

  /**
   * A value that somebody will bring, with what brings it: `Promise.withResolvers()` with a Task. Made at once, not at a
   * run: it is a thing, like a queue.
   */
  static withResolvers<A, E = never>(): Completable<A, E> {
    return edge.withResolvers()
  }

  // --- several side by side ------------------------------------------------------------------------------------------

  /**
   * Runs all and yields their values in order: of an array, another iterable, or a record of Tasks. The first failure
   * cancels the others, waits for them, and is the outcome; so does a cancellation. Each runs in a fiber of its own, at
   * most `concurrency` at once (default: all); an iterable is asked for the next one only when it can start.
   *
   * @throws RangeError for a `concurrency` that is no integer >= 1, TypeError for what is no Task.
   *
   * @example
   * ```ts
   * await Task.all([Task.pure(1), Task.sleep(2).as("two")]) // [1, "two"]
   * await Task.all({ user: Task.pure("ada"), posts: Task.pure(3) }) // { user: "ada", posts: 3 }
   * await Task.all([3, 1, 2].map((n) => Task.sleep(n).as(n)), { concurrency: 2 }) // [3, 1, 2]
   * ```
   */
  static all<const T extends Tasks | []>(tasks: T, options?: ConcurrencyOptions): Task<Values<T>, FailureOf<T[number]>>
  static all<A, E>(tasks: Iterable<Task<A, E>>, options?: ConcurrencyOptions): Task<A[], E>
  static all<T extends TaskRecord>(tasks: T, options?: ConcurrencyOptions): Task<Values<T>, FailureOf<T[keyof T]>>
  static all(tasks: unknown, options?: ConcurrencyOptions): Task<never> {
    return all(tasks, options)
  }

  /**
   * Runs all as `Task.all` does, waits for every one, and yields their outcomes: `{ status: "fulfilled", value }` or
   * `{ status: "rejected", reason }`, the reason of a member that was cancelled from elsewhere being a CancelledError.
   */
  static allSettled<const T extends Tasks | []>(tasks: T, options?: ConcurrencyOptions): Task<Outcomes<T>>
  static allSettled<A>(tasks: Iterable<Task<A, unknown>>, options?: ConcurrencyOptions): Task<Settled<A>[]>
  static allSettled<T extends TaskRecord>(tasks: T, options?: ConcurrencyOptions): Task<Outcomes<T>>
  static allSettled(tasks: unknown, options?: ConcurrencyOptions): Task<never> {
    return allSettled(tasks, options)
  }

  /**
   * Settles as the first of the tasks that settles, with its value or its failure; the others are cancelled and awaited.
   * They start in order: one that settles at once keeps the later ones from starting. Of none it never ends, as a promise.
   *
   * @example
   * ```ts
   * await Task.race([Task.sleep(50).as("slow"), Task.sleep(1).as("fast")]) // "fast"
   * ```
   */
  static race<A, E>(tasks: Iterable<Task<A, E>>, options?: SignalOptions): Task<A, E>
  static race<T extends Tasks>(tasks: T, options?: SignalOptions): Task<ValueOf<T[number]>, FailureOf<T[number]>>
  static race(tasks: Iterable<Task<unknown, unknown>>, options?: SignalOptions): Task<never> {
    return race(tasks, options)
  }

  /**
   * The value of the first task that succeeds; the others are cancelled and awaited. If none does, it fails with an
   * `AggregateError` whose `errors` are in the order of the tasks.
   */
  static any<A>(tasks: Iterable<Task<A, unknown>>, options?: SignalOptions): Task<A, AggregateError>
  static any<T extends Tasks>(tasks: T, options?: SignalOptions): Task<ValueOf<T[number]>, AggregateError>
  static any(tasks: Iterable<Task<unknown, unknown>>, options?: SignalOptions): Task<never> {
    return any(tasks, options)
  }

  /**
   * Runs a Task for each item, at most `concurrency` at once (default 1), and keeps nothing. Items are asked for as they
   * are needed, so the iterable may be without end; it is closed if a failure or a cancellation ends the work.
   *
   * @example
   * ```ts
   * const seen: number[] = []
   * await Task.forEach([1, 2, 3], (n) => Task.sleep(1).tap(() => seen.push(n)), { concurrency: 2 })
   * seen // [1, 2, 3]
   * ```
   */
  static forEach<T, E>(
    items: Iterable<T>,
    f: (item: T, index: number) => Task<unknown, E>,
    options?: ConcurrencyOptions,
  ): Task<void, E> {
    mustBeFunction(f, "Task.forEach")
    return forEach(items, f, options)
  }

  // --- resources and cancellation ------------------------------------------------------------------------------------

  /**
   * Keeps cancellation out until the end of what `body` returns; it is delivered then. `restore(task)` lets it in again
   * around a part that may be given up, such as a wait. `restore` means this region in this fiber: used elsewhere, or in a
   * cleanup, it changes nothing. A combinator's members are other fibers: write `restore(wait.timeout(5))`, not
   * `restore(wait).timeout(5)`.
   *
   * @example
   * ```ts
   * const take = Task.uncancelable((restore) => restore(Task.sleep(1)).andThen(Task.sync(() => "taken for good")))
   * await take // "taken for good"
   * ```
   */
  static uncancelable<A, E>(body: (restore: Restore) => Task<A, E>): Task<A, E> {
    mustBeFunction(body, "Task.uncancelable")
    return new Task<A, E>(Op.Mask, body)
  }

  /**
   * Acquires, uses, releases. `acquire` and `release` run masked from cancellation; where acquiring waits for something
   * that may be given up, pass a function of `restore`. `release` runs exactly once if `acquire` has succeeded, with the
   * outcome of `use`, which is cancellable.
   *
   * @example
   * ```ts
   * const log: string[] = []
   * const opened = Task.sync(() => ({ read: () => "text" }))
   * const text = Task.bracket(opened, (file) => Task.sync(file.read), (_file, exit) => void log.push(exit.status))
   * await text // "text"
   * log // ["fulfilled"]
   * ```
   */
  static bracket<R, E, A, E2, E3 = never>(
    acquire: Task<R, E> | ((restore: Restore) => Task<R, E>),
    use: (resource: R) => Task<A, E2>,
    release: (resource: R, exit: Exit<A>) => Task<unknown, E3> | void,
  ): Task<A, E | E2 | E3> {
    mustBeTaskOrFunction(acquire, "Task.bracket (acquire)")
    mustBeFunction(use, "Task.bracket (use)")
    mustBeFunction(release, "Task.bracket (release)")
    return Task.uncancelable((restore) =>
      acquiring(acquire, restore).flatMap((resource) =>
        restore(called(() => use(resource), "Task.bracket (use)")).finally((exit) => release(resource, exit)),
      ),
    )
  }

  /** Opens a `Scope` for `body`: what is acquired and started in it ends with it, in reverse order, whatever the outcome. */
  static scoped<A, E>(body: (scope: Scope) => Task<A, E>): Task<A, E> {
    mustBeFunction(body, "Task.scoped")
    return access((fiber) => {
      const scope = new Scope(fiber)
      return called(() => body(scope), "the body of Task.scoped").finally((exit) => scope.close(exit) as Task<void>)
    })
  }

  // --- until something is so -----------------------------------------------------------------------------------------

  /**
   * Waits until `condition` is true: looks at once, then again after each pause. The condition is a function, or a Task; one
   * that yields no boolean is a failure, a TypeError. Fails with `TimeoutError` when the time is up, in the middle of a
   * pause as well.
   *
   * @example
   * ```ts
   * let ready = false
   * Task.sleep(3).tap(() => (ready = true)).runAndForget()
   * await Task.until(() => ready, { every: 1, timeout: { seconds: 5 } })
   * ready // true
   * ```
   */
  static until<E = never>(
    condition: Task<boolean, E> | (() => boolean | Task<boolean, E>),
    options?: UntilOptions,
  ): Task<void, E | TimeoutError> {
    mustKnow(options, ["every", "timeout"], "Task.until")
    const poll = until(condition, options?.every ?? 1000)
    return timeout(poll, options?.timeout ?? Infinity, undefined, "timeout")
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
    mustBeTask(next, "the argument of andThen")
    return new Task<B, E | E2>(Op.FlatMap, this, () => next)
  }

  /** Runs this beside `other` and yields both values; if one fails, the other is cancelled and awaited. */
  zip<B, E2>(other: Task<B, E2>): Task<[A, B], E | E2> {
    return all([this, other], undefined)
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
    mustBeTaskOrFunction(cleanup, "finally")
    return new Task<A, E | E2>(Op.Finally, this, cleanup)
  }

  /**
   * Runs `cleanup` if this is cancelled, before the cancellation is over; not when it succeeds or fails. A function gets the
   * reason: what was passed to `cancel` or `abort`, the signal's reason, the TimeoutError, the failure of a sibling.
   */
  onCancel<E2 = never>(cleanup: Task<unknown, E2> | ((reason: unknown) => Task<unknown, E2> | void)): Task<A, E | E2> {
    mustBeTaskOrFunction(cleanup, "onCancel")
    const run = (reason: unknown): Task<unknown, E2> | void => (cleanup instanceof Task ? cleanup : cleanup(reason))
    return this.finally((exit) => {
      if (exit.status === "cancelled") return run(exit.reason)
      if (exit.status === "fulfilled" || !holdsCancellation(exit.reason)) return undefined
      // The failure of a cleanup stands before the cancellation: it is one all the same.
      return access<unknown, E2>((fiber) => (fiber.stopped && run(fiber.reason)) || Task.unit)
    })
  }

  /** Calls `log` with a failure, default `console.error`, and keeps the failure; if `log` throws, both are joined. */
  // oxlint-disable-next-line eslint/no-console -- it is what this method is for
  logErrors(log: (error: unknown) => unknown = (error) => console.error(error)): Task<A, E> {
    mustBeFunction(log, "logErrors")
    return new Task<A, E>(Op.Catch, this, (error: unknown) => {
      try {
        log(error)
      } catch (thrown) {
        return Task.fail(suppress(thrown, error))
      }
      return Task.fail(error)
    })
  }

  // --- time and policy -----------------------------------------------------------------------------------------------

  /**
   * Fails with `TimeoutError` if this takes longer. It runs in a fiber of its own, which is cancelled then, and whose
   * finalizers are awaited; a failure of its own that comes earlier stands. `Infinity`: no limit.
   *
   * @example
   * ```ts
   * await Task.never.timeout({ seconds: 0.005 }).attempt().map((exit) => exit.status) // "rejected"
   * await Task.pure("quick").timeout(1000) // "quick"
   * ```
   */
  timeout(duration: Duration): Task<A, E | TimeoutError> {
    return timeout(this, duration)
  }

  /** Continues as `fallback` if this takes longer; it is cancelled and awaited first. */
  timeoutTo<B, E2>(duration: Duration, fallback: Task<B, E2>): Task<A | B, E | E2> {
    mustBeTask(fallback, "the fallback of timeoutTo")
    return timeout(this, duration, fallback)
  }

  /**
   * Cancels this when `signal` aborts, waits for it, and fails with the signal's reason: a failure, which can be handled,
   * where `run({ signal })` cancels the fiber. Already aborted, it starts nothing. Leaves no listener behind.
   */
  abortOn(signal: AbortSignal): Task<A, E> {
    return abortOn(this, signal)
  }

  /** Waits, then runs this. */
  delay(duration: Duration): Task<A, E> {
    return Task.sleep(duration).andThen(this)
  }

  /**
   * Runs this at a time of day, a Date or milliseconds since 1970: at once if that is past. The wall clock is looked at
   * when it runs and at least every minute from then on, so the machine may sleep and the clock may be set meanwhile.
   */
  at(time: Date | number): Task<A, E> {
    return at(this, time)
  }

  /**
   * Runs this again after a failure, as long as the schedule goes on, which is told the error. Fails with the last failure.
   * Cancellation is not retried.
   *
   * @example
   * ```ts
   * let tries = 0
   * const flaky = Task.defer(() => (++tries < 3 ? Task.fail("busy") : Task.pure(tries)))
   * await flaky.retry({ times: 5, backoff: { initial: 1, factor: 2, jitter: true } }) // 3
   * ```
   */
  retry(schedule: Policy<unknown> | ScheduleOptions): Task<A, E> {
    return retry(this, schedule)
  }

  /**
   * Runs this again after each success, as long as the schedule goes on, which is told the value. Yields the last value; a
   * failure ends it. `times` counts the runs after the first.
   *
   * @example
   * ```ts
   * let rounds = 0
   * await Task.sync(() => ++rounds).repeat({ times: 2 }) // 3
   * await Task.sync(() => ++rounds).repeat({ until: (n) => n >= 10, spaced: 1 }) // 10
   * ```
   */
  repeat(schedule: Policy<A> | ScheduleOptions<A>): Task<A, E> {
    return repeat(this, schedule)
  }

  /** Yields the value and how many milliseconds it took, by the runtime's monotonic clock. */
  elapsed(): Task<[value: A, ms: number], E> {
    return elapsed(this)
  }

  /** Adds the time that this takes to `timer`, whatever the outcome. */
  timed(timer: Timer): Task<A, E> {
    return timed(this, timer)
  }

  /**
   * Runs once for all callers of the resulting Task, at the same time and later, and keeps the outcome, value or failure.
   * The run is a fiber of its own, with the context of the first caller: cancelling one caller does not end it. Cancelling the last one does, waits for it, and
   * empties the memory; who calls meanwhile waits for that end and starts a new run.
   *
   * @example
   * ```ts
   * let loads = 0
   * const config = Task.sleep(1).map(() => ++loads).memoize()
   * await Task.all([config, config]) // [1, 1]
   * await config // 1
   * ```
   */
  memoize(): Task<A, E> {
    return memoize(this)
  }

  // --- running it inside a program -----------------------------------------------------------------------------------

  /**
   * Starts this as a child of the fiber that runs the result, and yields the child's handle. When the parent ends, the
   * child is cancelled and awaited. When the child fails, joined or not, the parent's body is cancelled and the child's
   * failure becomes the parent's: use `attempt()` inside the child to keep a failure a value. In a program, not in an async
   * function: `await task.start()` would wait for the child's value, since a Fiber is thenable.
   */
  start(options?: StartOptions): Task<Fiber<A, E>> {
    return new Task<Fiber<A, E>>(Op.Start, this, { name: options?.name, detached: false } satisfies StartSpec)
  }

  /**
   * Starts this as a fiber of its own, which outlives the fiber that starts it. If it fails and nobody has joined or polled
   * it, the runtime's failure hook is told.
   */
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

/** Continues as what a function of the user's returns, under its name. */
function called<A, E>(f: () => Task<A, E>, where: string): Task<A, E> {
  return access(() => {
    const task = f()
    mustBeTask(task, `what ${where} returns`)
    return task
  })
}

/** `next`, after what a callback returned if that is a Task; a promise would run unwatched and is refused. */
function after<A, E>(returned: unknown, next: Task<A, E>, where: string): Task<A, unknown> {
  if (returned instanceof Task) return returned.andThen(next)
  if (isThenable(returned)) {
    throw notATask(returned, `what the callback of ${where} returns`)
  }
  return next
}
