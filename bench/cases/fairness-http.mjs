// @ts-check
import { once } from "node:events"
import { createServer } from "node:http"
import { beside } from "../harness/budget.mjs"
import { BURN, DURATION, loadBusy, withLoopDelay, Work } from "../harness/busy.mjs"
import { startClient } from "../harness/http-client.mjs"
import { latency } from "../harness/statistics.mjs"
/** @import { About, Reading, Variant } from "../harness/types.d.ts" */

/** @type {About} */
export const about = {
  title: "p99 of the answers of an HTTP server beside 100 busy fibers; the client is a process of its own",
  variants: ["idle", "rapid", "effect"],
  once: true,
  budgets: [beside(`bound per turn of the loop: slice 5 ms + callback ${BURN} ms`)],
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
    const server = createServer((_, response) => response.end("ok"))
    await once(server.listen(0, "127.0.0.1"), "listening")
    const { port } = /** @type {import("node:net").AddressInfo} */ (server.address())
    const client = await startClient(port, DURATION)
    /** @type {readonly number[]} */
    let latencies = []
    const { delay } = await withLoopDelay(async () => {
      startBusy(work)
      latencies = await client.ask()
      work.stopped = true
      return {}
    })
    const { "answer p50": p50, "answer p99": p99, "answer max": max } = latency("answer", latencies)
    const loop = { "delay p50": delay.p50, "delay p99": delay.p99, "delay max": delay.max }
    return {
      value: p99,
      details: { "answer p50": p50, "answer max": max, answers: latencies.length, ...loop, burns: work.done },
    }
  }
}
