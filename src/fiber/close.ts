import * as family from "./family.ts"
import { FiberCore } from "./fiber.ts"
import { Group } from "./group.ts"
import type { Scheduler } from "./scheduler.ts"
import { CANCEL } from "./state.ts"

/** Cancels every fiber of a scheduler, which starts nothing any more, and resolves when the last root has ended. */
export function close(scheduler: Scheduler): Promise<void> {
  return new Promise((resolve) => {
    scheduler.closed = true
    scheduler.onIdle = resolve
    abortAll(scheduler)
    if (scheduler.live === 0) resolve()
  })
}

/** Cancels every fiber of a scheduler, and resolves when none is left, those included that have been started meanwhile. */
export function endAll(scheduler: Scheduler): Promise<void> {
  const before = scheduler.onIdle
  return new Promise((resolve) => {
    scheduler.onIdle = () => {
      scheduler.onIdle = before
      resolve()
    }
    abortAll(scheduler)
    if (scheduler.live === 0) scheduler.onIdle()
  })
}

/** Roots only: their children follow when they end, and may be needed by their cleanups before. */
function abortAll(scheduler: Scheduler): void {
  family.abort(scheduler.roots)
  const detached: number[] = []
  scheduler.clock.forEach((sleeper, ticket) => {
    if (sleeper instanceof FiberCore) abortRoot(sleeper)
    else if (!(sleeper instanceof Group)) detached.push(ticket)
  })
  for (const ticket of detached) {
    scheduler.clock.cancel(ticket)
    scheduler.rootEnded(undefined, CANCEL)
  }
  const { ready } = scheduler
  const entries: unknown[] = []
  while (ready.size > 0) entries.push(ready.shift())
  for (const entry of entries) {
    if (entry instanceof FiberCore) abortRoot(entry)
    if (entry instanceof FiberCore || entry instanceof Group) ready.push(entry)
    else scheduler.rootEnded(undefined, CANCEL)
  }
  if (scheduler.current !== undefined) abortRoot(scheduler.current)
}

function abortRoot(fiber: FiberCore): void {
  if (fiber.parent === undefined) fiber.abort()
}
