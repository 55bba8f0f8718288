/** Stages that make arrays of neighbours. At the end they give what they have. */
import { type Next, NONE, type Open, type Plan, type Run, stage } from "../pull.ts"

/**
 * Collects elements until one of them closes a group. `add` says what is ready, if anything is; `rest` what is left at the
 * end.
 */
interface Collector<A, B> {
  add(element: A): B | typeof NONE
  rest(): B | typeof NONE
}

function collecting<A, B>(from: Plan<A>, make: () => Collector<A, B>): Open<B> {
  return stage(from, (next: Next<A>, run: Run): Next<B> => {
    const collector = make()
    let over = false
    return () => {
      for (;;) {
        if (over) {
          const left = collector.rest()
          return left === NONE ? run.end() : left
        }
        const element = next()
        if (element !== NONE) {
          const made = collector.add(element)
          if (made !== NONE) return made
        } else if (run.ended) {
          over = true
        } else {
          return NONE
        }
      }
    }
  })
}

export function chunk<A>(from: Plan<A>, size: number): Open<A[]> {
  return collecting(from, () => {
    let group: A[] = []
    const rest = (): A[] | typeof NONE => {
      if (group.length === 0) return NONE
      const made = group
      group = []
      return made
    }
    return { add: (element) => (group.push(element) < size ? NONE : rest()), rest }
  })
}

export function sliding<A>(from: Plan<A>, size: number, step: number): Open<A[]> {
  return collecting(from, () => {
    let window: A[] = []
    /** Elements between two windows. */
    let skip = 0
    const move = (): A[] => {
      const made = window
      window = made.slice(step)
      skip = Math.max(step - made.length, 0)
      return made
    }
    return {
      add: (element) => {
        if (skip > 0) skip--
        else if (window.push(element) === size) return move()
        return NONE
      },
      rest: () => (window.length > 0 ? move() : NONE),
    }
  })
}

export function groupAdjacent<A, K>(from: Plan<A>, key: (element: A) => K): Open<readonly [K, A[]]> {
  return collecting(from, () => {
    let group: readonly [K, A[]] | undefined
    const rest = (): readonly [K, A[]] | typeof NONE => {
      const made = group ?? NONE
      group = undefined
      return made
    }
    return {
      add: (element) => {
        const its = key(element)
        const same = group !== undefined && Object.is(group[0], its)
        const made = same ? NONE : rest()
        if (group === undefined) group = [its, [element]]
        else group[1].push(element)
        return made
      },
      rest,
    }
  })
}

export function split<A>(from: Plan<A>, separates: (element: A) => unknown): Open<A[]> {
  return collecting(from, () => {
    let group: A[] | undefined
    return {
      add: (element) => {
        const open = (group ??= [])
        if (separates(element)) {
          group = []
          return open
        }
        open.push(element)
        return NONE
      },
      rest: () => {
        const made = group ?? NONE
        group = undefined
        return made
      },
    }
  })
}
