import { describe, type Duration, toMillis } from "../data/index.ts"
import type { FiberCore, Scheduler } from "../fiber/index.ts"
import { type Runtime, schedulerOf } from "../runtime/index.ts"
import { type Fiber, mustKnow } from "../task/index.ts"
import { holdCalls, onSlow } from "../trace/index.ts"
import { Watched } from "./watched.ts"

/** Somebody has held the event loop. */
export interface Starvation {
  /** Undefined for a sleeper that nobody held: of it there was nothing left but a function. */
  readonly fiber: Fiber<unknown, unknown> | undefined
  /** Milliseconds for which it ran in one go. */
  readonly ms: number
  /** The function that took so long: "parse, <map>"; with traces, where its task was made, too: "parse, <map> load (file:1:2)". */
  readonly callback: string | undefined
  /** How many others there were since the last report, which were not reported. */
  readonly others: number
  /** The same as a sentence. */
  toString(): string
}

/** What `watchStarvation` may be told. */
export interface StarvationOptions {
  /** A fiber that runs longer than this in one go is reported. Default 50 ms. */
  readonly threshold?: Duration
  /** There is at most one report in this time. Default 1 second. */
  readonly every?: Duration
  /**
   * Names the function as well: of tasks that are built while the watch lasts, each of which costs some more (docs/performance.md).
   * Where its task was made is known if traces are on. False names the fiber alone. Default true.
   */
  readonly callbacks?: boolean
  /** What is watched. Default: the default runtime. */
  readonly runtime?: Runtime
  /** What to do with a report. Default: `console.warn`. */
  readonly onStarvation?: (report: Starvation) => void
}

/** Goes on until it is stopped. */
export class StarvationWatch implements Disposable {
  readonly #watched: Watched
  readonly #undo: () => void
  readonly #every: number
  readonly #tell: (report: Starvation) => void
  #last = -Infinity
  #others = 0
  /** The innermost function that took so long in the slice that runs. */
  #slow: string | undefined
  #stopped = false

  /** @internal */
  constructor(
    scheduler: Scheduler,
    threshold: number,
    { every, callbacks, tell }: { every: number; callbacks: boolean; tell: (report: Starvation) => void },
  ) {
    this.#every = every
    this.#tell = tell
    this.#watched = Watched.of(scheduler)
    const release = callbacks ? holdCalls() : undefined
    let running = false
    const slow = (site: string, name: string): void => {
      if (running) this.#slow ??= name === "" ? site : `${name}, ${site}`
    }
    const unslow = callbacks ? onSlow(threshold, slow) : undefined
    const unslice = this.#watched.onSlice({
      began: () => {
        running = true
        this.#slow = undefined
      },
      ended: (fiber, ms) => {
        running = false
        if (ms > threshold) this.#met(fiber, ms)
      },
    })
    this.#undo = () => {
      unslice()
      unslow?.()
      release?.()
    }
  }

  #met(fiber: FiberCore | undefined, ms: number): void {
    const now = performance.now()
    if (now - this.#last < this.#every) return void this.#others++
    this.#last = now
    const others = this.#others
    this.#others = 0
    this.#watched.scheduler.tell(this.#tell, new Report(fiber, ms, this.#slow, others))
  }

  /** Ends the watch. Again: does nothing. */
  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#undo()
    this.#watched.leave()
  }

  [Symbol.dispose](): void {
    this.stop()
  }
}

class Report implements Starvation {
  readonly fiber: Fiber<unknown, unknown> | undefined
  readonly ms: number
  readonly callback: string | undefined
  readonly others: number

  constructor(fiber: Fiber<unknown, unknown> | undefined, ms: number, callback: string | undefined, others: number) {
    this.fiber = fiber
    this.ms = ms
    this.callback = callback
    this.others = others
  }

  toString(): string {
    const where = this.callback === undefined ? "" : `, in ${this.callback}`
    const more = this.others === 0 ? "" : ` (and ${this.others} more since the last report)`
    return `${this.fiber?.name ?? "A sleeper that nobody holds"} held the event loop for ${Math.round(this.ms)} ms${where}${more}.`
  }
}

const OPTIONS = ["threshold", "every", "callbacks", "runtime", "onStarvation"]

/**
 * Warns of fibers that hold the event loop for too long in one go, by one callback that takes long: everybody else waits
 * meanwhile, timers and requests included. Costs two readings of the time for each slice of a fiber. Dispose it, or call
 * `stop`, to end the watch.
 *
 * @throws TypeError or RangeError for options out of their range.
 *
 * @example
 * ```ts
 * import { watchStarvation } from "rapid-fiber/monitor"
 * const seen: unknown[] = []
 * using watch = watchStarvation({ threshold: 10, onStarvation: ({ fiber }) => void seen.push(fiber?.name) })
 * const spin = Task.sync(() => { for (const end = Date.now() + 30; Date.now() < end; ); })
 * await spin.run({ name: "busy" })
 * seen // ["busy"]
 * ```
 */
export function watchStarvation(options: StarvationOptions = {}): StarvationWatch {
  mustKnow(options, OPTIONS, "watchStarvation")
  const { threshold = 50, every = 1000, callbacks = true, runtime, onStarvation = warn } = options
  if (typeof onStarvation !== "function") {
    throw new TypeError(`Expected \`onStarvation\` to be a function, got ${describe(onStarvation)}.`)
  }
  if (typeof callbacks !== "boolean") {
    throw new TypeError(`Expected \`callbacks\` to be a boolean, got ${describe(callbacks)}.`)
  }
  const scheduler = schedulerOf(runtime)
  return new StarvationWatch(scheduler, toMillis(threshold, "threshold"), {
    every: toMillis(every, "every"),
    callbacks,
    tell: onStarvation,
  })
}

function warn(report: Starvation): void {
  // oxlint-disable-next-line eslint/no-console -- this is where it is to be seen
  console.warn(String(report))
}
