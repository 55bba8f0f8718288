import { CancelledError, describe, type Duration, type Exit, onAbort, toMillis } from "../data/index.ts"
import { type Fiber, mustBeTask, Task } from "../task/index.ts"
import { LeakError } from "./leak-error.ts"
import { TestRuntime, type TestRuntimeOptions } from "./test-runtime.ts"

/** What a test of a Task may be told. */
export interface TaskTestOptions extends TestRuntimeOptions {
  /**
   * Real time after which the task is cancelled and the test fails, for frameworks that give a test no signal (Jest, Bun).
   * Vitest and node:test have one, and abort it at their own time-out. Default: none.
   */
  readonly timeout?: Duration
  /** Lets the task leave fibers behind. Default false: they fail the test. */
  readonly leaks?: boolean
}

/** A Task, or a function that makes one and is given the runtime that it will run on. */
export type TaskTestProgram = Task<unknown, unknown> | ((test: TestRuntime) => Task<unknown, unknown>)

/** What the frameworks hand to a test, as far as it is needed here. */
interface Context {
  readonly signal?: unknown
}

/** What registers a test: `it` or `test` of vitest, node:test, Jest, Bun, Deno. */
type Register = (name: string, run: (...context: unknown[]) => Promise<void>) => unknown

/**
 * A test function that runs a task on a runtime of its own, for any framework: `it("…", taskTest(program))`. Time is
 * virtual and moves whenever nothing else is to be done. The test fails with the task's own error, with a `LeakError` if
 * the task leaves fibers or sleepers behind, and at the time-out, at which the task is cancelled, cleanups and all.
 *
 * @example
 * ```ts
 * import { taskTest } from "rapid-fiber/testing"
 * const polls = Task.gen(function* () {
 *   const started = yield* Task.now()
 *   yield* Task.fail("not yet").retry({ times: 3, every: { hours: 1 } }).attempt()
 *   const took = (yield* Task.now()) - started
 *   if (took !== 3 * 3_600_000) throw new Error(`Expected three hours, got ${took} ms.`)
 * })
 * const test = taskTest(polls) // it("polls once an hour", taskTest(polls))
 * await test()
 * ```
 */
export function taskTest(
  program: TaskTestProgram,
  options: TaskTestOptions = {},
): (...context: unknown[]) => Promise<void> {
  if (!(program instanceof Task) && typeof program !== "function") {
    throw new TypeError(`Expected taskTest to get a Task or a function that returns one, got ${describe(program)}.`)
  }
  const timeout = options.timeout === undefined ? Infinity : toMillis(options.timeout, "timeout")
  // Takes its argument without declaring it: Jest and Bun hand a callback to a function that declares one, and wait for it.
  return async (...context) => {
    const given = (context[0] as Context | null | undefined)?.signal
    const limit = given instanceof AbortSignal ? given : undefined
    limit?.throwIfAborted()
    const test = TestRuntime.make(options)
    try {
      const task = typeof program === "function" ? program(test) : program
      mustBeTask(task, "what the function of taskTest returns")
      await until(test, task.run({ runtime: test }), limit, timeout)
      if (options.leaks !== true) expectNothingLeft(test)
    } catch (error) {
      // That something cannot be ended is less than why the test has failed.
      await test.close().catch(() => {})
      throw error
    }
    await test.close()
  }
}

/**
 * Adds `it.task(name, program, options)` to a framework's `it` or `test`: the same as `it(name, taskTest(program, options))`.
 *
 * @example
 * ```ts
 * import { withTasks } from "rapid-fiber/testing"
 * const it = withTasks((name: string, run: () => Promise<void>) => run()) // withTasks(it) of vitest, node:test, Jest, Bun
 * await it.task("sleeps for a day", Task.sleep({ days: 1 }))
 * ```
 */
export function withTasks<It extends Register>(it: It): It & { readonly task: TaskRegister<It> } {
  const task = (name: string, program: TaskTestProgram, options?: TaskTestOptions): unknown =>
    it(name, taskTest(program, options))
  // Whatever else the framework's function has (`only`, `skip`, `each`) stays as it is.
  return new Proxy(it, {
    get: (target, key) => (key === "task" ? task : Reflect.get(target, key)),
  }) as It & { readonly task: TaskRegister<It> }
}

type TaskRegister<It extends Register> = (
  name: string,
  program: TaskTestProgram,
  options?: TaskTestOptions,
) => ReturnType<It>

/** Waits for the fiber; at the limit it is cancelled, and its cleanups are awaited. */
async function until(
  test: TestRuntime,
  fiber: Fiber<unknown, unknown>,
  limit: AbortSignal | undefined,
  timeout: number,
): Promise<void> {
  let late: unknown
  const stop = (reason: unknown): void => {
    late ??= reason
    fiber.cancel(reason).runAndForget({ runtime: test })
  }
  const timer = timeout === Infinity ? undefined : setTimeout(() => stop(lateBy(timeout)), timeout)
  const unlisten = limit === undefined ? undefined : onAbort(limit, () => stop(limit.reason ?? lateBy(timeout)))
  try {
    // In a box: a promise would wait for a value that is itself a fiber.
    const { exit } = await test.settle(
      new Promise<{ readonly exit: Exit<unknown> }>((resolve) => fiber.onExit((end) => resolve({ exit: end }))),
    )
    if (exit.status === "rejected") throw exit.reason
    if (exit.status === "cancelled") throw late ?? new CancelledError(exit.reason)
  } finally {
    clearTimeout(timer)
    unlisten?.()
  }
}

function expectNothingLeft(test: TestRuntime): void {
  const { live } = test.scheduler
  if (live === 0) return
  const waiting = test.waiting.map(({ fiber, on }) => `${fiber} waits for ${on}`)
  const sleeping = test.sleepers
    .filter(({ fiber }) => fiber === undefined)
    .map(({ due }) => `somebody sleeps until ${due}`)
  const left = [...waiting, ...sleeping]
  if (left.length === 0) left.push(`${live} that run on`)
  throw new LeakError(`Expected the task to leave nothing behind, got:\n${left.join("\n")}`)
}

function lateBy(timeout: number): Error {
  return new Error(`Expected the test to end within its time, got none after ${timeout} ms.`)
}
