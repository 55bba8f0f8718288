export { FiberCore } from "./fiber.ts"
export { Scheduler, type SchedulerOptions } from "./scheduler.ts"
export { type OnUnhandled, rejectUnhandled } from "./unhandled.ts"
