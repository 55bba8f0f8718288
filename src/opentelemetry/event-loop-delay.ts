import type { Attributes, Meter, Observable } from "@opentelemetry/api"
import type { Observed } from "./observe.ts"

/** The host's own sampler of its event loop: nanoseconds. It does not keep the process alive. */
interface Histogram {
  readonly count: number
  readonly min: number
  readonly max: number
  readonly mean: number
  readonly stddev: number
  percentile(percentile: number): number
  enable(): unknown
  disable(): unknown
  reset(): void
}

/** Milliseconds between two samples. */
const RESOLUTION = 10
const NANOSECONDS = 1e9

/** What is read of it, by the names of the semantic conventions. */
const FIGURES: Readonly<Record<string, readonly [description: string, read: (histogram: Histogram) => number]>> = {
  min: ["Event loop minimum delay.", ({ min }) => min],
  max: ["Event loop maximum delay.", ({ max }) => max],
  mean: ["Event loop mean delay.", ({ mean }) => mean],
  stddev: ["Event loop standard deviation delay.", ({ stddev }) => stddev],
  p50: ["Event loop 50 percentile delay.", (histogram) => histogram.percentile(50)],
  p90: ["Event loop 90 percentile delay.", (histogram) => histogram.percentile(90)],
  p99: ["Event loop 99 percentile delay.", (histogram) => histogram.percentile(99)],
}

/** Samples the event loop until it is stopped; undefined where the host cannot. */
export function eventLoopDelay(meter: Meter, attributes: Attributes): Observed | undefined {
  const histogram = monitor()
  if (histogram === undefined) return undefined
  histogram.enable()
  const figures = Object.entries(FIGURES).map(([name, [description, read]]) => {
    const instrument: Observable = meter.createObservableGauge(`nodejs.eventloop.delay.${name}`, {
      description,
      unit: "s",
    })
    return { instrument, read }
  })
  return {
    instruments: figures.map(({ instrument }) => instrument),
    read: (result) => {
      // Without a sample there is nothing to say: the mean would be no number.
      if (histogram.count === 0) return
      for (const { instrument, read } of figures) {
        result.observe(instrument, read(histogram) / NANOSECONDS, attributes)
      }
      histogram.reset()
    },
    stop: () => void histogram.disable(),
  }
}

function monitor(): Histogram | undefined {
  const host = (globalThis as { process?: { getBuiltinModule?: (id: string) => unknown } }).process
  const hooks = host?.getBuiltinModule?.("perf_hooks") as
    | { readonly monitorEventLoopDelay?: (options: { readonly resolution: number }) => Histogram }
    | undefined
  try {
    return hooks?.monitorEventLoopDelay?.({ resolution: RESOLUTION })
  } catch {
    // Some hosts have the name alone, and throw when it is called.
    return undefined
  }
}
