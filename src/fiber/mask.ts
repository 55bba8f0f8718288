/**
 * Regions in which cancellation waits, and holes in them in which it does not.
 *
 *     uncancelable(restore => … restore(wait) …)
 *     └ masked ──────────┘└ as it was before ┘└ masked … ┘└ as it was before
 *
 * A `restore` opens the innermost mask only, in its own fiber, while its region lasts, and not inside a cleanup: anywhere
 * else it would take down somebody else's mask, so it leaves things as they are.
 */
import { mustBeTask, notATask, type Restore, Task } from "../task/index.ts"
import * as Op from "../task/node.ts"
import type { FiberCore } from "./fiber.ts"
import { CLEANING, MASKED } from "./state.ts"

type AnyTask = Task<unknown, unknown>

/** One `uncancelable` that is being run. */
export interface Mask {
  readonly fiber: FiberCore
  /** The mask bit outside it. */
  readonly before: number
  readonly outer: Mask | undefined
}

/** Puts a mask up and gives what runs under it. */
export function enterMask(fiber: FiberCore, body: (restore: Restore) => unknown): AnyTask {
  const own: Mask = { fiber, before: fiber.state & MASKED, outer: fiber.ownSide().mask }
  setMask(fiber, MASKED, own)
  const restore = (task: AnyTask): AnyTask => {
    mustBeTask(task, "the argument of restore")
    return new Task(Op.Access, openMask, { own, task })
  }
  return new Task(Op.Leave, underMask(body, restore as Restore), (running: FiberCore) =>
    setMask(running, own.before, own.outer),
  )
}

function underMask(body: (restore: Restore) => unknown, restore: Restore): AnyTask {
  try {
    const task = body(restore)
    return task instanceof Task ? task : Task.fail<unknown>(notATask(task, "what the body of uncancelable returns"))
  } catch (thrown) {
    return Task.fail<unknown>(thrown)
  }
}

function openMask(fiber: FiberCore, { own, task }: { readonly own: Mask; readonly task: AnyTask }): AnyTask {
  if (fiber !== own.fiber || fiber.side?.mask !== own || fiber.state & CLEANING) return task
  setMask(fiber, own.before, own.outer)
  return new Task(Op.Leave, task, (running: FiberCore) => setMask(running, MASKED, own))
}

/** A cancellation that came under the mask is noticed at the next operation. */
function setMask(fiber: FiberCore, bit: number, mask: Mask | undefined): void {
  fiber.state = (fiber.state & ~MASKED) | bit
  fiber.ownSide().mask = mask
  if (fiber.stopping) fiber.loop.attend()
}
