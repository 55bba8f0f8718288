import { Task } from "../../task/index.ts"
import type { Probe } from "../view.ts"
import { type Host, withPeers } from "./host.ts"
import { inUrl } from "./names.ts"
import { type Listen, listenOf, type ListenOptions } from "./options.ts"

/** A live page that is served. */
export interface LivePage extends AsyncDisposable {
  /** Where it is, without the token. */
  readonly url: string
  readonly port: number
  /** Stops listening and ends all connections. Again: does nothing. */
  close(): Task<void>
  /** Closes: `await using page = await monitor.listen()`. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Serves the live page of a program: each run of the Task starts a server and yields it. A run that is cancelled while the
 * server starts leaves none.
 *
 * Fails if the peers `hono` and `@hono/node-server` are not installed, and where the host refuses to listen.
 *
 * @throws TypeError, RangeError at the call, for options out of their range, and for a host that others reach without a token.
 */
export function serve(probe: Probe, options?: ListenOptions, where: string = "monitor.listen"): Task<LivePage> {
  const checked = listenOf(options, where)
  // The start is waited for, also by who cancels it: then there is something to close.
  return Task.uncancelable((restore) =>
    Task.promise(() => start(probe, checked)).flatMap((page) =>
      restore(Task.unit)
        .as(page)
        .finally(({ status }) => (status === "fulfilled" ? Task.unit : page.close())),
    ),
  )
}

async function start(probe: Probe, options: Listen): Promise<LivePage> {
  const { host, port: asked } = options
  const listen = await hostHere()
  const { makeApp } = await withPeers(() => import("./app.ts"))
  const app = makeApp(probe, options)
  const server = await listen(app, { host, port: asked })
  let closed: Promise<void> | undefined
  const end = (): Promise<void> => {
    app.close()
    return (closed ??= server.close())
  }
  return {
    url: `http://${inUrl(host)}:${server.port}/`,
    port: server.port,
    close: () => Task.promise(end),
    [Symbol.asyncDispose]: end,
  }
}

/** How to listen where we are. */
async function hostHere(): Promise<Host> {
  if ("Bun" in globalThis) return (await import("./bun.ts")).onBun
  if ("Deno" in globalThis) return (await import("./deno.ts")).onDeno
  const { versions } =
    (globalThis as { readonly process?: { readonly versions?: { readonly node?: string } } }).process ?? {}
  if (versions?.node !== undefined) return (await import("./node.ts")).onNode
  throw new Error("Expected Node, Bun or Deno for the live page, got a host that cannot listen on a port.")
}
