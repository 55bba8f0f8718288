// @ts-check
import { once } from "node:events"
import { createServer } from "node:http"
import { beside } from "../harness/budget.mjs"
import { besideBusy, BURN, DURATION } from "../harness/busy.mjs"
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
export const idle = async () => () => serve("idle")

/** @type {Variant} */
export const rapid = async () => () => serve("rapid")

/** @type {Variant} */
export const effect = async () => () => serve("effect")

/**
 * @param {string} variant
 * @returns {Promise<Reading>}
 */
async function serve(variant) {
  const server = createServer((_, response) => response.end("ok"))
  await once(server.listen(0, "127.0.0.1"), "listening")
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address())
  const client = await startClient(port, DURATION)
  const { delay, result, burns } = await besideBusy(variant, () => client.ask())
  const { "answer p99": value, ...answers } = latency("answer", result)
  const loop = { "delay p50": delay.p50, "delay p99": delay.p99, "delay max": delay.max }
  return { value, details: { ...answers, answers: result.length, ...loop, burns } }
}
