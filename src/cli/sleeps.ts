import { CancelledError, Runtime, Task } from "../index.ts"
import type { SleepsOptions } from "./arguments.ts"
import { type Plan, planSleeps } from "./plan.ts"
import { Progress } from "./progress.ts"
import { type Report, reportOf } from "./report.ts"
import { Tally } from "./tally.ts"

/** Sleeps that are started before the host gets its turn, for the progress line and for interrupts. */
const CHUNK = 250_000
/** Starts that share one reading of the time. */
const BLOCK = 32

/** Who has not woken so long after the longest sleep, or its length again if that is more, is lost. */
const PATIENCE_MS = 15_000
/** What starting and waking may take for each sleeper besides, on a slow machine. */
const PATIENCE_PER_SLEEPER_MS = 0.005

/** Starts all sleeps, waits for all of them, for an interrupt or until the rest is lost, and reports. */
export async function sleeps(options: SleepsOptions): Promise<Report> {
  const interrupt = new AbortController()
  const onInterrupt = (): void => interrupt.abort()
  process.once("SIGINT", onInterrupt)
  const plan = planSleeps(options)
  const runtime = Runtime.make()
  const rssBefore = process.memoryUsage.rss()
  const began = performance.now()
  const tally = new Tally(plan, began)
  const progress = new Progress(tally, plan.count, process.stderr.isTTY && !options.json)
  let lost = false
  const giveUp = (): void => {
    lost = true
    interrupt.abort()
  }
  const patience = setTimeout(giveUp, patienceFor(plan))
  try {
    const allWoken = Task.promise(() => startAll(plan, tally, runtime, interrupt.signal))
    const stopped = (await allWoken.toPromise({ signal: interrupt.signal }).catch(cancelled)) === CANCELLED
    const interrupted = stopped && !lost
    const wall = performance.now() - began
    const peakRss = process.resourceUsage().maxRSS * 1024
    return reportOf(options, plan, tally, { wall, rssBefore, peakRss, interrupted })
  } finally {
    clearTimeout(patience)
    progress.stop()
    process.removeListener("SIGINT", onInterrupt)
    await runtime.close()
  }
}

function patienceFor(plan: Plan): number {
  return plan.longest + Math.max(plan.longest, PATIENCE_MS) + plan.count * PATIENCE_PER_SLEEPER_MS
}

const CANCELLED = Symbol("cancelled")

function cancelled(error: unknown): typeof CANCELLED {
  if (error instanceof CancelledError) return CANCELLED
  throw error
}

/** Starts the sleeps, in chunks; the promise resolves when the last of them has woken. */
function startAll(plan: Plan, tally: Tally, runtime: Runtime, interrupt: AbortSignal): Promise<void> {
  return new Promise((allWoken) => {
    // One callback for each duration: the sleepers share them.
    const woke = plan.durations.map((_, duration) => () => {
      tally.wake(duration, performance.now())
      if (tally.woken === plan.count) allWoken()
    })
    const next = plan.draw()
    const on = { runtime }
    const startChunk = (): void => {
      let now = 0
      for (let i = 0; i < CHUNK && tally.started < plan.count; i++) {
        if (i % BLOCK === 0) now = performance.now()
        const duration = next()
        tally.start(duration, now)
        Task.sleep(plan.durations[duration]).map(woke[duration]).runAndForget(on)
      }
      if (tally.started < plan.count && !interrupt.aborted) setImmediate(startChunk)
    }
    startChunk()
  })
}
