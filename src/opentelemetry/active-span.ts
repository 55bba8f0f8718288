import { type Span, trace } from "@opentelemetry/api"
import { perform } from "../fiber/index.ts"
import { Task } from "../task/index.ts"
import { contextOf } from "./fiber-context.ts"

/**
 * Yields the span that is active in the fiber: that of the innermost `withSpan` around, or the one that was active where
 * the fiber was started; undefined where there is none. It works also where no context manager is registered, where
 * `trace.getActiveSpan()` finds nothing.
 *
 * @example
 * ```ts
 * import { activeSpan, withSpan } from "rapid-fiber/opentelemetry"
 * const load = activeSpan()
 *   .tap((span) => void span?.setAttribute("cache.hit", false))
 *   .as("loaded")
 * await withSpan("load", load) // "loaded"
 * await activeSpan() // undefined
 * ```
 */
export function activeSpan(): Task<Span | undefined> {
  return perform((fiber) => Task.pure(trace.getSpan(contextOf(fiber))), undefined)
}
