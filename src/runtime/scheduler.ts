import { PlatformHost, WheelClock } from "../clock/index.ts"
import { describe } from "../data/index.ts"
import { rejectUnhandled, Scheduler } from "../fiber/index.ts"
import type { Runtime } from "../task/index.ts"

/** A runtime is a scheduler behind a handle that shows nothing of it. */
export interface SchedulerRuntime extends Runtime {
  readonly scheduler: Scheduler
}

let preset: Scheduler | undefined

/** The scheduler of tasks that are not told another: made when first asked for, of nothing that only `Runtime.make` needs. */
export function defaultScheduler(): Scheduler {
  return (preset ??= new Scheduler({
    clock: new WheelClock(1, 1024),
    host: new PlatformHost(),
    budget: 1024,
    slice: 5,
    random: Math.random,
    onUnhandled: rejectUnhandled,
  }))
}

/** Puts another in its place. */
export function setDefaultScheduler(scheduler: Scheduler): void {
  preset = scheduler
}

/** The scheduler behind a runtime, which must be open, unless who asks only looks. */
export function schedulerOf(runtime?: Runtime, looks = false): Scheduler {
  const scheduler = runtime === undefined ? defaultScheduler() : (runtime as SchedulerRuntime | null)?.scheduler
  if (!(scheduler instanceof Scheduler)) {
    throw new TypeError(`Expected \`runtime\` to come from Runtime.make, got ${describe(runtime)}.`)
  }
  if (scheduler.closed && !looks) {
    throw new Error("Expected an open runtime, got a closed one. Make another: Runtime.make().")
  }
  return scheduler
}
