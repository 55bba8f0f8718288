// Every entry brings the runtime along, so that the file which entries share holds Task and what binds it to its runtime.
// oxlint-disable-next-line import/no-unassigned-import -- for its one statement
import "../runtime/index.ts"
import { listen, type MonitorOptions } from "./listen.ts"
import type { LivePage } from "./server/index.ts"
import type { Task } from "../task/index.ts"

export type { MonitorOptions } from "./listen.ts"
export type { LivePage } from "./server/index.ts"
export { type Starvation, type StarvationOptions, StarvationWatch, watchStarvation } from "./starvation.ts"
export { type Stats, StatsMonitor } from "./stats-monitor.ts"

/** The live page. */
export const monitor = {
  /**
   * Serves a page that shows what a runtime does: its fibers, what they wait for, failures, charts. Only this machine can
   * reach it, unless told otherwise; it can only look, unless `actions` is set. It runs until it is closed, and does not
   * keep the process alive. Needs the peers `hono` and, on Node, `@hono/node-server`.
   *
   * @throws TypeError or RangeError at the call, for options out of their range.
   *
   * @example
   * ```ts
   * import { monitor } from "rapid-fiber/monitor"
   * const page = await monitor.listen({ port: 0 })
   * page.url.startsWith("http://127.0.0.1:") // true
   * await page.close()
   * ```
   */
  listen(options?: MonitorOptions): Task<LivePage> {
    return listen(options)
  },
} as const
