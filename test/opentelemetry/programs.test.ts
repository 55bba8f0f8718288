import { context, trace } from "@opentelemetry/api"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Task } from "rapid-fiber"
import { explore, TestRuntime, type Trial } from "rapid-fiber/testing"
import { activeSpan, withSpan } from "rapid-fiber/opentelemetry"
import { managers, telemetry } from "./telemetry.ts"

/** Programs whose structure says which span is active where. */
type Program =
  | { readonly kind: "look" }
  | { readonly kind: "sleep"; readonly ms: number }
  | { readonly kind: "yield" }
  | { readonly kind: "promise" }
  | { readonly kind: "fail" }
  | { readonly kind: "span"; readonly body: Program }
  | { readonly kind: "caught"; readonly body: Program }
  | { readonly kind: "cleanup"; readonly body: Program; readonly cleanup: Program }
  | { readonly kind: "limited"; readonly body: Program; readonly ms: number }
  | { readonly kind: "child"; readonly body: Program }
  | { readonly kind: "detached"; readonly body: Program }
  | { readonly kind: "mask"; readonly body: Program }
  | { readonly kind: "steps" | "gen" | "all" | "race"; readonly parts: readonly Program[] }

const { program } = fc.letrec<{ program: Program }>((tie) => {
  const body = tie("program")
  const ms = fc.nat(5)
  const leaf = fc.oneof(
    fc.record({ kind: fc.constantFrom("look" as const, "yield" as const, "promise" as const, "fail" as const) }),
    fc.record({ kind: fc.constant("sleep" as const), ms }),
  )
  const around = fc.constantFrom("caught" as const, "child" as const, "detached" as const, "mask" as const)
  return {
    program: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      leaf,
      { arbitrary: fc.record({ kind: fc.constant("span" as const), body }), weight: 4 },
      fc.record({ kind: around, body }),
      fc.record({ kind: fc.constant("limited" as const), body, ms }),
      fc.record({ kind: fc.constant("cleanup" as const), body, cleanup: body }),
      {
        arbitrary: fc.record({
          kind: fc.constantFrom("steps" as const, "gen" as const, "all" as const, "race" as const),
          parts: fc.array(body, { minLength: 1, maxLength: 3 }),
        }),
        weight: 4,
      },
    ),
  }
})

/** Makes the Task of a program, and writes down which parent each of its spans must have, and what is wrong. */
class Built {
  readonly parents = new Map<string, string | undefined>()
  readonly wrong: string[] = []
  readonly task: Task<unknown, unknown>
  readonly #prefix: string
  readonly #seesManager: boolean
  readonly #nameOf: (span: unknown) => string | undefined

  constructor(of: Program, prefix: string, nameOf: (span: unknown) => string | undefined, seesManager: boolean) {
    this.#prefix = prefix
    this.#nameOf = nameOf
    this.#seesManager = seesManager
    this.task = this.#look(undefined).andThen(this.#build(of, undefined)).attempt().andThen(this.#look(undefined))
  }

  #look(expected: string | undefined): Task<unknown> {
    return activeSpan().map((span) => {
      const byManager = this.#seesManager ? trace.getActiveSpan() : span
      for (const seen of [span, byManager]) {
        const name = this.#nameOf(seen)
        if (name !== expected) this.wrong.push(`saw ${name} in ${expected}`)
      }
    })
  }

  /** Looks around before and after. */
  #build(of: Program, span: string | undefined): Task<unknown, unknown> {
    const look = this.#look(span)
    return look
      .andThen(this.#bare(of, span))
      .finally(look)
      .tap(() => look)
      .tapError(() => look)
  }

  #bare(of: Program, span: string | undefined): Task<unknown, unknown> {
    switch (of.kind) {
      case "look":
        return Task.unit
      case "sleep":
        return Task.sleep(of.ms)
      case "yield":
        return Task.yield()
      case "promise":
        return Task.promise(() => Promise.resolve())
      case "fail":
        return Task.fail("down")
      case "span": {
        const name = `${this.#prefix}.${this.parents.size}`
        this.parents.set(name, span)
        return withSpan(name, this.#build(of.body, name))
      }
      case "caught":
        return this.#build(of.body, span).catch(() => this.#look(span))
      case "cleanup":
        return this.#build(of.body, span).finally(this.#build(of.cleanup, span).attempt())
      case "limited":
        return this.#build(of.body, span).timeout(of.ms)
      case "child":
        return this.#build(of.body, span)
          .start()
          .flatMap((fiber) => this.#look(span).andThen(fiber.join()))
      case "detached":
        return this.#build(of.body, span).attempt().startDetached().as(undefined)
      case "mask":
        return Task.uncancelable((restore) => this.#look(span).andThen(restore(this.#build(of.body, span))))
      default: {
        const parts = of.parts.map((part) => this.#build(part, span))
        if (of.kind === "all") return Task.all(parts)
        if (of.kind === "race") return Task.race(parts)
        if (of.kind === "steps") return parts.reduce((before, next) => before.andThen(next))
        return Task.gen(function* () {
          for (const part of parts) yield* part
        })
      }
    }
  }
}

for (const [manager, words] of managers) {
  describe(words, () => {
    const told = telemetry(manager)
    const nameOf = (span: unknown): string | undefined => told.started.find((one) => one === span)?.name

    /** Each span that began has ended, and has the parent that the structure says. */
    const check = (builts: readonly Built[]): void => {
      expect(builts.flatMap(({ wrong }) => wrong)).toEqual([])
      told.checkEnded()
      const names = new Map(told.started.map((span) => [span.spanContext().spanId, span.name]))
      const expected = new Map(builts.flatMap(({ parents }) => [...parents]))
      for (const span of told.ended) {
        expect(expected.has(span.name)).toBe(true)
        expect(names.get(span.parentSpanContext?.spanId ?? ""), span.name).toBe(expected.get(span.name))
      }
    }

    it("every span's parent is what the program's structure says", { timeout: 60_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(program, { minLength: 1, maxLength: 4 }), fc.option(fc.nat()), async (list, seed) => {
          told.clear()
          const builts = list.map((one, i) => new Built(one, String(i), nameOf, manager !== "none"))
          const test = TestRuntime.make({ ...(seed !== null && { seed }), onUnhandled: () => {} })
          // A child's failure passes every handler of its parent.
          await test.settle(Promise.allSettled(builts.map(({ task }) => task.toPromise({ runtime: test }))))
          await test.runAll()
          await test.close()
          check(builts)
        }),
        { numRuns: 400 },
      )
    })

    it("so it is when programs are cancelled at any time", { timeout: 60_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(program, fc.nat(8), fc.nat(), async (one, after, seed) => {
          told.clear()
          const built = new Built(one, "0", nameOf, manager !== "none")
          const test = TestRuntime.make({ seed, onUnhandled: () => {} })
          const fiber = built.task.run({ runtime: test })
          await test.run(Task.sleep(after).andThen(withSpan("canceller", fiber.cancel())))
          built.parents.set("canceller", undefined)
          await test.runAll()
          await test.close()
          check([built])
        }),
        { numRuns: 400 },
      )
    })

    it("a thousand fibers keep apart", { timeout: 60_000 }, async () => {
      const shape: Program = {
        kind: "span",
        body: {
          kind: "all",
          parts: [
            { kind: "span", body: { kind: "gen", parts: [{ kind: "sleep", ms: 2 }, { kind: "promise" }] } },
            { kind: "child", body: { kind: "span", body: { kind: "yield" } } },
          ],
        },
      }
      const names = new Map<unknown, string>()
      const byName = (span: unknown): string | undefined => {
        for (const one of told.started.slice(names.size)) names.set(one, one.name)
        return names.get(span)
      }
      const builts = Array.from({ length: 1000 }, (_, i) => new Built(shape, String(i), byName, manager !== "none"))
      await Promise.all(builts.map(({ task }) => task.run().toPromise()))
      expect(told.ended).toHaveLength(3000)
      check(builts)
    })
  })
}

describe("under every schedule, with cancellation at every step,", () => {
  const told = telemetry()

  /** Runs under many schedules; in each every span has ended once, and nobody has seen another's. */
  const checkAll = async (
    make: (trial: Trial, note: (place: string | undefined) => Task<void>) => Task<unknown, unknown>,
  ) => {
    const { runs } = await explore(
      (trial) => {
        const from = told.started.length
        const wrong: string[] = []
        const note = (expected: string | undefined): Task<void> =>
          activeSpan().map((span) => {
            const name = told.started.find((one) => one === span)?.name
            if (trace.getActiveSpan() !== span || name !== expected) wrong.push(`saw ${name} in ${expected}`)
          })
        trial.check(() => {
          if (wrong.length > 0) throw new Error(wrong.join())
          const open = told.started.slice(from).filter((span) => !told.ended.includes(span as never))
          if (open.length > 0) throw new Error(`Not ended: ${open.map(({ name }) => name).join()}`)
          if (told.complaints.length > 0) throw new Error(told.complaints.join())
          told.clear()
        })
        return make(trial, note)
      },
      { runs: 3000, cancel: ["main", "other"] },
    )
    expect(runs).toBe(3000)
    expect(trace.getActiveSpan()).toBeUndefined()
    expect(context.active().getValue(Symbol.for("none"))).toBeUndefined()
  }

  it("a span ends once, and the context is as it was", { timeout: 60_000 }, () =>
    checkAll((_trial, note) => {
      const inner = withSpan("inner", note("inner").andThen(Task.yield()).andThen(note("inner")).finally(note("inner")))
      const body = note("outer").andThen(inner).finally(note("outer")).andThen(note("outer"))
      const main = withSpan("outer", body).finally(note(undefined)).andThen(note(undefined))
      const other = note(undefined)
        .andThen(Task.yield())
        .andThen(withSpan("other", note("other")))
        .finally(note(undefined))
      return Task.gen(function* () {
        const fiber = yield* other.attempt().startDetached({ name: "other" })
        yield* main.finally(fiber.join().attempt())
      })
    }),
  )

  it("so it is with masks, groups and failures", { timeout: 60_000 }, () =>
    checkAll((_trial, note) => {
      const masked = Task.uncancelable((restore) =>
        withSpan("masked", note("masked").andThen(restore(Task.yield())).finally(note("masked"))),
      )
      const failing = withSpan("failing", Task.yield().andThen(Task.fail("down"))).finally(note("outer"))
      const group = Task.all([masked.finally(note("outer")), failing]).catch(() => note("outer"))
      const main = withSpan("outer", group.finally(note("outer"))).finally(note(undefined))
      return Task.gen(function* () {
        const fiber = yield* note(undefined)
          .andThen(Task.yield())
          .finally(note(undefined))
          .attempt()
          .startDetached({ name: "other" })
        yield* main.finally(fiber.join().attempt())
      })
    }),
  )
})
