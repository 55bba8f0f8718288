import { describe, expect, it } from "vitest"
import { type Fiber, Runtime, Semaphore, Task } from "rapid-fiber"
import { TestRuntime } from "rapid-fiber/testing"
import { turn } from "../watch.ts"

/** Lets it come as far as it gets. In an object, since a fiber is thenable. */
async function started<A, E>(task: Task<A, E>): Promise<{ readonly fiber: Fiber<A, E> }> {
  const fiber = task.run()
  await turn()
  return { fiber }
}

const holding = (semaphore: Semaphore, permits = 1) => semaphore.withPermits(permits, Task.never)

describe("a Semaphore", () => {
  it.each([0, -2, 1.5, NaN, Infinity, "3"])("refuses %s permits where that is written", (permits) => {
    expect(() => Semaphore.make(permits as number)).toThrow(/^Expected `permits` to be an integer >= 1, got /)
  })

  it("refuses to be asked for more than it has, where that is written", () => {
    const semaphore = Semaphore.make(2)
    const message = "Expected `permits` to be an integer from 1 to 2, got 3."
    expect(() => semaphore.withPermits(3, Task.unit)).toThrow(message)
    expect(() => semaphore.acquire(3)).toThrow(message)
    expect(() => semaphore.tryAcquire(3)).toThrow(message)
    expect(() => semaphore.withPermit((() => {}) as never)).toThrow("to be a Task, got a function")
  })

  it("runs nothing until its task is run, and anew each time", async () => {
    const semaphore = Semaphore.make(1)
    let runs = 0
    const task = semaphore.withPermit(Task.sync(() => ++runs))
    await turn()
    expect([runs, semaphore.available]).toEqual([0, 1])
    expect([await task, await task]).toEqual([1, 2])
  })

  it("is held while the task runs, whatever comes of it", async () => {
    const semaphore = Semaphore.make(1)
    const inside = semaphore.withPermit(Task.sync(() => semaphore.available))
    expect(await inside).toBe(0)
    await semaphore.withPermit(Task.fail("no")).attempt()
    expect(semaphore.available).toBe(1)
    await expect(
      semaphore
        .withPermit(
          Task.sync(() => {
            throw new RangeError("thrown")
          }),
        )
        .toPromise(),
    ).rejects.toThrow("thrown")
    expect(semaphore.available).toBe(1)
    const { fiber } = await started(holding(semaphore))
    expect(semaphore.available).toBe(0)
    await fiber.cancel()
    expect(semaphore.available).toBe(1)
  })

  it("serves those who wait first in, first out", async () => {
    const semaphore = Semaphore.make(1)
    const order: number[] = []
    const jobs = Array.from({ length: 5 }, (_, i) => semaphore.withPermit(Task.yield().tap(() => void order.push(i))))
    await Task.all(jobs)
    expect(order).toEqual([0, 1, 2, 3, 4])
  })

  it("lets nobody overtake who wants many", async () => {
    const semaphore = Semaphore.make(2)
    const order: string[] = []
    const { fiber: first } = await started(holding(semaphore))
    const { fiber: many } = await started(
      semaphore.withPermits(
        2,
        Task.sync(() => order.push("many")),
      ),
    )
    const { fiber: few } = await started(semaphore.withPermit(Task.sync(() => order.push("few"))))
    expect([order, semaphore.available, semaphore.waiting]).toEqual([[], 1, 2])
    await first.cancel()
    await Promise.all([many, few])
    expect(order).toEqual(["many", "few"])
  })

  it("lets the next ones go when who wanted many gives up", async () => {
    const semaphore = Semaphore.make(2)
    const { fiber: first } = await started(holding(semaphore))
    const { fiber: many } = await started(holding(semaphore, 2))
    const { fiber: few } = await started(semaphore.withPermit(Task.pure("went")))
    many.abort()
    expect(await few).toBe("went")
    await first.cancel()
    expect([semaphore.available, semaphore.waiting]).toEqual([2, 0])
  })

  it("gives a permit that somebody gets and is cancelled with to the next", async () => {
    const semaphore = Semaphore.make(1)
    const permit = semaphore.tryAcquire()
    const { fiber: first } = await started(semaphore.withPermit(Task.pure("first")))
    const { fiber: second } = await started(semaphore.withPermit(Task.pure("second")))
    permit?.release()
    // It has been served, and has not run yet.
    first.abort()
    expect(await second).toBe("second")
    expect(first.poll()?.status).toBe("cancelled")
    expect(semaphore.available).toBe(1)
  })

  it("does not interrupt a wait under a mask, and does inside restore", async () => {
    const semaphore = Semaphore.make(1)
    const permit = semaphore.tryAcquire()
    const log: string[] = []
    const enter = (name: string): Task<void> => semaphore.withPermit(Task.sync(() => void log.push(name)))
    const { fiber: masked } = await started(Task.uncancelable(() => enter("masked")))
    const { fiber: open } = await started(Task.uncancelable((restore) => restore(enter("open"))))
    masked.abort()
    open.abort()
    await turn()
    expect([masked.poll(), open.poll()?.status, semaphore.waiting]).toEqual([undefined, "cancelled", 1])
    permit?.release()
    await turn()
    expect([masked.poll()?.status, log, semaphore.available]).toEqual(["cancelled", ["masked"], 1])
  })

  it("works across runtimes", async () => {
    await using other = Runtime.make()
    const semaphore = Semaphore.make(1)
    const here = semaphore.withPermit(Task.sleep(1).as("here")).run()
    const there = semaphore.withPermit(Task.sleep(1).as("there")).run({ runtime: other })
    expect([await here, await there]).toEqual(["here", "there"])
  })

  it("says in runSync what it waited for, and keeps nothing of it", () => {
    const semaphore = Semaphore.make(1)
    const permit = semaphore.tryAcquire()
    expect(() => semaphore.withPermit(Task.unit).runSync()).toThrow("suspended at `a permit of a semaphore`")
    expect(semaphore.waiting).toBe(0)
    permit?.release()
    expect(semaphore.withPermit(Task.pure(1)).runSync()).toBe(1)
  })

  it("is named in the report of a deadlock", async () => {
    const reports: string[] = []
    const runtime = Runtime.make({ onDeadlock: (report) => reports.push(String(report)) })
    const semaphore = Semaphore.make(1)
    semaphore.tryAcquire()
    semaphore.withPermit(Task.unit).run({ name: "stuck", runtime })
    await new Promise((resolve) => setTimeout(resolve, 20))
    await runtime.close()
    expect(reports).toEqual(["stuck waits for a permit of a semaphore"])
  })

  it("bounds a million steps without growing the stack", async () => {
    const semaphore = Semaphore.make(1)
    let left = 100_000
    const step: Task<void> = semaphore.withPermit(Task.sync(() => left--)).flatMap(() => (left > 0 ? step : Task.unit))
    await Task.all([step, step])
    expect(left).toBeLessThanOrEqual(0)
    const nested = Array.from({ length: 1000 }).reduce<Task<number>>(
      (inner) => Semaphore.make(1).withPermit(inner),
      Task.pure(7),
    )
    expect(await nested).toBe(7)
  })
})

describe("a permit", () => {
  it("is released once", async () => {
    const semaphore = Semaphore.make(2)
    const permit = await semaphore.acquire(2)
    expect([permit.permits, permit.held, semaphore.available]).toEqual([2, true, 0])
    permit.release()
    permit.release()
    expect([permit.held, semaphore.available]).toEqual([false, 2])
  })

  it("is released by using, in a program and at the edge", async () => {
    const semaphore = Semaphore.make(1)
    const program = Task.gen(function* () {
      using _permit = yield* semaphore.acquire()
      yield* Task.yield()
      return semaphore.available
    })
    expect([await program, semaphore.available]).toEqual([0, 1])
    {
      await using _permit = await semaphore.acquire()
      expect(semaphore.available).toBe(0)
    }
    expect(semaphore.available).toBe(1)
  })

  it("is not to be had at once while somebody waits in line", async () => {
    const semaphore = Semaphore.make(2)
    const one = semaphore.tryAcquire()
    const { fiber: waiting } = await started(holding(semaphore, 2))
    expect([semaphore.available, semaphore.tryAcquire()]).toEqual([1, undefined])
    await waiting.cancel()
    expect(semaphore.tryAcquire()?.held).toBe(true)
    one?.release()
  })

  it("is not lost where a race, a time limit or a bracket acquires it", async () => {
    const test = TestRuntime.make()
    const semaphore = Semaphore.make(1)
    const log: string[] = []
    const bracketed = Task.bracket(
      (restore) => restore(semaphore.acquire()),
      () => Task.sleep(5).tap(() => void log.push("used")),
      (permit) => permit.release(),
    )
    const late = bracketed.timeout(3).attempt()
    await test.run(Task.all([bracketed, late, Task.race([bracketed, Task.sleep(20)])]))
    expect([log, semaphore.available, semaphore.waiting]).toEqual([["used", "used"], 1, 0])
    await test.close()
  })
})
