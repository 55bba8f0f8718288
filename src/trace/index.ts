// Every entry brings the runtime along, so that the file which entries share holds Task and what binds it to its runtime.
// oxlint-disable-next-line import/no-unassigned-import -- for its one statement
import "../runtime/index.ts"

export { disableTraces, enableTraces } from "./enable.ts"
/** @internal */
export { onSlow, type SlowCall } from "./called.ts"
/** @internal */
export { holdCalls } from "./enable.ts"
