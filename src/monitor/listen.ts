import { type Runtime, schedulerOf } from "../runtime/index.ts"
import { mustKnow, Task } from "../task/index.ts"
import { RuntimeProbe } from "./runtime-probe.ts"
import { type ListenOptions, listenOf, listenOptions, type LivePage, serve } from "./server/index.ts"

/** How the live page is served, and of what. */
export interface MonitorOptions extends ListenOptions {
  /** What is shown. Default: the default runtime. */
  readonly runtime?: Runtime
}

/** See `monitor.listen`. */
export function listen(options: MonitorOptions | undefined): Task<LivePage> {
  mustKnow(options, [...listenOptions, "runtime"], "monitor.listen")
  const { runtime, ...served } = options ?? {}
  listenOf(served, "monitor.listen")
  const scheduler = schedulerOf(runtime)
  return Task.uncancelable((restore) =>
    Task.sync(() => new RuntimeProbe(scheduler)).flatMap((probe) =>
      restore(serve(probe, served, "monitor.listen"))
        .map((page) => new Watching(page, probe))
        .finally(({ status }) => {
          if (status !== "fulfilled") probe.stop()
        }),
    ),
  )
}

/** A page, and the watching that it is of. */
class Watching implements LivePage {
  readonly url: string
  readonly port: number
  readonly #page: LivePage
  readonly #probe: RuntimeProbe
  #closed = false

  constructor(page: LivePage, probe: RuntimeProbe) {
    this.url = page.url
    this.port = page.port
    this.#page = page
    this.#probe = probe
  }

  close(): Task<void> {
    return Task.promise(() => this[Symbol.asyncDispose]())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#closed) this.#probe.stop()
    this.#closed = true
    await this.#page[Symbol.asyncDispose]()
  }
}
