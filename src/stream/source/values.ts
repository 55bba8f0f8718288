import { bulk } from "../bulk.ts"
import { type Open, type Plan } from "../pull.ts"

/** The items of an array, or of what is like one. */
export function values<A>(items: ArrayLike<A>): Open<A> {
  const open: Open<A> = (run) => {
    let at = 0
    return {
      next: () => (at >= items.length ? run.end() : run.may() ? items[at++] : run.pause()),
    }
  }
  return bulk(open, items)
}

export const empty: Plan<never> = { open: values<never>([]), parts: undefined }
