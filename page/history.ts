import type { Overview } from "../src/monitor/view.ts"

/** What is drawn over time. A rate is unknown in the first sample, and in the first after the program has begun anew. */
export interface Sample {
  /** Seconds since 1970, as the charts count. */
  readonly time: number
  readonly live: number
  readonly ready: number
  readonly sleeping: number
  readonly outside: number
  readonly delay: number
  readonly delayMax: number
  readonly rates: Rates | undefined
}

/** Per second, over the time since the sample before. */
export type Rates = Readonly<Record<keyof Overview["counts"], number>>

/** Seconds that are shown. */
export const span = 300

/** Milliseconds between two samples at least, so that a short interval does not fill the memory. */
const closest = 450

/** The last five minutes, some 660 samples at most. */
export class History {
  readonly samples: readonly Sample[]
  readonly #last: Overview | undefined

  constructor(samples: readonly Sample[] = [], last?: Overview) {
    this.samples = samples
    this.#last = last
  }

  /** The same with one more; itself if it comes too soon after the last. */
  with(overview: Overview): History {
    const last = this.#last
    const anew = last === undefined || overview.uptime < last.uptime
    if (!anew && overview.uptime - last.uptime < closest) return this
    const time = overview.time / 1000
    // A clock that was set back would fold the line.
    const kept = this.samples.filter((sample) => sample.time > time - span && sample.time < time)
    const { fibers, eventLoopDelay } = overview
    const { live, ready, sleeping, outside } = fibers
    const rates = anew ? undefined : ratesBetween(last, overview)
    const sample = {
      time,
      live,
      ready,
      sleeping,
      outside,
      delay: eventLoopDelay.mean,
      delayMax: eventLoopDelay.max,
      rates,
    }
    return new History([...kept, sample], overview)
  }

  get latest(): Sample | undefined {
    return this.samples.at(-1)
  }
}

function ratesBetween(before: Overview, after: Overview): Rates {
  // The time of day may have been set meanwhile.
  const seconds = (after.uptime - before.uptime) / 1000
  const per = (name: keyof Overview["counts"]): number =>
    Math.max(0, after.counts[name] - before.counts[name]) / seconds
  return {
    started: per("started"),
    succeeded: per("succeeded"),
    failed: per("failed"),
    cancelled: per("cancelled"),
    operations: per("operations"),
  }
}
