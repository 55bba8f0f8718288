import { type Exception, type Span, SpanStatusCode } from "@opentelemetry/api"
import { describe } from "../data/index.ts"
import type { FiberCore } from "../fiber/index.ts"

/** The failure as an exception, the very object where it is one, and as the span's status. */
export function recordFailure(span: Span, reason: unknown): void {
  span.recordException(exceptionOf(reason))
  span.setAttribute("error.type", typeOf(reason))
  span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(reason) })
}

/** A cancellation is no exception. Yields whether there was a reason. */
export function recordCancellation(span: Span, fiber: FiberCore): boolean {
  // A failed child cancels the body of its parent, without a word.
  const reason = fiber.reason ?? fiber.side?.childFailure?.reason
  span.setAttribute("rapid_fiber.cancelled", true)
  if (reason === undefined) return false
  span.setAttribute("rapid_fiber.cancel_reason", messageOf(reason))
  return true
}

/** The status of a cancelled span, where that is an error. */
export function failAsCancelled(span: Span): void {
  span.setStatus({ code: SpanStatusCode.ERROR, message: "cancelled" })
}

function exceptionOf(reason: unknown): Exception {
  if (typeof reason === "string") return reason
  const { name, message, code } = partsOf(reason)
  return name || message || code ? (reason as Exception) : describe(reason)
}

function messageOf(reason: unknown): string {
  if (typeof reason === "string") return reason
  const { name, message } = partsOf(reason)
  if (typeof message === "string" && message !== "") return message
  return typeof name === "string" && name !== "" ? name : describe(reason)
}

/** By the conventions: the name of the error's class, "_OTHER" where there is none. */
function typeOf(reason: unknown): string {
  const { name } = partsOf(reason)
  return typeof name === "string" && name !== "" ? name : "_OTHER"
}

function partsOf(reason: unknown): Partial<Readonly<Record<"name" | "message" | "code", unknown>>> {
  return typeof reason === "object" && reason !== null ? reason : {}
}
