import type { Host } from "./host.ts"
import { listenError, withPeers } from "./host.ts"

/** On Node, by `@hono/node-server`. */
export const onNode: Host = async (app, { host, port }) => {
  const { createAdaptorServer } = await withPeers(() => import("@hono/node-server"))
  const server = createAdaptorServer({
    fetch: (request, { outgoing }) => app.fetch(request, { drop: () => outgoing.destroy() }),
    hostname: host,
    // By default it puts its own Request and Response in the place of the program's.
    overrideGlobalObjects: false,
    serverOptions: limits,
  }) as unknown as Server
  server.maxConnections = mostConnections
  server.setTimeout(idle)
  // Neither the server nor who watches keeps the program alive.
  server.on("connection", (socket) => (socket as Socket).unref())
  server.unref()
  await new Promise<void>((resolve, reject) => {
    const failed = (error: unknown): void => reject(listenError(error, host, port))
    server.on("error", failed)
    server.listen({ host, port }, () => {
      server.off("error", failed)
      // A connection that cannot be accepted is no reason to end the program.
      server.on("error", () => {})
      resolve()
    })
  })
  return {
    port: server.address().port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        // Ended event streams are told so first.
        setTimeout(() => server.closeAllConnections())
      }),
  }
}

/** Milliseconds and bytes: a client sends its request without delay, or goes. */
const limits = {
  headersTimeout: 5000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 2000,
  keepAliveTimeout: 5000,
  maxHeaderSize: 16_384,
}

/** Above the 16 event streams: the page's requests. */
const mostConnections = 64

/** Milliseconds without a byte either way; an event comes every minute at least. */
const idle = 120_000

/** What is used of `node:http`, whose types not every reader of this file has. */
interface Server {
  maxConnections: number
  setTimeout(milliseconds: number): unknown
  on(event: "connection" | "error", listener: (argument: unknown) => void): unknown
  off(event: "error", listener: (argument: unknown) => void): unknown
  unref(): unknown
  listen(address: { readonly host: string; readonly port: number }, listener: () => void): unknown
  address(): { readonly port: number }
  close(callback: () => void): unknown
  closeAllConnections(): void
}

interface Socket {
  unref(): void
}
