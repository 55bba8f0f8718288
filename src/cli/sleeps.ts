import { Runtime, Task } from "../index.ts"
import type { SleepsOptions } from "./arguments.ts"
import { type Plan, planSleeps } from "./plan.ts"
import { Progress } from "./progress.ts"
import { type Report, reportOf } from "./report.ts"
import { Tally } from "./tally.ts"

/** Sleeps that are started before the host gets its turn, for the progress line and for interrupts. */
const CHUNK = 250_000
/** Starts that share one reading of the time. */
const BLOCK = 32

/** Starts all sleeps, waits for all of them or for an interrupt, and reports. */
export async function sleeps(options: SleepsOptions): Promise<Report> {
  const plan = planSleeps(options)
  const runtime = Runtime.make()
  const rssBefore = process.memoryUsage.rss()
  const began = performance.now()
  const tally = new Tally(plan, began)
  const progress = new Progress(tally, plan.count, process.stderr.isTTY && !options.json)
  let interrupted = false
  let finish: () => void = () => {}
  const finished = new Promise<void>((resolve) => (finish = resolve))
  const interrupt = (): void => {
    interrupted = true
    finish()
  }
  process.once("SIGINT", interrupt)
  try {
    await startAll(plan, tally, runtime, finish, () => interrupted)
    await finished
    const wall = performance.now() - began
    const peakRss = process.resourceUsage().maxRSS * 1024
    return reportOf(options, plan, tally, { wall, rssBefore, peakRss, interrupted })
  } finally {
    progress.stop()
    process.removeListener("SIGINT", interrupt)
    await runtime.close()
  }
}

async function startAll(
  plan: Plan,
  tally: Tally,
  runtime: Runtime,
  finish: () => void,
  stopped: () => boolean,
): Promise<void> {
  const next = plan.draw()
  // One callback for each duration: the sleepers share them.
  const woke = plan.durations.map((_, duration) => () => {
    tally.wake(duration, performance.now())
    if (tally.woken === plan.count) finish()
  })
  const on = { runtime }
  for (let begun = 0; begun < plan.count && !stopped(); begun += CHUNK) {
    const chunk = Math.min(CHUNK, plan.count - begun)
    let now = 0
    for (let i = 0; i < chunk; i++) {
      if (i % BLOCK === 0) now = performance.now()
      const duration = next()
      tally.start(duration, now)
      Task.sleep(plan.durations[duration]!).map(woke[duration]!).runAndForget(on)
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
}
