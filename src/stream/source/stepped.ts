import type { Task } from "../../task/index.ts"
import type { Next, Run } from "../pull.ts"

/** What an iterator or a reader answers with. */
interface Step<A> {
  readonly done?: boolean | undefined
  readonly value?: A | undefined
}

/** Asks for one step after the other. */
export function stepped<A>(run: Run, ask: Task<Step<A>, unknown>): Next<A> {
  let waiting = false
  return () => {
    waiting = !waiting
    if (waiting) return run.await(ask)
    const { done, value } = run.value as Step<A>
    return done ? run.end() : (value as A)
  }
}
