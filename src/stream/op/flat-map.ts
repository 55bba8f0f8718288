import { closing, NONE, inTurn, type Open, type Plan, type Pull } from "../pull.ts"
import { planOf } from "../source/from.ts"

/** The elements of what `f` makes of each element; each of these ends, and is closed, before the next element is asked for. */
export function flatMap<A, B>(from: Plan<A>, f: (element: A) => unknown): Open<B> {
  return (run) => {
    const outer = from.open(run)
    let inner: Pull<B> | undefined
    const next = (): B | typeof NONE => {
      for (;;) {
        if (inner === undefined) {
          const element = outer.next()
          if (element === NONE) return NONE
          inner = planOf<B>(f(element), "what the callback of flatMap returns").open(run)
        }
        const element = inner.next()
        if (element !== NONE || !run.ended) return element
        const { close } = inner
        if (close !== undefined) return closing(run, close, () => (inner = undefined))
        inner = undefined
      }
    }
    return { next, close: () => inTurn(inner?.close?.(), outer.close?.()) }
  }
}
