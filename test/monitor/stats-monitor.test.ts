import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Runtime, Task } from "rapid-fiber"
import { StatsMonitor } from "rapid-fiber/monitor"
import { TestRuntime } from "rapid-fiber/testing"
import { turn } from "../watch.ts"

/** A program, with how many fibers of it end in which way; the fiber that runs it is not among them. */
interface Program {
  readonly task: Task<unknown>
  readonly succeeded: number
  readonly failed: number
  readonly cancelled: number
}

const one = (task: Task<unknown>, succeeded = 0, failed = 0, cancelled = 0): Program => ({
  task,
  succeeded,
  failed,
  cancelled,
})
const sum = (programs: readonly Program[], task: Task<unknown>): Program => ({
  task,
  succeeded: programs.reduce((n, { succeeded }) => n + succeeded, 0),
  failed: programs.reduce((n, { failed }) => n + failed, 0),
  cancelled: programs.reduce((n, { cancelled }) => n + cancelled, 0),
})
const leaf: fc.Arbitrary<Program> = fc.constantFrom(
  one(Task.sleep(3)),
  one(Task.yield()),
  one(
    Task.sleep(1)
      .start()
      .flatMap((fiber) => fiber.join()),
    1,
  ),
  one(
    Task.fail("no")
      .startDetached()
      .flatMap((fiber) => fiber.join())
      .attempt(),
    0,
    1,
  ),
  one(
    Task.sleep(5)
      .start()
      .flatMap((fiber) => Task.yield().andThen(fiber.cancel())),
    0,
    0,
    1,
  ),
  one(Task.race([Task.sleep(1), Task.sleep(9)]), 1, 0, 1),
)
const { program } = fc.letrec<{ program: Program }>((tie) => ({
  program: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc
      .array(tie("program"), { maxLength: 4 })
      .map((parts) =>
        sum([...parts, one(Task.unit, parts.length)], Task.all(parts.map(({ task }) => Task.yield().andThen(task)))),
      ),
    fc.tuple(tie("program"), tie("program")).map((parts) => sum(parts, parts[0].task.andThen(parts[1].task))),
  ),
}))

describe("StatsMonitor", () => {
  it("counts every fiber once, by how it ends", async () => {
    await fc.assert(
      fc.asyncProperty(program, async ({ task, succeeded, failed, cancelled }) => {
        const test = TestRuntime.make()
        using stats = StatsMonitor.attach(test)
        await test.run(task)
        const found = stats.stats()
        expect(found).toMatchObject({ succeeded: succeeded + 1, failed, cancelled, live: 0, ready: 0, sleeping: 0 })
        expect(found.started).toBe(succeeded + failed + cancelled + 1)
        expect(found.operations).toBeGreaterThan(0)
        await test.close()
      }),
      { numRuns: 200 },
    )
  })

  it("counts what nobody holds: sleepers of which nothing is left but a function", async () => {
    await using runtime = Runtime.make()
    using stats = StatsMonitor.attach(runtime)
    const done: number[] = []
    for (let i = 0; i < 10; i++)
      Task.sleep(1)
        .map(() => done.push(i))
        .runAndForget({ runtime })
    for (let i = 0; i < 10; i++)
      Task.sleep(1)
        .flatMap(() => Task.sync(() => done.push(i)))
        .runAndForget({ runtime })
    Task.sleep(60_000).runAndForget({ runtime })
    while (done.length < 20) await turn()
    await turn()
    expect(stats.stats()).toMatchObject({ started: 21, succeeded: 20, live: 1, sleeping: 1 })
  })

  it("counts how those end that nobody holds", async () => {
    const runtime = Runtime.make({ onUnhandled: () => {} })
    using stats = StatsMonitor.attach(runtime)
    const failing = (): never => {
      throw new Error("nobody's")
    }
    Task.sleep(1).map(failing).runAndForget({ runtime })
    while (stats.stats().failed === 0) await turn()
    for (let i = 0; i < 3; i++) Task.sleep(60_000).map(failing).runAndForget({ runtime })
    await runtime.close()
    expect(stats.stats()).toMatchObject({ started: 4, succeeded: 0, failed: 1, cancelled: 3, live: 0 })
  })

  it("counts operations, within what the budget grants", async () => {
    await using runtime = Runtime.make()
    using stats = StatsMonitor.attach(runtime)
    const count = (n: number): Task<number> => (n === 0 ? Task.pure(0) : Task.pure(n).flatMap((m) => count(m - 1)))
    await count(100_000).toPromise({ runtime })
    expect(stats.stats().operations).toBeGreaterThan(200_000)
    expect(stats.stats().operations).toBeLessThan(600_000)
  })

  it("leaves nothing behind, is shared, and can be closed twice", async () => {
    await using runtime = Runtime.make()
    const first = StatsMonitor.attach(runtime)
    const second = StatsMonitor.attach(runtime)
    await Task.unit.toPromise({ runtime })
    first.close()
    first.close()
    await Task.unit.toPromise({ runtime })
    expect(second.stats().started).toBe(2)
    second.close()
    await Task.unit.toPromise({ runtime })
    expect(second.stats().started).toBe(2)
    using third = StatsMonitor.attach(runtime)
    expect(third.stats().started).toBe(0)
  })

  it("reports as text", async () => {
    await using runtime = Runtime.make()
    using stats = StatsMonitor.attach(runtime)
    await Task.all(Array.from({ length: 1500 }, () => Task.yield())).toPromise({ runtime })
    expect(stats.report()).toMatch(/^started {2,}1,501\nsucceeded {2,}1,501\nfailed {2,}0\n/)
  })

  it("changes nothing that a program sees", async () => {
    const log = async (watched: boolean): Promise<string[]> => {
      const test = TestRuntime.make({ seed: 7 })
      const stats = watched ? StatsMonitor.attach(test) : undefined
      const seen: string[] = []
      const member = (name: string): Task<unknown> =>
        Task.gen(function* () {
          for (let i = 0; i < 5; i++) {
            seen.push(`${name}${i}`)
            yield* i % 2 === 0 ? Task.yield() : Task.sleep(i)
          }
        })
      await test.run(Task.all(["a", "b", "c"].map(member)))
      stats?.close()
      await test.close()
      return seen
    }
    expect(await log(true)).toEqual(await log(false))
  })
})

describe("Runtime.dump of a runtime that is watched", () => {
  it("says since when a fiber waits", async () => {
    const test = TestRuntime.make()
    using stats = StatsMonitor.attach(test)
    const waiting = Task.never.run({ runtime: test, name: "waiting" })
    await test.advance(1500)
    expect(String(Runtime.dump(waiting))).toMatch(
      /^waiting \(fiber-\d+\) waiting for nothing \(Task\.never\), 1500 ms$/,
    )
    expect(stats.stats().live).toBe(1)
    await test.close()
  })
})
