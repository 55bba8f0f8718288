import { PlatformClock, PlatformHost, WheelClock } from "../clock/index.ts"
import { close, deadlockOf, type DeadlockReport, rejectUnhandled, Scheduler } from "../fiber/index.ts"
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
    random: optionOf(options.random, "random", Math.random, "a function", (random) => typeof random === "function"),
    onUnhandled: options.onUnhandled ?? rejectUnhandled,
  })
  if (options.onDeadlock !== undefined) reportDeadlocks(scheduler, options.onDeadlock)
  return runtimeOf(scheduler)
}

/** Each deadlock once: while nothing about it changes, whatever else runs meanwhile. */
function reportDeadlocks(scheduler: Scheduler, tell: (report: DeadlockReport) => void): void {
  let reported = ""
  scheduler.onStall = () => {
    const report = deadlockOf(scheduler)
    const text = String(report ?? "")
    if (report !== undefined && text !== reported) tell(report)
    reported = text
  }
}
