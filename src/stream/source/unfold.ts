import { Task } from "../../task/index.ts"
import { mustNotBePromise } from "../callbacks.ts"
import { nested } from "../op/nested.ts"
import { NONE, type Open, type Run } from "../pull.ts"
import { planOf } from "./from.ts"

/** What a step of an unfolding comes to: an element and what to go on from, or the end. */
export type Unfolded<A, S> = readonly [element: A, next: S] | undefined

/** Asks `f` again and again, each time with what it has said last. */
function steps<T>(run: Run, f: () => T | Task<T, unknown>, where: string): () => T | typeof NONE {
  let waiting = false
  return () => {
    if (waiting) {
      waiting = false
      return run.value as T
    }
    if (!run.may()) return run.pause()
    const made = mustNotBePromise(f(), `what the function of ${where} returns`)
    const got = made instanceof Task ? run.perform(made) : made
    // A pause is waited for as well, and then asked again: only what `perform` waits for has a value to bring.
    waiting = got === NONE
    return got
  }
}

export function unfold<A, S>(seed: S, f: (state: S) => Unfolded<A, S> | Task<Unfolded<A, S>, unknown>): Open<A> {
  return (run) => {
    let state = seed
    const step = steps(run, () => f(state), "Stream.unfold")
    return {
      next() {
        const made = step()
        if (made === NONE) return NONE
        if (made === undefined) return run.end()
        state = made[1]
        return made[0]
      },
    }
  }
}

/** The same with a stream of elements for each step: each ends, and is closed, before the next step. */
export function paginate<A, S>(
  seed: S,
  f: (state: S) => readonly [page: unknown, next: S | undefined] | Task<readonly [unknown, S | undefined], unknown>,
): Open<A> {
  return (run) => {
    let state: S | undefined = seed
    let begun = false
    const step = steps(run, () => f(state as S), "Stream.paginate")
    const next = (): unknown => {
      if (begun && state === undefined) return run.end()
      const made = step()
      if (made === NONE) return NONE
      begun = true
      state = made[1]
      return made[0]
    }
    return nested<A>(run, { outer: { next }, f: (page) => planOf(page, "the page of Stream.paginate") })
  }
}
