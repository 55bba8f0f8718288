import { closing, inTurn } from "../closing.ts"
import { type None, NONE, type Plan, type Pull, type Run } from "../pull.ts"

/** Streams that make streams: those that are to come, the next one last, or a source and what is made of its elements. */
export type Level =
  | { readonly plans: Plan<unknown>[] }
  | { readonly outer: Pull<unknown>; readonly f: (element: unknown) => Plan<unknown> }

/** A pull that is nothing but its level, as long as it has not been asked. */
interface Nested<A> extends Pull<A> {
  readonly level: Level
}

/**
 * One stream after the other, each opened when the one before has ended and is closed: for `concat`, `flatMap` and `paginate`. Streams
 * that are made of others are replaced by these, on a list and not on the JS stack, so that recursion through both is flat.
 *
 *     levels   [ f of a · c, b · f of d ]      inner: what the top has made; when it has ended the top is asked for the next
 */
export function nested<A>(run: Run, level: Level): Pull<A> {
  const levels: Level[] = [level]
  let inner: Pull<A> | undefined
  const enter = (plan: Plan<A>): void => {
    if (plan.parts !== undefined) {
      levels.push({ plans: plan.parts().toReversed() })
      return
    }
    const pull = plan.open(run)
    const made = (pull as Partial<Nested<A>>).level
    if (made === undefined) inner = pull
    else levels.push(made)
  }
  const next = (): A | None => {
    for (;;) {
      if (inner !== undefined) {
        const element = inner.next()
        if (element !== NONE || !run.ended) return element
        const { close } = inner
        if (close !== undefined) return closing(run, close, () => (inner = undefined))
        inner = undefined
      }
      const top = levels.at(-1)
      if (top === undefined) return run.end()
      if ("plans" in top) {
        if (!run.may()) return run.pause()
        const plan = top.plans.pop()
        // The last one takes the place of its level: what is nested to the right does not add up.
        if (top.plans.length === 0) levels.pop()
        if (plan !== undefined) enter(plan as Plan<A>)
        continue
      }
      const { outer, f } = top
      const element = outer.next()
      if (element !== NONE) enter(f(element) as Plan<A>)
      else if (!run.ended) return NONE
      else if (outer.close !== undefined) return closing(run, outer.close, () => levels.pop())
      else levels.pop()
    }
  }
  const close = (): ReturnType<NonNullable<Pull<A>["close"]>> =>
    levels.reduceRight(
      (closed, one) => ("outer" in one ? inTurn(closed, one.outer.close?.()) : closed),
      inner?.close?.(),
    )
  return { next, close, level } as Nested<A>
}
