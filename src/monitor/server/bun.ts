import { type Host, listenError } from "./host.ts"

/** On Bun, by its own server. */
export const onBun: Host = async (app, { host, port }) => {
  const server = start()
  server.unref()
  return { port: server.port, close: () => server.stop(true) }

  function start(): BunServer {
    try {
      return (globalThis as unknown as { readonly Bun: Bun }).Bun.serve({
        hostname: host,
        port,
        // Seconds; an event comes every minute at least.
        idleTimeout: 120,
        maxRequestBodySize: 65_536,
        fetch: (request, itself) => app.fetch(request, { drop: () => itself.timeout(request, 1) }),
      })
    } catch (error) {
      throw listenError(error, host, port)
    }
  }
}

/** What is used of Bun. */
interface Bun {
  serve(options: {
    readonly hostname: string
    readonly port: number
    readonly idleTimeout: number
    readonly maxRequestBodySize: number
    readonly fetch: (request: Request, server: BunServer) => Response | Promise<Response>
  }): BunServer
}

interface BunServer {
  readonly port: number
  unref(): void
  /** Seconds without a byte after which a connection ends. */
  timeout(request: Request, seconds: number): void
  stop(closeConnections: boolean): Promise<void>
}
