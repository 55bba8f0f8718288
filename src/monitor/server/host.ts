import type { App } from "./app.ts"

/** A server that listens. */
interface Listening {
  readonly port: number
  /** Stops listening and ends all connections. */
  close(): Promise<void>
}

/** What a host does for the page: listen, and not keep the process alive by that. */
export type Host = (app: App, address: { readonly host: string; readonly port: number }) => Promise<Listening>

/** `import()` of what needs peers, with an error that names them where they are missing. */
export async function withPeers<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (error) {
    const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
    const missing =
      code === "ERR_MODULE_NOT_FOUND" || /cannot find (?:package|module)|not a dependency/i.test(String(message))
    if (!missing) throw error
    throw new Error(
      `Expected the packages hono and @hono/node-server beside rapid-fiber, got ${String(message).split("\n")[0]}. ` +
        "To install them: npm i hono @hono/node-server",
      { cause: error },
    )
  }
}

/** A failure to listen, in words. */
export function listenError(error: unknown, host: string, port: number): Error {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
  const remedy =
    code === "EADDRINUSE" ? "Another program listens there: take another port, or 0 for a free one." : "See its cause."
  return new Error(`Expected to listen on ${host}, port ${port}, got ${String(code ?? message)}. ${remedy}`, {
    cause: error,
  })
}
