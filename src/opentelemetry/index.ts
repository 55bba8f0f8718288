// Every entry brings the runtime along, so that the file which entries share holds Task and what binds it to its runtime.
// oxlint-disable-next-line import/no-unassigned-import -- for its one statement
import "../runtime/index.ts"

export { activeSpan } from "./active-span.ts"
export { observe, type Observation, type ObserveOptions } from "./observe.ts"
export { withSpan } from "./with-span.ts"
export type { WithSpanOptions } from "./span-start.ts"
