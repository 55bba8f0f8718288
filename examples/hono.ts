/**
 * Hono on Node, with handlers that are Tasks. A client that leaves stops its work. What takes too long is answered by 504, what
 * fails by 500 and a line in the log, what is too much by 503. A signal ends the program, and no request is lost.
 *
 *     npx tsx examples/hono.ts
 *     curl localhost:3000/users/7
 *
 * Ctrl-C drains it. PORT, HOST, LINGER and GRACE (milliseconds) are read from the environment.
 */
import type { Server } from "node:http"
import { createAdaptorServer } from "@hono/node-server"
import { type Context, Hono } from "hono"
import { App, CancelledError, Logger, Semaphore, Stream, Task, TimeoutError } from "rapid-fiber"
import { serve } from "./graceful/serve.ts"

/** Resolved when the server has been told to stop. */
const stopping = Task.withResolvers<void>()

type Work = (c: Context) => Task<Response, unknown>
type Handler = (c: Context) => Promise<Response>

/** A handler that returns a Task. It runs as a fiber of its own, which is cancelled when the client leaves. */
function handle(work: Work): Handler {
  return (c) => {
    const answer = Task.defer(() => work(c))
      .timeout({ seconds: 2 }) // shorter than the grace period: only what cannot be stopped outlasts that
      .catch(TimeoutError, () => Task.pure(c.text("This takes too long.", 504)))
      .catch((error) => failed(c, error))
    const fiber = answer.run({ name: `${c.req.method} ${c.req.path}`, signal: c.req.raw.signal })
    return fiber.toPromise().catch((error) => {
      // Nobody waits for this answer. A cleanup that has failed is Hono's to report.
      if (error instanceof CancelledError) return c.body(null, 503)
      throw error
    })
  }
}

/** The client gets an id, the log what happened under that id. */
function failed(c: Context, error: unknown): Task<Response> {
  const id = crypto.randomUUID()
  return Logger.error("a request failed", { error, id, path: c.req.path }).as(c.json({ error: "internal", id }, 500))
}

/** So many at once, so many that wait for their turn; who comes then is told to come again. */
function limited({ permits, line }: { readonly permits: number; readonly line: number }, work: Work): Handler {
  const semaphore = Semaphore.make(permits)
  return handle((c) =>
    semaphore.available === 0 && semaphore.waiting >= line
      ? Task.pure(c.text("Too many at once.", 503, { "retry-after": "1" }))
      : semaphore.withPermit(work(c)),
  )
}

const app = new Hono()

// For the orchestrator: whether to restart this process, and whether to send it requests.
app.get("/live", (c) => c.text("live"))
app.get("/ready", (c) => (stopping.poll() === undefined ? c.text("ready") : c.text("stopping", 503)))

app.get(
  "/users/:id",
  handle((c) => Task.sleep(20).map(() => c.json({ id: c.req.param("id") }))),
)

const slow = handle((c) =>
  Task.sleep({ seconds: 10 })
    .onCancel((reason) => Logger.info("slow was stopped", { reason: String(reason) }))
    .map(() => c.text("at last")),
)
app.get("/slow", slow)
app.post("/slow", slow)

app.get(
  "/broken",
  handle(() => Task.fail(new Error("the database is down"))),
)

app.get(
  "/report",
  limited({ permits: 2, line: 2 }, (c) => Task.sleep(500).map(() => c.text("report"))),
)

// A row is made when there is room for it. A client that leaves closes the stream.
app.get("/rows", (c) => {
  let made = 0
  const rows = Stream.range(1, 1_000_000)
    .tap(() => void made++)
    .map((id) => `${JSON.stringify({ id, padding: "x".repeat(1000) })}\n`)
    .finally(() => Logger.info("rows was closed", { made }))
  return c.body(rows.encode().toReadableStream({ name: "GET /rows" }))
})

// It would never end by itself, so it ends when the server is to stop.
app.get("/ticks", (c) => {
  const ticks = Stream.schedule({ every: 100 })
    .takeWhile(() => stopping.poll() === undefined)
    .map((n) => `data: ${n}\n\n`)
  return c.body(ticks.encode().toReadableStream({ name: "GET /ticks" }), 200, { "content-type": "text/event-stream" })
})

// What no signal can stop, to see what `App` does about it.
app.get(
  "/stuck",
  handle(() => Task.uncancelable(() => Task.never)),
)

const { PORT = "3000", HOST = "127.0.0.1", LINGER = "1000", GRACE = "10000" } = process.env
const server = createAdaptorServer({ fetch: app.fetch }) as Server
const main = serve(server, { port: Number(PORT), host: HOST, linger: Number(LINGER), stopping })
await App.run(() => main, { grace: Number(GRACE) })
