// @ts-check
import { fork } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:http"
import { fileURLToPath } from "node:url"
import { random } from "./random.mjs"

/** What comes of the requests: the share that fails, the share that is never answered, and the longest answer in ms. */
const FAILS = 0.05
const HANGS = 0.01
const SLOWEST = 20

/**
 * What comes of a request, the same for the same item and attempt.
 *
 * @param {number} item
 * @param {number} attempt from 0
 */
export function fateOf(item, attempt) {
  const next = random(item * 16 + attempt)
  const ms = Math.floor(next() * (SLOWEST + 1))
  const drawn = next()
  const fate = drawn < HANGS ? "hangs" : drawn < HANGS + FAILS ? "fails" : "answers"
  return { fate, ms }
}

/**
 * Starts the server in a process of its own.
 *
 * @returns {Promise<string>} its address
 */
export async function startServer() {
  const server = fork(fileURLToPath(import.meta.url))
  const [port] = await once(server, "message")
  return `http://127.0.0.1:${port}`
}

async function serve() {
  /** How often each was asked for. @type {Map<string, number>} */
  const attempts = new Map()
  const server = createServer((request, response) => {
    const path = String(request.url)
    const attempt = attempts.get(path) ?? 0
    attempts.set(path, attempt + 1)
    const item = Number(path.split("/")[2])
    const { fate, ms } = fateOf(item, attempt)
    if (fate === "hangs") return
    response.statusCode = fate === "fails" ? 503 : 200
    setTimeout(() => response.end(String(item)), ms)
  })
  await once(server.listen(0, "127.0.0.1"), "listening")
  process.send?.(/** @type {import("node:net").AddressInfo} */ (server.address()).port)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.once("disconnect", () => process.exit())
  await serve()
}
