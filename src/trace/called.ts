/**
 * Calls of the user's functions by tasks that carry a trail: what they throw is remembered with it, and, while somebody
 * watches, how long they take.
 */
import { mustBeFunction } from "../task/index.ts"
import { describe } from "../data/index.ts"
import type { Site } from "./site.ts"
import type { Trail } from "./trail.ts"

/** Told of a function that held up the loop: where its task was made, its name or "", and milliseconds. It must not throw. */
export type SlowCall = (site: string, name: string, ms: number) => void

const watches = new Set<{ readonly threshold: number; readonly report: SlowCall }>()

/**
 * Reports each call of a task's function, and each step of a generator, that takes at least `threshold` milliseconds, while
 * traces are on. Where nobody watches, no time is taken. Returns what ends it.
 *
 * @internal
 */
export function onSlow(threshold: number, report: SlowCall): () => void {
  mustBeFunction(report, "onSlow")
  if (!(threshold >= 0)) {
    throw new RangeError(`Expected \`threshold\` to be a number of milliseconds >= 0, got ${describe(threshold)}.`)
  }
  const own = { threshold, report }
  watches.add(own)
  return () => void watches.delete(own)
}

/** The error that was thrown last, and the trails of the functions that it came out of, innermost first. */
let last: { readonly error: Error; readonly by: Trail[] } | undefined

/** Functions in functions, as a `sync` in a step of a generator: more are not worth their room. */
const MOST = 16

/** Calls `f`. Its outcome is its own. */
export function called<A>(trail: Trail, f: (...given: unknown[]) => A, ...given: unknown[]): A {
  const began = start()
  try {
    return f(...given)
  } catch (error) {
    threw(error, trail)
    throw error
  } finally {
    stop(began, trail.site, f.name)
  }
}

export function threw(error: unknown, trail: Trail): void {
  if (!(error instanceof Error)) return
  if (last === undefined || last.error !== error) last = { error, by: [trail] }
  else if (last.by.length < MOST && !last.by.includes(trail)) last.by.push(trail)
}

/** Who has thrown this error, if it was the last one; nothing is kept of it any more. */
export function thrownBy(error: unknown): readonly Trail[] {
  const by = last !== undefined && last.error === error ? last.by : []
  last = undefined
  return by
}

export function start(): number {
  return watches.size === 0 ? -1 : performance.now()
}

export function stop(began: number, site: Site, name: string): void {
  if (began < 0) return
  const ms = performance.now() - began
  for (const { threshold, report } of watches) if (ms >= threshold) report(String(site), name, ms)
}
