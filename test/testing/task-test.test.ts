import type { build as Build } from "esbuild"
import { describe, expect, it, vi } from "vitest"
import { Schedule, Task, TimeoutError } from "rapid-fiber"
import { LeakError, TestRuntime, taskTest, withTasks } from "rapid-fiber/testing"

const errorOf = (test: () => Promise<void>): Promise<unknown> =>
  test().then(
    () => "passed",
    (error: unknown) => error,
  )

const assertPasses = async (test: () => Promise<void>): Promise<void> => expect(await errorOf(test)).toBe("passed")

/** A promise that nobody settles: the fiber that waits for it waits for real. */
const outside = Task.promise(() => new Promise<void>(() => {}))

const after = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms)
  })

describe("taskTest", () => {
  it("passes with a task that succeeds, and gives nothing of its value", async () => {
    expect(await taskTest(Task.pure(5))()).toBeUndefined()
    expect(await taskTest(Task.sleep({ days: 1000 }).as("late"))()).toBeUndefined()
  })

  it("has the program made anew for each run, on the runtime that it is given", async () => {
    const seen: unknown[] = []
    const test = taskTest((runtime) => {
      expect(runtime).toBeInstanceOf(TestRuntime)
      expect(runtime.now).toBe(0)
      return Task.sleep({ hours: 1 }).map(() => void seen.push(runtime.now))
    })
    await test()
    await test()
    expect(seen).toEqual([3_600_000, 3_600_000])
  })

  it("lets a program look at its runtime and start more on it", async () => {
    const test = taskTest((runtime) =>
      Task.gen(function* () {
        const other = Task.sleep(10).as("other").run({ runtime, name: "other" })
        yield* Task.yield()
        expect(runtime.sleepers).toEqual([{ fiber: "other", due: 10 }])
        expect(yield* other.join()).toBe("other")
      }),
    )
    await test()
  })

  it("fails with the task's own error, the very object, also where that is none", async () => {
    for (const reason of [new Error("no"), new TimeoutError(5), "a text", 0, undefined, null, { of: "one's own" }]) {
      expect(await errorOf(taskTest(Task.fail(reason)))).toBe(reason)
      expect(await errorOf(taskTest(Task.sleep(1).andThen(Task.fail(reason))))).toBe(reason)
      const throwing = (): never => {
        throw reason
      }
      expect(await errorOf(taskTest(Task.sync(throwing)))).toBe(reason)
      expect(await errorOf(taskTest(throwing))).toBe(reason)
    }
  })

  it("fails with the failure of a child, and with a cancellation that nobody outside asked for", async () => {
    const error = new Error("child")
    expect(await errorOf(taskTest(Task.fail(error).start().andThen(Task.sleep(5))))).toBe(error)
    const itself = Task.self().flatMap((self) => self.cancel("enough"))
    expect(await errorOf(taskTest(itself))).toMatchObject({ name: "AbortError", cause: "enough" })
  })

  it("fails where nothing can go on, and says who waits for what", async () => {
    const error = await errorOf(taskTest(Task.never.start({ name: "child" }).flatMap((child) => child.join())))
    expect((error as Error).message).toMatch(/standstill[^]*child waits for nothing \(Task\.never\)/)
  })

  it("passes with a promise or a callback that takes real time, whenever that comes", async () => {
    for (let i = 0; i < 20; i++) {
      await assertPasses(taskTest(Task.promise(() => after(1))))
      await assertPasses(taskTest(Task.async<void>((resume) => void setTimeout(() => resume(Task.sleep(1)), 1))))
    }
  })

  it("declares no parameter: frameworks hand a callback to a function that does", () => {
    expect(taskTest(Task.unit).length).toBe(0)
    expect(taskTest(() => Task.unit).length).toBe(0)
  })

  it("takes no notice of a context that is none", async () => {
    for (const context of [undefined, null, 5, {}, { signal: "none" }, () => {}]) {
      await assertPasses(() => taskTest(Task.sleep(1))(context))
    }
  })

  it("has a clock and a time of day of its own, which starts where it is told to", async () => {
    const startAt = new Date("2030-01-01T00:00:00Z")
    const program = Task.sleep({ days: 1 })
      .andThen(Task.now())
      .tap((now) => {
        expect(new Date(now).toISOString()).toBe("2030-01-02T00:00:00.000Z")
      })
    await taskTest(program, { startAt })()
  })

  it("takes the seed: the same order again, and another one for another", async () => {
    const order = async (seed: number): Promise<string> => {
      let seen = ""
      const one = (name: string): Task<void> =>
        Task.sync(() => void (seen += name))
          .andThen(Task.yield())
          .repeat({ times: 3 })
      await taskTest(Task.all(Array.from("abcdefgh", one)), { seed })()
      return seen
    }
    const orders = await Promise.all([1, 2, 3, 4, 5].map(order))
    expect(new Set(orders).size).toBeGreaterThan(1)
    expect(await Promise.all([1, 2, 3, 4, 5].map(order))).toEqual(orders)
  })

  it("refuses what is no program, and options out of range", async () => {
    for (const program of [undefined, null, 5, Promise.resolve(), {}]) {
      expect(() => taskTest(program as never)).toThrow(TypeError)
      expect(() => taskTest(program as never)).toThrow("Expected taskTest to get a Task or a function that returns one")
    }
    expect(() => taskTest(Task.unit, { timeout: -1 })).toThrow("Expected `timeout`")
    expect(() => taskTest(Task.unit, { timeout: NaN })).toThrow("Expected `timeout`")
    await expect(taskTest(Task.unit, { seed: 0.5 })()).rejects.toThrow("Expected `seed` to be an integer, got 0.5.")
    await expect(taskTest(Task.unit, { startAt: NaN })()).rejects.toThrow("Expected `startAt`")
  })

  it("refuses a function that gives no Task", async () => {
    for (const given of [undefined, 5, Promise.resolve(), Task]) {
      await expect(taskTest((() => given) as never)()).rejects.toThrow(/^Expected .* Task, got /)
    }
  })
})

describe("a task that leaves something behind", () => {
  const left: ReadonlyArray<readonly [string, Task<unknown, unknown>, string]> = [
    ["a fiber that waits for ever", Task.never, "nothing (Task.never)"],
    ["a sleeper", Task.sleep({ days: 1 }), "a sleep"],
    ["a sleeper that does not keep the process", Task.sleep(1, { ref: false }), "a sleep"],
    ["a fiber that waits for a promise", Task.promise(() => new Promise(() => {})), "a promise"],
    ["a fiber that waits for a callback", Task.async(() => {}), "a callback (Task.async)"],
    ["a fiber that waits for somebody", Task.withResolvers<void>().task, "a Completable"],
  ]
  it.each(left)("fails with a LeakError: %s", async (_what, task, on) => {
    const error = await errorOf(taskTest(task.startDetached({ name: "worker" }).as(1)))
    expect(error).toBeInstanceOf(LeakError)
    expect(error).toBeInstanceOf(Error)
    expect((error as Error).name).toBe("LeakError")
    expect((error as Error).message).toBe(`Expected the task to leave nothing behind, got:\nworker waits for ${on}`)
  })

  it("fails with a LeakError also where nobody holds it", async () => {
    const error = await errorOf(
      taskTest((runtime) => Task.sleep(5).andThen(Task.sync(() => Task.sleep(10).runAndForget({ runtime })))),
    )
    expect(error).toBeInstanceOf(LeakError)
    // Where the host has async context, it is a fiber that keeps it; otherwise its continuation alone is left.
    expect((error as Error).message).toMatch(/:\n(somebody sleeps until 15|fiber-\d+ waits for a sleep)$/)
  })

  it("fails with its own error where it has one", async () => {
    const error = new Error("own")
    expect(await errorOf(taskTest(Task.never.startDetached().andThen(Task.fail(error))))).toBe(error)
  })

  it("may do so if it says so; what it has left is ended all the same", async () => {
    const seen: string[] = []
    const worker = Task.never.finally(Task.sleep({ hours: 1 }).map(() => void seen.push("cleaned up")))
    await taskTest(worker.startDetached().as(1), { leaks: true })()
    expect(seen).toEqual(["cleaned up"])
    expect(await errorOf(taskTest(worker.startDetached().as(1), { leaks: false }))).toBeInstanceOf(LeakError)
    expect(seen).toEqual(["cleaned up", "cleaned up"])
  })

  it("does not if it ends what it has started, if that ends by itself, or is its child", async () => {
    await assertPasses(taskTest(Task.never.start().andThen(Task.sleep(5))))
    await assertPasses(taskTest(Task.never.startDetached().flatMap((fiber) => fiber.cancel())))
    await assertPasses(taskTest(Task.sleep(5).startDetached().andThen(Task.sleep(5))))
    await assertPasses(taskTest(Task.yield().repeat({ times: 100 }).startDetached().as(1)))
  })

  it("fails with a LeakError also if that cannot be ended", async () => {
    const stubborn = Task.uncancelable(() => Task.never).startDetached()
    expect(await errorOf(taskTest(stubborn.as(1)))).toBeInstanceOf(LeakError)
  })

  it("fails with its own error also if what it left cannot be ended", async () => {
    const error = new Error("own")
    const stubborn = Task.uncancelable(() => Task.never).startDetached()
    expect(await errorOf(taskTest(stubborn.andThen(Task.fail(error))))).toBe(error)
  })

  it("fails with a LeakError if that never rests", async () => {
    let on = true
    const spinning = Task.yield().repeat({ until: () => !on })
    const ended = errorOf(taskTest(spinning.startDetached().as(1), { timeout: 100 }))
    const error = await Promise.race([ended, after(500).then(() => "goes on")])
    on = false
    await ended
    expect(error).toBeInstanceOf(LeakError)
  })

  it("and fails unseen: the failure goes to the hook, or to the host", async () => {
    const [error, lost] = [new Error("lost"), [] as unknown[]]
    const program = Task.fail(error).startDetached().as(1)
    await taskTest(program, { onUnhandled: (reason) => lost.push(reason) })()
    expect(lost).toEqual([error])
  })
})

describe("a test that takes too long", () => {
  it("has its task cancelled at `timeout`, and fails when the cleanups have run", async () => {
    for (let i = 0; i < 12; i++) {
      const seen: string[] = []
      const program = outside
        .onCancel((reason) => void seen.push((reason as Error).message))
        .finally(Task.sleep({ hours: 1 }).map(() => void seen.push("cleaned up")))
      const error = await errorOf(taskTest(program, { timeout: { seconds: 0.008 } }))
      expect(error).toBeInstanceOf(Error)
      expect((error as Error).message).toBe("Expected the test to end within its time, got none after 8 ms.")
      expect(seen).toEqual([(error as Error).message, "cleaned up"])
    }
  })

  it("is one that never gives way, too, as long as it comes to its operations", async () => {
    const error = await errorOf(taskTest(Task.yield().repeat(Schedule.forever), { timeout: 20 }))
    expect((error as Error).message).toContain("got none after 20 ms")
  })

  it("is measured in real time, whatever the virtual", async () => {
    await assertPasses(taskTest(Task.sleep({ days: 365 }).repeat({ times: 100 }), { timeout: 20_000 }))
  })

  it("is one that sleeps on and on, too", async () => {
    const end = performance.now() + 400
    const sleeping = Task.sleep({ hours: 1 }).repeat({ until: () => performance.now() > end })
    const error = await errorOf(taskTest(sleeping, { timeout: 50 }))
    expect((error as Error).message).toContain("got none after 50 ms")
  })

  it("keeps no timer of a test that ends in time", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
    try {
      await taskTest(Task.sleep({ hours: 1 }), { timeout: { minutes: 5 } })()
      await errorOf(taskTest(Task.fail("no"), { timeout: { minutes: 5 } }))
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })

  it("fails with its own failure if that comes first", async () => {
    expect(await errorOf(taskTest(Task.fail("own"), { timeout: 1000 }))).toBe("own")
  })

  it("fails with the failure of a cleanup, if that has one", async () => {
    for (let i = 0; i < 12; i++) {
      const error = new Error("cleanup")
      const failing = await errorOf(taskTest(outside.onCancel(Task.fail(error)), { timeout: 5 }))
      expect(failing).toMatchObject({ name: "SuppressedError", error })
    }
  })

  it("is cancelled by the signal of its context, with its reason", async () => {
    for (let i = 0; i < 12; i++) {
      const seen: unknown[] = []
      const controller = new AbortController()
      const reason = new Error("the framework's own")
      const program = outside.finally((exit) => {
        seen.push(exit.status === "cancelled" && exit.reason)
        return Task.sleep({ hours: 1 }).map(() => void seen.push("cleaned up"))
      })
      const ended = taskTest(program)({ signal: controller.signal })
      setTimeout(() => controller.abort(reason), 5)
      await expect(ended).rejects.toBe(reason)
      expect(seen).toEqual([reason, "cleaned up"])
    }
  })

  it("leaves no listener on the signal of its context", async () => {
    const { signal } = new AbortController()
    const [add, remove] = [vi.spyOn(signal, "addEventListener"), vi.spyOn(signal, "removeEventListener")]
    await taskTest(Task.sleep(1))({ signal })
    await taskTest(Task.fail("no"))({ signal }).catch(() => {})
    expect(remove.mock.calls.length).toBe(add.mock.calls.length)
    expect(add.mock.calls.length).toBeGreaterThan(0)
  })

  it("starts nothing if the signal is aborted already", async () => {
    const [reason, ran] = [new Error("gone"), [] as string[]]
    const test = taskTest(Task.sync(() => void ran.push("ran")))
    await expect(test({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(ran).toEqual([])
  })
})

describe("withTasks", () => {
  type Registered = { readonly name: string; readonly run: () => Promise<void> }
  const register = (): { it: Framework; registered: Registered[] } => {
    const registered: Registered[] = []
    const plain = (name: string, run: () => Promise<void>): string => {
      registered.push({ name, run })
      return `registered ${name}`
    }
    const only = (name: string): string => `only ${name}`
    const each = (cases: number[]): string => `each of ${cases.length}`
    return { it: Object.assign(plain, { only, each, limit: 5 }), registered }
  }
  type Framework = ((name: string, run: () => Promise<void>) => string) & {
    readonly only: (name: string) => string
    readonly each: (cases: number[]) => string
    readonly limit: number
  }

  it("adds task, which registers a test by that name", async () => {
    const { it: plain, registered } = register()
    const taskIt = withTasks(plain)
    expect(taskIt.task("passes", Task.sleep({ days: 1 }))).toBe("registered passes")
    taskIt.task("fails", (runtime) => Task.fail(runtime.now))
    taskIt.task("leaks", Task.never.startDetached().as(1))
    taskIt.task("may leak", Task.never.startDetached().as(1), { leaks: true })
    expect(registered.map(({ name }) => name)).toEqual(["passes", "fails", "leaks", "may leak"])
    expect(registered.every(({ run }) => run.length === 0)).toBe(true)
    const [passes, fails, leaks, mayLeak] = registered
    await passes.run()
    expect(await errorOf(fails.run)).toBe(0)
    expect(await errorOf(leaks.run)).toBeInstanceOf(LeakError)
    await mayLeak.run()
  })

  it("leaves all the rest as it is", () => {
    const { it: plain, registered } = register()
    const taskIt = withTasks(plain)
    const run = (): Promise<void> => Promise.resolve()
    expect(taskIt("by itself", run)).toBe("registered by itself")
    expect(registered).toEqual([{ name: "by itself", run }])
    expect(taskIt.only("this")).toBe("only this")
    expect(taskIt.only).toBe(plain.only)
    expect(taskIt.each([1, 2])).toBe("each of 2")
    expect(taskIt.limit).toBe(5)
    expect("task" in plain).toBe(false)
  })

  it("refuses what is no program when the test is registered", () => {
    const { it: plain } = register()
    expect(() => withTasks(plain).task("nothing", undefined as never)).toThrow("Expected taskTest to get a Task")
  })
})

// Real tests, registered through vitest's own function.
describe("with vitest", () => {
  const taskIt = withTasks(it)
  let now = 0

  taskIt.task("a task sleeps for a year", Task.sleep({ days: 365 }))
  taskIt.task("a function makes the task", (runtime) =>
    Task.sleep({ hours: 1 }).map(() => {
      now = runtime.now
    }),
  )
  taskIt("tests of its own stay what they are", () => {
    expect(now).toBe(3_600_000)
  })
  taskIt.each([1, 2])("each is there, %i", (n) => {
    expect(n).toBeLessThan(3)
  })
  taskIt("skip, only and the others are there", () => {
    const { skip, only, todo, concurrent } = taskIt
    for (const variant of [skip, only, todo, concurrent]) expect(variant).toBeTypeOf("function")
  })
  taskIt.skipIf(false)("skipIf is there", () => {})
  taskIt.for([[1, 2]])("for is there", ([a, b]) => {
    expect(a + b).toBe(3)
  })

  // Tests that must fail: vitest counts them as passed when they do.
  const failing = withTasks(it.fails)
  failing.task("a task that fails fails the test", Task.sleep(1).andThen(Task.fail(new Error("no"))))
  failing.task("a task that leaks fails the test", Task.never.startDetached().as(1))
  failing.task("a task that stands still fails the test", Task.never)
  failing.task("a task that takes too long fails the test", outside, { timeout: 10 })

  it("has a signal in the context of a test, which is the one that is heeded", async (context) => {
    const add = vi.spyOn(context.signal, "addEventListener")
    await taskTest(Task.sleep(1))(context)
    expect(add).toHaveBeenCalledTimes(1)
  })
})

/** Node alone: elsewhere node:test does not run by itself in a child. */
const { versions } =
  (globalThis as { process?: { versions?: Readonly<Record<string, string | undefined>> } }).process ?? {}
const onNode = versions?.["node"] !== undefined && versions["bun"] === undefined && versions["deno"] === undefined

/** The program with all that it imports, in one file: nothing has to be built before. */
async function bundled(contents: string): Promise<string> {
  // By a name that a browser's bundler does not follow.
  const bundler = "esbuild"
  const { build } = (await import(bundler)) as { readonly build: typeof Build }
  const stdin = { contents, resolveDir: import.meta.dirname }
  const made = await build({
    stdin,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "es2022",
    // These are sources: the statement that binds Task to its runtime is not to be left out.
    ignoreAnnotations: true,
    write: false,
  })
  return made.outputFiles[0].text
}

/** What node prints when it is given a program, and the code that it exits with. */
async function node(program: string): Promise<{ readonly exit: number | null; readonly out: string }> {
  const { spawn } = await import("node:child_process")
  const env = { ...process.env }
  // Otherwise the child takes itself for a part of another run.
  delete env["NODE_TEST_CONTEXT"]
  delete env["NODE_OPTIONS"]
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--test-reporter=tap", "--input-type=module", "-"], { env })
    const late = setTimeout(() => child.kill("SIGKILL"), 20_000)
    let out = ""
    child.stdout.on("data", (chunk) => (out += String(chunk)))
    child.stderr.on("data", (chunk) => (out += String(chunk)))
    child.on("error", reject)
    child.on("close", (exit) => {
      clearTimeout(late)
      resolve({ exit, out })
    })
    child.stdin.end(program)
  })
}

// `test.skip` in this program is under test itself: the wrapped `it` must keep it.
describe.runIf(onNode)("with node:test", () => {
  it("passes, fails, leaks and runs out of time as it should", async () => {
    const program = `
      import { it } from "node:test"
      import { Task } from "../../src/index.ts"
      import { taskTest, withTasks } from "../../src/testing/index.ts"
      const test = withTasks(it)
      it("by hand", taskTest(Task.sleep({ days: 1 })))
      test.task("by task", Task.sleep({ days: 1 }))
      test.skip("skipped", () => {})
      test.task("failing", Task.fail(new Error("its own error")))
      test.task("leaking", Task.never.startDetached({ name: "worker" }).as(1))
      const outside = Task.promise(() => new Promise(() => {}))
      it("late", { timeout: 60 }, taskTest(outside.finally(() => console.log("cleaned up"))))
    `
    const { exit, out } = await node(await bundled(program))
    expect(out).toContain("ok 1 - by hand")
    expect(out).toContain("ok 2 - by task")
    expect(out).toContain("ok 3 - skipped # SKIP")
    expect(out).toContain("not ok 4 - failing")
    expect(out).toContain("its own error")
    expect(out).toContain("not ok 5 - leaking")
    expect(out).toMatch(/LeakError|leave nothing behind/)
    expect(out).toContain("worker waits for nothing (Task.never)")
    expect(out).toContain("not ok 6 - late")
    expect(out).toContain("cleaned up")
    expect(out).toMatch(/# pass 2\n# fail (2\n# cancelled 1|3\n# cancelled 0)/)
    expect(exit).toBe(1)
  })
})
