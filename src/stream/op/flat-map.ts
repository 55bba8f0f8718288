import type { Open, Plan } from "../pull.ts"
import { planOf } from "../source/from.ts"
import { nested } from "./nested.ts"

/** The elements of what `f` makes of each element; each of these ends, and is closed, before the next element is asked for. */
export function flatMap<A, B>(from: Plan<A>, f: (element: A) => unknown): Open<B> {
  const made = (element: unknown): Plan<unknown> => {
    const stream = f(element as A)
    if (typeof stream !== "string") return planOf(stream, "what the callback of flatMap returns")
    throw new TypeError(
      "Expected what the callback of flatMap returns to be a Stream or something iterable, got a string. " +
        "For its characters: Stream.from(text).",
    )
  }
  return (run) => nested<B>(run, { outer: from.open(run), f: made })
}
