import type { Clock, Host } from "../clock/index.ts"
import { type FiberCore, Scheduler } from "../fiber/index.ts"
import { schedulerOf } from "./scheduler.ts"

/** A host that never gets a turn: nothing is armed. */
const NO_HOST: Host = { now: () => 0, microtask: () => {}, macrotask: () => {} }

/** A clock on which nobody wakes; it can be read where the host has one. */
const NO_CLOCK: Clock = {
  now: () => globalThis.performance?.now() ?? 0,
  wall: () => Date.now(),
  add: () => 0,
  cancel: () => {},
  take: () => false,
  connect: () => {},
  keeping: 0,
  forEach: () => {},
}

/** A scheduler that arms nothing: it runs when it is told to. What leaves it goes to the default runtime. */
export function hostless(): Scheduler {
  return new Scheduler({
    clock: NO_CLOCK,
    host: NO_HOST,
    budget: 1024,
    slice: Infinity,
    random: Math.random,
    onUnhandled: (reason, fiber) =>
      schedulerOf(undefined, true).unhandled.report(reason, fiber as FiberCore | undefined),
    forDetached: () => schedulerOf(),
  })
}
