import { type Context, Hono } from "hono"
import type { HTTPResponseError } from "hono/types"
import { assets } from "../page/assets.ts"
import type { Probe } from "../view.ts"
import { Events } from "./events.ts"
import { guards, wrongMethod } from "./guard.ts"
import type { Listen } from "./options.ts"
import { idOf, QueryError, queryOf } from "./query.ts"

/**
 * The live page as a function from Request to Response, for any server of the fetch kind.
 *
 * What it must withstand: pages of other sites in the browser of someone who runs a program (they can send requests here,
 * and read answers if they get their name past `Host`), others on the network, and clients that send much or read nothing.
 * It serves a fixed table and touches no file.
 */
export interface App {
  fetch(request: Request, connection?: Connection): Response | Promise<Response>
  /** Ends the event streams. */
  close(): void
}

/** What the host tells about the connection of a request. */
export interface Connection {
  /** Ends it at once. */
  readonly drop?: () => void
}

type Web = Hono<{ Bindings: Connection }>
type Visit = Context<{ Bindings: Connection }>

export function makeApp(probe: Probe, options: Listen): App {
  const { actions, interval } = options
  const app: Web = new Hono()
  const events = new Events(probe, interval, { actions, interval })
  app.use(...guards(options))
  for (const [path, { type, body }] of Object.entries(assets)) {
    app.get(path, (c) => c.body(body, 200, { "content-type": type }))
  }
  routeLooks(app, probe)
  routeCancel(app, probe, actions)
  routeEvents(app, events)
  app.notFound((c) => (known(c.req.path) ? wrongMethod(c) : c.text("There is nothing here.", 404)))
  app.onError(failed)
  return { fetch: (request, connection = {}) => app.fetch(request, connection), close: () => events.close() }
}

function routeLooks(app: Web, probe: Probe): void {
  app.get("/api/overview", (c) => c.json(probe.overview()))
  app.get("/api/fibers", (c) => c.json(probe.fibers(queryOf(new URL(c.req.url).searchParams))))
  app.get("/api/fibers/:id", (c) => {
    const fiber = probe.fiber(idOf(c.req.param("id")))
    return fiber === undefined ? noFiber(c) : c.json(fiber)
  })
}

function routeCancel(app: Web, probe: Probe, allowed: boolean): void {
  app.post("/api/fibers/:id/cancel", (c) => {
    if (!allowed) return c.text("Only looking is allowed here. To allow more: monitor.listen({ actions: true }).", 403)
    // A form of another site sends its Origin, which is refused before; who sends none must do what no form can.
    if (c.req.header("origin") === undefined && c.req.header("x-rapid-fiber") === undefined) {
      return c.text("Expected the header `Origin` or `X-Rapid-Fiber`, got neither: send `X-Rapid-Fiber: 1`.", 403)
    }
    return probe.cancel(idOf(c.req.param("id"))) ? c.json({ cancelled: true }) : noFiber(c)
  })
}

function routeEvents(app: Web, events: Events): void {
  app.get("/events", (c) => {
    const headers = { "content-type": "text/event-stream", "x-accel-buffering": "no" }
    // A HEAD comes here as well, and nobody would read the stream.
    if (c.req.method === "HEAD") return c.body(null, 200, headers)
    const stream = events.open(c.env.drop)
    return stream === undefined
      ? c.text("Expected at most 16 event streams at once, got another: close a tab.", 503, { "retry-after": "5" })
      : c.body(stream, 200, headers)
  })
}

function known(path: string): boolean {
  return Object.hasOwn(assets, path) || /^\/(?:events|api\/(?:overview|fibers(?:\/[^/]+(?:\/cancel)?)?))$/.test(path)
}

function noFiber(c: Visit): Response {
  return c.text("There is no such fiber: it has ended, or never was.", 404)
}

/** A failure of the probe; not thrown on, for hosts would print it into the output of the program. */
function failed(error: Error | HTTPResponseError, c: Visit): Response {
  return error instanceof QueryError ? c.text(error.message, 400) : c.text(`The monitor failed: ${error.message}`, 500)
}
