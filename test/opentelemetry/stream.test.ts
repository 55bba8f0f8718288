import { SpanStatusCode, trace } from "@opentelemetry/api"
import { describe, expect, it } from "vitest"
import { Stream, Task } from "rapid-fiber"
import { explore } from "rapid-fiber/testing"
import { activeSpan, withSpan } from "rapid-fiber/opentelemetry"
import { exitOf, turn } from "../watch.ts"
import { managers, telemetry } from "./telemetry.ts"

for (const [manager, words] of managers) {
  describe(`a stream in a span, ${words},`, () => {
    const told = telemetry(manager)
    const nameOf = (span: unknown): string | undefined => told.started.find((one) => one === span)?.name

    /** What is active in a function, and in a Task. */
    const seen: (string | undefined)[] = []
    const inFunction = <A>(value: A): A => {
      if (manager !== "none") seen.push(nameOf(trace.getActiveSpan()))
      return value
    }
    const inTask = <A>(value: A): Task<A> =>
      activeSpan()
        .map((span) => void seen.push(nameOf(span)))
        .as(value)
    const numbers = (count: number) => withSpan("numbers", Stream.range(0, count))

    it("has one span for each run, from the first element to the close, and none before", async () => {
      const stream = numbers(3)
      expect(told.started).toEqual([])
      expect(await stream.toArray()).toEqual([0, 1, 2])
      expect(await stream.map((n) => n * 2).toArray()).toEqual([0, 2, 4])
      expect(told.ended.map(({ name, attributes, status }) => [name, attributes, status])).toEqual([
        ["numbers", { "rapid_fiber.stream.elements": 3 }, { code: SpanStatusCode.UNSET }],
        ["numbers", { "rapid_fiber.stream.elements": 3 }, { code: SpanStatusCode.UNSET }],
      ])
    })

    it("has none where no element is asked for", async () => {
      expect(await numbers(3).take(0).toArray()).toEqual([])
      expect(told.started).toEqual([])
    })

    it("is active in all stages before it, and in none after it", async () => {
      seen.length = 0
      const before = Stream.range(0, 2).map(inFunction).mapTask(inTask).tap(inTask).filter(inFunction)
      await withSpan("before", before.onEnd(inTask(0))).toArray()
      expect(new Set(seen)).toEqual(new Set(["before"]))
      seen.length = 0
      const after = numbers(2)
        .map(inFunction)
        .mapTask(inTask)
        .tap((n) => inTask(n).delay(1))
      await withSpan(
        "around",
        after.forEach((n) => inTask(n)),
      )
      expect(new Set(seen)).toEqual(new Set(["around"]))
      expect(told.parents).toEqual({ around: undefined, before: undefined, numbers: "around" })
    })

    it("is active in fibers that run beside it, and in what closes", async () => {
      seen.length = 0
      const stages = Stream.using(
        Task.sleep(1).flatMap(() => inTask(0)),
        () => Stream.range(0, 4),
        () => inTask(0),
      )
        .mapTask((n) => Task.sleep(1).andThen(withSpan(`row ${n}`, inTask(n))), { concurrency: 2 })
        .buffer(2)
      expect(await withSpan("rows", stages).toArray()).toEqual([0, 1, 2, 3])
      const rows = ["row 0", "row 1", "row 2", "row 3"]
      expect(seen).toHaveLength(6)
      expect(new Set(seen)).toEqual(new Set([...rows, "rows"]))
      expect(told.parents).toEqual({ ...Object.fromEntries(rows.map((row) => [row, "rows"])), rows: undefined })
    })

    it("nests", async () => {
      const inner = withSpan(
        "inner",
        Stream.range(0, 2).mapTask((n) => Task.sleep(1).as(n)),
      )
      await withSpan(
        "outer",
        inner.mapTask((n) => withSpan(`row ${n}`, Task.yield())),
      ).drain()
      expect(told.parents).toEqual({ inner: "outer", outer: undefined, "row 0": "outer", "row 1": "outer" })
    })

    it("records a failure, the very object, of an element, of a wait, of a close", async () => {
      const error = new RangeError("broken")
      const failing: Readonly<Record<string, Stream<number, unknown>>> = {
        element: Stream.range(0, 5).map((n) => {
          if (n === 2) throw error
          return n
        }),
        wait: Stream.range(0, 5).mapTask((n) => (n === 2 ? Task.fail(error).delay(1) : Task.pure(n))),
        close: Stream.range(0, 2).finally(Task.fail(error)),
      }
      for (const [name, stream] of Object.entries(failing)) {
        expect(await exitOf(withSpan(name, stream).drain())).toEqual({ status: "rejected", reason: error })
        const span = told.span(name)
        expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message: "broken" })
        expect(span.events).toHaveLength(1)
        expect(span.attributes).toEqual({ "error.type": "RangeError", "rapid_fiber.stream.elements": 2 })
      }
    })

    it("that is not read to its end says so, which is no error", async () => {
      const early = { "rapid_fiber.stream.elements": 2, "rapid_fiber.stream.ended_early": true }
      await numbers(5).take(2).drain()
      expect(told.span("numbers").attributes).toEqual(early)
      told.clear()
      await exitOf(
        numbers(5)
          .map((n) => (n === 1 ? JSON.parse("{") : n))
          .drain(),
      )
      expect(told.span("numbers").attributes).toEqual(early)
      told.clear()
      for await (const n of numbers(5)) if (n === 1) break
      expect(told.span("numbers").attributes).toMatchObject(early)
      expect(told.span("numbers").status.code).toBe(SpanStatusCode.UNSET)
    })

    it("that is cancelled with a reason is an error", async () => {
      const fiber = withSpan("ticks", Stream.schedule({ every: 100 }))
        .drain()
        .run()
      await turn()
      await fiber.cancel(new Error("shutdown"))
      expect(told.span("ticks").status).toEqual({ code: SpanStatusCode.ERROR, message: "cancelled" })
      expect(told.span("ticks").attributes).toMatchObject({
        "rapid_fiber.cancelled": true,
        "rapid_fiber.cancel_reason": "shutdown",
      })
      expect(told.span("ticks").events).toEqual([])
    })

    it("that is retried has a span for each attempt", async () => {
      let runs = 0
      const flaky = withSpan(
        "attempt",
        Stream.defer(() => (++runs < 3 ? Stream.fail("busy") : Stream.of(1))),
      )
      expect(await flaky.drain().retry({ times: 5 })).toBeUndefined()
      expect(told.ended.map(({ status }) => status.code)).toEqual([2, 2, 0])
    })
  })
}

describe("a stream in a span, cancelled at every step,", () => {
  const told = telemetry()

  it("ends its span once, and leaves the context as it was", { timeout: 60_000 }, async () => {
    const { runs } = await explore(
      (trial) => {
        told.clear()
        const wrong: string[] = []
        const look = (expected: string | undefined): Task<void> =>
          activeSpan().map((span) => {
            const name = told.started.find((one) => one === span)?.name
            if (name !== expected || trace.getActiveSpan() !== span) wrong.push(`saw ${name} in ${expected}`)
          })
        trial.check(() => {
          if (wrong.length > 0) throw new Error(wrong.join())
          if (told.ended.length !== told.started.length) throw new Error("A span is open.")
          if (told.complaints.length > 0) throw new Error(told.complaints.join())
        })
        const rows = Stream.using(
          look("rows"),
          () => Stream.range(0, 3),
          () => look("rows"),
        )
          .mapTask((n) => Task.yield().andThen(look("rows")).as(n), { concurrency: 2 })
          .finally(look("rows"))
        const main = withSpan("rows", rows).forEach(() => look("main"))
        return withSpan("main", main.finally(look("main")).andThen(look("main"))).finally(look(undefined))
      },
      { runs: 2000, cancel: true },
    )
    expect(runs).toBe(2000)
  })
})
