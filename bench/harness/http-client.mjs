// @ts-check
import { fork } from "node:child_process"
import { once } from "node:events"
import { Agent, get } from "node:http"
import { fileURLToPath } from "node:url"

/**
 * Starts a process that asks the server on this port, one request after the other on one connection.
 *
 * @param {number} port
 * @param {number} duration
 */
export async function startClient(port, duration) {
  const client = fork(fileURLToPath(import.meta.url), [String(port), String(duration)])
  await once(client, "message")
  return {
    /** @returns {Promise<readonly number[]>} how long each answer took, in ms */
    async ask() {
      client.send("ask")
      const [latencies] = await once(client, "message")
      client.disconnect()
      return latencies
    },
  }
}

/**
 * @param {number} port
 * @param {number} duration
 */
async function askInALoop(port, duration) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const latencies = []
  const started = performance.now()
  while (performance.now() - started < duration) {
    const asked = performance.now()
    const [response] = await once(get({ agent, port, host: "127.0.0.1" }), "response")
    await once(response.resume(), "end")
    latencies.push(performance.now() - asked)
  }
  agent.destroy()
  return latencies
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [port, duration] = process.argv.slice(2).map(Number)
  process.send?.("ready")
  await once(process, "message")
  process.send?.(await askInALoop(port, duration))
}
