import { closing, NONE, type Open, type Plan, type Pull } from "../pull.ts"

/**
 * One stream after the other, each opened when the one before has ended and is closed. Those that are made of others are
 * replaced by these, on a list and not on the JS stack: a million of them nest, to the left and to the right.
 */
export function concat<A>(parts: () => readonly Plan<A>[]): Plan<A> {
  const open: Open<A> = (run) => {
    /** What is to come, the next one last. */
    const plans: Plan<A>[] = [{ open, parts }]
    let current: Pull<A> | undefined
    const next = (): A | typeof NONE => {
      for (;;) {
        if (current === undefined) {
          const plan = plans.at(-1)
          if (plan === undefined) return run.end()
          if (!run.may()) return run.pause()
          plans.pop()
          if (plan.parts !== undefined) {
            const inner = plan.parts()
            for (let i = inner.length - 1; i >= 0; i--) plans.push(inner[i])
            continue
          }
          current = plan.open(run)
        }
        const element = current.next()
        if (element !== NONE || !run.ended) return element
        const { close } = current
        if (close !== undefined) return closing(run, close, () => (current = undefined))
        current = undefined
      }
    }
    return { next, close: () => current?.close?.() }
  }
  return { open, parts }
}
