import { spawn } from "node:child_process"
import { once as onceOf } from "node:events"
import { Agent, request } from "node:http"
import { createRequire } from "node:module"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import { describe, expect, it, onTestFinished } from "vitest"
import { Task } from "rapid-fiber"
import { ask, crowd } from "./client.ts"
import { canBeRun, launch, start } from "./program.ts"

const soon = { LINGER: "0" }

const require = createRequire(import.meta.url)

describe.runIf(canBeRun).each(["hono", "fastify"])("the example %s", { timeout: 60_000 }, (name) => {
  it("answers, and says when something takes too long or fails, under an id", async () => {
    const { url, says } = await start(name)
    expect(await ask(`${url}/users/7`)).toMatchObject({ status: 200, text: `{"id":"7"}` })
    expect(await ask(`${url}/live`)).toMatchObject({ status: 200, text: "live" })
    expect(await ask(`${url}/ready`)).toMatchObject({ status: 200, text: "ready" })
    expect((await ask(`${url}/nothing`)).status).toBe(404)

    const broken = await ask(`${url}/broken`)
    expect(broken.status).toBe(500)
    const { error, id } = JSON.parse(broken.text) as { error: string; id: string }
    expect(error).toBe("internal")
    // What has gone wrong is for the log, not for the client.
    expect(broken.text).not.toContain("database")
    await says(new RegExp(`^(?=.*a request failed)(?=.*the database is down).*"${id}"`, "m"))

    expect(await ask(`${url}/slow`)).toMatchObject({
      status: 504,
      text: expect.stringContaining("This takes too long."),
    })
    await says(/slow was stopped/)
  })

  it.each(["GET", "POST"])("stops the work of a %s when the client leaves, and not before", async (method) => {
    const { url, output, says } = await start(name)
    const leaving = new AbortController()
    const body = method === "POST" ? "{}" : undefined
    const slow = ask(`${url}/slow`, { method, body, signal: leaving.signal })
    slow.catch(() => {})
    await Task.sleep(400)
    expect(output()).not.toContain("slow was stopped")
    leaving.abort()
    await says(/slow was stopped/)
    // Not because of the time limit.
    expect(output()).not.toContain("TimeoutError")
    await expect(slow).rejects.toThrow("no answer")
  })

  it("lets so many in at once, so many wait, and sends the others away", async () => {
    const { url } = await start(name)
    const answers = await Promise.all(Array.from({ length: 7 }, () => ask(`${url}/report`)))
    const withStatus = (wanted: number): unknown[] => answers.filter(({ status }) => status === wanted)
    expect([withStatus(200).length, withStatus(503).length]).toEqual([4, 3])
    expect(answers.find(({ status }) => status === 503)?.headers["retry-after"]).toBe("1")
    // Their places are free again.
    expect((await ask(`${url}/report`)).status).toBe(200)
  })

  it("makes rows no faster than they are read, and closes the stream when the client leaves", async () => {
    const { url, output, says } = await start(name)
    const reading = request(`${url}/rows`, { agent: new Agent() })
    reading.end()
    const [response] = (await onceOf(reading, "response")) as [NodeJS.ReadableStream]
    const [chunk] = (await onceOf(response, "data")) as [Buffer]
    expect(chunk.toString()).toMatch(/^\{"id":1,/)
    response.pause()
    await Task.sleep(500)
    expect(output()).not.toContain("rows was closed")
    reading.on("error", () => {})
    reading.destroy()
    await says(/rows was closed/)
    const made = Number(/"made":(\d+)/.exec(output())?.[1])
    expect(made).toBeGreaterThan(0)
    // What buffers on the way hold, of a million.
    expect(made).toBeLessThan(100_000)
  })

  it("fails when its port is taken", async () => {
    const other = createServer().listen(0, "127.0.0.1")
    onTestFinished(() => void other.close())
    await onceOf(other, "listening")
    const { port } = other.address() as AddressInfo
    const { code, output } = await launch(name, { PORT: String(port) }).ended
    expect(code).toBe(1)
    expect(output).toMatch(/main failed/)
    expect(output).toMatch(/EADDRINUSE/)
  })

  it("on SIGTERM is first not ready, still answers, then ends what is open, and ends with 0", async () => {
    const { url, kill, says, ended } = await start(name, { LINGER: "1000" })
    const silent = await connected(url)
    const ticks = ask(`${url}/ticks`)
    const report = ask(`${url}/report`)
    // Connections are accepted in their order.
    expect((await ask(`${url}/live`)).headers.connection).toBe("keep-alive")

    kill("SIGTERM")
    await says(/draining/)
    expect(await ask(`${url}/ready`)).toMatchObject({ status: 503, headers: { connection: "close" } })
    expect(await ask(`${url}/live`)).toMatchObject({ status: 200, headers: { connection: "close" } })
    // It was under way, and learns in time that it is the last one of its connection.
    expect(await report).toMatchObject({ status: 200, text: "report", headers: { connection: "close" } })
    // It has no end of its own, and ends as a response does.
    expect((await ticks).text).toMatch(/^(?:data: \d+\n\n)*$/)
    expect(silent.destroyed).toBe(false)

    const { code, requests, answers } = await ended
    expect({ code, requests, answers }).toEqual({ code: 0, requests: 5, answers: 5 })
    await Task.until(() => silent.destroyed, { every: 10, timeout: { seconds: 5 } })
  })

  it("on SIGINT does the same, and ends with 130", async () => {
    const { url, kill, ended } = await start(name, soon)
    const report = ask(`${url}/report`)
    await ask(`${url}/live`)
    kill("SIGINT")
    expect(await report).toMatchObject({ status: 200, headers: { connection: "close" } })
    expect((await ended).code).toBe(130)
  })

  it("is forced at the end of the grace period where a handler cannot be stopped, names it, and ends with 143", async () => {
    const { url, kill, ended } = await start(name, { ...soon, GRACE: "1500" })
    const stuck = ask(`${url}/stuck`)
    const report = ask(`${url}/report`)
    stuck.catch(() => {})
    await ask(`${url}/live`)
    kill("SIGTERM")
    expect((await report).status).toBe(200)
    const { code, output, requests, answers } = await ended
    expect({ code, requests, answers }).toEqual({ code: 143, requests: 3, answers: 2 })
    expect(output).toMatch(/^Forced to exit by the end of the grace period\. These fibers have not ended:$/m)
    expect(output).toMatch(/GET \/stuck \(fiber-\d+\)/)
    expect(output).not.toMatch(/GET \/report \(fiber-\d+\)/)
    await expect(stuck).rejects.toThrow("no answer")
  })
})

describe.runIf(canBeRun).each(["hono", "fastify"])(
  "the example %s, told to stop under load",
  { timeout: 60_000 },
  (name) => {
    it("answers each request of clients that go when they are told to", async () => {
      const { url, kill, ended } = await start(name, { LINGER: "500" })
      const tally = crowd(`${url}/users/7`, 50, true)
      await Task.sleep(1000)
      kill("SIGTERM")
      const { code, requests, answers } = await ended
      const { answered } = await tally
      expect(answered).toBeGreaterThan(50)
      expect(await tally).toEqual({ answered, not200: 0, refused: 0, notAccepted: 0, lost: 0 })
      expect({ code, requests, answers }).toEqual({ code: 0, requests: answered, answers: answered })
    })

    it("answers each request that it has accepted of clients that try until they are refused", async () => {
      const { url, kill, ended } = await start(name, { LINGER: "500" })
      const tally = crowd(`${url}/users/7`, 50, false)
      await Task.sleep(1000)
      kill("SIGTERM")
      const { code, requests, answers } = await ended
      const { answered, refused, notAccepted } = await tally
      expect(answered).toBeGreaterThan(50)
      expect(await tally).toEqual({ answered, not200: 0, refused: 50 - notAccepted, notAccepted, lost: 0 })
      expect({ code, requests, answers }).toEqual({ code: 0, requests: answered, answers: answered })
      expect(refused).toBeGreaterThan(0)
    })

    it("answers each request of autocannon that it has accepted", async () => {
      const { url, kill, ended } = await start(name, { LINGER: "300" })
      const cannon = autocannon(`${url}/users/7`)
      await Task.sleep(1500)
      kill("SIGTERM")
      const { code, requests, answers } = await ended
      const shot = await cannon
      expect(answers).toBeGreaterThan(50)
      // By its own count, of answers that have come in full, on the other side of the connections.
      expect(shot).toMatchObject({ "2xx": answers, non2xx: 0, timeouts: 0, mismatches: 0 })
      expect({ code, requests }).toEqual({ code: 0, requests: answers })
    })
  },
)

/** A connection by which nothing is sent. */
async function connected(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1")
  onTestFinished(() => void socket.destroy())
  socket.on("error", () => {})
  await onceOf(socket, "connect")
  return socket.resume()
}

/** Fifty connections for three seconds, in a process of its own. */
async function autocannon(url: string): Promise<Readonly<Record<string, unknown>>> {
  const program = require.resolve("autocannon")
  const child = spawn(process.execPath, [program, "--json", "-c", "50", "-d", "3", url], {
    stdio: ["ignore", "pipe", "ignore"],
  })
  onTestFinished(() => void child.kill("SIGKILL"))
  let out = ""
  child.stdout.on("data", (chunk) => (out += String(chunk)))
  await onceOf(child, "close")
  return JSON.parse(out) as Record<string, unknown>
}
