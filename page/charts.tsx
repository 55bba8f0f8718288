import { Chart, type Line } from "./chart.tsx"
import { duration, perSecond, short } from "./format.ts"
import type { History } from "./history.ts"

/** The last five minutes. */
export function Charts({ history }: { readonly history: History }) {
  return (
    <section aria-labelledby="charts">
      <h2 id="charts" class="hidden">
        The last five minutes
      </h2>
      <div class="charts">
        <Chart title="Fibers" lines={fibers} format={short} history={history} />
        <Chart title="Operations" lines={operations} format={perSecond} history={history} />
        <Chart title="Event-loop delay" lines={delay} format={duration} history={history} />
        <Chart title="Failures" lines={failures} format={perSecond} history={history} />
      </div>
    </section>
  )
}

const fibers: readonly Line[] = [
  { name: "alive", kind: "live", of: (sample) => sample.live },
  { name: "ready", kind: "ready", of: (sample) => sample.ready },
  { name: "sleeping", kind: "sleeping", of: (sample) => sample.sleeping },
  { name: "outside", kind: "waiting", of: (sample) => sample.outside },
]
const operations: readonly Line[] = [
  { name: "operations", kind: "running", of: (sample) => sample.rates?.operations, filled: true },
]
const delay: readonly Line[] = [
  { name: "mean", kind: "sleeping", of: (sample) => sample.delay },
  { name: "most", kind: "ready", of: (sample) => sample.delayMax },
]
const failures: readonly Line[] = [
  { name: "failed", kind: "failed", of: (sample) => sample.rates?.failed, filled: true },
  { name: "cancelled", kind: "ending", of: (sample) => sample.rates?.cancelled },
]
