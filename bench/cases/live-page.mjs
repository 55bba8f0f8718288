// @ts-check
import { setTimeout } from "node:timers/promises"
import { loadMonitor, loadRapid } from "../harness/library.mjs"
import { startReader } from "../harness/page-reader.mjs"
import { rowsFor } from "../harness/rows.mjs"
import { latency, percentile } from "../harness/statistics.mjs"
/** @import { About, Reading, Variant } from "../harness/types.d.ts" */

const COUNT = 1_000_000
const INTERVAL = 5
const DURATION = 10_000

const forms = ["", ", held"]

/**
 * Sleepers that nobody holds are functions on the wheel; those that are held are fibers, which the page can list.
 *
 * @type {About}
 */
export const about = {
  title:
    "how late a 5 ms interval is, p99 of 10 s, beside 1M sleepers of 60 s: nobody looks, the runtime is watched, or a live page " +
    "is open in another process, which shows an overview and a list every second",
  once: true,
  rows: () =>
    forms.flatMap((form) =>
      rowsFor({
        variants: ["rapid", "rapidWatched", "rapidPage"],
        floor: `rapid${form}`,
        form,
        options: { held: form === ", held" },
      }),
    ),
}

/** @type {Variant} */
export const rapid = async ({ held }) => () => watch(held === true, async () => () => {})

/** @type {Variant} */
export const rapidWatched = async ({ held }) => async () => {
  const { StatsMonitor } = await loadMonitor()
  const monitor = StatsMonitor.attach()
  return watch(held === true, async () => () => monitor.close())
}

/** @type {Variant} */
export const rapidPage = async ({ held }) => async () => {
  const { monitor } = await loadMonitor()
  const page = await monitor.listen()
  return watch(held === true, async () => {
    const stop = await startReader(page.url)
    return () => {
      stop()
      void page[Symbol.asyncDispose]()
    }
  })
}

/**
 * @param {boolean} held
 * @param {() => Promise<() => void>} look starts looking; what it returns ends that
 * @returns {Promise<Reading>}
 */
async function watch(held, look) {
  const { Task } = await loadRapid()
  const fibers = []
  for (let i = 0; i < COUNT; i++) {
    const sleeper = Task.sleep(60_000 + (i % 10_000))
    if (held) fibers.push(sleeper.run())
    else sleeper.runAndForget()
  }
  const stop = await look()
  // What was made in one go is collected first.
  await setTimeout(2000)
  const late = watchInterval()
  await setTimeout(DURATION)
  const lateness = late()
  stop()
  for (const fiber of fibers) fiber.abort()
  return { value: percentile(lateness, 0.99), details: latency("late", lateness) }
}

/** @returns {() => number[]} ends it and tells how late each call was */
function watchInterval() {
  /** @type {number[]} */
  const late = []
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    late.push(Math.max(now - last - INTERVAL, 0))
    last = now
  }, INTERVAL)
  return () => {
    clearInterval(timer)
    return late
  }
}
