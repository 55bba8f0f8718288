/**
 * A server of `node:http` or `node:https`, whatever framework is behind it, as a Task: it listens, serves until it is cancelled, and then drains, so
 * that no request is lost.
 *
 *     serving ──cancelled──▶ leaving ──linger is over──▶ closing ──no connection is left──▶ over
 *
 * While it leaves, it still accepts, but says that it is not ready, and each answer says `connection: close`: clients open their next
 * connection elsewhere, and who sends them here has the time to notice. While it closes, it accepts nobody, answers what has
 * come, and ends the connections that wait for no answer. `server.close()` alone says to nobody that an answer is the last one, and
 * waits for connections that get quiet after it, or have never sent anything.
 */
import type { Server, ServerResponse } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { Server as TlsServer } from "node:tls"
import { type Completable, type Duration, Logger, Schedule, Task } from "rapid-fiber"

export interface ServeOptions {
  /** 0 is any that is free. */
  readonly port: number
  readonly host: string
  /** How long it goes on accepting once it was told to stop: longer than the orchestrator takes to look at `/ready`. */
  readonly linger: Duration
  /** Resolved when it was told to stop: for `/ready`, and for streams that have no end of their own. */
  readonly stopping: Completable<void>
}

export function serve(server: Server, { port, host, linger, stopping }: ServeOptions): Task<never, Error> {
  return Task.defer(() => {
    const traffic = new Traffic(server)
    const leave = Task.sync(() => {
      stopping.resolve()
      traffic.leave()
    })
    const drained = leave
      .andThen(Logger.info("draining"))
      .andThen(Task.sleep(linger))
      .andThen(Task.race([closed(server), endQuiet(traffic)]))
      .andThen(Logger.info("drained"))
    return Task.bracket(
      listening(server, port, host),
      (url) => Logger.info("listening", { url }).andThen(Task.never),
      () => drained,
    )
  })
}

function listening(server: Server, port: number, host: string): Task<string, Error> {
  return Task.async((resume) => {
    const failed = (error: Error): void => resume(Task.fail(error))
    server.once("error", failed)
    server.listen({ port, host }, () => {
      server.off("error", failed)
      resume(Task.pure(`http://${host}:${(server.address() as AddressInfo).port}`))
    })
  })
}

/** Accepts nobody from now on, and waits until no connection is left. */
function closed(server: Server): Task<void> {
  return Task.async((resume) => void server.close(() => resume(Task.unit)))
}

/** The pause comes first: who has just been accepted has not been heard yet. */
function endQuiet(traffic: Traffic): Task<never> {
  return Task.sync(() => traffic.endQuiet())
    .delay(100)
    .repeat(Schedule.forever)
    .andThen(Task.never)
}

/** The connections of a server, each with the answers that it still waits for. */
class Traffic {
  readonly #owed = new Map<Socket, Set<ServerResponse>>()
  /** Bytes that had come when it was looked at last. */
  readonly #heard = new Map<Socket, number>()
  #leaving = false

  constructor(server: Server) {
    // Over TLS it is the secure one that requests come from.
    server.on(server instanceof TlsServer ? "secureConnection" : "connection", (socket: Socket) => {
      this.#owed.set(socket, new Set())
      socket.once("close", () => {
        this.#owed.delete(socket)
        this.#heard.delete(socket)
      })
    })
    // Before the framework, which may answer at once.
    server.prependListener("request", ({ socket }, response) => {
      const owed = this.#owed.get(socket)
      // Who sends several requests at once gets their answers in order: the newest is the last one.
      if (this.#leaving) for (const earlier of owed ?? []) isNotLast(earlier)
      owed?.add(response)
      response.once("close", () => owed?.delete(response))
      if (this.#leaving) isLast(response)
    })
  }

  /** Every answer whose headers are not sent yet is the last one of its connection. */
  leave(): void {
    this.#leaving = true
    for (const owed of this.#owed.values()) {
      const newest = [...owed].at(-1)
      if (newest !== undefined) isLast(newest)
    }
  }

  /** Ends those that wait for no answer, unless something has just come: it may be the beginning of a request. */
  endQuiet(): void {
    for (const [socket, owed] of this.#owed) {
      const { bytesRead } = socket
      if (owed.size === 0 && this.#heard.get(socket) === bytesRead) socket.destroy()
      this.#heard.set(socket, bytesRead)
    }
  }
}

function isNotLast(response: ServerResponse): void {
  if (!response.headersSent) response.removeHeader("connection")
}

function isLast(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader("connection", "close")
}
