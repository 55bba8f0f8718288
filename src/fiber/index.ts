export {
  type Census,
  census,
  childrenOf,
  type Counted,
  fiberState,
  type FiberState,
  isCancelling,
  lineOf,
  waitsFor,
} from "./census.ts"
export { close, endAll } from "./close.ts"
export { Group } from "./group.ts"
export { FiberCore } from "./fiber.ts"
export { Local } from "./local.ts"
export { Scheduler, type SchedulerOptions } from "./scheduler.ts"
export { type Pace, type ReadyQueue, tracer, type Watch } from "./seams.ts"
/** @internal */
export type { Frame } from "./stack.ts"
export { type OnUnhandled, rejectUnhandled } from "./unhandled.ts"
export { type DeadlockReport, fibersOf, reportOf, stuckIn, type Waiting, waitOf, waitPhrase } from "./waits.ts"
export { CANCEL, CLOSING, DONE, FULFILL, QUEUED, REJECT, SUSPENDED } from "./state.ts"
export { acquired, handOver, held, type Owner, perform, wait, Waiter } from "./waiter.ts"
