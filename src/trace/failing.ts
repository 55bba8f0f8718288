import type { Frame } from "../fiber/index.ts"
import type { Task } from "../task/index.ts"
import { thrownBy } from "./called.ts"
import { ErrorTrace } from "./error-trace.ts"
import { sitesOn } from "./frames.ts"
import type { Site } from "./site.ts"
import { trailOf } from "./traced.ts"
import { sitesOf, type Trail } from "./trail.ts"

/**
 * A failure begins to be delivered: from the interpreter, with what waits on the stack.
 *
 * An error that has failed before, and comes again on the same way (thrown again by a handler, retried), keeps its trace: the
 * first place says where it was. In another fiber, which has joined or whose member has failed, that fiber's places follow.
 */
export function failing(node: Task<unknown, unknown>, stack: readonly Frame[], sp: number): void {
  const error: unknown = node.a
  const thrown = thrownBy(error)
  if (!(error instanceof Error)) return
  const trace = ErrorTrace.of(error)
  if (trace === undefined || trace.full) return
  const own = trailOf(node)
  const first = own === undefined ? thrown : [...thrown, own]
  if (trace.sites.length === 0) return begin(trace, first, stack, sp)
  const known = new Set(trace.sites)
  const returnedBy = first.flatMap((trail) => sitesOf(trail.outer))
  const sameWay = returnedBy.some((site) => known.has(site)) || meets(stack, sp, known)
  if (!sameWay) for (const { site } of first) trace.add(site)
  for (const site of returnedBy) trace.add(site)
  sitesOn(stack, sp, (site) => trace.add(site))
}

function begin(trace: ErrorTrace, first: readonly Trail[], stack: readonly Frame[], sp: number): void {
  for (const [index, trail] of first.entries()) {
    for (const site of sitesOf(trail)) trace.add(site)
    if (index === 0 && first.length > 1) trace.inner = trace.sites.length
  }
  sitesOn(stack, sp, (site) => trace.add(site))
}

/** One of these places is on the stack. */
function meets(stack: readonly Frame[], sp: number, places: ReadonlySet<Site>): boolean {
  let met = false
  sitesOn(stack, sp, (site) => {
    met = places.has(site)
    return !met
  })
  return met
}
