import type { Clock } from "../clock/index.ts"
import type { Fiber, StartSpec } from "./handle.ts"
import * as Op from "./node.ts"
import { Task } from "./task.ts"

/** What an operation of ours may see of the fiber that performs it. */
export interface Running {
  /** The cancellation has been delivered, and its reason. */
  readonly stopped: boolean
  readonly reason: unknown
  readonly loop: {
    readonly clock: Clock
    readonly random: () => number
    readonly closed: boolean
    start<A, E>(from: Running, task: Task<A, E>, spec: StartSpec): Fiber<A, E> & Ending
  }
}

/** A fiber whose end can be awaited without heeding its outcome. */
export interface Ending {
  whenEnded(callback: () => void): () => void
  afterwards(): Task<void>
}

/** Continues as what `f` makes of the fiber that runs it, in one step: nothing comes in between. */
export function access<A, E>(f: (fiber: Running) => Task<A, E>): Task<A, E> {
  return new Task<A, E>(Op.Access, f)
}
