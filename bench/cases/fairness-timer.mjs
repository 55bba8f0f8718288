// @ts-check
import { setTimeout } from "node:timers/promises"
import { beside } from "../harness/budget.mjs"
import { BURN, DURATION, loadBusy, withLoopDelay, Work } from "../harness/busy.mjs"
import { latency } from "../harness/statistics.mjs"
/** @import { About, Reading, Variant } from "../harness/types.d.ts" */

const INTERVAL = 10

/** @type {About} */
export const about = {
  title: "p99 of the event loop's delay, and how late a 10 ms interval is, beside 100 busy fibers",
  variants: ["idle", "rapid", "effect"],
  once: true,
  budgets: [beside(`bound: slice 5 ms + callback ${BURN} ms`)],
}

/** @type {Variant} */
export const idle = async () => besideBusy(await loadBusy("idle"))

/** @type {Variant} */
export const rapid = async () => besideBusy(await loadBusy("rapid"))

/** @type {Variant} */
export const effect = async () => besideBusy(await loadBusy("effect"))

/**
 * @param {(work: Work) => void} startBusy
 * @returns {() => Promise<Reading>}
 */
function besideBusy(startBusy) {
  return async () => {
    const work = new Work()
    const { delay, more } = await withLoopDelay(async () => {
      const late = watchInterval()
      startBusy(work)
      await setTimeout(DURATION)
      work.stopped = true
      return latency("interval late", late())
    })
    return { value: delay.p99, details: { "delay p50": delay.p50, "delay max": delay.max, ...more, burns: work.done } }
  }
}

/** @returns {() => number[]} ends it and tells how late each call was */
function watchInterval() {
  /** @type {number[]} */
  const late = []
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    late.push(now - last - INTERVAL)
    last = now
  }, INTERVAL)
  return () => {
    clearInterval(timer)
    return late
  }
}
