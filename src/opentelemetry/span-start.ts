import {
  type Attributes,
  type Context,
  type Link,
  type Span,
  type SpanKind,
  trace,
  type Tracer,
} from "@opentelemetry/api"
import { describe } from "../data/index.ts"
import type { FiberCore } from "../fiber/index.ts"
import { mustKnow } from "../task/index.ts"
import { contextOf, type Place, placeOf } from "./fiber-context.ts"

/** What `withSpan` may be told. Everything has a default. */
export interface WithSpanOptions {
  /** Attributes that the span has from its start, where samplers see them. Default none. */
  readonly attributes?: Attributes
  /** Default `SpanKind.INTERNAL`. */
  readonly kind?: SpanKind
  /** Other spans that this one is about, such as those of the messages of a batch. Default none. */
  readonly links?: readonly Link[]
  /** What starts the span. Default `trace.getTracer("rapid-fiber")`, looked up at each run. */
  readonly tracer?: Tracer
  /** Starts a trace of its own, whatever span is active. Default false. */
  readonly root?: boolean
  /** The context in place of the fiber's own: of another process, from `propagation.extract(…)`. */
  readonly parent?: Context
}

const KNOWN = ["attributes", "kind", "links", "tracer", "root", "parent"] as const

/** A span that has begun, and where it is the active one. */
export interface Started {
  readonly span: Span
  readonly place: Place
}

/** Checks the arguments where they are given; what it returns starts a span, at each call another one. */
export function starting(name: string, options: WithSpanOptions | undefined): (fiber: FiberCore) => Started {
  if (typeof name !== "string") {
    throw new TypeError(`Expected the name of withSpan to be a string, got ${describe(name)}.`)
  }
  mustKnow(options, KNOWN, "withSpan")
  const { tracer, parent, links, ...given } = options ?? {}
  if (tracer !== undefined && typeof tracer.startSpan !== "function") {
    throw new TypeError(
      `Expected \`tracer\` of withSpan to be a Tracer, got ${describe(tracer)}. Take one of trace.getTracer(name).`,
    )
  }
  const spanOptions = links === undefined ? given : { ...given, links: [...links] }
  return (fiber) => {
    const outer = parent ?? contextOf(fiber)
    const span = (tracer ?? trace.getTracer("rapid-fiber")).startSpan(name, spanOptions, outer)
    return { span, place: placeOf(trace.setSpan(outer, span)) }
  }
}
