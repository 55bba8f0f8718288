import { PlatformClock, PlatformHost, WheelClock } from "../clock/index.ts"
import { describe } from "../data/index.ts"
import { rejectUnhandled, Scheduler } from "../fiber/index.ts"
import type { Runtime } from "../task/index.ts"
import { countOf, optionOf, type RuntimeOptions } from "./options.ts"

/** A runtime is a scheduler behind a handle that shows nothing of it. */
class SchedulerRuntime implements Runtime {
  readonly scheduler: Scheduler

  constructor(scheduler: Scheduler) {
    this.scheduler = scheduler
  }

  close(): Promise<void> {
    return this.scheduler.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

export function makeRuntime(options: RuntimeOptions): Runtime {
  const tick = countOf(options.tick, "tick", 1)
  const batch = countOf(options.batch, "batch", 1024)
  const kind = optionOf(options.clock, "clock", "wheel", '"wheel" or "platform"', (clock) =>
    /^(wheel|platform)$/.test(clock),
  )
  return new SchedulerRuntime(
    new Scheduler({
      clock: kind === "wheel" ? new WheelClock(tick, batch) : new PlatformClock(batch),
      host: new PlatformHost(),
      budget: countOf(options.budget, "budget", 1024),
      slice: optionOf(
        options.slice,
        "slice",
        5,
        "a number of milliseconds > 0",
        (slice) => typeof slice === "number" && slice > 0,
      ),
      onUnhandled: options.onUnhandled ?? rejectUnhandled,
    }),
  )
}

let preset: Runtime | undefined

/** The runtime of tasks that are not told another. */
export function defaultRuntime(): Runtime {
  return (preset ??= makeRuntime({}))
}

export function setDefaultRuntime(runtime: Runtime): void {
  schedulerOf(runtime)
  preset = runtime
}

/** The scheduler behind a runtime, which must be open. */
export function schedulerOf(runtime: Runtime = defaultRuntime()): Scheduler {
  if (!(runtime instanceof SchedulerRuntime)) {
    throw new TypeError(`Expected \`runtime\` to come from Runtime.make, got ${describe(runtime)}.`)
  }
  if (runtime.scheduler.isClosed) {
    throw new Error("Expected an open runtime, got a closed one. Make another: Runtime.make().")
  }
  return runtime.scheduler
}
