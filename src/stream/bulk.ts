/**
 * The short way of an array through `map` and `filter` to `toArray`: one loop over the items, in place of a call for each
 * item and stage. What is called, with what and in which order, is the same: an item goes through all stages before the
 * next one. Only who takes everything may do so, since nobody can ask such a loop for one element.
 *
 *     Stream.from(items).map(f).filter(g).toArray()      items, [f, g]      for each item: f, g, push
 */
import { type Next, type Open, type Run } from "./pull.ts"

export interface Step {
  /** It keeps the element or not; else it makes another one. */
  readonly keeps: boolean
  readonly f: (element: never) => unknown
}

/** What is known of a pull's opener, where it is an array with steps. */
interface Bulk {
  readonly items: ArrayLike<unknown>
  readonly steps: readonly Step[]
}

/** Loops are written out, so that the engine can see into each function on its own: for no more than these. */
const MOST_STEPS = 4

/** Says that `open` is this array with these steps. */
export function bulk<A>(open: Open<A>, items: ArrayLike<unknown>, steps: readonly Step[] = []): Open<A> {
  return Object.assign(open, { items, steps })
}

/** Says that `open` is `from` and one step more, where that can be done. */
export function oneMore<A>(open: Open<A>, from: Open<unknown>, step: Step): Open<A> {
  const { items, steps = [] } = from as Partial<Bulk>
  return items === undefined || steps.length === MOST_STEPS ? open : bulk(open, items, [...steps, step])
}

/** All elements, if they are to be had so. */
export function allAtOnce<A>(open: Open<A>, run: Run): Next<A[]> | undefined {
  const { items, steps } = open as Partial<Bulk>
  if (items === undefined) return undefined
  let at = 0
  const into: A[] = []
  return () => {
    while (at < items.length) {
      if (!run.may()) return run.pause()
      const from = at
      at += 1 + run.grant(items.length - at - 1)
      pass(items, from, at, steps as Steps, into)
    }
    return into
  }
}

type Steps = readonly { readonly keeps: boolean; readonly f: (element: unknown) => unknown }[]

function pass(items: ArrayLike<unknown>, from: number, to: number, steps: Steps, into: unknown[]): void {
  const [a, b, c, d] = steps
  // It may have become shorter: a function that is called may have the array, too.
  for (let at = from; at < to && at < items.length; at++) {
    let element = items[at]
    if (a !== undefined) {
      const { f, keeps } = a
      const made = f(element)
      if (!keeps) element = made
      else if (!made) continue
    }
    if (b !== undefined) {
      const { f, keeps } = b
      const made = f(element)
      if (!keeps) element = made
      else if (!made) continue
    }
    if (c !== undefined) {
      const { f, keeps } = c
      const made = f(element)
      if (!keeps) element = made
      else if (!made) continue
    }
    if (d !== undefined) {
      const { f, keeps } = d
      const made = f(element)
      if (!keeps) element = made
      else if (!made) continue
    }
    into.push(element)
  }
}
