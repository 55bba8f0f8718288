// Every entry brings the runtime along, so that the file which entries share holds Task and what binds it to its runtime.
// oxlint-disable-next-line import/no-unassigned-import -- for its one statement
import "../runtime/index.ts"

export { type Sleeper, TestRuntime, type TestRuntimeOptions } from "./test-runtime.ts"
export { type Exploration, explore, type ExploreOptions, replay, type ReplayOptions } from "./explore.ts"
export type { Strategy } from "./plan.ts"
export { ExplorationError } from "./exploration-error.ts"
export type { Program, Trial } from "./trial.ts"
export { LeakError } from "./leak-error.ts"
export { type TaskTestOptions, type TaskTestProgram, taskTest, withTasks } from "./task-test.ts"
