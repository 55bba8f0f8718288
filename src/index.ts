export {
  type Cancelled,
  CancelledError,
  type Duration,
  type DurationFields,
  type Exit,
  type Fulfilled,
  type Rejected,
  type Settled,
  type SuppressedError,
} from "./data/index.ts"
export {
  type Cleanup,
  type FailureOf,
  type Fiber,
  type RunOptions,
  type StartOptions,
  Task,
  type FailureOfYielded,
  type TaskIterator,
  type Yielded,
} from "./task/index.ts"
export { Runtime, type RuntimeOptions, RunSyncError } from "./runtime/index.ts"
