import { type Context, context, type ContextManager, diag, DiagLogLevel, ROOT_CONTEXT, trace } from "@opentelemetry/api"
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks"
import { BasicTracerProvider, type ReadableSpan, type Span, type SpanProcessor } from "@opentelemetry/sdk-trace-base"
import { afterEach, beforeEach, expect } from "vitest"

/** What OpenTelemetry is told in a test: every span that began and that ended, and its complaints. */
export class Telemetry implements SpanProcessor {
  readonly started: Span[] = []
  readonly ended: ReadableSpan[] = []
  /** A span that is ended twice, or changed after its end, is complained about. */
  readonly complaints: string[] = []

  onStart(span: Span): void {
    this.started.push(span)
  }

  onEnd(span: ReadableSpan): void {
    this.ended.push(span)
  }

  async forceFlush(): Promise<void> {}
  async shutdown(): Promise<void> {}

  /** The one span of this name that has ended. */
  span(name: string): ReadableSpan {
    const found = this.ended.filter((span) => span.name === name)
    expect(found, `spans named ${name}`).toHaveLength(1)
    return found[0]
  }

  /** The name of a span's parent, where that is a span of this test. */
  parentOf(span: ReadableSpan): string | undefined {
    const id = span.parentSpanContext?.spanId
    return this.started.find((other) => other.spanContext().spanId === id)?.name
  }

  /** Name and parent of each span, in order of the names. */
  get parents(): Record<string, string | undefined> {
    return Object.fromEntries(
      this.ended.map((span) => [span.name, this.parentOf(span)] as const).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    )
  }

  /** As many ended as began, each once, and there is nothing to complain about. */
  checkEnded(): void {
    expect(this.ended.map(({ name }) => name).toSorted()).toEqual(this.started.map(({ name }) => name).toSorted())
    expect(this.complaints).toEqual([])
  }

  clear(): void {
    this.started.length = this.ended.length = this.complaints.length = 0
  }
}

/** Which context manager is registered: one that follows promises and timers, one that knows of calls only, or none. */
export type Manager = "async" | "calls" | "none"

export const managers: readonly (readonly [manager: Manager, words: string])[] = [
  ["async", "with a context manager"],
  ["calls", "with a context manager that knows of calls only"],
  ["none", "without a context manager"],
]

/** Registers a provider for each test of a file, and a context manager, and looks at the ends of all spans. */
export function telemetry(manager: Manager = "async"): Telemetry {
  const told = new Telemetry()
  beforeEach(() => {
    told.clear()
    const complain = (message: string): void => void told.complaints.push(message)
    diag.setLogger(
      { error: complain, warn: complain, info() {}, debug() {}, verbose() {} },
      { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
    )
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [told] }))
    if (manager === "async") context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    if (manager === "calls") context.setGlobalContextManager(new StackManager())
  })
  afterEach(() => {
    trace.disable()
    context.disable()
    diag.disable()
    told.checkEnded()
  })
  return told
}

/** What browsers have without a zone: a context is active during a call, and in nothing that comes later. */
class StackManager implements ContextManager {
  readonly #stack: Context[] = []

  active(): Context {
    return this.#stack.at(-1) ?? ROOT_CONTEXT
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    active: Context,
    f: F,
    self?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    this.#stack.push(active)
    try {
      return f.call(self as never, ...args)
    } finally {
      this.#stack.pop()
    }
  }

  bind<T>(_context: Context, target: T): T {
    return target
  }

  enable(): this {
    return this
  }

  disable(): this {
    return this
  }
}
