import { Agent, type IncomingHttpHeaders, request } from "node:http"

export interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

export interface Asking {
  readonly agent?: Agent
  readonly method?: string
  readonly body?: string | undefined
  readonly signal?: AbortSignal
}

/** A request that has come to nothing, with what its connection had been before. */
class Unanswered extends Error {
  readonly code: string | undefined
  /** The server had answered on this connection, so it had accepted it. */
  readonly accepted: boolean

  constructor(cause: NodeJS.ErrnoException, accepted: boolean) {
    super(`no answer: ${cause.message}`, { cause })
    this.code = cause.code
    this.accepted = accepted
  }
}

/** Asks by `node:http`, which hides nothing and tries nothing again, on a connection that is kept, unless told another. */
export function ask(url: string, { agent, method = "GET", body, signal }: Asking = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { "content-type": "application/json", "content-length": body.length }
    const asking = request(
      url,
      { agent: agent ?? new Agent({ keepAlive: true }), method, headers, signal },
      (response) => {
        let text = ""
        response.setEncoding("utf8")
        response.on("data", (chunk: string) => (text += chunk))
        response.on("error", failed)
        response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, text }))
      },
    )
    const failed = (error: NodeJS.ErrnoException): void => reject(new Unanswered(error, asking.reusedSocket))
    asking.on("error", failed)
    asking.end(body)
  })
}

/** How the requests of a crowd have ended. */
export interface Tally {
  answered: number
  /** Of those answered, not with 200. */
  not200: number
  /** The connection was refused: nothing was sent. */
  refused: number
  /** The connection was made by the host, but ended before the server had said anything on it: it was not accepted. */
  notAccepted: number
  /** Sent on a connection that the server had accepted, and not answered. */
  lost: number
}

/**
 * So many clients, each with one connection that it keeps, ask one request after the other until they get none through. Those
 * that are `obedient` open no other connection once an answer has said that it is the last: as a load balancer does, which
 * has been told that this server is not ready.
 */
export async function crowd(url: string, clients: number, obedient: boolean): Promise<Tally> {
  const tally: Tally = { answered: 0, not200: 0, refused: 0, notAccepted: 0, lost: 0 }
  const client = async (): Promise<void> => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (;;) {
      try {
        const { status, headers } = await ask(url, { agent })
        tally.answered++
        if (status !== 200) tally.not200++
        if (obedient && headers.connection === "close") return
      } catch (error) {
        if (!(error instanceof Unanswered)) throw error
        if (error.accepted) tally.lost++
        else if (error.code === "ECONNREFUSED") tally.refused++
        else tally.notAccepted++
        return
      }
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  return tally
}
