import { type Fiber, Local, type Restore as RapidRestore, Task } from "rapid-fiber"
import type { Acquire, Adapter, Exit, Extras, Handle, Program, Restore } from "./adapter.ts"
import { type Engine, rootsOf, type Running } from "./engines.ts"

type All = Adapter & Extras
type AnyTask<A> = Task<A, unknown>

/** rapid-fiber on one engine, with a runtime of its own. */
export interface RapidAdapter extends Adapter, Omit<Extras, "inOrder"> {
  readonly inOrder?: true
  /** Ends what still runs, and resolves when it has ended. */
  close(): Promise<void>
}

export function rapidAdapter(engine: Engine): RapidAdapter {
  const reported: unknown[] = []
  const running = engine.make({ onUnhandled: (reason) => void reported.push(reason) })
  return {
    name: `rapid-fiber over ${engine.name}`,
    ...(engine.inOrder !== false && { inOrder: true as const }),
    ...leaves,
    ...operators,
    ...regions,
    ...groups,
    run: (program, options) => run(running, program, options?.signal),
    unobserved: () => turnOfTheHost().then(() => reported),
    pending: () => rootsOf(running.runtime),
    close: () => running.close(),
  }
}

// A program is a Task, and a handle a Fiber, under names that say nothing of it.
const from = <A>(task: AnyTask<A>): Program<A> => task
const task = <A>(program: Program<A>): AnyTask<A> => program as unknown as AnyTask<A>
const tasks = <A>(programs: Iterable<Program<A>>): Iterable<AnyTask<A>> => programs as Iterable<never>
const handle = <A>(fiber: Fiber<A, unknown>): Handle<A> => fiber
const maybe = (cleanup: Program<unknown> | void): AnyTask<unknown> | void => cleanup && task(cleanup)
const restoring = (restore: RapidRestore): Restore => restore as unknown as Restore
const acquiring = <R>(acquire: Acquire<R>): AnyTask<R> | ((restore: RapidRestore) => AnyTask<R>) =>
  typeof acquire === "function" ? (restore) => task(acquire(restoring(restore))) : task(acquire)

const leaves: Pick<All, "pure" | "fail" | "sync" | "async" | "promise" | "gen" | "sleep" | "yield" | "never"> &
  Pick<All, "self" | "deferred" | "local"> = {
  pure: (value) => from(Task.pure(value)),
  fail: (reason) => from(Task.fail(reason)),
  sync: (f) => from(Task.sync(f)),
  async: (register) =>
    from(
      Task.async((resume) => {
        const undo = register((program) => resume(task(program)))
        return typeof undo === "function" ? undo : maybe(undo)
      }),
    ),
  // As it is: its parameters tell whether it wants a signal.
  promise: <A>(f: (signal: AbortSignal) => PromiseLike<A>) => from(Task.promise(f) as AnyTask<A>),
  gen: (body) => from(Task.gen(body as () => Generator<never, never, never>)),
  sleep: (ms) => from(Task.sleep(ms)),
  yield: () => from(Task.yield()),
  never: from(Task.never),
  self: () => from(Task.self().map(handle)),
  deferred: <A>() => {
    const { task, resolve, reject } = Task.withResolvers<A, unknown>()
    return { wait: from(task), resolve, reject }
  },
  local: (preset) => {
    const local = Local.make(preset)
    return { get: from(local.get()), run: (value, program) => from(local.run(value, task(program))) }
  },
}

const operators: Pick<All, "map" | "flatMap" | "catch" | "attempt" | "finally" | "timeout" | "elapsed" | "memoize"> &
  Pick<All, "retry" | "repeat"> = {
  map: (program, f) => from(task(program).map(f)),
  flatMap: (program, f) => from(task(program).flatMap((value) => task(f(value)))),
  catch: (program, handler) => from(task(program).catch((reason) => task(handler(reason)))),
  attempt: (program) => from(task(program).attempt()),
  finally: (program, cleanup) =>
    from(task(program).finally(typeof cleanup === "function" ? (exit) => maybe(cleanup(exit)) : task(cleanup))),
  timeout: (program, ms) => from(task(program).timeout(ms)),
  elapsed: (program) => from(task(program).elapsed()),
  memoize: (program) => from(task(program).memoize()),
  retry: (program, policy) => from(task(program).retry(policy)),
  repeat: (program, policy) => from(task(program).repeat(policy)),
}

const regions: Pick<All, "uncancelable" | "bracket" | "scoped" | "start"> = {
  uncancelable: (body) => from(Task.uncancelable((restore) => task(body(restoring(restore))))),
  bracket: (acquire, use, release) =>
    from(
      Task.bracket(
        acquiring(acquire),
        (resource) => task(use(resource)),
        (resource, exit) => maybe(release(resource, exit)),
      ),
    ),
  scoped: (body) =>
    from(
      Task.scoped((scope) =>
        task(
          body({
            acquire: (acquire, release) =>
              from(scope.acquire(task(acquire), (resource, exit) => maybe(release(resource, exit)))),
            start: (program) => from(scope.start(task(program)).map(handle)),
          }),
        ),
      ),
    ),
  start: (program, options) =>
    from((options?.detached ? task(program).startDetached() : task(program).start()).map(handle)),
}

const groups: Pick<All, "all" | "allSettled" | "race" | "any"> = {
  all: (programs, options) => from(Task.all(tasks(programs), options)),
  allSettled: (programs) => from(Task.allSettled(tasks(programs))),
  race: (programs) => from(Task.race(tasks(programs))),
  any: (programs) => from(Task.any(tasks(programs))),
}

function run<A>(running: Running, program: Program<A>, signal: AbortSignal | undefined): Promise<Exit<A>> {
  const { runtime } = running
  const fiber = task(program).run(signal === undefined ? { runtime } : { runtime, signal })
  return running.drive(
    new Promise((resolve) => {
      fiber.onExit(resolve)
    }),
  )
}

/** Reports of failures are due one macrotask after the exit. */
async function turnOfTheHost(): Promise<void> {
  for (let i = 0; i < 2; i++) {
    await new Promise((resolve) => {
      setTimeout(resolve, 2)
    })
  }
}
