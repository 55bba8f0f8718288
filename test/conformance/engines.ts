import { Runtime, type RuntimeOptions } from "rapid-fiber"
import { TestRuntime, type TestRuntimeOptions } from "rapid-fiber/testing"
import { schedulerOf } from "../../src/runtime/scheduler.ts"

/** A runtime, and what makes it go on. */
export interface Running {
  readonly runtime: Runtime
  /** Waits for a promise; where time is virtual, lets it pass until the promise settles. */
  drive<A>(promise: Promise<A>): Promise<A>
  /** Ends all that runs, and resolves when it has ended. */
  close(): Promise<void>
}

/** What can run a task: every one must obey every law. */
export interface Engine {
  readonly name: string
  make(options: Pick<RuntimeOptions, "onUnhandled">): Running
  /** False if those who are ready run in another order than that in which they became so. Default true. */
  readonly inOrder?: boolean
}

/** An engine in real time. */
const real = (name: string, options: RuntimeOptions): Engine => ({
  name,
  make(given) {
    const runtime = Runtime.make({ ...options, ...given })
    return { runtime, drive: (promise) => promise, close: () => runtime.close() }
  },
})

/** An engine whose time is moved as far as it is waited for. */
const virtual = (name: string, options: TestRuntimeOptions): Engine => ({
  name,
  inOrder: options.seed === undefined,
  make(given) {
    const runtime = TestRuntime.make({ ...options, ...given })
    return { runtime, drive: (promise) => runtime.settle(promise), close: () => runtime.close() }
  },
})

export const engines: readonly Engine[] = [
  real("wheel clock", {}),
  real("platform clock", { clock: "platform" }),
  real("wheel clock, tiny budget", { budget: 2, slice: 0.01, batch: 1 }),
  real("platform clock, tiny budget", { clock: "platform", budget: 1, slice: 0.01, batch: 1 }),
  real("wheel clock, tick of 10 ms", { tick: 10 }),
  virtual("virtual time", {}),
  virtual("virtual time, seed 1", { seed: 1 }),
  virtual("virtual time, seed 2", { seed: 2 }),
]

/** How many roots have not ended: the public API does not say. */
export const rootsOf = (runtime: Runtime): number => schedulerOf(runtime).live
