/** What a stream comes to: stages with one element, which is there when the source has ended, or sooner. */
import { Task } from "../../task/index.ts"
import { allAtOnce } from "../bulk.ts"
import { mustNotBePromise } from "../callbacks.ts"
import { type Next, NONE, type Open, type Plan, type Run, stage } from "../pull.ts"

/** Takes in elements until the end, or until `add` says that this is enough; then `result`. */
interface Sink<A, B> {
  readonly add: (element: A) => boolean | void
  readonly result: () => B
}

export function into<A, B>(from: Plan<A>, make: () => Sink<A, B>): Open<B> {
  return stage(from, (next, run): Next<B> => {
    const { add, result } = make()
    return () => {
      for (;;) {
        const element = next()
        if (element === NONE) return run.ended ? result() : NONE
        if (add(element) === true) return result()
      }
    }
  })
}

/** All elements. It is the end that most streams have: without a call for each element. */
export function collected<A>(from: Plan<A>): Open<A[]> {
  const oneByOne = stage<A, A[]>(from, (next, run) => {
    const items: A[] = []
    return () => {
      for (;;) {
        const element = next()
        if (element === NONE) return run.ended ? items : NONE
        items.push(element)
      }
    }
  })
  return (run) => {
    const next = allAtOnce(from.open, run)
    return next === undefined ? oneByOne(run) : { next }
  }
}

/** Folds with a function that may return a Task of the next state. */
export function reduce<A, B>(
  from: Plan<A>,
  f: (state: B, element: A) => B | Task<B, unknown>,
  initial: readonly [] | readonly [B],
): Open<B> {
  return stage(from, (next: Next<A>, run: Run): Next<B> => {
    let begun = initial.length > 0
    let state = initial[0] as B
    let waiting = false
    return () => {
      if (waiting) {
        waiting = false
        state = run.value as B
      }
      for (;;) {
        const element = next()
        if (element === NONE) {
          if (!run.ended) return NONE
          if (begun) return state
          throw new TypeError("Expected reduce of an empty stream to have an initial value, got none.")
        }
        if (!begun) {
          begun = true
          state = element as unknown as B
          continue
        }
        const made = mustNotBePromise(f(state, element), "what the callback of reduce returns")
        const now = made instanceof Task ? run.perform(made) : made
        waiting = now === NONE
        if (now === NONE) return NONE
        state = now
      }
    }
  })
}
