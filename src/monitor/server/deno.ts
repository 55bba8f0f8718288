import { type Host, listenError } from "./host.ts"

/** On Deno, by its own server. */
export const onDeno: Host = async (app, { host, port }) => {
  const ending = new AbortController()
  const server = start()
  server.unref()
  return {
    port: server.addr.port,
    async close() {
      // Aborting ends the connections; a shutdown would wait for them.
      ending.abort()
      await server.finished
    },
  }

  function start(): DenoServer {
    try {
      return (globalThis as unknown as { readonly Deno: Deno }).Deno.serve(
        { hostname: host, port, signal: ending.signal, onListen: () => {} },
        (request) => app.fetch(request),
      )
    } catch (error) {
      throw listenError(error, host, port)
    }
  }
}

/** What is used of Deno. */
interface Deno {
  serve(
    options: {
      readonly hostname: string
      readonly port: number
      readonly signal: AbortSignal
      readonly onListen: () => void
    },
    handler: (request: Request) => Response | Promise<Response>,
  ): DenoServer
}

interface DenoServer {
  readonly addr: { readonly port: number }
  readonly finished: Promise<void>
  unref(): void
}
