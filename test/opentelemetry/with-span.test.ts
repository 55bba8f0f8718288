import { type Context, context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api"
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base"
import { describe, expect, it, vi } from "vitest"
import { type Fiber, Runtime, RunSyncError, Task, TimeoutError } from "rapid-fiber"
import { activeSpan, withSpan } from "rapid-fiber/opentelemetry"
import { exitOf, turn } from "../watch.ts"
import { telemetry } from "./telemetry.ts"

/** Node 24 leaves an empty context behind where one is entered for the first time: who came without any then waits for its turn. */
const warmUp = (): void => context.with(context.active(), () => {})

describe("withSpan", () => {
  const told = telemetry()

  it("opens a span at each run, and none when it is described", async () => {
    const task = withSpan("work", Task.pure(1))
    expect(told.started).toEqual([])
    expect([await task, await task]).toEqual([1, 1])
    expect(told.ended.map(({ name }) => name)).toEqual(["work", "work"])
    const ids = told.ended.map((span) => span.spanContext().spanId)
    expect(new Set(ids).size).toBe(2)
  })

  it("leaves the status of a span whose task succeeds as it is", async () => {
    await withSpan("plain", Task.pure(1))
    await withSpan("own", (span) => Task.sync(() => void span.setStatus({ code: SpanStatusCode.OK })))
    expect(told.span("plain").status).toEqual({ code: SpanStatusCode.UNSET })
    expect(told.span("own").status).toEqual({ code: SpanStatusCode.OK })
    expect(told.span("plain").attributes).toEqual({})
  })

  it("passes its options on", async () => {
    const link = { context: { traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 1 } }
    await withSpan("call", Task.unit, { kind: SpanKind.CLIENT, attributes: { peer: "db" }, links: [link] })
    const span = told.span("call")
    expect([span.kind, span.attributes]).toEqual([SpanKind.CLIENT, { peer: "db" }])
    expect(span.links).toMatchObject([link])
    expect(span.instrumentationScope.name).toBe("rapid-fiber")
  })

  it("takes another tracer", async () => {
    await withSpan("call", Task.unit, { tracer: trace.getTracer("shop") })
    expect(told.span("call").instrumentationScope.name).toBe("shop")
  })

  it("gives the span to a function, which makes the task with the span active", async () => {
    const task = withSpan("call", (span) => {
      expect(trace.getActiveSpan()).toBe(span)
      return Task.sleep(1).map(() => void span.setAttribute("late", true))
    })
    await task
    expect(told.span("call").attributes).toEqual({ late: true })
  })

  it("is sync where its task is: it begins and ends in the call of run, and runSync takes it", async () => {
    warmUp()
    const runtime = Runtime.make({ slice: 10_000 })
    expect(withSpan("call", Task.pure(1)).run({ runtime }).poll()).toEqual({ status: "fulfilled", value: 1 })
    expect(withSpan("sync", withSpan("inner", Task.pure(3))).runSync()).toBe(3)
    expect(told.parents).toEqual({ call: undefined, inner: "sync", sync: undefined })
    await runtime.close()
  })

  it("ends where runSync cannot wait", () => {
    expect(() => withSpan("waits", Task.sleep(1)).runSync()).toThrow(RunSyncError)
    expect(told.span("waits").attributes["rapid_fiber.cancelled"]).toBe(true)
  })

  it("gives nobody else a turn: what comes first in a race still does", async () => {
    warmUp()
    const runtime = Runtime.make({ slice: 10_000 })
    let second = false
    const other = Task.sync(() => {
      second = true
      return "second"
    })
    expect(await Task.race([withSpan("first", Task.pure("first")), other]).toPromise({ runtime })).toBe("first")
    expect(second).toBe(false)
    await runtime.close()
  })

  describe("of a failure", () => {
    it("records the very object, and passes it on", async () => {
      const error = new RangeError("out of stock")
      const given: unknown[] = []
      const record = withSpan("order", (span) => {
        const recorded = vi.spyOn(span, "recordException")
        return Task.sleep(1)
          .andThen(Task.fail(error))
          .finally(() => void given.push(recorded.mock.calls))
      })
      expect(await exitOf(record)).toEqual({ status: "rejected", reason: error })
      const [[[recorded]]] = given as [[unknown[]]]
      expect(recorded).toBe(error)
      const span = told.span("order")
      expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message: "out of stock" })
      expect(span.attributes).toEqual({ "error.type": "RangeError" })
      expect(span.events.map(({ name, attributes }) => [name, attributes?.["exception.message"]])).toEqual([
        ["exception", "out of stock"],
      ])
    })

    it("records whatever is thrown", async () => {
      const thrown: readonly (readonly [unknown, string, string])[] = [
        ["text", "text", "_OTHER"],
        [undefined, "undefined", "_OTHER"],
        [null, "null", "_OTHER"],
        [42, "42", "_OTHER"],
        [{ left: 1 }, "{ left: 1 }", "_OTHER"],
        [{ name: "NotFound" }, "NotFound", "NotFound"],
        [{ name: "NotFound", message: "no user 7" }, "no user 7", "NotFound"],
        [{ code: "ENOENT" }, "{ code: ENOENT }", "_OTHER"],
        [new Error(), "Error", "Error"],
      ]
      for (const [reason, message, type] of thrown) {
        told.clear()
        expect(await exitOf(withSpan("call", Task.fail(reason)))).toEqual({ status: "rejected", reason })
        const span = told.span("call")
        expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message })
        expect(span.attributes).toEqual({ "error.type": type })
        expect(span.events).toHaveLength(1)
        expect(told.complaints).toEqual([])
      }
    })

    it("is none outside, where it is handled inside", async () => {
      const inner = withSpan("inner", Task.fail("down"))
      await withSpan(
        "outer",
        inner.catch(() => Task.unit),
      )
      expect(told.span("inner").status.code).toBe(SpanStatusCode.ERROR)
      expect(told.span("outer").status.code).toBe(SpanStatusCode.UNSET)
    })

    it("that a function throws, or that what it returns is no task, ends the span, too", async () => {
      const error = new Error("thrown")
      const throws = withSpan("throws", () => {
        throw error
      })
      expect(await exitOf(throws)).toEqual({ status: "rejected", reason: error })
      const wrong = await exitOf(withSpan("wrong", () => 1 as unknown as Task<number>))
      expect(String(wrong.status === "rejected" && wrong.reason)).toBe(
        "TypeError: Expected what the function of withSpan returns to be a Task, got 1. For a plain value use Task.pure.",
      )
      expect(told.span("throws").status.message).toBe("thrown")
    })

    it("that is a child's is the reason why its parent's span was cancelled", async () => {
      const child = Task.fail(new Error("child down")).delay(1)
      await exitOf(withSpan("parent", child.start().andThen(Task.never)))
      expect(told.span("parent").attributes).toEqual({
        "rapid_fiber.cancelled": true,
        "rapid_fiber.cancel_reason": "child down",
      })
    })
  })

  describe("of a cancellation", () => {
    it("has a status and attributes, and no exception", async () => {
      const fiber = withSpan("wait", Task.never).run()
      await fiber.cancel(new Error("closing time"))
      const span = told.span("wait")
      expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message: "cancelled" })
      expect(span.attributes).toEqual({
        "rapid_fiber.cancelled": true,
        "rapid_fiber.cancel_reason": "closing time",
      })
      expect(span.events).toEqual([])
    })

    it("that has no reason says none", async () => {
      await withSpan("wait", Task.never).run().cancel()
      expect(told.span("wait").attributes).toEqual({ "rapid_fiber.cancelled": true })
    })

    it("by a time limit names it; the span around has the failure", async () => {
      const exit = await exitOf(withSpan("outer", withSpan("inner", Task.never).timeout(1)))
      expect(exit.status === "rejected" && exit.reason).toBeInstanceOf(TimeoutError)
      expect(told.span("inner").attributes["rapid_fiber.cancelled"]).toBe(true)
      expect(told.span("outer").attributes).toEqual({ "error.type": "TimeoutError" })
    })

    it("whose cleanup fails has both", async () => {
      const fiber = withSpan(
        "wait",
        Task.never.finally(() => Task.fail(new Error("stuck"))),
      ).run()
      const exit = new Promise((resolve) => fiber.onExit(resolve))
      await turn()
      fiber.abort("enough")
      await exit
      const span = told.span("wait")
      expect(span.status.code).toBe(SpanStatusCode.ERROR)
      expect(span.events).toHaveLength(1)
      expect(span.attributes).toEqual({
        "error.type": "SuppressedError",
        "rapid_fiber.cancelled": true,
        "rapid_fiber.cancel_reason": "enough",
      })
    })

    it("ends the span after the cleanups of its task, which see it", async () => {
      const seen: unknown[] = []
      const note = activeSpan().tap((span) => void seen.push(trace.getActiveSpan() === span && span?.isRecording()))
      const fiber = withSpan("wait", Task.never.finally(note.delay(1).andThen(note))).run()
      await turn()
      await fiber.cancel()
      expect(seen).toEqual([true, true])
    })

    it("is not that of a span in a cleanup", async () => {
      const fiber = Task.never.finally(withSpan("cleanup", Task.sleep(1))).run()
      await fiber.cancel("enough")
      expect(told.span("cleanup").status.code).toBe(SpanStatusCode.UNSET)
      const failing = Task.never.finally(withSpan("failing", Task.fail("no")).attempt()).run()
      await failing.cancel("enough")
      expect(told.span("failing").attributes).toEqual({ "error.type": "_OTHER" })
    })

    it("of a fiber that never ran starts none", async () => {
      const fiber = withSpan("late", Task.unit).run({ signal: AbortSignal.abort() })
      await turn()
      expect(fiber.poll()?.status).toBe("cancelled")
      expect(told.started).toEqual([])
    })
  })

  it("lets through the restore of a mask around it", async () => {
    const fiber = Task.uncancelable((restore) => withSpan("wait", restore(Task.never))).run()
    await turn()
    await fiber.cancel()
    expect(told.span("wait").attributes["rapid_fiber.cancelled"]).toBe(true)
  })

  it("keeps a mask around it up", async () => {
    const fiber = Task.uncancelable(() => withSpan("wait", Task.sleep(3))).run()
    await fiber.cancel()
    expect(told.span("wait").status.code).toBe(SpanStatusCode.UNSET)
  })

  it("leaves children to the fiber: its span may end before them", async () => {
    const program = Task.gen(function* () {
      const child: Fiber<string> = yield* withSpan("starts", Task.sleep(2).as("child").start())
      return yield* child.join()
    })
    expect(await program).toBe("child")
  })

  describe("has as its parent", () => {
    it("the span that was active where the fiber was started", async () => {
      const tracer = trace.getTracer("other")
      await tracer.startActiveSpan("request", async (span) => {
        await withSpan("handler", Task.sleep(1).andThen(withSpan("query", Task.sleep(1))))
        span.end()
      })
      expect(told.parents).toEqual({ handler: "request", query: "handler", request: undefined })
    })

    it("none, with `root`, for all that is inside as well", async () => {
      await withSpan("outer", withSpan("own", withSpan("inner", Task.unit), { root: true }))
      expect(told.parents).toEqual({ inner: "own", outer: undefined, own: undefined })
      expect(told.span("own").spanContext().traceId).not.toBe(told.span("outer").spanContext().traceId)
    })

    it("that of a context that it is given, with the baggage of that", async () => {
      const remote = { traceId: "a".repeat(32), spanId: "b".repeat(16), traceFlags: 1, isRemote: true }
      const baggage = propagation.createBaggage({ tenant: { value: "ada" } })
      const parent = propagation.setBaggage(trace.setSpanContext(ROOT_CONTEXT, remote), baggage)
      const seen: (string | undefined)[] = []
      const note = Task.sleep(1).map(() => seen.push(propagation.getActiveBaggage()?.getEntry("tenant")?.value))
      await withSpan("outer", withSpan("handler", note, { parent }).andThen(note))
      expect(told.span("handler").parentSpanContext).toMatchObject({ traceId: remote.traceId, spanId: remote.spanId })
      expect(seen).toEqual(["ada", undefined])
    })
  })

  it("nests as deep as one likes, and as often in a row, on a flat stack", async () => {
    const nested = (left: number): Task<number> =>
      withSpan("level", left === 0 ? Task.pure(0) : Task.defer(() => nested(left - 1)).map((n) => n + 1))
    expect(await nested(5000)).toBe(5000)
    expect(await withSpan("turn", Task.unit).repeat({ times: 5000 })).toBeUndefined()
    expect(told.ended).toHaveLength(10_002)
    expect(trace.getActiveSpan()).toBeUndefined()
  })

  it("shows in what is run from a callback inside it, and in an async function", async () => {
    const asyncFunction = async (): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 1))
      await withSpan("run inside", Task.sleep(1))
    }
    await withSpan("outer", Task.promise(asyncFunction))
    expect(told.parents["run inside"]).toBe("outer")
  })

  it("does without a provider: nothing is recorded, and nothing fails", async () => {
    trace.disable()
    const program = withSpan("outer", (span) => Task.sleep(1).as(span.isRecording()))
    expect(await program).toBe(false)
    expect(await exitOf(withSpan("outer", Task.fail("down")))).toEqual({ status: "rejected", reason: "down" })
    await withSpan("outer", Task.never).run().cancel()
    expect(told.started).toEqual([])
  })

  it("does with a sampler that takes none, and keeps the trace together", async () => {
    trace.disable()
    const sampler = { shouldSample: () => ({ decision: 0 }), toString: () => "none" }
    trace.setGlobalTracerProvider(new BasicTracerProvider({ sampler, spanProcessors: [told] }))
    const ids = withSpan("outer", (outer) =>
      withSpan("inner", (inner) => Task.sleep(1).as([outer, inner].map((span) => span.spanContext().traceId))),
    )
    const [outer, inner] = await ids
    expect(inner).toBe(outer)
    expect(told.started).toEqual([])
  })

  it("fails as a tracer does that throws, and leaves the context as it was", async () => {
    const broken = trace.getTracer("broken")
    vi.spyOn(broken, "startSpan").mockImplementation(() => {
      throw new Error("no")
    })
    const seen: Context[] = []
    const note = Task.sync(() => void seen.push(context.active()))
    const failed = withSpan("call", Task.unit, { tracer: broken }).attempt()
    expect(await note.andThen(failed).tap(() => note)).toMatchObject({ status: "rejected", reason: { message: "no" } })
    expect(seen).toEqual([ROOT_CONTEXT, ROOT_CONTEXT])
  })

  it("says at the call what is wrong", () => {
    const call = withSpan as (...args: unknown[]) => unknown
    expect(() => call(1, Task.unit)).toThrow(new TypeError("Expected the name of withSpan to be a string, got 1."))
    expect(() => call("name", 1)).toThrow(new TypeError("Expected withSpan to get a Task or a function, got 1."))
    expect(() => call("name", Task.unit, { attribute: {} })).toThrow(
      "Expected the options of withSpan to be among attributes, kind, links, tracer, root, parent, got `attribute`.",
    )
    expect(() => call("name", Task.unit, { tracer: "shop" })).toThrow(
      'Expected `tracer` of withSpan to be a Tracer, got "shop". Take one of trace.getTracer(name).',
    )
  })
})

describe("activeSpan", () => {
  const told = telemetry()

  it("is the innermost one, the one outside, and undefined where there is none", async () => {
    const name = activeSpan().map((span) => told.started.find((one) => one === span)?.name)
    const program = withSpan("outer", Task.all([name, withSpan("inner", name.delay(1)), name]))
    expect(await program).toEqual(["outer", "inner", "outer"])
    expect(await activeSpan()).toBeUndefined()
    const outside = await trace.getTracer("other").startActiveSpan("request", async (span) => {
      span.end()
      return name
    })
    expect(outside).toBe("request")
  })
})
