// @ts-check
import { monitorEventLoopDelay } from "node:perf_hooks"

/** Fibers that always have something to do, and what each callback of theirs takes. */
export const FIBERS = 100
export const BURN = 0.2
export const DURATION = 2000

/** The work that keeps a thread busy until it is stopped. */
export class Work {
  stopped = false
  done = 0

  burn = () => {
    const started = performance.now()
    while (performance.now() - started < BURN);
    this.done++
  }
}

/** Milliseconds between two looks at the event loop. */
const RESOLUTION = 1

/**
 * Measures how late the event loop is while `wait` waits: what `monitorEventLoopDelay` sees between two looks, less the
 * interval between them.
 *
 * @param {() => Promise<Record<string, number>>} wait resolves with more to report
 * @returns {Promise<{ delay: { p50: number, p99: number, max: number }, more: Record<string, number> }>}
 */
export async function withLoopDelay(wait) {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION })
  histogram.enable()
  const more = await wait()
  histogram.disable()
  const over = (/** @type {number} */ nanoseconds) => Math.max(nanoseconds / 1e6 - RESOLUTION, 0)
  return {
    delay: { p50: over(histogram.percentile(50)), p99: over(histogram.percentile(99)), max: over(histogram.max) },
    more,
  }
}

/**
 * The 100 busy fibers of each library, started; nothing for `idle`.
 *
 * @param {string} variant
 * @returns {Promise<(work: Work) => void>}
 */
export async function loadBusy(variant) {
  if (variant === "rapid") return (await import("./busy-rapid.mjs")).startBusy
  if (variant === "effect") return (await import("./busy-effect.mjs")).startBusy
  return () => {}
}
