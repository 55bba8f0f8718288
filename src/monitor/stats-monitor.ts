import { type Runtime, schedulerOf } from "../runtime/index.ts"
import { Watched } from "./watched.ts"

/** What a runtime has done since somebody watches. */
export interface Stats {
  /** Fibers. */
  readonly started: number
  readonly succeeded: number
  readonly failed: number
  readonly cancelled: number
  /** Roots that have not ended, those from before included. */
  readonly live: number
  /** In the queue of those who are to run. */
  readonly ready: number
  /** Sleepers and time limits, but for those with `ref: false`. */
  readonly sleeping: number
  /** Those that wait for a callback or a promise. */
  readonly outside: number
  /** Operations of the interpreter. */
  readonly operations: number
  /** Milliseconds for which it has been watched. */
  readonly uptime: number
}

/**
 * Counts what a runtime does. While one is attached, each slice of a fiber costs a little more (docs/performance.md); where
 * none is, nothing.
 *
 * @example
 * ```ts
 * import { StatsMonitor } from "rapid-fiber/monitor"
 * await using runtime = Runtime.make()
 * using monitor = StatsMonitor.attach(runtime)
 * await Task.all([Task.sleep(1), Task.sleep(2)]).toPromise({ runtime })
 * const { started, succeeded, failed } = monitor.stats()
 * [started, succeeded, failed] // [3, 3, 0]
 * ```
 */
export class StatsMonitor implements Disposable {
  readonly #watched: Watched
  #left = false

  private constructor(watched: Watched) {
    this.#watched = watched
  }

  /** Starts counting. Default: of the default runtime. Several may watch one runtime. */
  static attach(runtime?: Runtime): StatsMonitor {
    return new StatsMonitor(Watched.of(schedulerOf(runtime)))
  }

  /** The counts so far. Those of fibers are since the first one was attached who still is. */
  stats(): Stats {
    const { started, succeeded, failed, cancelled, operations, began, scheduler } = this.#watched
    return {
      started,
      succeeded,
      failed,
      cancelled,
      live: scheduler.live,
      ready: scheduler.ready.size,
      sleeping: scheduler.clock.keeping,
      outside: scheduler.outside,
      operations,
      uptime: scheduler.clock.now() - began,
    }
  }

  /** The same as lines of text. */
  report(): string {
    return Object.entries(this.stats())
      .map(
        ([name, value]: [string, number]) =>
          `${name.padEnd(10)} ${Math.round(value).toLocaleString("en").padStart(15)}`,
      )
      .join("\n")
  }

  /** Stops counting. Again: does nothing. */
  close(): void {
    if (this.#left) return
    this.#left = true
    this.#watched.leave()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
