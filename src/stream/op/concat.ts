import type { Plan } from "../pull.ts"
import { nested } from "./nested.ts"

/** One stream after the other. They are asked for when the first is to begin, at each run. */
export function concat<A>(parts: () => readonly Plan<A>[]): Plan<A> {
  return { open: (run) => nested<A>(run, { plans: [{ open: () => ({ next: () => run.end() }), parts }] }), parts }
}
