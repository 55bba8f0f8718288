/** Stages that look at one element after the other and wait for nothing. */
import { oneMore } from "../bulk.ts"
import { type Next, NONE, type Open, type Plan, stage } from "../pull.ts"

export function map<A, B>(from: Plan<A>, f: (element: A) => B): Open<B> {
  const open = stage<A, B>(from, (next) => () => {
    const element = next()
    return element === NONE ? NONE : f(element)
  })
  return oneMore(open, from.open, { keeps: false, f })
}

export function filter<A>(from: Plan<A>, keeps: (element: A) => unknown): Open<A> {
  const open = stage<A, A>(from, (next) => () => {
    for (;;) {
      const element = next()
      if (element === NONE || keeps(element)) return element
    }
  })
  return oneMore(open, from.open, { keeps: true, f: keeps })
}

/** A filter with something to remember, made anew for each run. */
export function filterWith<A>(from: Plan<A>, make: () => (element: A) => boolean): Open<A> {
  return (run) => filter(from, make())(run)
}

export function collect<A, B>(from: Plan<A>, f: (element: A) => B | undefined): Open<B> {
  return stage(from, (next) => () => {
    for (;;) {
      const element = next()
      if (element === NONE) return NONE
      const made = f(element)
      if (made !== undefined) return made
    }
  })
}

export function take<A>(from: Plan<A>, count: number): Open<A> {
  return stage(from, (next, run) => {
    let left = count
    return () => {
      if (left <= 0) return run.end()
      const element = next()
      if (element !== NONE) left--
      return element
    }
  })
}

export function takeWhile<A>(from: Plan<A>, keeps: (element: A) => unknown): Open<A> {
  return stage(from, (next, run) => {
    let over = false
    return () => {
      if (over) return run.end()
      const element = next()
      if (element === NONE || keeps(element)) return element
      over = true
      return run.end()
    }
  })
}

export function scan<A, B>(
  from: Plan<A>,
  f: (state: B, element: A) => B,
  initial: readonly [] | readonly [B],
): Open<B> {
  return stage(from, (next): Next<B> => {
    let begun = initial.length > 0
    let state = initial[0] as B
    return () => {
      const element = next()
      if (element === NONE) return NONE
      state = begun ? f(state, element) : (element as unknown as B)
      begun = true
      return state
    }
  })
}

export function intersperse<A, B>(from: Plan<A>, separator: B): Open<A | B> {
  return stage(from, (next): Next<A | B> => {
    let begun = false
    let held: A | typeof NONE = NONE
    return () => {
      if (held !== NONE) {
        const element = held
        held = NONE
        return element
      }
      const element = next()
      if (element === NONE || !begun) {
        begun ||= element !== NONE
        return element
      }
      held = element
      return separator
    }
  })
}
