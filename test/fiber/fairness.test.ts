import { afterEach, describe, expect, it, vi } from "vitest"
import { Mutex, Runtime, Task } from "rapid-fiber"
import { turn } from "../watch.ts"

/** Law 5, without asserting any time: what must get its turn, gets it. */
const forever = (): Task<never> => Task.unit.flatMap(forever)
const spin = Task.defer(forever)

describe("fairness", () => {
  afterEach(() => void vi.useRealTimers())

  it("lets other fibers run beside one that never waits", async () => {
    const busy = spin.run()
    expect(await Task.yield().as("ran")).toBe("ran")
    await busy.cancel()
  })

  it("lets the host's timers and immediates fire beside one that never waits", async () => {
    const busy = spin.run()
    await new Promise((resolve) => setTimeout(resolve, 1))
    await new Promise((resolve) => setImmediate(resolve))
    await busy.cancel()
    expect(busy.poll()?.status).toBe("cancelled")
  })

  const endless: Record<string, Task<never>> = {
    "a map chain in a loop": Task.defer(function again(): Task<never> {
      return Task.pure(0)
        .map((n) => n)
        .map((n) => n)
        .flatMap(again)
    }),
    "a gen of synchronous operations": Task.gen(function* () {
      for (;;) yield* Task.pure(1)
    }),
    "a gen of functions": Task.gen(function* () {
      for (;;) yield* Task.sync(() => 1)
    }),
    yields: Task.gen(function* () {
      for (;;) yield* Task.yield()
    }),
    "handled errors": Task.defer(function again(): Task<never> {
      return Task.fail("e").catch(again)
    }),
    "promises that are resolved already": Task.gen(function* () {
      for (;;) yield* Task.promise(() => Promise.resolve())
    }),
    "callbacks that resume at once": Task.gen(function* () {
      for (;;) yield* Task.async<void>((resume) => resume(Task.unit))
    }),
    children: Task.gen(function* () {
      for (;;) yield* (yield* Task.unit.start()).join()
    }),
  }
  for (const [what, task] of Object.entries(endless)) {
    it(`holds for an endless loop of ${what}, and cancellation ends it`, async () => {
      const fiber = task.run()
      await new Promise((resolve) => setTimeout(resolve, 2))
      await fiber.cancel()
      expect(fiber.poll()?.status).toBe("cancelled")
    })
  }

  it("runs at the edge only one budget of its own fiber, and nobody else's", async () => {
    const runtime = Runtime.make({ budget: 100 })
    let steps = 0
    const counting = Task.gen(function* () {
      for (;;) yield* Task.sync(() => steps++)
    })
    let other = 0
    const fiber = Task.sync(() => other++)
      .start()
      .andThen(counting)
      .run({ runtime })
    expect(steps).toBeGreaterThan(0)
    expect(steps).toBeLessThanOrEqual(100)
    expect(other).toBe(0)
    await fiber.cancel()
  })

  it("lets who is given something in a callback run in that callback, both on one budget", async () => {
    const mutex = Mutex.make()
    let call: () => void = () => {}
    let steps = 0
    const holder = mutex.withLock(Task.async((resume) => void (call = () => resume(Task.unit)))).run()
    const count = (): Task<never> => Task.sync(() => steps++).flatMap(count)
    const next = mutex.withLock(Task.defer(count)).run()
    await turn()
    expect(steps).toBe(0)
    call()
    // Where an async context is always there, as on Bun and Deno, it is in its turn.
    const bare = !("Bun" in globalThis) && !("Deno" in globalThis)
    if (bare) expect(steps).toBeGreaterThan(0)
    expect(steps).toBeLessThanOrEqual(1024)
    await next.cancel()
    expect(holder.poll()).toEqual({ status: "fulfilled", value: undefined })
  })

  it("changes fibers after a budget, so that none is ahead by more than a few", async () => {
    const runtime = Runtime.make({ budget: 64, slice: 1000 })
    const steps = [0, 0, 0]
    let ahead = 0
    const counting = (mine: number): Task<void> =>
      Task.gen(function* () {
        for (let i = 0; i < 5000; i++) {
          yield* Task.sync(() => steps[mine]++)
          ahead = Math.max(ahead, steps[mine] - Math.min(...steps))
        }
      })
    await Promise.all(steps.map((_, mine) => counting(mine).toPromise({ runtime })))
    expect(steps).toEqual([5000, 5000, 5000])
    expect(ahead).toBeLessThanOrEqual(3 * 64)
  })

  it("gives the host its turn where the clock does not move: after 64 budgets", async () => {
    vi.useFakeTimers()
    const runtime = Runtime.make({ budget: 16 })
    let steps = 0
    const fiber = Task.gen(function* () {
      for (;;) yield* Task.sync(() => steps++)
    }).run({ runtime })
    await Promise.resolve()
    await Promise.resolve()
    await Promise.resolve()
    expect(steps).toBeGreaterThan(0)
    expect(steps).toBeLessThan(16 * 70)
    vi.useRealTimers()
    await fiber.cancel()
  })

  it("wakes sleepers beside fibers that are always ready", async () => {
    const busy = Array.from({ length: 5 }, () => endless["yields"].run())
    let woken = 0
    await Promise.all(
      [1, 2, 3].map((ms) =>
        Task.sleep(ms)
          .map(() => woken++)
          .toPromise(),
      ),
    )
    expect(woken).toBe(3)
    await Promise.all(busy.map((fiber) => fiber.cancel().toPromise()))
  })
})

describe("groups", () => {
  /** True if another fiber and the host both get their turn while `task` runs on. */
  async function givesWay(task: Task<unknown, unknown>): Promise<boolean> {
    let other = 0
    const fiber = task.run()
    const beside = Task.gen(function* () {
      for (;;) yield* Task.sync(() => other++).andThen(Task.yield())
    }).run()
    await vi.waitFor(() => expect(other).toBeGreaterThan(2), { timeout: 3000, interval: 1 })
    const running = fiber.poll() === undefined
    await Promise.all([fiber.cancel(), beside.cancel()])
    return running
  }

  const endless: Record<string, Task<unknown, unknown>> = {
    "a forEach without end": Task.forEach(
      (function* () {
        for (;;) yield 1
      })(),
      () => Task.unit,
    ),
    "a forEach without end, several at once": Task.forEach(
      {
        *[Symbol.iterator]() {
          for (;;) yield 1
        },
      },
      () => Task.unit,
      { concurrency: 8 },
    ),
    "races in races without end": (() => {
      const nested: Task<never> = Task.defer(() => Task.race([nested]))
      return nested
    })(),
    "timeouts in a loop": Task.unit.timeout(1000).repeat({}),
    "a repeat without a pause": Task.unit.repeat({}),
    "a retry without a pause": Task.fail("e").retry({}),
  }
  it.each(Object.entries(endless))("give way to fibers and to the host: %s", async (_, task) => {
    expect(await givesWay(task)).toBe(true)
  })

  it("start their second member though the first one never waits", async () => {
    const busy = Task.sync(() => {}).repeat({})
    expect(await Task.race([busy, Task.pure("second")])).toBe("second")
    expect(await busy.timeoutTo(3, Task.pure("late"))).toBe("late")
  })

  it("start in order, each before the next is asked for", async () => {
    const order: string[] = []
    function* tasks(): Generator<Task<number>> {
      for (let i = 0; i < 3; i++) {
        order.push(`asked ${i}`)
        yield Task.sync(() => order.push(`began ${i}`))
          .andThen(Task.yield())
          .as(i)
      }
    }
    await Task.all(tasks())
    expect(order).toEqual(["asked 0", "began 0", "asked 1", "began 1", "asked 2", "began 2"])
  })
})
