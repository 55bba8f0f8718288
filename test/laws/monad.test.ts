import fc from "fast-check"
import { afterEach, describe, expect, it, vi } from "vitest"
import { type Exit, Runtime, type SuppressedError, Task } from "rapid-fiber"

/**
 * The laws hold for random programs: a small language of programs, each with two meanings. `build` makes a Task of it,
 * `model` runs it as a plain async function. A program logs what it does, so two programs are equal when they end alike
 * and have done the same in the same order.
 */
type Program =
  | { readonly kind: "pure" | "sync" | "throw" | "fail" | "yield" | "asyncNow" | "asyncLater"; readonly n: number }
  | { readonly kind: "promise" | "rejected" | "asyncFail" | "sleepZero"; readonly n: number }
  | { readonly kind: "map" | "mapThrow" | "attempt" | "defer" | "mapError"; readonly n: number; readonly of: Program }
  | {
      readonly kind: "flatMap" | "catch" | "andThen" | "tap"
      readonly n: number
      readonly of: Program
      readonly next: Program
    }
  | {
      readonly kind: "finally" | "gen" | "genTry" | "tapError"
      readonly n: number
      readonly of: Program
      readonly next: Program
    }

type Log = (event: string) => void

const leaf = fc.record({
  kind: fc.constantFrom(
    ...(["pure", "sync", "throw", "fail", "yield", "asyncNow", "asyncLater"] as const),
    ...(["promise", "rejected", "asyncFail", "sleepZero"] as const),
  ),
  n: fc.nat(99),
})

const { program } = fc.letrec<{ program: Program }>((tie) => ({
  program: fc.oneof(
    { depthSize: "medium", withCrossShrink: true },
    leaf as fc.Arbitrary<Program>,
    fc.record({
      kind: fc.constantFrom("map", "mapThrow", "attempt", "defer", "mapError"),
      n: fc.nat(99),
      of: tie("program"),
    }) as fc.Arbitrary<Program>,
    fc.record({
      kind: fc.constantFrom("flatMap", "catch", "andThen", "tap", "finally", "gen", "genTry", "tapError"),
      n: fc.nat(99),
      of: tie("program"),
      next: tie("program"),
    }) as fc.Arbitrary<Program>,
  ),
}))

const sum = (a: unknown, b: unknown): number => Number(a) + Number(b)

function build(p: Program, log: Log): Task<number, unknown> {
  switch (p.kind) {
    case "pure":
      return Task.pure(p.n)
    case "sync":
      return Task.sync(() => (log(`sync ${p.n}`), p.n))
    case "throw":
      return Task.sync((): number => {
        log(`throw ${p.n}`)
        throw p.n
      })
    case "fail":
      return Task.fail(p.n)
    case "yield":
      return Task.yield().as(p.n)
    case "sleepZero":
      return Task.sleep(0).as(p.n)
    case "asyncNow":
      return Task.async<number>((resume) => (log(`register ${p.n}`), resume(Task.pure(p.n))))
    case "asyncLater":
      return Task.async<number>((resume) => queueMicrotask(() => resume(Task.pure(p.n))))
    case "asyncFail":
      return Task.async<number, number>((resume) => queueMicrotask(() => resume(Task.fail(p.n))))
    case "promise":
      return Task.promise(() => (log(`promise ${p.n}`), Promise.resolve(p.n)))
    case "rejected":
      return Task.promise(async () => Promise.reject<number>(p.n))
    case "map":
      return build(p.of, log).map((x) => sum(x, p.n))
    case "mapThrow":
      return build(p.of, log).map((x): number => {
        throw sum(x, p.n)
      })
    case "attempt":
      return build(p.of, log)
        .attempt()
        .map((settled): number => (settled.status === "fulfilled" ? settled.value : sum(settled.reason, 1000)))
    case "defer":
      return Task.defer(() => build(p.of, log))
    case "mapError":
      return build(p.of, log).mapError((e) => sum(e, p.n))
    case "flatMap":
      return build(p.of, log).flatMap((x) => (log(`then ${x}`), build(p.next, log).map((y) => sum(x, y))))
    case "andThen":
      return build(p.of, log).andThen(build(p.next, log))
    case "tap":
      return build(p.of, log).tap((x) => (log(`tap ${x}`), build(p.next, log)))
    case "tapError":
      return build(p.of, log).tapError((e) => (log(`tapError ${String(e)}`), build(p.next, log)))
    case "catch":
      return build(p.of, log).catch((e) => (log(`caught ${String(e)}`), build(p.next, log).map((y) => sum(e, y))))
    case "finally":
      return build(p.of, log).finally((exit) => {
        log(`finally ${exit.status}`)
        return build(p.next, log).catch(() => Task.unit)
      })
    case "gen":
      return Task.gen(function* () {
        const x = yield* build(p.of, log)
        log(`gen ${x}`)
        return sum(x, yield* build(p.next, log))
      })
    case "genTry":
      return Task.gen(function* () {
        try {
          return yield* build(p.of, log)
        } catch (e) {
          return sum(e, yield* build(p.next, log))
        } finally {
          log(`gen finally ${p.n}`)
        }
      })
  }
}

async function model(p: Program, log: Log): Promise<number> {
  switch (p.kind) {
    case "pure":
    case "yield":
    case "sleepZero":
    case "asyncLater":
      return p.n
    case "sync":
      log(`sync ${p.n}`)
      return p.n
    case "throw":
      log(`throw ${p.n}`)
      throw p.n
    case "fail":
    case "asyncFail":
    case "rejected":
      throw p.n
    case "asyncNow":
      log(`register ${p.n}`)
      return p.n
    case "promise":
      log(`promise ${p.n}`)
      return p.n
    case "map":
      return sum(await model(p.of, log), p.n)
    case "mapThrow":
      throw sum(await model(p.of, log), p.n)
    case "attempt":
      return model(p.of, log).catch((e: unknown) => sum(e, 1000))
    case "defer":
      return model(p.of, log)
    case "mapError":
      return model(p.of, log).catch((e: unknown) => {
        throw sum(e, p.n)
      })
    case "flatMap": {
      const x = await model(p.of, log)
      log(`then ${x}`)
      return sum(x, await model(p.next, log))
    }
    case "andThen":
      await model(p.of, log)
      return model(p.next, log)
    case "tap": {
      const x = await model(p.of, log)
      log(`tap ${x}`)
      await model(p.next, log)
      return x
    }
    case "tapError":
      try {
        return await model(p.of, log)
      } catch (e) {
        log(`tapError ${String(e)}`)
        await model(p.next, log)
        throw e
      }
    case "catch":
      try {
        return await model(p.of, log)
      } catch (e) {
        log(`caught ${String(e)}`)
        return sum(e, await model(p.next, log))
      }
    case "finally": {
      const [exit] = await Promise.allSettled([model(p.of, log)])
      log(`finally ${exit.status}`)
      await model(p.next, log).catch(() => undefined)
      if (exit.status === "rejected") throw exit.reason
      return exit.value
    }
    case "gen": {
      const x = await model(p.of, log)
      log(`gen ${x}`)
      return sum(x, await model(p.next, log))
    }
    case "genTry":
      try {
        return await model(p.of, log)
      } catch (e) {
        return sum(e, await model(p.next, log))
      } finally {
        log(`gen finally ${p.n}`)
      }
  }
}

function exitOf<A>(task: Task<A, unknown>): Promise<Exit<A>> {
  return new Promise((resolve) => {
    task.run().onExit(resolve)
  })
}

interface Observed {
  readonly exit: Exit<unknown>
  readonly log: readonly string[]
}

async function observe(make: (log: Log) => Task<unknown, unknown>): Promise<Observed> {
  const log: string[] = []
  const exit = await exitOf(make((event) => log.push(event)))
  return { exit, log }
}

/** Two ways to write the same program: they end alike and do the same in the same order. */
async function checkSame(
  left: (log: Log) => Task<unknown, unknown>,
  right: (log: Log) => Task<unknown, unknown>,
): Promise<void> {
  expect(await observe(left)).toEqual(await observe(right))
}

type Arrow = (log: Log) => (x: unknown) => Task<number, unknown>

/** A function from a value to a program, which uses the value. */
const arrow: fc.Arbitrary<Arrow> = program.map((p) => (log) => (x) => {
  log(`arrow ${String(x)}`)
  return build(p, log).map((y) => sum(x, y))
})

const throwing: fc.Arbitrary<(x: unknown) => number> = fc.tuple(fc.integer(), fc.boolean()).map(([n, fails]) => (x) => {
  if (fails) throw sum(x, n)
  return sum(x, n)
})

const runs = { numRuns: 200 }

describe("a random program", () => {
  it("ends as the same program written with async functions, having done the same", async () => {
    await fc.assert(
      fc.asyncProperty(program, async (p) => {
        const log: string[] = []
        const [settled] = await Promise.allSettled([model(p, (event) => log.push(event))])
        expect(await observe((l) => build(p, l))).toEqual({ exit: settled, log })
      }),
      { numRuns: 1000 },
    )
  })

  it("gives the same when it is run a second time", async () => {
    await fc.assert(
      fc.asyncProperty(program, async (p) => {
        const log: string[] = []
        const task = build(p, (event) => log.push(event))
        const first = await exitOf(task)
        const done = [...log]
        expect(await exitOf(task)).toEqual(first)
        expect(log).toEqual([...done, ...done])
      }),
      runs,
    )
  })

  it("gives each the same when many runs of it overlap", async () => {
    await fc.assert(
      fc.asyncProperty(program, async (p) => {
        const log: string[] = []
        const task = build(p, (event) => log.push(event))
        const exits = await Promise.all([exitOf(task), exitOf(task), exitOf(task), exitOf(Task.defer(() => task))])
        const alone = await observe((l) => build(p, l))
        for (const exit of exits) expect(exit).toEqual(alone.exit)
        expect(log.toSorted()).toEqual([...alone.log, ...alone.log, ...alone.log, ...alone.log].toSorted())
      }),
      runs,
    )
  })

  it("does not call anything while it is built", () => {
    fc.assert(
      fc.property(program, (p) => {
        const log: string[] = []
        build(p, (event) => log.push(event))
        expect(log).toEqual([])
      }),
      runs,
    )
  })

  it("is a promise of the same outcome, with the very same error object", async () => {
    await fc.assert(
      fc.asyncProperty(program, async (p) => {
        const error = new Error("the one")
        const failing = build(p, () => {}).andThen(Task.fail(error))
        const [settled] = await Promise.allSettled([failing])
        const exit = await exitOf(failing)
        expect(settled).toEqual(exit)
        expect(settled.status).toBe("rejected")
        if (exit.status === "rejected" && settled.status === "rejected") expect(settled.reason).toBe(exit.reason)
      }),
      runs,
    )
  })

  it("runs inside any other one as it runs alone", async () => {
    await fc.assert(
      fc.asyncProperty(program, program, async (p, around) => {
        const alone = await observe((log) => build(p, log))
        const log: string[] = []
        const within = build(around, () => {})
          .attempt()
          .flatMap(() => build(p, (event) => log.push(event)).attempt())
        expect({ exit: { status: "fulfilled", value: alone.exit }, log }).toEqual({
          exit: await exitOf(within),
          log: alone.log,
        })
      }),
      runs,
    )
  })

  it("runs as a joined child as it runs alone, with its failure kept a value", async () => {
    await fc.assert(
      fc.asyncProperty(program, async (p) => {
        const alone = await observe((log) => build(p, log))
        const joined = (log: Log) =>
          build(p, log)
            .attempt()
            .start()
            .flatMap((child) => child.join())
        expect(await observe(joined)).toEqual({ exit: { status: "fulfilled", value: alone.exit }, log: alone.log })
      }),
      runs,
    )
  })
})

describe("map", () => {
  it("keeps a program when it maps by the identity", async () => {
    await fc.assert(
      fc.asyncProperty(program, (p) =>
        checkSame(
          (log) => build(p, log).map((x) => x),
          (log) => build(p, log),
        ),
      ),
      runs,
    )
  })

  it("composes: two maps are one map of both functions, also where they throw", async () => {
    await fc.assert(
      fc.asyncProperty(program, throwing, throwing, (p, f, g) =>
        checkSame(
          (log) => build(p, log).map(f).map(g),
          (log) => build(p, log).map((x) => g(f(x))),
        ),
      ),
      runs,
    )
  })

  it("is flatMap to a pure value, also where the function throws", async () => {
    await fc.assert(
      fc.asyncProperty(program, throwing, (p, f) =>
        checkSame(
          (log) => build(p, log).map(f),
          (log) => build(p, log).flatMap((x) => Task.pure(f(x))),
        ),
      ),
      runs,
    )
  })

  it("does not wait for, or run, what the function returns", async () => {
    const inner = Task.pure(1)
    const promise = Promise.resolve(1)
    const [task, waiting] = await Promise.all([
      exitOf(Task.pure(0).map(() => inner)),
      exitOf(Task.yield().map(() => promise)),
    ])
    expect(task.status === "fulfilled" && task.value).toBe(inner)
    expect(waiting.status === "fulfilled" && waiting.value).toBe(promise)
  })

  it("has as() and andThen() as its short forms", async () => {
    await fc.assert(
      fc.asyncProperty(program, program, async (p, q) => {
        await checkSame(
          (log) => build(p, log).as("x"),
          (log) => build(p, log).map(() => "x"),
        )
        await checkSame(
          (log) => build(p, log).andThen(build(q, log)),
          (log) => build(p, log).flatMap(() => build(q, log)),
        )
      }),
      runs,
    )
  })
})

describe("flatMap", () => {
  it("has pure as its left identity", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), arrow, (x, k) =>
        checkSame(
          (log) => Task.pure(x).flatMap(k(log)),
          (log) => k(log)(x),
        ),
      ),
      runs,
    )
  })

  it("has pure as its right identity", async () => {
    await fc.assert(
      fc.asyncProperty(program, (p) =>
        checkSame(
          (log) => build(p, log).flatMap((x) => Task.pure(x)),
          (log) => build(p, log),
        ),
      ),
      runs,
    )
  })

  it("associates", async () => {
    await fc.assert(
      fc.asyncProperty(program, arrow, arrow, (p, f, g) =>
        checkSame(
          (log) => build(p, log).flatMap(f(log)).flatMap(g(log)),
          (log) => build(p, log).flatMap((x) => f(log)(x).flatMap(g(log))),
        ),
      ),
      runs,
    )
  })

  it("gives the same for a long chain nested to the left, to the right, and in a generator", async () => {
    await fc.assert(
      fc.asyncProperty(program, fc.array(arrow, { maxLength: 20 }), async (p, ks) => {
        const left = (log: Log) => ks.reduce((task, k) => task.flatMap(k(log)), build(p, log))
        const right = (log: Log) => {
          const from = (x: number, at: number): Task<number, unknown> => {
            const k = ks[at]
            return k === undefined ? Task.pure(x) : k(log)(x).flatMap((y) => from(y, at + 1))
          }
          return build(p, log).flatMap((x) => from(x, 0))
        }
        const direct = (log: Log) =>
          Task.gen(function* () {
            let x = yield* build(p, log)
            for (const k of ks) x = yield* k(log)(x)
            return x
          })
        await checkSame(left, right)
        await checkSame(left, direct)
      }),
      runs,
    )
  })

  it("fails with an error that names the remedy where the callback returns no Task", async () => {
    for (const wrong of [undefined, 1, "x", null, {}, [1], () => Task.unit, Promise.resolve(1)]) {
      const exit = await exitOf(Task.pure(1).flatMap(() => wrong as never))
      expect(exit).toMatchObject({ status: "rejected", reason: { name: "TypeError" } })
      expect(exit.status === "rejected" && String(exit.reason)).toMatch(/flatMap.*Task.*(use map|Task\.promise)/s)
    }
  })

  it("lets that failure be handled as any other", async () => {
    const task = Task.pure(1)
      .flatMap(() => 2 as never)
      .catch(() => Task.pure("handled"))
    expect(await task).toBe("handled")
  })
})

describe("tap", () => {
  it("runs what its callback returns, and keeps the value", async () => {
    await fc.assert(
      fc.asyncProperty(program, arrow, (p, k) =>
        checkSame(
          (log) => build(p, log).tap(k(log)),
          (log) => build(p, log).flatMap((x) => k(log)(x).as(x)),
        ),
      ),
      runs,
    )
  })

  it("keeps the value whatever plain value its callback returns", async () => {
    for (const ignored of [undefined, 0, "x", null, {}, [Task.fail(1)]]) {
      expect(await Task.pure("kept").tap(() => ignored)).toBe("kept")
    }
  })

  it("fails where its callback throws or returns a promise, which nobody would watch", async () => {
    const thrown = new Error("thrown")
    const throws = Task.pure(1).tap(() => {
      throw thrown
    })
    expect(await exitOf(throws)).toEqual({ status: "rejected", reason: thrown })
    expect(await exitOf(Task.pure(1).tap(async () => 1))).toMatchObject({
      status: "rejected",
      reason: { name: "TypeError", message: expect.stringContaining("Task.promise") as string },
    })
  })
})

describe("catch", () => {
  it("leaves a success alone", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), arrow, (x, h) =>
        checkSame(
          (log) => Task.pure(x).catch(h(log)),
          () => Task.pure(x),
        ),
      ),
      runs,
    )
  })

  it("continues a failure as the handler's task, thrown or failed alike", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), arrow, async (e, h) => {
        await checkSame(
          (log) => Task.fail(e).catch(h(log)),
          (log) => h(log)(e),
        )
        await checkSame(
          (log) =>
            Task.sync(() => {
              throw e
            }).catch(h(log)),
          (log) => h(log)(e),
        )
      }),
      runs,
    )
  })

  it("has fail as its identity", async () => {
    await fc.assert(
      fc.asyncProperty(program, (p) =>
        checkSame(
          (log) => build(p, log).catch((e) => Task.fail(e)),
          (log) => build(p, log),
        ),
      ),
      runs,
    )
  })

  it("associates", async () => {
    await fc.assert(
      fc.asyncProperty(program, arrow, arrow, (p, f, g) =>
        checkSame(
          (log) => build(p, log).catch(f(log)).catch(g(log)),
          (log) => build(p, log).catch((e) => f(log)(e).catch(g(log))),
        ),
      ),
      runs,
    )
  })

  it("does not handle what its own handler, or what comes after it, throws", async () => {
    const own = Task.fail("first").catch(() => Task.fail("second"))
    expect(await exitOf(own)).toEqual({ status: "rejected", reason: "second" })
    const thrown = Task.fail("first").catch(() => {
      throw new TypeError("third")
    })
    expect(await exitOf(thrown)).toMatchObject({ status: "rejected", reason: { message: "third" } })
    const later = Task.pure(1)
      .catch(() => Task.pure(0))
      .flatMap(() => Task.fail("later"))
    expect(await exitOf(later)).toEqual({ status: "rejected", reason: "later" })
  })

  it("handles by class what is an instance, and lets the rest pass as it is", async () => {
    class Declared extends Error {
      override readonly name = "Declared"
    }
    class Narrower extends Declared {}
    const caught = (error: unknown) => Task.fail(error).catch(Declared, (e) => Task.pure(e.message))
    expect(await caught(new Declared("a"))).toBe("a")
    expect(await caught(new Narrower("b"))).toBe("b")
    for (const other of [new Error("other"), undefined, null, 0, "text"]) {
      const exit = await exitOf(caught(other))
      expect(exit.status === "rejected" && Object.is(exit.reason, other)).toBe(true)
    }
  })

  it("fails with an error that names the remedy where the handler returns no Task", async () => {
    for (const wrong of [undefined, 1, Promise.resolve(1)]) {
      const exit = await exitOf(Task.fail("x").catch(() => wrong as never))
      expect(exit).toMatchObject({ status: "rejected", reason: { name: "TypeError" } })
      expect(exit.status === "rejected" && String(exit.reason)).toMatch(
        /Expected .*catch.* Task.*Task\.(pure|promise)/s,
      )
    }
  })

  it("catches undefined and null as the failures that they are", async () => {
    expect(await Task.fail(undefined).catch((e) => Task.pure([e]))).toEqual([undefined])
    expect(await Task.fail(null).attempt()).toEqual({ status: "rejected", reason: null })
    const [settled] = await Promise.allSettled([Task.fail(undefined)])
    expect(settled).toEqual({ status: "rejected", reason: undefined })
  })
})

describe("mapError", () => {
  it("keeps a program when it maps by the identity, and composes", async () => {
    await fc.assert(
      fc.asyncProperty(program, throwing, throwing, async (p, f, g) => {
        await checkSame(
          (log) => build(p, log).mapError((e) => e),
          (log) => build(p, log),
        )
        await checkSame(
          (log) =>
            build(p, log)
              .mapError(f)
              .mapError((e) => g(e)),
          (log) =>
            build(p, log).mapError((e) => {
              try {
                f(e)
              } catch (thrown) {
                return g(thrown)
              }
              return g(f(e))
            }),
        )
      }),
      runs,
    )
  })
})

describe("tapError", () => {
  it("runs what its callback returns, and keeps the failure", async () => {
    await fc.assert(
      fc.asyncProperty(program, arrow, (p, k) =>
        checkSame(
          (log) => build(p, log).tapError(k(log)),
          (log) => build(p, log).catch((e) => k(log)(e).flatMap(() => Task.fail(e))),
        ),
      ),
      runs,
    )
  })
})

describe("attempt", () => {
  it("loses nothing: putting its value back gives the program", async () => {
    await fc.assert(
      fc.asyncProperty(program, (p) =>
        checkSame(
          (log) =>
            build(p, log)
              .attempt()
              .flatMap((s) => (s.status === "fulfilled" ? Task.pure(s.value) : Task.fail(s.reason))),
          (log) => build(p, log),
        ),
      ),
      runs,
    )
  })

  it("never fails, and yields what Promise.allSettled would", async () => {
    await fc.assert(
      fc.asyncProperty(program, async (p) => {
        const [settled] = await Promise.allSettled([build(p, () => {})])
        expect(await exitOf(build(p, () => {}).attempt())).toEqual({ status: "fulfilled", value: settled })
      }),
      runs,
    )
  })
})

describe("finally", () => {
  it("with nothing to do keeps a program, as a task and as a function", async () => {
    await fc.assert(
      fc.asyncProperty(program, async (p) => {
        await checkSame(
          (log) => build(p, log).finally(Task.unit),
          (log) => build(p, log),
        )
        await checkSame(
          (log) => build(p, log).finally(() => {}),
          (log) => build(p, log),
        )
      }),
      runs,
    )
  })

  it("runs its cleanup once, after all of the program, and drops what it yields", async () => {
    await fc.assert(
      fc.asyncProperty(program, async (p) => {
        const alone = await observe((log) => build(p, log))
        const cleaned = await observe((log) =>
          build(p, log).finally(Task.yield().andThen(Task.sync(() => log("clean")))),
        )
        expect(cleaned).toEqual({ exit: alone.exit, log: [...alone.log, "clean"] })
      }),
      runs,
    )
  })

  it("gives its cleanup the outcome", async () => {
    await fc.assert(
      fc.asyncProperty(program, async (p) => {
        const seen: unknown[] = []
        const exit = await exitOf(build(p, () => {}).finally((outcome) => void seen.push(outcome)))
        expect(seen).toEqual([exit])
      }),
      runs,
    )
  })

  it("runs inner cleanups before outer ones", async () => {
    await fc.assert(
      fc.asyncProperty(program, fc.integer({ min: 1, max: 10 }), async (p, count) => {
        const seen: number[] = []
        let task = build(p, () => {})
        for (let i = 0; i < count; i++) task = task.finally(() => void seen.push(i))
        await exitOf(task)
        expect(seen).toEqual(Array.from({ length: count }, (_, i) => i))
      }),
      runs,
    )
  })

  it("fails a success with the failure of its cleanup, and joins it to a failure", async () => {
    await fc.assert(
      fc.asyncProperty(program, fc.boolean(), async (p, thrown) => {
        const alone = await exitOf(build(p, () => {}))
        const late = new Error("cleanup")
        const failing = build(p, () => {}).finally(() => {
          if (thrown) throw late
          return Task.yield().andThen(Task.fail(late))
        })
        const exit = await exitOf(failing)
        if (exit.status !== "rejected") throw new Error(`Expected a rejection, got ${exit.status}`)
        if (alone.status === "fulfilled") {
          expect(exit.reason).toBe(late)
          return
        }
        const joined = exit.reason as SuppressedError
        expect(joined).toBeInstanceOf(Error)
        expect(joined.name).toBe("SuppressedError")
        expect(joined.error).toBe(late)
        expect(joined.suppressed).toBe(alone.status === "rejected" ? alone.reason : undefined)
      }),
      runs,
    )
  })

  it("keeps one failure where program and cleanup fail with the same object", async () => {
    const error = new Error("one")
    const exit = await exitOf(Task.fail(error).finally(Task.fail(error)))
    expect(exit.status === "rejected" && exit.reason).toBe(error)
  })

  it("nests the failures of several cleanups, the last outermost", async () => {
    const exit = await exitOf(Task.fail(1).finally(Task.fail(2)).finally(Task.fail(3)))
    expect(exit).toMatchObject({ reason: { error: 3, suppressed: { error: 2, suppressed: 1 } } })
  })
})

describe("defer, sync and async", () => {
  it("agree: a deferred program is the program, and a throwing one a failure", async () => {
    await fc.assert(
      fc.asyncProperty(program, fc.integer(), async (p, e) => {
        await checkSame(
          (log) => Task.defer(() => build(p, log)),
          (log) => build(p, log),
        )
        await checkSame(
          () =>
            Task.defer((): Task<number> => {
              throw e
            }),
          () => Task.fail(e),
        )
        await checkSame(
          (log) => Task.async((resume) => resume(build(p, log))),
          (log) => build(p, log),
        )
        await checkSame(
          (log) => Task.async((resume) => void setImmediate(() => resume(build(p, log)))),
          (log) => build(p, log),
        )
        await checkSame(
          (log) => Task.promise(() => build(p, log)),
          (log) => build(p, log),
        )
      }),
      { numRuns: 50 },
    )
  })

  it("fails with an error that names the remedy where defer's function returns no Task", async () => {
    const exit = await exitOf(Task.defer(() => 1 as never))
    expect(exit).toMatchObject({ status: "rejected", reason: { name: "TypeError" } })
  })
})

describe("runSync", () => {
  it("gives what run gives, for programs that do not wait", async () => {
    const synchronous = program.filter((p) => !/yield|later|asyncfail|promise|rejected|sleep/i.test(JSON.stringify(p)))
    await fc.assert(
      fc.asyncProperty(synchronous, async (p) => {
        const log: string[] = []
        const [settled] = await Promise.allSettled([
          new Promise((resolve) => resolve(build(p, (event) => log.push(event)).runSync())),
        ])
        expect(await observe((l) => build(p, l))).toEqual({ exit: settled, log })
      }),
      runs,
    )
  })
})

describe("a description", () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it("touches no clock, timer or callback while it is built", () => {
    const called = vi.fn((): never => {
      throw new Error("called while building")
    })
    const touched = [
      vi.spyOn(globalThis, "setTimeout"),
      vi.spyOn(globalThis, "setImmediate"),
      vi.spyOn(globalThis, "setInterval"),
      vi.spyOn(globalThis, "queueMicrotask"),
      vi.spyOn(Date, "now"),
      vi.spyOn(performance, "now"),
      vi.spyOn(Math, "random"),
      vi.spyOn(globalThis, "AbortController"),
    ]
    const each = [
      Task.sync(called),
      Task.defer(called),
      Task.async(called),
      Task.promise(called),
      Task.gen(called),
      Task.sleep(5),
      Task.sleep({ minutes: 1 }, { ref: false }),
      Task.yield(),
      Task.self(),
      Task.fail(1),
    ].map((task) =>
      task
        .map(called)
        .flatMap(called)
        .tap(called)
        .tapError(called)
        .as(1)
        .andThen(Task.never)
        .catch(called)
        .catch(Error, called)
        .mapError(called)
        .attempt()
        .finally(called)
        .start()
        .andThen(Task.unit)
        .startDetached({ name: "x" }),
    )
    expect(each).toHaveLength(10)
    expect(called).not.toHaveBeenCalled()
    for (const spy of touched) expect(spy).not.toHaveBeenCalled()
  })

  it("is not changed by what is built on it", async () => {
    const base = Task.pure(1)
    base.map((x) => x + 1)
    base.flatMap(() => Task.fail("no"))
    base.finally(Task.fail("no"))
    expect(await base).toBe(1)
  })

  it("refuses a wrong argument where it is written", () => {
    const wrong = 1 as never
    for (const make of [
      () => Task.sync(wrong),
      () => Task.defer(wrong),
      () => Task.async(wrong),
      () => Task.promise(wrong),
      () => Task.gen(wrong),
      () => Task.unit.map(wrong),
      () => Task.unit.flatMap(wrong),
      () => Task.unit.tap(wrong),
      () => Task.unit.tapError(wrong),
      () => Task.unit.andThen(wrong),
      () => Task.unit.catch(wrong),
      () => Task.unit.catch(Error, wrong),
      () => Task.unit.catch(wrong, () => Task.unit),
      () => Task.unit.mapError(wrong),
      () => Task.unit.finally(wrong),
    ]) {
      expect(make).toThrow(TypeError)
    }
  })

  it("runs a Task that it yields only at the edge: awaiting flattens, the interpreter does not", async () => {
    const nested = Task.pure(Task.pure(Task.pure(1)))
    expect(await exitOf(nested)).toMatchObject({ status: "fulfilled", value: expect.any(Task) as unknown })
    expect(await nested).toBe(1)
    expect(await Task.pure(Promise.resolve(2))).toBe(2)
  })

  it.each([{ slice: 0.01 }, { batch: 1, tick: 3 }, { budget: 7 }, { budget: 3 }, { budget: 2 }, { budget: 1 }])(
    "ends the same on a runtime with %o",
    async (options) => {
      const runtime = Runtime.make(options)
      await fc.assert(
        fc.asyncProperty(program, async (p) => {
          const task = build(p, () => {})
          const fiber = task.run({ runtime })
          const ended = new Promise((resolve) => {
            fiber.onExit(resolve)
          })
          const stuck = new Promise((resolve) => {
            setTimeout(resolve, 2000, "still running").unref()
          })
          const exit = await Promise.race([ended, stuck])
          fiber.abort()
          expect(exit).toEqual(await exitOf(task))
        }),
        { numRuns: 200, endOnFailure: true },
      )
      await runtime.close()
    },
  )
})
