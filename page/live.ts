import type { Overview } from "../src/monitor/view.ts"
import { History } from "./history.ts"
import { reasonOf, tryEvents } from "./requests.ts"

export type Connection = "connecting" | "live" | "paused" | "lost"

/** All that the page knows of the program, but for the lists that it asks for. */
export interface State {
  readonly connection: Connection
  /** Why there is nothing new, where that is known. */
  readonly problem: string | undefined
  /** Fibers may be cancelled. */
  readonly actions: boolean
  readonly overview: Overview | undefined
  readonly history: History
}

/** The first wait after a lost connection, and the longest, in milliseconds. */
const wait = { first: 500, longest: 8000 }

/**
 * The connection to the program. It comes back by itself: the program may have been started anew. A program that says
 * nothing for a while is lost as well; its event loop may be blocked.
 */
export class Live {
  #state: State = {
    connection: "connecting",
    problem: undefined,
    actions: false,
    overview: undefined,
    history: new History(),
  }
  readonly #onChange: (state: State) => void
  #source: EventSource | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #wait = wait.first
  #interval = 1000

  constructor(onChange: (state: State) => void) {
    this.#onChange = onChange
  }

  get state(): State {
    return this.#state
  }

  /** Connects, also after a pause. */
  start(): void {
    this.#leave()
    if (this.#state.connection !== "lost") this.#change({ connection: "connecting" })
    const source = (this.#source = new EventSource("events"))
    source.addEventListener("hello", ({ data }: MessageEvent<string>) => {
      const { actions, interval } = JSON.parse(data) as { readonly actions: boolean; readonly interval: number }
      this.#interval = interval
      this.#change({ actions })
    })
    source.addEventListener("overview", ({ data }: MessageEvent<string>) => {
      const overview = JSON.parse(data) as Overview
      this.#arrived({ overview, history: this.#state.history.with(overview), problem: undefined })
    })
    source.addEventListener("failure", ({ data }: MessageEvent<string>) => {
      const { message } = JSON.parse(data) as { readonly message: string }
      this.#arrived({ problem: `The monitor failed: ${message}` })
    })
    source.onerror = () => void this.#lost()
    this.#expect()
  }

  /** Stops asking; the program is no longer looked at for this page. */
  pause(): void {
    this.#leave()
    this.#change({ connection: "paused", problem: undefined })
  }

  #arrived(news: Partial<State>): void {
    this.#wait = wait.first
    this.#expect()
    this.#change({ connection: "live", ...news })
  }

  /** Sets the time by which the next event must have come. */
  #expect(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#lost(), Math.max(10_000, 3 * this.#interval))
  }

  async #lost(): Promise<void> {
    this.#leave()
    this.#change({ connection: "lost" })
    this.#timer = setTimeout(() => this.start(), this.#wait)
    this.#wait = Math.min(this.#wait * 2, wait.longest)
    const problem = await tryEvents(AbortSignal.timeout(5000)).then(() => undefined, reasonOf)
    // Unless it has come back meanwhile, or was paused.
    if (this.#state.connection === "lost") this.#change({ problem })
  }

  #leave(): void {
    clearTimeout(this.#timer)
    this.#source?.close()
    this.#source = undefined
  }

  #change(news: Partial<State>): void {
    this.#state = { ...this.#state, ...news }
    this.#onChange(this.#state)
  }
}
