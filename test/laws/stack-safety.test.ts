import { describe, expect, it } from "vitest"
import { type Fiber, Task } from "rapid-fiber"

const TEN_MILLION = 10_000_000
const MILLION = 1_000_000

const inc = (n: number) => n + 1
const pureInc = (n: number) => Task.pure(n + 1)

/** `build` applied over and over to the outside of a task. */
function nest<A>(
  from: Task<A, unknown>,
  times: number,
  build: (task: Task<A, unknown>) => Task<A, unknown>,
): Task<A, unknown> {
  let task = from
  for (let i = 0; i < times; i++) task = build(task)
  return task
}

/** Waits for a condition by letting other fibers run. */
function until(holds: () => boolean): Task<void> {
  return Task.defer(() => (holds() ? Task.unit : Task.yield().andThen(until(holds))))
}

function collect(): number {
  const gc = (globalThis as { gc?: () => void }).gc
  if (gc === undefined) throw new Error("Run with --expose-gc")
  gc()
  return process.memoryUsage().heapUsed
}

describe("ten million deep", { timeout: 120_000 }, () => {
  it("flatMap nested to the left gives its value", async () => {
    expect(await nest(Task.pure(0), TEN_MILLION, (task) => task.flatMap(pureInc))).toBe(TEN_MILLION)
  })

  it("flatMap nested to the right gives its value", async () => {
    const from = (n: number): Task<number> => (n === TEN_MILLION ? Task.pure(n) : Task.pure(n + 1).flatMap(from))
    expect(await from(0)).toBe(TEN_MILLION)
  })

  it("a chain of maps gives its value", async () => {
    expect(await nest(Task.pure(0), TEN_MILLION, (task) => task.map(inc))).toBe(TEN_MILLION)
  })

  it("recursion that still has something to do after each call gives its value", async () => {
    const count = (n: number): Task<number> => (n === 0 ? Task.pure(0) : Task.defer(() => count(n - 1)).map(inc))
    expect(await count(TEN_MILLION)).toBe(TEN_MILLION)
  })

  it("a chain of maps that fails at its start reaches a handler at its end", async () => {
    const failing = nest(Task.fail("first") as Task<number, unknown>, TEN_MILLION, (task) => task.map(inc))
    expect(await failing.catch((error) => Task.pure(error))).toBe("first")
  })

  it("a tail-recursive loop keeps the heap flat", async () => {
    let from = 0
    let most = 0
    const loop = (n: number): Task<number> => {
      if (n === MILLION) from = collect()
      if (n > MILLION && n % (3 * MILLION) === 0) most = Math.max(most, collect() - from)
      return n === TEN_MILLION ? Task.pure(n) : Task.sync(() => n + 1).flatMap(loop)
    }
    expect(await Task.defer(() => loop(0))).toBe(TEN_MILLION)
    expect(most).toBeGreaterThan(-from)
    // Nine million frames or results of even one byte each would be 9 MB.
    expect(most).toBeLessThan(4_000_000)
  })

  it("a generator's loop keeps the heap flat", async () => {
    let from = 0
    let last = 0
    const one = Task.sync(() => 1)
    const sum = await Task.gen(function* () {
      let n = 0
      while (n < TEN_MILLION) {
        n += yield* one
        if (n === MILLION) from = collect()
        if (n === TEN_MILLION) last = collect()
      }
      return n
    })
    expect(sum).toBe(TEN_MILLION)
    expect(from).toBeGreaterThan(0)
    expect(last - from).toBeLessThan(4_000_000)
  })
})

describe("a million", { timeout: 60_000 }, () => {
  it("handlers around one failure are passed one by one", async () => {
    const task = nest(Task.fail(0) as Task<number, unknown>, MILLION, (inner) =>
      inner.catch((error) => Task.fail((error as number) + 1)),
    )
    expect(await task.attempt()).toEqual({ status: "rejected", reason: MILLION })
  })

  it("handlers that each throw are passed one by one", async () => {
    const task = nest(Task.fail(0) as Task<number, unknown>, MILLION, (inner) =>
      inner.catch((error): Task<number> => {
        throw (error as number) + 1
      }),
    )
    expect(await task.attempt()).toEqual({ status: "rejected", reason: MILLION })
  })

  it("failures handled one after the other do not deepen the stack", async () => {
    const loop = (n: number): Task<number> =>
      n === MILLION ? Task.pure(n) : (Task.fail(n) as Task<number, unknown>).catch(() => loop(n + 1))
    expect(await loop(0)).toBe(MILLION)
  })

  it("failures handled one after the other, each before the next step, give the last value", async () => {
    const loop = (n: number): Task<number> =>
      n === MILLION
        ? Task.pure(n)
        : Task.sync((): number => {
            throw n
          })
            .catch((error) => Task.pure((error as number) + 1))
            .flatMap(loop)
    expect(await loop(0)).toBe(MILLION)
  })

  it("errors mapped one around the other give the last", async () => {
    const task = nest(Task.fail(0) as Task<number, unknown>, MILLION, (inner) =>
      inner.mapError((error) => (error as number) + 1),
    )
    expect(await task.attempt()).toEqual({ status: "rejected", reason: MILLION })
  })

  it("attempts, one around the other, nest their values", async () => {
    let task: Task<unknown, unknown> = Task.fail("x")
    for (let i = 0; i < MILLION; i++) task = task.attempt()
    let depth = 0
    for (let at = await task.map((held) => [held]).map(([held]) => ({ held })); ; depth++) {
      const { held } = at as { held: { status: string; value?: unknown; reason?: unknown } }
      if (held.status === "rejected") break
      at = { held: held.value }
    }
    expect(depth).toBe(MILLION - 1)
  })

  it.each([
    ["after a success", Task.pure(0), "fulfilled"],
    ["after a failure", Task.fail(0), "rejected"],
  ])("finally nested run inside out %s", async (_, from: Task<number, unknown>, status) => {
    let ran = 0
    let inOrder = true
    let at = 0
    const task = nest(from, MILLION, (inner) => {
      const mine = at++
      return inner.finally(() => {
        inOrder &&= ran === mine
        ran++
      })
    })
    expect((await task.attempt()).status).toBe(status)
    expect([ran, inOrder]).toEqual([MILLION, true])
  })

  it("finally nested run inside out when the fiber is cancelled", async () => {
    let ran = 0
    const cleanup = Task.sync(() => void ran++)
    let reached = false
    const innermost = Task.sync(() => void (reached = true)).andThen(Task.never)
    const fiber = nest(innermost, MILLION, (inner) => inner.finally(cleanup)).run()
    await until(() => reached)
    await fiber.cancel()
    expect(ran).toBe(MILLION)
    expect(fiber.poll()?.status).toBe("cancelled")
  })

  it("deferred tasks that each return another end", async () => {
    const down = (n: number): Task<string> => (n === 0 ? Task.pure("bottom") : Task.defer(() => down(n - 1)))
    expect(await down(MILLION)).toBe("bottom")
  })

  it("registrations that resume at once, one inside the other, end", async () => {
    const down = (n: number): Task<string> =>
      n === 0 ? Task.pure("bottom") : Task.async<string>((resume) => resume(Task.defer(() => down(n - 1))))
    expect(await down(MILLION)).toBe("bottom")
  })

  it("registrations that resume at once, one after the other, end", async () => {
    const now = Task.async<number>((resume) => resume(Task.pure(1)))
    const loop = (n: number): Task<number> => now.flatMap((one) => (n === MILLION ? Task.pure(n) : loop(n + one)))
    expect(await loop(0)).toBe(MILLION)
  })

  it("yields of one fiber, one after the other, keep its place", async () => {
    const loop = (n: number): Task<number> => (n === MILLION ? Task.pure(n) : Task.yield().flatMap(() => loop(n + 1)))
    expect(await loop(0)).toBe(MILLION)
  })

  it("taps and values put in place of others end", async () => {
    let taps = 0
    const tapped = nest(Task.pure(0), MILLION, (task) => task.tap(() => Task.sync(() => void taps++)).as(1))
    expect(await tapped).toBe(1)
    expect(taps).toBe(MILLION)
    let next: Task<unknown> = Task.pure("end")
    for (let i = 0; i < MILLION; i++) next = Task.unit.andThen(next)
    expect(await next).toBe("end")
  })

  it("frames deep, a fiber that waits again and again is not slowed by its depth", async () => {
    // Were the frames copied at each of the ten thousand waits, this would copy 10^10 of them.
    let task: Task<number, unknown> = Task.gen(function* () {
      for (let i = 0; i < 10_000; i++) yield* Task.yield()
      return 0
    })
    task = nest(task, MILLION, (inner) => inner.map(inc))
    expect(await task).toBe(MILLION)
  })
})

describe("a hundred thousand deep", { timeout: 60_000 }, () => {
  it("generators that call each other give their value", async () => {
    const down = (n: number): Task<number> =>
      Task.gen(function* () {
        if (n === 0) return 0
        return 1 + (yield* down(n - 1))
      })
    expect(await down(100_000)).toBe(100_000)
  })

  it("generators that call each other pass a failure up through their finally blocks", async () => {
    let left = 0
    const down = (n: number): Task<number, unknown> =>
      Task.gen(function* () {
        try {
          if (n === 0) yield* Task.fail("bottom")
          return yield* down(n - 1)
        } finally {
          left++
        }
      })
    expect(await down(100_000).attempt()).toEqual({ status: "rejected", reason: "bottom" })
    expect(left).toBe(100_001)
  })

  it("generators that call each other are all returned when the fiber is cancelled", async () => {
    let entered = 0
    let left = 0
    const down = (n: number): Task<unknown> =>
      Task.gen(function* () {
        entered++
        try {
          if (n === 0) yield* Task.never
          yield* down(n - 1)
        } finally {
          yield* Task.sync(() => void left++)
        }
      })
    const fiber = down(100_000).run()
    await until(() => entered > 100_000)
    await fiber.cancel()
    expect(left).toBe(100_001)
  })

  it("promise functions that each return a task end", async () => {
    const down = (n: number): Task<string> => (n === 0 ? Task.pure("bottom") : Task.promise(() => down(n - 1)))
    expect(await down(100_000)).toBe("bottom")
  })

  it("tasks of tasks are flattened by await", async () => {
    let task: Task<unknown> = Task.pure("innermost")
    for (let i = 0; i < 100_000; i++) task = Task.pure(task)
    expect(await task).toBe("innermost")
  })

  it("promises of thenables of thenables are flattened by a promise function", async () => {
    let value: unknown = "innermost"
    for (let i = 0; i < 100_000; i++) {
      const inner = value
      value = { then: (resolve: (value: unknown) => void) => resolve(inner) }
    }
    expect(await Task.promise(() => value)).toBe("innermost")
  })

  it("joins of joins of joins end", async () => {
    let fiber: Fiber<number> = Task.sleep(1).as(0).run()
    for (let i = 0; i < 100_000; i++) fiber = fiber.join().map(inc).run()
    expect(await fiber).toBe(100_000)
  })

  it("callbacks on a fiber's end that each end the next fiber end", async () => {
    const ends: ((task: Task<number>) => void)[] = []
    const fibers = Array.from({ length: 100_000 }, () => Task.async<number>((resume) => void ends.push(resume)).run())
    fibers.forEach((fiber, i) => {
      fiber.onExit(() => ends[i + 1]?.(Task.pure(i + 1)))
    })
    ends[0]?.(Task.pure(0))
    expect(await fibers.at(-1)).toBe(99_999)
  })

  it("fibers that each cancel the next in their cleanup end", async () => {
    let next: Fiber<unknown> = Task.never.run()
    const innermost = next
    for (let i = 0; i < 100_000; i++) {
      const inner = next
      next = Task.never.finally(inner.cancel()).run()
    }
    await next.cancel()
    expect(innermost.poll()?.status).toBe("cancelled")
  })

  it("fibers that each start the next through the edge end", async () => {
    let deepest = 0
    const from = (n: number): Task<unknown> =>
      Task.sync(() => {
        deepest = n
        if (n < 100_000) from(n + 1).runAndForget()
      })
    from(1).runAndForget()
    await until(() => deepest === 100_000)
    expect(deepest).toBe(100_000)
  })
})
