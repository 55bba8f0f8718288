import { AsyncLocalStorage } from "node:async_hooks"
import { describe, expect, it } from "vitest"
import { type Fiber, Local, Runtime, Schedule, Scope, Task } from "rapid-fiber"

/** Needs `--expose-gc`, which vitest.config.ts passes. Bounds are several times what is expected, far below a leak. */
const MB = 2 ** 20

async function settledHeap(): Promise<number> {
  for (let i = 0; i < 4; i++) {
    await new Promise((resolve) => setTimeout(resolve, 1))
    globalThis.gc!()
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

describe("memory", () => {
  it("of 1M sleepers comes back when they are cancelled, long before their deadlines", async () => {
    const runtime = Runtime.make()
    const before = await settledHeap()
    let fibers: Fiber<void>[] = []
    for (let i = 0; i < 1_000_000; i++) fibers.push(Task.sleep({ hours: 1 + (i % 24) }).run({ runtime }))
    const during = await settledHeap()
    for (const fiber of fibers) fiber.abort()
    await fibers
      .at(-1)!
      .toPromise()
      .catch(() => {})
    expect(fibers.every((fiber) => fiber.poll()?.status === "cancelled")).toBe(true)
    fibers = []
    const after = await settledHeap()
    expect(during - before).toBeGreaterThan(50 * MB)
    expect(after - before).toBeLessThan(10 * MB)
    await runtime.close()
  })

  it("of sleepers that nobody holds comes back when the runtime is closed", async () => {
    const runtime = Runtime.make()
    const before = await settledHeap()
    for (let i = 0; i < 1_000_000; i++)
      Task.sleep({ hours: 1 })
        .map(() => i)
        .runAndForget({ runtime })
    expect((await settledHeap()) - before).toBeGreaterThan(30 * MB)
    await runtime.close()
    expect((await settledHeap()) - before).toBeLessThan(10 * MB)
  })

  it("of what has served is given back, though somebody keeps a handle, a resume or an undo", async () => {
    const seen: WeakRef<object>[] = []
    const watched = (): object => {
      const big = { bytes: new Array(100).fill(0) }
      seen.push(new WeakRef(big))
      return big
    }
    const kept: unknown[] = []
    const waited = Task.never.run()
    const undo = (): (() => void) => {
      const held = watched()
      const takeBack = waited.onExit(() => void held)
      takeBack()
      return takeBack
    }
    const resumer = async (): Promise<void> => {
      const held = watched()
      const task = Task.async<object>((resume) => {
        kept.push(resume)
        setTimeout(() => resume(Task.pure(held)), 1)
        return () => void held
      })
      await task.run()
    }
    // The first undo keeps its own callback, but not those that stood beside it.
    kept.push(undo(), undo)
    undo()
    await resumer()
    await new AsyncLocalStorage<object>().run(watched(), () => {
      const fiber = Task.sleep(1).run()
      kept.push(fiber)
      return fiber.toPromise()
    })
    for (let i = 0; i < 20 && seen.some((ref) => ref.deref() !== undefined); i++) await settledHeap()
    expect(seen.slice(1).map((ref) => ref.deref())).toEqual([undefined, undefined, undefined])
    waited.abort()
    expect(kept).toHaveLength(4)
  })

  const soaks: Record<string, () => Task<unknown, unknown>> = {
    "fibers that end": () =>
      Task.sleep(0)
        .start()
        .flatMap((fiber) => fiber.join()),
    "joins of a long-lived fiber that are cancelled (node#17469)": () =>
      Task.gen(function* () {
        const joiner = yield* longLived.join().start()
        yield* Task.yield()
        yield* joiner.cancel()
      }),
    "callbacks that resume": () => Task.async((resume) => queueMicrotask(() => resume(Task.unit))),
    promises: () => Task.promise((signal) => Promise.resolve(signal.aborted)),
    "handled failures": () =>
      Task.fail(new Error("e"))
        .finally(() => Task.unit)
        .attempt(),
    "cancelled sleeps": () =>
      Task.sleep(100_000)
        .start()
        .flatMap((fiber) => fiber.cancel()),
    "roots that are cancelled": () => Task.sync(() => Task.never.run()).flatMap((fiber) => fiber.cancel()),
    "races against a fiber that never ends (zio#4135, zio#10199)": () => Task.race([Task.yield(), longLived.join()]),
    "races against a completable that nobody completes (fs2-kafka#1318)": () => Task.race([Task.yield(), open.task]),
    "timeouts that are not reached (p-timeout#42)": () => Task.yield().timeout({ hours: 1 }),
    "signals that do not abort (node#54614)": () => Task.yield().abortOn(signal),
    "groups that fail": () => Task.all([Task.yield(), Task.fail("e"), Task.never]).attempt(),
    "fibers in one scope (zio#7235)": () => scope.start(Task.yield()).flatMap((fiber) => fiber.join()),
    "brackets and masks": () =>
      Task.bracket(
        Task.yield(),
        () => Task.unit,
        () => Task.yield(),
      ),
    "memoized runs that are given up": () => memoized.start().flatMap((fiber) => Task.yield().andThen(fiber.cancel())),
    locals: () => local.run({}, Task.yield()),
  }
  const longLived = Task.never.run()
  const open = Task.withResolvers<void>()
  const { signal } = new AbortController()
  const scope = Scope.make()
  const memoized = Task.never.memoize()
  const local = Local.make<object>({})
  for (const [what, round] of Object.entries(soaks)) {
    it(`stays flat in one fiber through 60,000 rounds of ${what} (effect#3440, zio#9002)`, async () => {
      const rounds = (n: number): Task<void, unknown> =>
        Task.gen(function* () {
          for (let i = 0; i < n; i++) yield* round()
        })
      await rounds(2000)
      const before = await settledHeap()
      await rounds(60_000)
      expect((await settledHeap()) - before).toBeLessThan(3 * MB)
    })
  }

  it.each([
    ["repeat", () => Task.yield().repeat(Schedule.times(300_000))],
    ["retry", () => Task.yield().andThen(Task.fail("e")).retry({ times: 300_000 }).attempt()],
    ["forEach", () => Task.forEach(Array.from({ length: 300_000 }).keys(), () => Task.yield(), { concurrency: 4 })],
  ] as const)("does not grow with the rounds of one %s", async (_, work) => {
    await work()
    const before = await settledHeap()
    const fiber = work().run()
    let most = 0
    while (fiber.poll() === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      globalThis.gc!()
      most = Math.max(most, process.memoryUsage().heapUsed)
    }
    expect(most - before).toBeLessThan(4 * MB)
  })
})
