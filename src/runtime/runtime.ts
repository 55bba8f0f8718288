import { FiberCore } from "../fiber/index.ts"
import { bindEdge, type Fiber, mustKnow, type Runtime as AnyRuntime } from "../task/index.ts"
import { type Dump, dump, type DumpOptions } from "./dump.ts"
import { countOf, type RuntimeOptions } from "./options.ts"
import { run, runAndForget, withResolvers } from "./run.ts"
import { runSync } from "./run-sync.ts"
import { makeRuntime, runtimeOf } from "./make-runtime.ts"
import { defaultScheduler, schedulerOf, setDefaultScheduler } from "./scheduler.ts"

/** What runs tasks: see `Runtime.make`. */
export type Runtime = AnyRuntime

/** The handle of the default runtime, once somebody has asked for it. */
let preset: AnyRuntime | undefined

export const Runtime = {
  /**
   * Makes a runtime of its own: its ready queue, its clock, its fairness and failure hook. Most programs never need one.
   * It holds nothing of the host until a task runs on it.
   *
   * @throws RangeError for an option out of its range.
   *
   * @example
   * ```ts
   * const runtime = Runtime.make({ slice: 2, onUnhandled: (reason) => console.error(reason) })
   * await Task.sleep(5).toPromise({ runtime })
   * await runtime.close()
   * ```
   */
  make(options: RuntimeOptions = {}): AnyRuntime {
    return makeRuntime(options)
  },

  /** The runtime of tasks that are not told another; made when first asked for. */
  get default(): AnyRuntime {
    return (preset ??= runtimeOf(defaultScheduler()))
  },

  /** Puts another in its place, for what is started from now on. */
  setDefault(runtime: AnyRuntime): void {
    setDefaultScheduler(schedulerOf(runtime))
    preset = runtime
  },
  /**
   * What runs now: a tree of fibers, each with its state and what it waits for; since when where the runtime is watched
   * (`rapid-fiber/monitor`), and which tasks wait for it to go on where traces are on (`rapid-fiber/trace`). It changes nothing.
   *
   * @param of A runtime, or one fiber with its children. Default: the default runtime.
   * @throws RangeError for a `limit` that is no integer >= 1.
   *
   * @example
   * ```ts
   * const worker = Task.never.run({ name: "worker" })
   * await Task.sleep(1)
   * Runtime.dump(worker).fibers[0]?.waitsFor // "nothing (Task.never)"
   * await worker.cancel()
   * ```
   */
  dump(of?: AnyRuntime | Fiber<unknown, unknown>, options?: DumpOptions): Dump {
    mustKnow(options, ["limit"], "Runtime.dump")
    const limit = countOf(options?.limit, "limit", 1000)
    return of instanceof FiberCore
      ? dump(of.loop, of, limit)
      : dump(schedulerOf(of as AnyRuntime | undefined, true), undefined, limit)
  },
} as const

// The one statement that runs when the package is loaded: it tells Task where running is done.
bindEdge({ run, runAndForget, runSync, withResolvers })
