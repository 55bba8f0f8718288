import { describe, expect, it, vi } from "vitest"
import { type Exit, Runtime, Task } from "rapid-fiber"
import { ended, exitOf, turn } from "../watch.ts"

const fulfilled = <A>(value: A) => ({ status: "fulfilled", value })
const rejected = (reason: unknown) => ({ status: "rejected", reason })
const cancelled = (reason?: unknown) => ({ status: "cancelled", reason })

describe("a bracket", () => {
  it("acquires, uses, releases, and yields what use yields", async () => {
    const log: string[] = []
    const program = Task.bracket(
      Task.sleep(1).map(() => (log.push("acquire"), "file")),
      (file) => Task.sleep(1).map(() => (log.push(`use ${file}`), "value")),
      (file) => Task.sleep(1).tap(() => log.push(`release ${file}`)),
    )
    expect(await program).toBe("value")
    expect(log).toEqual(["acquire", "use file", "release file"])
  })

  it("gives the release the resource and the outcome of use, once, whatever it is", async () => {
    const resource = {}
    const release = vi.fn((_: object, _exit: Exit<unknown>) => {})
    const program = (use: Task<unknown, unknown>) => Task.bracket(Task.pure(resource), () => use, release)
    const error = new Error("thrown")
    const uses = [
      Task.pure("value"),
      Task.yield().as("value"),
      Task.fail("down"),
      Task.sync(() => {
        throw error
      }),
    ]
    for (const use of uses) await exitOf(program(use))
    const fiber = program(Task.never).run()
    await fiber.cancel("stop")
    expect(release.mock.calls.map(([given]) => given === resource)).toEqual([true, true, true, true, true])
    expect(release.mock.calls.map(([, exit]) => exit)).toEqual([
      fulfilled("value"),
      fulfilled("value"),
      rejected("down"),
      rejected(error),
      cancelled("stop"),
    ])
  })

  it("releases nothing if acquiring fails", async () => {
    const [use, release] = [vi.fn(() => Task.unit), vi.fn()]
    expect(await exitOf(Task.bracket(Task.fail("down").delay(0), use, release))).toEqual(rejected("down"))
    expect([use.mock.calls.length, release.mock.calls.length]).toEqual([0, 0])
  })

  it("releases if the function that uses throws or returns no Task", async () => {
    const release = vi.fn()
    const error = new Error("thrown")
    const throws = Task.bracket(
      Task.unit,
      (): Task<void> => {
        throw error
      },
      release,
    )
    expect(await exitOf(throws)).toEqual(rejected(error))
    const returns = Task.bracket(Task.unit, (() => 5) as unknown as () => Task<void>, release)
    expect(await exitOf(returns)).toMatchObject(
      rejected({ name: "TypeError", message: expect.stringMatching(/got 5/) }),
    )
    expect(release).toHaveBeenCalledTimes(2)
  })

  it("is not interrupted while it acquires; then it releases and uses nothing", async () => {
    const gate = Task.withResolvers<string>()
    const [use, release] = [vi.fn(() => Task.unit), vi.fn()]
    const fiber = Task.bracket(gate.task, use, release).run()
    fiber.abort("stop")
    await turn()
    expect(fiber.poll()).toBeUndefined()
    gate.resolve("file")
    expect(await ended(fiber)).toEqual(cancelled("stop"))
    expect(use).not.toHaveBeenCalled()
    expect(release.mock.calls).toEqual([["file", cancelled("stop")]])
  })

  it("is interrupted while it acquires where restore says so, and releases nothing", async () => {
    const release = vi.fn()
    const fiber = Task.bracket(
      (restore) => restore(Task.never),
      () => Task.unit,
      release,
    ).run()
    await fiber.cancel("stop")
    expect(fiber.poll()).toEqual(cancelled("stop"))
    expect(release).not.toHaveBeenCalled()
  })

  it("loses nothing between a restored wait and the rest of acquiring, at whatever turn it is cancelled", async () => {
    for (let turns = 0; turns < 12; turns++) {
      let held = 0
      const fiber = Task.bracket(
        (restore) =>
          restore(Task.yield().andThen(Task.yield())).andThen(Task.sync(() => void held++).andThen(Task.yield())),
        () => Task.yield(),
        () => Task.yield().tap(() => held--),
      ).run()
      for (let i = 0; i < turns; i++) await Task.yield()
      await fiber.cancel()
      expect(held).toBe(0)
    }
  })

  it("is interrupted at once while it uses, and waits for the release", async () => {
    const log: string[] = []
    const fiber = Task.bracket(
      Task.pure("file"),
      () => Task.never.onCancel(() => void log.push("use")),
      () => Task.sleep(1).tap(() => log.push("release")),
    ).run()
    await fiber.cancel()
    expect(log).toEqual(["use", "release"])
  })

  it("is not interrupted while it releases", async () => {
    const gate = Task.withResolvers<void>()
    const log: string[] = []
    const fiber = Task.bracket(
      Task.unit,
      () => Task.unit,
      () => gate.task.tap(() => log.push("released")),
    )
      .tap(() => log.push("after"))
      .run()
    await turn()
    fiber.abort()
    await turn()
    expect(fiber.poll()).toBeUndefined()
    gate.resolve()
    expect(await ended(fiber)).toEqual(cancelled())
    expect(log).toEqual(["released"])
  })

  it("fails when its release fails, and keeps the failure of use beside it (D8)", async () => {
    const program = (use: Task<unknown, unknown>) =>
      Task.bracket(
        Task.unit,
        () => use,
        () => Task.fail("release"),
      )
    expect(await exitOf(program(Task.unit))).toEqual(rejected("release"))
    expect(await exitOf(program(Task.fail("use")))).toMatchObject(
      rejected({ name: "SuppressedError", error: "release", suppressed: "use" }),
    )
    const fiber = program(Task.never).run({ runtime: Runtime.make({ onUnhandled() {} }) })
    fiber.abort("stop")
    expect(await ended(fiber)).toMatchObject(rejected({ error: "release", suppressed: { cause: "stop" } }))
  })

  it("nested releases from the inside out, though every release fails", async () => {
    const log: number[] = []
    const nested = (n: number): Task<void, unknown> =>
      n === 0
        ? Task.never
        : Task.bracket(
            Task.pure(n),
            () => nested(n - 1),
            (name) => Task.sync(() => log.push(name)).andThen(Task.fail(name)),
          )
    const fiber = nested(4).run({ runtime: Runtime.make({ onUnhandled() {} }) })
    fiber.abort("stop")
    expect(await ended(fiber)).toMatchObject(
      rejected({ error: 4, suppressed: { error: 3, suppressed: { error: 2, suppressed: { error: 1 } } } }),
    )
    expect(log).toEqual([1, 2, 3, 4])
  })

  it("in a masked region does not let a cancellation into use", async () => {
    const gate = Task.withResolvers<void>()
    const fiber = Task.uncancelable(() =>
      Task.bracket(
        Task.unit,
        () => gate.task,
        () => {},
      ),
    ).run()
    fiber.abort()
    await turn()
    expect(fiber.poll()).toBeUndefined()
    gate.resolve()
    expect(await ended(fiber)).toEqual(cancelled())
  })

  it("leaves the children of use to the fiber: they end after the release", async () => {
    const log: string[] = []
    const program = Task.bracket(
      Task.unit,
      () =>
        Task.never
          .onCancel(() => void log.push("child"))
          .start()
          .andThen(Task.yield()),
      () => void log.push("release"),
    )
    await program.as("value")
    expect(log).toEqual(["release", "child"])
  })

  it("takes a failing child for the end of use, and releases", async () => {
    const log: string[] = []
    const program = Task.bracket(
      Task.unit,
      () => Task.fail("child").delay(0).start().andThen(Task.never),
      (_, exit) => void log.push(exit.status),
    )
    expect(await exitOf(program)).toEqual(rejected("child"))
    expect(log).toHaveLength(1)
  })

  it("acquires anew at each run, and runs in runSync", () => {
    let acquired = 0
    const released: number[] = []
    const program = Task.bracket(
      Task.sync(() => ++acquired),
      (n) => Task.pure(n),
      (n) => void released.push(n),
    )
    expect([program.runSync(), program.runSync(), released]).toEqual([1, 2, [1, 2]])
  })

  it("repeated a hundred thousand times keeps nothing open", async () => {
    let open = 0
    const round = Task.bracket(
      Task.sync(() => void open++),
      () => Task.unit,
      () => void open--,
    )
    await round.repeat({ times: 100_000 })
    expect(open).toBe(0)
  })

  it("refuses what is no function or Task at the call", async () => {
    const bracket = (...args: unknown[]) => Task.bracket(...(args as [Task<void>, () => Task<void>, () => void]))
    expect(() =>
      bracket(
        5,
        () => Task.unit,
        () => {},
      ),
    ).toThrow(TypeError)
    expect(() => bracket(Task.unit, 5, () => {})).toThrow(
      new TypeError("Expected Task.bracket (use) to get a function, got 5."),
    )
    expect(() => bracket(Task.unit, () => Task.unit)).toThrow(
      new TypeError("Expected Task.bracket (release) to get a function, got undefined."),
    )
    await expect(
      bracket(
        () => 5,
        () => Task.unit,
        () => {},
      ).toPromise(),
    ).rejects.toThrow(
      new TypeError(
        "Expected what the acquiring function returns to be a Task, got 5. For a plain value use Task.pure.",
      ),
    )
  })
})
