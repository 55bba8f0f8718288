import { type Open, type Plan } from "../pull.ts"

/** The items of an array, or of what is like one. */
export function values<A>(items: ArrayLike<A>): Open<A> {
  return (run) => {
    let at = 0
    return {
      next: () => (at >= items.length ? run.end() : run.may() ? items[at++] : run.pause()),
    }
  }
}

export const empty: Plan<never> = { open: values<never>([]), parts: undefined }
