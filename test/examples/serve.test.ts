import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createServer, get, type Server } from "node:http"
import { createServer as createTlsServer, get as getOverTls } from "node:https"
import { type AddressInfo, connect, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { type Completable, type Fiber, Logger, Task } from "rapid-fiber"
import { serve } from "../../examples/graceful/serve.ts"

const slowly = (ms: number) => (request: { url?: string | undefined }, response: { end(text: string): void }) =>
  void setTimeout(() => response.end(`ok ${request.url}`), ms)

interface Serving {
  readonly port: number
  readonly fiber: Fiber<never, Error>
  readonly stopping: Completable<void>
}

async function start(server: Server, linger = 0): Promise<Serving> {
  const stopping = Task.withResolvers<void>()
  const silent = Logger.use({ log: () => {} }, serve(server, { port: 0, host: "127.0.0.1", linger, stopping }))
  const fiber = silent.run()
  onTestFinished(() => fiber.cancel().toPromise())
  await Task.until(() => server.listening, { every: 1 })
  return { port: (server.address() as AddressInfo).port, fiber, stopping }
}

/** What a client that writes by itself is sent, until the connection is closed. */
function talk(port: number): { socket: Socket; heard: Promise<string> } {
  const socket = connect(port, "127.0.0.1")
  let text = ""
  const heard = new Promise<string>((resolve) => {
    socket.on("data", (data) => (text += String(data)))
    socket.on("error", () => {})
    socket.on("close", () => resolve(text))
  })
  return { socket, heard }
}

const answers = (text: string): string[] => text.match(/ok \/[a-z]+/g) ?? []
const request = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`

// The example is about Node's server; what other hosts have in its place keeps other connections open.
describe.skipIf("Bun" in globalThis || "Deno" in globalThis)("a server that drains", () => {
  it("answers all requests that were sent at once", async () => {
    const { port, fiber } = await start(createServer(slowly(100)))
    const { socket, heard } = talk(port)
    socket.write(request("/a") + request("/b") + request("/c"))
    await Task.sleep(50)
    await fiber.cancel()
    expect(answers(await heard)).toEqual(["ok /a", "ok /b", "ok /c"])
  })

  it("answers those that come while it leaves", async () => {
    const { port, fiber, stopping } = await start(createServer(slowly(50)), 200)
    const { socket, heard } = talk(port)
    const ended = fiber.cancel().toPromise()
    await stopping.task
    socket.write(request("/a") + request("/b"))
    await ended
    const text = await heard
    expect(answers(text)).toEqual(["ok /a", "ok /b"])
    expect(text.match(/connection: close/gi)).toHaveLength(1)
  })

  it("waits for the rest of a request that has begun", async () => {
    const { port, fiber, stopping } = await start(createServer(slowly(1)), 50)
    const { socket, heard } = talk(port)
    socket.write("GET /slow HT")
    await Task.sleep(20)
    const ended = fiber.cancel().toPromise()
    await stopping.task
    for (const part of ["TP/1.1\r\n", "host: a\r\n", "accept: b\r\n", "\r\n"]) {
      await Task.sleep(40)
      socket.write(part)
    }
    await ended
    expect(answers(await heard)).toEqual(["ok /slow"])
  })

  it("ends connections that are quiet", async () => {
    const { port, fiber } = await start(createServer(slowly(1)))
    const { heard } = talk(port)
    await new Promise((resolve) => get({ port, path: "/a" }, resolve))
    await fiber.cancel()
    expect(await heard).toBe("")
  })

  it("does the same over TLS", async ({ skip }) => {
    const folder = mkdtempSync(join(tmpdir(), "serve-"))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")]
    const made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    try {
      execFileSync("openssl", [...made, "-keyout", key, "-out", cert], { stdio: "ignore" })
    } catch {
      skip("there is no openssl to make a certificate")
    }
    const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, slowly(100))
    const { port, fiber } = await start(server)
    const answer = new Promise<string>((resolve, reject) => {
      getOverTls({ port, path: "/tls", rejectUnauthorized: false }, (response) => {
        let text = ""
        response.on("data", (data) => (text += String(data))).on("end", () => resolve(text))
      }).on("error", reject)
    })
    await Task.sleep(50)
    await fiber.cancel()
    expect(await answer).toBe("ok /tls")
  })
})
