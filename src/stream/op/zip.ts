import { inTurn } from "../closing.ts"
import { type Next, type None, NONE, type Open, type Plan, type Run } from "../pull.ts"

/** A stage with two sources, asked by the same fiber; the second is closed first. */
function both<A, B, C>(
  left: Plan<A>,
  right: Plan<B>,
  make: (left: Next<A>, right: Next<B>, run: Run) => Next<C>,
): Open<C> {
  return (run) => {
    const one = left.open(run)
    const other = right.open(run)
    return { next: make(one.next, other.next, run), close: () => inTurn(other.close?.(), one.close?.()) }
  }
}

export function zipWith<A, B, C>(left: Plan<A>, right: Plan<B>, f: (left: A, right: B) => C): Open<C> {
  return both(left, right, (one, other) => {
    let held: A | None = NONE
    return () => {
      if (held === NONE) {
        held = one()
        if (held === NONE) return NONE
      }
      const element = other()
      if (element === NONE) return NONE
      const pair = f(held, element)
      held = NONE
      return pair
    }
  })
}

/** Until both have ended. */
export function zipAll<A, B>(left: Plan<A>, right: Plan<B>, noLeft: A, noRight: B): Open<readonly [A, B]> {
  return both(left, right, (one, other, run) => {
    let held: A | None = NONE
    let [leftEnded, rightEnded] = [false, false]
    return () => {
      if (held === NONE && !leftEnded) {
        held = one()
        if (held === NONE) {
          if (!run.ended) return NONE
          leftEnded = true
        }
      }
      const element: B | None = rightEnded ? NONE : other()
      if (element === NONE && !rightEnded) {
        if (!run.ended) return NONE
        rightEnded = true
      }
      if (held === NONE && element === NONE) return run.end()
      const pair = [held === NONE ? noLeft : held, element === NONE ? noRight : element] as const
      held = NONE
      return pair
    }
  })
}

/** One of each in turn; when one has ended, what is left of the other. */
export function interleave<A, B>(left: Plan<A>, right: Plan<B>): Open<A | B> {
  return both(left, right, (one, other, run) => {
    let now: Next<A | B> = one
    let then: Next<A | B> | undefined = other
    return () => {
      const element = now()
      if (element !== NONE) {
        if (then !== undefined) [now, then] = [then, now]
        return element
      }
      if (!run.ended || then === undefined) return NONE
      now = then
      then = undefined
      return now()
    }
  })
}
