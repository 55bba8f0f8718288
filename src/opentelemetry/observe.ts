import { type Attributes, type BatchObservableResult, type Meter, metrics, type Observable } from "@opentelemetry/api"
import { describe } from "../data/index.ts"
import type { Scheduler } from "../fiber/index.ts"
import { type Runtime, schedulerOf } from "../runtime/index.ts"
import { mustKnow } from "../task/index.ts"
import { eventLoopDelay } from "./event-loop-delay.ts"

/** What `observe` may be told. Everything has a default. */
export interface ObserveOptions {
  /** Where the instruments are made. Default `metrics.getMeter("rapid-fiber")`. */
  readonly meter?: Meter
  /** Attributes of every measurement: for several runtimes, a name for each. Default none. */
  readonly attributes?: Attributes
  /** False: the host's event loop is not measured, since something else does that. Default true. */
  readonly eventLoop?: boolean
}

/** Goes on until it is stopped; `using` stops it, too. */
export interface Observation extends Disposable {
  /** Takes the callbacks off the meter. Stopping twice is as stopping once. */
  stop(): void
}

/** A part of what is observed: which instruments, what they read, and how it is ended. */
export interface Observed {
  readonly instruments: readonly Observable[]
  readonly read: (result: BatchObservableResult) => void
  readonly stop: () => void
}

/**
 * Makes the numbers of a runtime (default: that of the process) observable: they are read when metrics are collected,
 * and cost nothing in between.
 *
 * | instrument | unit | |
 * |---|---|---|
 * | `rapid_fiber.fibers.live` | `{fiber}` | roots that have not ended: children and members of groups are parts of them |
 * | `rapid_fiber.fibers.ready` | `{fiber}` | the depth of the queue of those that are to run |
 * | `rapid_fiber.fibers.sleeping` | `{fiber}` | sleepers and time limits, but for those with `ref: false` |
 * | `rapid_fiber.fibers.outside` | `{fiber}` | those that wait for a callback or a promise |
 * | `nodejs.eventloop.delay.min`, `max`, `mean`, `stddev`, `p50`, `p90`, `p99` | `s` | since the last collection |
 *
 * The delay of the event loop is `perf_hooks.monitorEventLoopDelay`'s own figure, sampled every 10 ms, which are part of
 * it: an idle loop shows about 0.01 s. There is none where the host has no such monitor. Nothing here keeps the process
 * alive.
 *
 * @throws TypeError for what is no runtime, no Meter, and for unknown options; Error for a closed runtime.
 *
 * @example
 * ```ts
 * import { observe } from "rapid-fiber/opentelemetry"
 * const runtime = Runtime.make()
 * const observation = observe(runtime, { attributes: { "rapid_fiber.runtime": "jobs" } })
 * await Task.sleep(1).toPromise({ runtime })
 * observation.stop()
 * await runtime.close()
 * ```
 */
export function observe(runtime?: Runtime, options?: ObserveOptions): Observation {
  mustKnow(options, ["meter", "attributes", "eventLoop"], "observe")
  const { meter = metrics.getMeter("rapid-fiber"), attributes = {}, eventLoop = true } = options ?? {}
  if (typeof meter?.addBatchObservableCallback !== "function") {
    throw new TypeError(
      `Expected \`meter\` of observe to be a Meter, got ${describe(meter)}. Take one of metrics.getMeter(name).`,
    )
  }
  if (typeof eventLoop !== "boolean") {
    throw new TypeError(`Expected \`eventLoop\` of observe to be a boolean, got ${describe(eventLoop)}.`)
  }
  const scheduler = schedulerOf(runtime)
  const observed = [fibers(meter, scheduler, attributes)]
  const delay = eventLoop ? eventLoopDelay(meter, attributes) : undefined
  if (delay !== undefined) observed.push(delay)
  for (const { read, instruments } of observed) meter.addBatchObservableCallback(read, [...instruments])
  const stop = (): void => {
    for (const { read, instruments, stop: end } of observed.splice(0)) {
      meter.removeBatchObservableCallback(read, [...instruments])
      end()
    }
  }
  return { stop, [Symbol.dispose]: stop }
}

function fibers(meter: Meter, scheduler: Scheduler, attributes: Attributes): Observed {
  const instrument = (state: string, description: string): Observable =>
    meter.createObservableUpDownCounter(`rapid_fiber.fibers.${state}`, { description, unit: "{fiber}" })
  const live = instrument("live", "Root fibers that have been started and have not ended.")
  const ready = instrument("ready", "Fibers in the queue of those that are to run.")
  const sleeping = instrument("sleeping", "Sleepers and time limits that keep the process alive.")
  const outside = instrument("outside", "Fibers that wait for a callback or a promise.")
  return {
    instruments: [live, ready, sleeping, outside],
    read: (result) => {
      result.observe(live, scheduler.live, attributes)
      result.observe(ready, scheduler.ready.size, attributes)
      result.observe(sleeping, scheduler.clock.keeping, attributes)
      result.observe(outside, scheduler.outside, attributes)
    },
    stop: () => {},
  }
}
