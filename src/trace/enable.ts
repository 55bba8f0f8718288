import { tracer } from "../fiber/index.ts"
import { describeFiber } from "./describe-fiber.ts"
import { failing } from "./failing.ts"
import { replaceMethods, restoreMethods } from "./patches.ts"

/** The user wants them. */
let wanted = false
/** Others who want them, as long as they do. */
let holders = 0
let enabled = false

/**
 * Turns traces on: from now on the `stack` of an error that a task fails with shows where the tasks on its way were made,
 * innermost first, and the library's own frames are left out of it. What is built before has no places to show: for a whole
 * program, `node --import rapid-fiber/trace/on app.js`.
 *
 * It is meant for development, and for looking into a failure: each task that is made costs some microseconds more. Off, it
 * costs nothing. Calling it again changes nothing.
 *
 * @example
 * ```ts
 * enableTraces()
 * const load = () => Task.sleep(1).flatMap(() => Task.fail(new Error("no such user")))
 * const error = await load().catch((reason) => Task.pure(reason as Error))
 * error.stack?.includes("at <flatMap> load") // true
 * disableTraces()
 * ```
 */
export function enableTraces(): void {
  wanted = true
  update()
}

/**
 * Turns traces off and puts everything back as it was, unless a `watchStarvation` still needs them. Errors keep the traces
 * that they have.
 */
export function disableTraces(): void {
  wanted = false
  update()
}

/** Keeps traces on until the undo is called. */
export function holdTraces(): () => void {
  let held = true
  holders++
  update()
  return () => {
    if (held) holders--
    held = false
    update()
  }
}

function update(): void {
  const on = wanted || holders > 0
  if (on === enabled) return
  enabled = on
  if (on) {
    replaceMethods()
    tracer.failing = failing
    tracer.describe = describeFiber
  } else {
    restoreMethods()
    delete tracer.failing
    delete tracer.describe
  }
}
