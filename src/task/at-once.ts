import * as Op from "./node.ts"
import type { Task } from "./task.ts"

/** The task needs no interpreter: it is a value, or a function to be called. Who calls it counts an operation for it. */
export function isAtOnce(task: Task<unknown, unknown>): boolean {
  return task.tag <= Op.Sync
}

/** What such a task comes to. */
export function atOnce<A>(task: Task<A, unknown>): A {
  if (task.tag === Op.Pure) return task.a as A
  const f: () => A = task.a
  return f()
}
