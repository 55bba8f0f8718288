import type { Probe } from "../view.ts"

/**
 * The streams of server-sent events. While there is one, the program is looked at every so often, once for all; while there
 * is none, it is left alone.
 *
 * Nothing is kept for a client that does not read: what it has not taken when the next event comes, it misses. Overviews are
 * whole, so it has lost nothing but the moment. Who reads nothing for a while is dropped.
 */
export class Events {
  readonly #probe: Probe
  readonly #interval: number
  readonly #greeting: Uint8Array
  readonly #patience: number
  readonly #clients = new Set<Client>()
  #stopTimer: (() => void) | undefined = undefined
  #closed = false

  /** `greeting` is the first event of each stream. */
  constructor(probe: Probe, interval: number, greeting: object) {
    this.#probe = probe
    this.#interval = interval
    this.#greeting = event("hello", greeting)
    this.#patience = Math.max(3, Math.ceil(30_000 / interval))
  }

  /** How many read. */
  get size(): number {
    return this.#clients.size
  }

  /**
   * A stream of events, of which the first two come at once; undefined if there are as many as may be. `drop` ends the
   * connection of a client that does not read, where the host can: the end of the stream would wait behind what is unread.
   */
  open(drop?: () => void): ReadableStream<Uint8Array> | undefined {
    if (this.#closed || this.#clients.size >= mostStreams) return undefined
    let client: Client | undefined
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          controller.enqueue(this.#greeting)
          controller.enqueue(this.#look())
          client = {
            controller,
            drop: drop ?? (() => controller.error(new Error("The monitor has dropped a client that does not read"))),
            missed: 0,
          }
          this.#clients.add(client)
          this.#stopTimer ??= every(this.#interval, () => this.#tick())
        },
        cancel: () => this.#forget(client),
      },
      // The greeting, the first overview, and one more.
      { highWaterMark: 3 },
    )
  }

  /** Ends all streams; there are none from now on. */
  close(): void {
    this.#closed = true
    for (const client of this.#clients) {
      this.#forget(client)
      client.controller.close()
    }
  }

  #tick(): void {
    const overview = this.#look()
    for (const client of this.#clients) {
      if ((client.controller.desiredSize ?? 0) > 0) {
        client.missed = 0
        client.controller.enqueue(overview)
      } else if (++client.missed >= this.#patience) {
        this.#forget(client)
        client.drop()
      }
    }
  }

  /** A failure of the probe is told to those who watch: it must not end the program that is watched. */
  #look(): Uint8Array {
    try {
      return event("overview", this.#probe.overview())
    } catch (error) {
      return event("failure", { message: String(error) })
    }
  }

  #forget(client: Client | undefined): void {
    if (client !== undefined) this.#clients.delete(client)
    if (this.#clients.size > 0) return
    this.#stopTimer?.()
    this.#stopTimer = undefined
  }
}

/** A browser has one per tab. */
const mostStreams = 16

interface Client {
  readonly controller: ReadableStreamDefaultController<Uint8Array>
  readonly drop: () => void
  /** How many events in a row it had no room for. */
  missed: number
}

/** JSON has no line breaks, which would end an event. */
function event(name: string, data: object): Uint8Array {
  return new TextEncoder().encode(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
}

/** A timer of the host that does not keep the process alive. Not a sleep of ours: who watches must not be seen. */
function every(interval: number, callback: () => void): () => void {
  const timer: unknown = setInterval(callback, interval)
  const { unref } = timer as { unref?: () => void }
  if (unref !== undefined) unref.call(timer)
  // Deno's timer is a number.
  else (globalThis as { Deno?: { unrefTimer?(timer: unknown): void } }).Deno?.unrefTimer?.(timer)
  return () => clearInterval(timer as number)
}
