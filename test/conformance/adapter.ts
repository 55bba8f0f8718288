/**
 * What a law may say about a library of programs: tasks, effects, IOs. Every case of the kit speaks through it, so that one
 * text of the laws holds for every engine, and another library can be held to them by adapting it.
 */

/** A program of the library under test, which its adapter alone looks into. In `gen` it is waited for by `yield*`. */
export interface Program<out A> {
  [Symbol.iterator](): Iterator<unknown, A>
}

type Settled<A> =
  | { readonly status: "fulfilled"; readonly value: A }
  | { readonly status: "rejected"; readonly reason: unknown }

export type Exit<A> = Settled<A> | { readonly status: "cancelled"; readonly reason: unknown }

/** A program that runs. */
export interface Handle<out A> {
  /** Waits for the value. Fails as it failed; with an error named "AbortError", its cause the reason, if it was cancelled. */
  join(): Program<A>
  /** Requests cancellation and waits for the end. Never fails. */
  cancel(reason?: unknown): Program<void>
  /** Requests cancellation and does not wait. */
  abort(reason?: unknown): void
  poll(): Exit<A> | undefined
}

/** A value that somebody will bring. */
interface Deferred<A> {
  readonly wait: Program<A>
  /** False if it came too late. */
  readonly resolve: (value: A) => boolean
  readonly reject: (reason: unknown) => boolean
}

interface Scope {
  acquire<R>(acquire: Program<R>, release: (resource: R, exit: Exit<unknown>) => Program<unknown> | void): Program<R>
  start<A>(program: Program<A>): Program<Handle<A>>
}

export type Restore = <A>(program: Program<A>) => Program<A>
/** What acquires: a program that runs masked, or a function that says where it may be given up. */
export type Acquire<R> = Program<R> | ((restore: Restore) => Program<R>)

/** What every library must offer to be held to anything. */
export interface Adapter {
  readonly name: string
  /** Runs a program as a root, to its end. An aborted signal cancels it. */
  run<A>(program: Program<A>, options?: { readonly signal?: AbortSignal }): Promise<Exit<A>>
  pure<A>(value: A): Program<A>
  fail(reason: unknown): Program<never>
  sync<A>(f: () => A): Program<A>
  /** `register` may return what takes the callback back. */
  async<A>(register: (resume: (program: Program<A>) => void) => void | (() => unknown) | Program<unknown>): Program<A>
  gen<A>(body: () => Generator<unknown, A, never>): Program<A>
  map<A, B>(program: Program<A>, f: (value: A) => B): Program<B>
  flatMap<A, B>(program: Program<A>, f: (value: A) => Program<B>): Program<B>
  catch<A, B>(program: Program<A>, handler: (reason: unknown) => Program<B>): Program<A | B>
  finally<A>(program: Program<A>, cleanup: Program<unknown> | ((exit: Exit<A>) => Program<unknown> | void)): Program<A>
  uncancelable<A>(body: (restore: Restore) => Program<A>): Program<A>
  sleep(ms: number): Program<void>
  /** Lets others run. */
  yield(): Program<void>
  readonly never: Program<never>
  /** Starts a child, or with `detached` a fiber of its own. */
  start<A>(program: Program<A>, options?: { readonly detached?: boolean }): Program<Handle<A>>
  all<A>(programs: Iterable<Program<A>>, options?: { readonly concurrency?: number }): Program<A[]>
  race<A>(programs: Iterable<Program<A>>): Program<A>
  /** Fails with an error named "TimeoutError". */
  timeout<A>(program: Program<A>, ms: number): Program<A>
  deferred<A>(): Deferred<A>
}

/** What a library may lack: a case says by name what it needs of these. */
export interface Extras {
  promise<A>(f: (signal: AbortSignal) => PromiseLike<A>): Program<A>
  attempt<A>(program: Program<A>): Program<Settled<A>>
  bracket<R, A>(
    acquire: Acquire<R>,
    use: (resource: R) => Program<A>,
    release: (resource: R, exit: Exit<A>) => Program<unknown> | void,
  ): Program<A>
  scoped<A>(body: (scope: Scope) => Program<A>): Program<A>
  self(): Program<Handle<unknown>>
  allSettled<A>(programs: Iterable<Program<A>>): Program<Settled<A>[]>
  any<A>(programs: Iterable<Program<A>>): Program<A>
  memoize<A>(program: Program<A>): Program<A>
  /** `times` and `spaced` as in the library's own retry: runs after the first, milliseconds between them. */
  retry<A>(program: Program<A>, policy: { readonly times: number; readonly spaced?: number }): Program<A>
  repeat<A>(program: Program<A>, policy: { readonly times: number; readonly spaced?: number }): Program<A>
  local<T>(preset: T): { readonly get: Program<T>; run<A>(value: T, program: Program<A>): Program<A> }
  /** The value, and how many milliseconds it took by the clock that `sleep` rests on. */
  elapsed<A>(program: Program<A>): Program<readonly [value: A, ms: number]>
  /** The failures that nobody observed, after every report that is due has been made. */
  unobserved(): Promise<readonly unknown[]>
  /** How many roots and detached fibers have not ended: after a case there must be none. */
  pending(): number
  /** Present if those who are ready run in the order in which they became so. */
  readonly inOrder: true
}

/** A library, with what it has of the extras. */
export type Adapted = Adapter & Partial<Extras>
