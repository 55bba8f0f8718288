// @ts-check
import { monitorEventLoopDelay, PerformanceObserver } from "node:perf_hooks"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { repeat } from "./repeat.mjs"
/** @import { About, Iteration, Iterations, Measured } from "./types.d.ts" */

/**
 * Runs the iterations of one process.
 *
 * @param {About} about
 * @param {Iteration} iteration
 * @param {Iterations} of
 * @returns {Promise<Measured>}
 */
export async function measure(about, iteration, { warmups, iterations, seconds }) {
  if (about.once === true) {
    const { result: readings, ...seen } = await observed(() => repeat(1, seconds, iteration, host))
    return { readings, ...seen, peakRss: peakRss(), heapAfter: heapAfterCollection() }
  }
  await repeat(warmups, seconds, iteration, host)
  const readings = await repeat(iterations, seconds, iteration, host)
  const peak = peakRss()
  // One more, whose time does not count: to observe costs time, and not the same for all. Not where one takes too long.
  const slow = readings.some(({ wall }) => wall > seconds * 1000)
  const { gc, delay } = slow ? {} : await observed(() => repeat(1, seconds, iteration, host))
  return { readings, gc, delay, peakRss: peak, heapAfter: heapAfterCollection() }
}

/** @type {import("./repeat.mjs").Host} */
const host = {
  pause: () => new Promise((resolve) => setImmediate(resolve)),
  cpu: () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  },
}

/** MiB. */
const peakRss = () => process.resourceUsage().maxRSS / 1024

/**
 * What the collector and the event loop do meanwhile.
 *
 * @template A
 * @param {() => Promise<A>} work
 */
async function observed(work) {
  const collections = watchCollections()
  const delay = watchDelay()
  const result = await work()
  return { result, gc: await collections(), delay: delay() }
}

/**
 * Milliseconds spent on garbage collection from now on; undefined where the runtime does not tell.
 *
 * @returns {() => Promise<number | undefined>}
 */
function watchCollections() {
  const { supportedEntryTypes } = /** @type {{ supportedEntryTypes?: readonly string[] }} */ (PerformanceObserver)
  if (!supportedEntryTypes?.includes("gc")) return async () => undefined
  let total = 0
  const add = (/** @type {PerformanceEntry[]} */ entries) => {
    for (const { duration } of entries) total += duration
  }
  const observer = new PerformanceObserver((list) => add(list.getEntries()))
  observer.observe({ entryTypes: ["gc"] })
  return async () => {
    // Entries are handed out in a turn of their own.
    await new Promise((resolve) => setImmediate(resolve))
    add(observer.takeRecords())
    observer.disconnect()
    return total
  }
}

/**
 * The longest delay of the event loop from now on, in milliseconds; undefined where the runtime does not tell.
 *
 * @returns {() => number | undefined}
 */
function watchDelay() {
  if (process.versions["bun"] !== undefined || process.versions["deno"] !== undefined) return () => undefined
  const histogram = monitorEventLoopDelay({ resolution: 20 })
  histogram.enable()
  return () => {
    histogram.disable()
    return histogram.max / 1e6
  }
}

/** MiB in use after a forced collection, when all is measured; undefined where none can be forced. */
function heapAfterCollection() {
  if (process.versions["bun"] !== undefined || process.versions["deno"] !== undefined) return undefined
  setFlagsFromString("--expose_gc")
  const collect = runInNewContext("gc")
  collect()
  return process.memoryUsage().heapUsed / 2 ** 20
}
