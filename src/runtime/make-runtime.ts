import { PlatformClock, PlatformHost, WheelClock } from "../clock/index.ts"
import { close, type DeadlockReport, rejectUnhandled, reportOf, Scheduler, stuckIn } from "../fiber/index.ts"
import type { Runtime } from "../task/index.ts"
import { countOf, optionOf, type RuntimeOptions } from "./options.ts"
import type { SchedulerRuntime } from "./scheduler.ts"

class OwnRuntime implements SchedulerRuntime {
  readonly scheduler: Scheduler
  #closing: Promise<void> | undefined

  constructor(scheduler: Scheduler) {
    this.scheduler = scheduler
  }

  close(): Promise<void> {
    return (this.#closing ??= close(this.scheduler))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

export function runtimeOf(scheduler: Scheduler): Runtime {
  return new OwnRuntime(scheduler)
}

export function makeRuntime(options: RuntimeOptions): Runtime {
  const tick = countOf(options.tick, "tick", 1)
  const batch = countOf(options.batch, "batch", 1024)
  const kind = optionOf(options.clock, "clock", "wheel", '"wheel" or "platform"', (clock) =>
    /^(wheel|platform)$/.test(clock),
  )
  const onDeadlock = optionOf(options.onDeadlock, "onDeadlock", undefined, "a function", isFunction)
  const scheduler = new Scheduler({
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
    random: optionOf(options.random, "random", Math.random, "a function", isFunction),
    onUnhandled: options.onUnhandled ?? rejectUnhandled,
  })
  if (onDeadlock !== undefined) reportDeadlocks(scheduler, onDeadlock)
  return runtimeOf(scheduler)
}

const isFunction = (given: unknown): boolean => typeof given === "function"

/** Each deadlock once: while the same fibers wait for the same, whatever else runs meanwhile. */
function reportDeadlocks(scheduler: Scheduler, tell: (report: DeadlockReport) => void): void {
  let reported = ""
  scheduler.onQuiet = () => {
    if (scheduler.live === 0 || scheduler.outside > 0 || scheduler.clock.keeping > 0) return
    const stuck = stuckIn(scheduler)
    const report = reportOf(stuck)
    const found = [...stuck.map(({ id }) => id), String(report)].join()
    const known = found === reported
    reported = found
    if (stuck.length > 0 && !known) tell(report)
  }
}
