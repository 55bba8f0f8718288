export { atOnce, isAtOnce } from "./at-once.ts"
export type { Completable } from "./completable.ts"
export type { ConcurrencyOptions, Crew, SignalOptions } from "./crew.ts"
export { bindEdge, type Runtime, type RunOptions } from "./edge.ts"
export {
  limitOf,
  mustBeClass,
  mustBeFunction,
  mustBeSignal,
  mustBeTask,
  mustBeTaskOrFunction,
  mustKnow,
  notATask,
} from "./errors.ts"
export { drive, type Driver, type FailureOfYielded, type TaskIterator, type Yielded } from "./generator.ts"
export type { Fiber, StartOptions, StartSpec } from "./handle.ts"
export {
  type Backoff,
  type BackoffOptions,
  type Policy,
  policyOf,
  type ScheduleContext,
  type ScheduleOptions,
  type Step,
} from "./policy.ts"
export { Schedule } from "./schedule.ts"
export { acquiring, type DisposableLike, Scope } from "./scope.ts"
export { type Cleanup, type FailureOf, type Restore, Task, type UntilOptions, type ValueOf } from "./task.ts"
export { Timer } from "./timer.ts"
