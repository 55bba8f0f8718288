// @ts-check
import { setTimeout } from "node:timers/promises"
import { beside } from "../harness/budget.mjs"
import { besideBusy, BURN, DURATION } from "../harness/busy.mjs"
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
export const idle = async () => () => watch("idle")

/** @type {Variant} */
export const rapid = async () => () => watch("rapid")

/** @type {Variant} */
export const effect = async () => () => watch("effect")

/**
 * @param {string} variant
 * @returns {Promise<Reading>}
 */
async function watch(variant) {
  const { delay, result, burns } = await besideBusy(variant, async () => {
    const late = watchInterval()
    await setTimeout(DURATION)
    return late()
  })
  const loop = { "delay p50": delay.p50, "delay max": delay.max }
  return { value: delay.p99, details: { ...loop, ...latency("interval late", result), burns } }
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
