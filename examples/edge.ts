/**
 * A handler for hosts of the Workers kind. It uses what every such host has, and no server: `fetch` is called for each request.
 *
 * These hosts tie timers to the request in which they are set, so each request has a runtime of its own, with the host's
 * timers. It is closed when the work after the response is done; what should then still run is stopped.
 */
import { Logger, Runtime, Task, TimeoutError } from "rapid-fiber"

/** What the host gives to this handler: another service, and a place to keep things. */
export interface Env {
  readonly CATALOG: { fetch(url: string, init: { signal: AbortSignal }): Promise<Response> }
  readonly VISITS: { put(key: string, value: string): Promise<void> }
}

export interface ExecutionContext {
  waitUntil(promise: Promise<unknown>): void
}

/** Two questions at once, half a second for each try; a recommendation is not worth a failure. */
function page(id: string, { CATALOG }: Env): Task<Response, unknown> {
  const ask = (path: string): Task<unknown, unknown> =>
    Task.promise((signal) => CATALOG.fetch(`https://catalog${path}`, { signal }))
      .flatMap((reply) => (reply.ok ? Task.promise(() => reply.json()) : Task.fail(new Error(`${reply.status}`))))
      .timeout(500)
      .retry({ times: 1, spaced: 20 })
  const product = ask(`/products/${id}`)
  const alike = ask(`/products/${id}/alike`).catch(() => Task.pure([]))
  return Task.all([product, alike]).map(([found, others]) => Response.json({ product: found, alike: others }))
}

function answer(request: Request, env: Env): Task<Response> {
  const id = /^\/products\/(\w+)$/.exec(new URL(request.url).pathname)?.[1]
  if (id === undefined) return Task.pure(new Response("There is nothing here.", { status: 404 }))
  return page(id, env)
    .catch(TimeoutError, () => Task.pure(new Response("This takes too long.", { status: 504 })))
    .catch((error) => Logger.error("the catalog failed", { error }).as(new Response("Try again.", { status: 502 })))
}

/** Work for which nobody waits. */
function record(request: Request, status: number, { VISITS }: Env): Task<void, unknown> {
  return Task.promise(() => VISITS.put(crypto.randomUUID(), `${status} ${request.url}`))
    .retry({ times: 3, backoff: { initial: 50, jitter: true } })
    .timeout({ seconds: 20 })
}

export default {
  fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const runtime = Runtime.make({ clock: "platform" })
    const response = answer(request, env).toPromise({ runtime, signal: request.signal })
    const after = response.then(
      ({ status }) => record(request, status, env).run({ runtime, name: "record" }).toPromise(),
      () => {}, // the client has left: every failure is answered
    )
    ctx.waitUntil(after.finally(() => runtime.close()))
    return response
  },
}
