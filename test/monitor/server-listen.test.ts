import { spawn } from "node:child_process"
import { request } from "node:http"
import { connect, type Socket } from "node:net"
import { fileURLToPath } from "node:url"
import { Task } from "rapid-fiber"
import { afterEach, describe, expect, it, vi } from "vitest"
import { withPeers } from "../../src/monitor/server/host.ts"
import { serve, type ListenOptions, type LivePage } from "../../src/monitor/server/index.ts"
import { turn } from "../watch.ts"
import { FakeProbe } from "./fake-probe.ts"

/** Over a real loopback server. */

const pages: LivePage[] = []
const listening = async (options: ListenOptions = {}, probe = new FakeProbe()) => {
  const page = await serve(probe, { interval: 50, ...options })
  pages.push(page)
  return { page, probe }
}
afterEach(async () => {
  vi.useRealTimers()
  await Promise.all(pages.splice(0).map((page) => page.close()))
})

interface Sent {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** A request as no browser would let a page send it: any host, any path. */
function send(port: number, path: string, { method = "GET", headers = {}, body }: Sent = {}) {
  return new Promise<{
    readonly status: number
    readonly headers: NodeJS.Dict<string | string[]>
    readonly text: string
  }>((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path, method, headers, agent: false }, (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (part: string) => (text += part))
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
    })
    asked.on("error", reject)
    asked.end(body)
  })
}

/** A connection that says what it is told to, and no more. */
async function raw(port: number, text: string): Promise<Socket> {
  const socket = connect(port, "127.0.0.1")
  socket.on("error", () => {})
  await new Promise((resolve) => socket.once("connect", resolve))
  socket.write(text)
  return socket
}
const ended = (socket: Socket): Promise<unknown> => new Promise((resolve) => socket.once("close", resolve))

/** A port that nobody takes by chance: below those that systems give to connections. */
async function freePort(): Promise<number> {
  for (let port = 20_000 + (process.pid % 10_000); ; port++) {
    const exit = await serve(new FakeProbe(), { port }).attempt()
    if (exit.status === "rejected") continue
    await exit.value.close()
    return port
  }
}

describe("a live page", () => {
  it("is served on a free port of this machine", async () => {
    const { page } = await listening()
    expect(page.url).toBe(`http://127.0.0.1:${page.port}/`)
    const { status, headers, text } = await send(page.port, "/")
    expect([status, headers["cache-control"]]).toEqual([200, "no-store"])
    expect(headers["content-security-policy"]).toContain("default-src 'none'")
    expect(text).toMatch(/^<!doctype html>/)
    expect(JSON.parse((await send(page.port, "/api/overview")).text)).toMatchObject({ heap: 314_572_800 })
  })

  it("is a description until it is run, and another server with each run", async () => {
    const task = serve(new FakeProbe())
    const [one, other] = await Task.all([task, task])
    pages.push(one, other)
    expect(one.port).not.toBe(other.port)
  })

  it("streams events, and leaves the program alone when nobody listens any more", async () => {
    const { page, probe } = await listening()
    const gone = new AbortController()
    const response = await fetch(`${page.url}events`, { signal: gone.signal })
    expect(response.headers.get("content-type")).toBe("text/event-stream")
    const reader = response.body?.getReader()
    let text = ""
    while (text.split("event: overview").length < 4) text += new TextDecoder().decode((await reader?.read())?.value)
    expect(text).toMatch(/^event: hello\n/)
    gone.abort()
    let before = -1
    // Until the server has heard of it, and an interval more.
    while (probe.asked !== before) {
      before = probe.asked
      await Task.sleep(120)
    }
    expect(probe.asked).toBe(before)
  })

  it.each([
    ["another name", { headers: { host: "evil.example" } }, 421],
    ["a name that begins like ours", { headers: { host: "localhost.evil.example" } }, 421],
    ["another origin", { headers: { origin: "http://evil.example" } }, 403],
    ["another port's origin", { headers: { origin: "http://127.0.0.1:1" } }, 403],
    ["another method", { method: "DELETE" }, 405],
    ["an action, where only looking is allowed", { method: "POST", path: "/api/fibers/1/cancel" }, 403],
    ["a large body", { method: "POST", path: "/api/fibers/1/cancel", body: "x".repeat(5000) }, 413],
    [
      "a large body of what needs none",
      { method: "GET", body: "x".repeat(5000), headers: { "content-length": "5000" } },
      413,
    ],
    [
      "a large body of unknown length",
      {
        method: "POST",
        path: "/api/fibers/1/cancel",
        headers: { "transfer-encoding": "chunked" },
        body: "x".repeat(50_000),
      },
      413,
    ],
    ["a path out of the folder", { path: "/../../../../etc/passwd" }, 404],
    ["the same in disguise", { path: "/%2e%2e/..%2f..%2fetc/passwd" }, 404],
  ] as const)("refuses %s", async (_, sent: Sent & { readonly path?: string }, status) => {
    const { page, probe } = await listening()
    const answer = await send(page.port, sent.path ?? "/api/overview", sent)
    expect([answer.status, probe.asked]).toEqual([status, 0])
    expect(answer.headers["content-security-policy"]).toContain("default-src 'none'")
    expect((await send(page.port, "/api/overview")).status).toBe(200)
  })

  it("asks for its token, and takes its cookie", async () => {
    const token = "correct-horse-battery"
    const { page } = await listening({ token })
    expect((await send(page.port, "/")).status).toBe(401)
    expect((await send(page.port, "/?token=wrong-horse-battery")).status).toBe(401)
    const brought = await send(page.port, `/?token=${token}`)
    expect([brought.status, brought.headers["location"]]).toEqual([303, "/"])
    const cookie = String(brought.headers["set-cookie"]).split(";")[0]
    expect(cookie).toContain(`-${page.port}=`)
    expect((await send(page.port, "/", { headers: { cookie } })).status).toBe(200)
    expect((await send(page.port, "/", { headers: { authorization: `Bearer ${token}` } })).status).toBe(200)
  })

  it("cancels a fiber where actions are allowed", async () => {
    const { page, probe } = await listening({ actions: true })
    const origin = { headers: { origin: page.url.slice(0, -1) } }
    expect((await send(page.port, "/api/fibers/3/cancel", { method: "POST", ...origin })).status).toBe(200)
    expect(probe.cancelled).toEqual([3])
  })

  it("drops a client that does not read, and keeps little for it until then", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] })
    const printed = vi.spyOn(console, "error")
    const probe = new FakeProbe()
    const large = "x".repeat(1_000_000)
    probe.change = { failures: [{ time: 0, fiber: "a", error: large }] }
    const { page } = await listening({ interval: 1000 }, probe)
    const socket = await raw(page.port, `GET /events HTTP/1.1\r\nHost: 127.0.0.1:${page.port}\r\n\r\n`)
    socket.pause()
    while (probe.asked === 0) await turn()
    let bytes = 0
    socket.on("data", (part) => (bytes += part.length))
    socket.pause()
    // What the sockets hold, and half a minute.
    for (let second = 0; second < 60; second++) {
      vi.advanceTimersByTime(1000)
      await turn()
    }
    const asked = probe.asked
    expect(asked).toBeLessThan(61)
    vi.advanceTimersByTime(10_000)
    expect(probe.asked).toBe(asked)
    const closed = ended(socket)
    socket.resume()
    await closed
    expect(bytes).toBeLessThan((asked - 25) * large.length)
    expect(printed).not.toHaveBeenCalled()
  })

  it("ends open streams and connections when it is closed, and says so twice", async () => {
    const { page } = await listening()
    const response = await fetch(`${page.url}events`)
    const idle = await raw(page.port, `GET /nothing HTTP/1.1\r\nHost: 127.0.0.1:${page.port}\r\n\r\n`)
    await new Promise((resolve) => idle.once("data", resolve))
    const over = ended(idle)
    await Promise.all([page.close(), page.close()])
    await page.close()
    await over
    const rest = response.body?.getReader()
    const readAll = async (): Promise<string> => {
      for (;;) {
        const { done } = (await rest?.read()) ?? { done: true }
        if (done) return "the end"
      }
    }
    expect(["the end", "cut off"]).toContain(await readAll().catch(() => "cut off"))
    await expect(fetch(page.url)).rejects.toThrow()
  })

  it("does not wait for a request that is half sent when it is closed", async () => {
    const { page } = await listening()
    const half = await raw(page.port, "GET / HTTP/1.1\r\nHost:")
    await turn()
    const over = ended(half)
    await page.close()
    await over
    await expect(fetch(page.url)).rejects.toThrow()
    // Left alone, it would be given five seconds.
  }, 4000)

  it("is closed at the end of `await using`", async () => {
    let url: string
    {
      await using page = await serve(new FakeProbe())
      url = page.url
      expect((await fetch(url)).status).toBe(200)
    }
    await expect(fetch(url)).rejects.toThrow()
  })

  it("says which port is taken", async () => {
    const { page } = await listening()
    await expect(serve(new FakeProbe(), { port: page.port })).rejects.toThrow(
      new RegExp(`Expected to listen on 127.0.0.1, port ${page.port}, got .*take another port, or 0`),
    )
  })

  it("is not left behind by a run that is cancelled while it starts", async () => {
    const port = await freePort()
    const fiber = serve(new FakeProbe(), { port }).run()
    await fiber.cancel()
    expect(fiber.poll()?.status).toBe("cancelled")
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow()
    // The port is free again.
    await listening({ port })
  })

  it("does not keep the process alive, nor does who watches", async () => {
    const file = fileURLToPath(new URL("exits.ts", import.meta.url))
    const prefix = "Bun" in globalThis ? [] : "Deno" in globalThis ? ["run", "-A"] : ["--import", "tsx"]
    const child = spawn(process.execPath, [...prefix, file], { stdio: ["ignore", "pipe", "inherit"] })
    let output = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text))
    const status = await new Promise((resolve) => child.once("close", resolve))
    expect([status, output]).toEqual([0, "done\n"])
  }, 20_000)
})

describe("packages that are missing", () => {
  it("are named, with the command that installs them", async () => {
    const absent = Object.assign(new Error("Cannot find package 'hono'"), { code: "ERR_MODULE_NOT_FOUND" })
    await expect(withPeers(() => Promise.reject(absent))).rejects.toThrow(/npm i hono @hono\/node-server/)
    await expect(withPeers(() => Promise.reject(absent))).rejects.toHaveProperty("cause", absent)
  })

  it("are not blamed for another failure", async () => {
    const other = new SyntaxError("Unexpected token")
    await expect(withPeers(() => Promise.reject(other))).rejects.toBe(other)
  })
})
