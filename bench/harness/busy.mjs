// @ts-check
import { monitorEventLoopDelay } from "node:perf_hooks"
import { setTimeout } from "node:timers/promises"

/** Fibers that always have something to do, and what each callback of theirs takes. */
export const FIBERS = 100
export const BURN = 0.2
export const DURATION = 2000
const SETTLE = 300

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
 * @template T
 * @param {() => Promise<T>} wait
 * @returns {Promise<{ delay: { p50: number, p99: number, max: number }, result: T }>}
 */
async function withLoopDelay(wait) {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION })
  histogram.enable()
  const result = await wait()
  histogram.disable()
  const over = (/** @type {number} */ nanoseconds) => Math.max(nanoseconds / 1e6 - RESOLUTION, 0)
  const delay = { p50: over(histogram.percentile(50)), p99: over(histogram.percentile(99)), max: over(histogram.max) }
  return { delay, result }
}

/**
 * Measures `watch` and the event loop's delay beside the busy fibers of a library, once these have settled: a hundred
 * fibers that start at once are one long callback.
 *
 * @template T
 * @param {string} variant `rapid`, `effect`, or `idle` for none
 * @param {() => Promise<T>} watch
 */
export async function besideBusy(variant, watch) {
  const startBusy = await loadBusy(variant)
  const work = new Work()
  startBusy(work)
  await setTimeout(SETTLE)
  work.done = 0
  const { delay, result } = await withLoopDelay(watch)
  work.stopped = true
  return { delay, result, burns: work.done }
}

/**
 * The 100 busy fibers of each library, started; nothing for `idle`.
 *
 * @param {string} variant
 * @returns {Promise<(work: Work) => void>}
 */
async function loadBusy(variant) {
  if (variant === "rapid") return (await import("./busy-rapid.mjs")).startBusy
  if (variant === "effect") return (await import("./busy-effect.mjs")).startBusy
  return () => {}
}
