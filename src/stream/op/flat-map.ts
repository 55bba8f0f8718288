import { closing, inTurn, type None, NONE, type Open, type Plan, type Pull } from "../pull.ts"
import { planOf } from "../source/from.ts"

/** A source and what is made of its elements. */
interface Level {
  readonly outer: Pull<unknown>
  readonly f: (element: unknown) => unknown
}

/** A pull that says what it is made of, as long as it has not been asked. */
interface Nested<B> extends Pull<B> {
  readonly level: Level
}

/**
 * The elements of what `f` makes of each element; each of these ends, and is closed, before the next element is asked for.
 * Where what `f` makes is a flatMap itself, its level is put on top of this one's, so that recursion through flatMap nests on a
 * list and not on the JS stack.
 *
 *     levels   [ f of a, f of b, f of c ]      inner: what the function on top has made
 */
export function flatMap<A, B>(from: Plan<A>, f: (element: A) => unknown): Open<B> {
  return (run) => {
    const level = { outer: from.open(run), f: f as (element: unknown) => unknown }
    const levels: Level[] = [level]
    let inner: Pull<B> | undefined
    const next = (): B | None => {
      for (;;) {
        if (inner !== undefined) {
          const element = inner.next()
          if (element !== NONE || !run.ended) return element
          const { close } = inner
          if (close !== undefined) return closing(run, close, () => (inner = undefined))
          inner = undefined
        }
        const { outer, f: make } = levels.at(-1) as Level
        const element = outer.next()
        if (element !== NONE) {
          inner = planOf<B>(make(element), "what the callback of flatMap returns").open(run)
          const nested = (inner as Partial<Nested<B>>).level
          if (nested === undefined) continue
          levels.push(nested)
          inner = undefined
        } else if (!run.ended || levels.length === 1) {
          return NONE
        } else if (outer.close !== undefined) {
          return closing(run, outer.close, () => levels.pop())
        } else {
          levels.pop()
        }
      }
    }
    const close = (): ReturnType<NonNullable<Pull<B>["close"]>> =>
      levels.reduceRight((closed, { outer }) => inTurn(closed, outer.close?.()), inner?.close?.())
    return { next, close, level } as Nested<B>
  }
}
