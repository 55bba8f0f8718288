import { AsyncLocalStorage } from "node:async_hooks"
import { describe, expect, it } from "vitest"
import { type Fiber, Runtime, Task } from "rapid-fiber"

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

  const soaks: Record<string, () => Task<unknown>> = {
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
  }
  const longLived = Task.never.run()
  for (const [what, round] of Object.entries(soaks)) {
    it(`stays flat in one fiber through 60,000 rounds of ${what} (effect#3440, zio#9002)`, async () => {
      const rounds = (n: number): Task<void> =>
        Task.gen(function* () {
          for (let i = 0; i < n; i++) yield* round()
        })
      await rounds(2000)
      const before = await settledHeap()
      await rounds(60_000)
      expect((await settledHeap()) - before).toBeLessThan(3 * MB)
    })
  }
})
