/**
 * Fastify, with handlers that are Tasks. A client that leaves stops its work. What takes too long is answered by 504, what fails
 * by 500 and a line in the log, what is too much by 503. A signal ends the program, and no request is lost. Failures go to
 * Fastify's error handler, records to its logger.
 *
 *     npx tsx examples/fastify.ts
 *     curl localhost:3000/users/7
 *
 * Ctrl-C drains it. PORT, HOST, LINGER and GRACE (milliseconds) are read from the environment.
 */
import Fastify, { type FastifyReply, type FastifyRequest, LogController, type RouteGenericInterface } from "fastify"
import { App, CancelledError, Logger, Semaphore, Stream, Task, TimeoutError } from "rapid-fiber"
import { toReadable } from "rapid-fiber/node"
import { fromPino } from "rapid-fiber/pino"
import { serve } from "./graceful/serve.ts"

/** Resolved when the server has been told to stop. */
const stopping = Task.withResolvers<void>()

const app = Fastify({ logger: true, logController: new LogController({ disableRequestLogging: true }) })
Logger.setDefault(fromPino(app.log))

type Handler<R extends RouteGenericInterface, T> = (request: FastifyRequest<R>, reply: FastifyReply) => T

/** A handler that returns a Task. It runs as a fiber of its own, which is cancelled when the client leaves. */
function handle<R extends RouteGenericInterface>(
  work: Handler<R, Task<unknown, unknown>>,
): Handler<R, Promise<unknown>> {
  return (request, reply) => {
    const answer = Task.defer(() => work(request, reply)).timeout({ seconds: 2 }) // shorter than the grace period
    const name = `${request.method} ${request.url}`
    return Logger.use(fromPino(request.log), answer).toPromise({ name, signal: leaving(reply) })
  }
}

/** Aborts when the client leaves before it has its answer. `request.signal` does so, too, but also when a body has been read. */
function leaving({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController()
  const closed = (): void => {
    if (!raw.writableFinished) controller.abort("the client has left")
  }
  // While a hook ran before this, say.
  if (raw.closed || raw.destroyed) closed()
  else raw.once("close", closed)
  return controller.signal
}

class Busy extends Error {}

/** So many at once, so many that wait for their turn; who comes then is told to come again. */
function limited<R extends RouteGenericInterface>(
  { permits, line }: { readonly permits: number; readonly line: number },
  work: Handler<R, Task<unknown, unknown>>,
): Handler<R, Promise<unknown>> {
  const semaphore = Semaphore.make(permits)
  return handle((request, reply) =>
    semaphore.available === 0 && semaphore.waiting >= line
      ? Task.fail(new Busy("Too many at once."))
      : semaphore.withPermit(work(request, reply)),
  )
}

app.setErrorHandler(async (error, request, reply) => {
  if (error instanceof TimeoutError) return reply.code(504).send({ error: "This takes too long." })
  if (error instanceof Busy) return reply.code(503).header("retry-after", 1).send({ error: error.message })
  // Nobody waits for this answer.
  if (error instanceof CancelledError && reply.raw.destroyed) return reply.code(503).send()
  // Fastify's own: a body that is no JSON, for instance.
  const { statusCode = 500 } = error as { readonly statusCode?: number }
  if (statusCode < 500) return reply.send(error)
  // The client gets the id under which the log says what happened.
  await Logger.use(fromPino(request.log), Logger.error("a request failed", { error, path: request.url }))
  return reply.code(500).send({ error: "internal", id: request.id })
})

// For the orchestrator: whether to restart this process, and whether to send it requests.
app.get("/live", async () => "live")
app.get("/ready", async (_request, reply) =>
  stopping.poll() === undefined ? "ready" : reply.code(503).send("stopping"),
)

app.get(
  "/users/:id",
  handle<{ Params: { id: string } }>(({ params }) => Task.sleep(20).as({ id: params.id })),
)

const slow = Task.sleep({ seconds: 10 })
  .onCancel((reason) => Logger.info("slow was stopped", { reason: String(reason) }))
  .as("at last")
app.get(
  "/slow",
  handle(() => slow),
)
app.post(
  "/slow",
  handle(() => slow),
)

app.get(
  "/broken",
  handle(() => Task.fail(new Error("the database is down"))),
)

app.get(
  "/report",
  limited({ permits: 2, line: 2 }, () => Task.sleep(500).as("report")),
)

// A row is made when there is room for it. A client that leaves closes the stream.
app.get("/rows", async (_request, reply) => {
  let made = 0
  const rows = Stream.range(1, 1_000_000)
    .tap(() => void made++)
    .map((id) => `${JSON.stringify({ id, padding: "x".repeat(1000) })}\n`)
    .finally(() => Logger.info("rows was closed", { made }))
  return reply.type("application/x-ndjson").send(toReadable(rows))
})

// It would never end by itself, so it ends when the server is to stop.
app.get("/ticks", async (_request, reply) => {
  const ticks = Stream.schedule({ every: 100 })
    .takeWhile(() => stopping.poll() === undefined)
    .map((n) => `data: ${n}\n\n`)
  return reply.type("text/event-stream").send(toReadable(ticks))
})

// What no signal can stop, to see what `App` does about it.
app.get(
  "/stuck",
  handle(() => Task.uncancelable(() => Task.never)),
)

const { PORT = "3000", HOST = "127.0.0.1", LINGER = "1000", GRACE = "10000" } = process.env
const main = Task.bracket(
  Task.promise(() => app.ready()),
  // Not `app.listen`: `app.close` would answer 503 to what still comes by connections that are open.
  () => serve(app.server, { port: Number(PORT), host: HOST, linger: Number(LINGER), stopping }),
  () => Task.promise(() => app.close()), // what plugins have opened
)
await App.run(() => main, { grace: Number(GRACE) })
