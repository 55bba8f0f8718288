import { tracer } from "../fiber/index.ts"
import { describeFiber } from "./describe-fiber.ts"
import { failing } from "./failing.ts"
import { replaceMethods, restoreMethods } from "./patches.ts"
import { askForPlaces } from "./site.ts"

/** The user wants them. */
let wanted = false
/** Others who want to know which function runs, as long as they do: that needs no places. */
let holders = 0
let replaced = false

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

/** Turns traces off and puts everything back as it was. Errors keep the traces that they have. */
export function disableTraces(): void {
  wanted = false
  update()
}

/** Until the undo is called, functions of tasks are called by ours: for `onSlow`, which so knows their names, and without traces no more. */
export function holdCalls(): () => void {
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
  askForPlaces(wanted)
  const replace = wanted || holders > 0
  if (replace && !replaced) replaceMethods()
  if (!replace && replaced) restoreMethods()
  replaced = replace
  if (wanted) {
    tracer.failing = failing
    tracer.describe = describeFiber
  } else {
    delete tracer.failing
    delete tracer.describe
  }
}
