import { AsyncLocalStorage } from "node:async_hooks"
import { context, createContextKey } from "@opentelemetry/api"
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Local, Schedule, Task } from "rapid-fiber"

/**
 * Two requests that interleave at every wait, each with its own context: neither sees the other's, wherever a program may
 * wait. The context is AsyncLocalStorage's, OpenTelemetry's on top of it, and a Local.
 */
const store = new AsyncLocalStorage<string>()
const request = createContextKey("request")
const local = Local.make("none")

interface Carrier {
  readonly name: string
  /** Runs a task as a root within a context. */
  readonly run: (value: string, task: Task<unknown, unknown>) => Promise<unknown>
  readonly seen: Task<unknown>
}

const carriers: readonly Carrier[] = [
  {
    name: "AsyncLocalStorage",
    run: (value, task) => store.run(value, () => task.toPromise()),
    seen: Task.sync(() => store.getStore()),
  },
  {
    name: "OpenTelemetry",
    run: (value, task) => context.with(context.active().setValue(request, value), () => task.toPromise()),
    seen: Task.sync(() => context.active().getValue(request)),
  },
  { name: "Local", run: (value, task) => local.run(value, task).toPromise(), seen: local.get() },
]

/** Every way to wait, around what looks at the context. */
function waits(seen: Task<unknown>): Record<string, () => Task<unknown, unknown>> {
  const later = Task.yield().andThen(seen)
  return {
    "a sleep": () => Task.sleep(1).andThen(seen),
    "a delay": () => seen.delay(1),
    "a yield": () => later,
    "a promise": () => Task.promise(() => new Promise((resolve) => setImmediate(resolve))).andThen(seen),
    "a callback": () => Task.async((resume) => void setImmediate(() => resume(Task.unit))).andThen(seen),
    "a child that is joined": () => later.start().flatMap((fiber) => fiber.join()),
    "a detached fiber": () => later.startDetached().flatMap((fiber) => fiber.join()),
    "the members of all": () => Task.all([later, seen]).map(([first, second]) => (first === second ? first : "torn")),
    "what all was given lazily": () =>
      Task.all(
        (function* () {
          yield later
          yield seen
        })(),
        { concurrency: 1 },
      ).map(([first]) => first),
    "the winner of a race": () => Task.race([later, Task.never]),
    "the callback of forEach": () => {
      const values: unknown[] = []
      const note = (): Task<unknown> => later.tap((value) => values.push(value))
      return Task.forEach([1, 2, 3], note, { concurrency: 2 }).map(() =>
        new Set(values).size === 1 ? values[0] : values,
      )
    },
    "a timeout": () => later.timeout(1000),
    "the fallback of a timeout": () => Task.never.timeoutTo(1, seen),
    "a retry": () => {
      let tries = 0
      return later.tap(() => (++tries < 3 ? Task.fail("again") : Task.unit)).retry(Schedule.spaced(1))
    },
    "a repeat": () => later.repeat({ times: 3 }),
    "a scope": () => Task.scoped((scope) => scope.start(later).flatMap((fiber) => fiber.join())),
    "a bracket": () =>
      Task.bracket(
        later,
        (value) => Task.yield().as(value),
        () => Task.yield(),
      ),
    "an uncancelable region": () => Task.uncancelable((restore) => restore(later)),
    "a completable": () => {
      const { task, resolve } = Task.withResolvers<void>()
      return Task.all([task.andThen(seen), Task.sleep(1).tap(() => void resolve(undefined))]).map(([value]) => value)
    },
    "a memoized run": () => later.memoize(),
    "a finalizer": () => {
      let value: unknown
      return Task.yield()
        .finally(() => later.tap((found) => void (value = found)))
        .map(() => value)
    },
  }
}

describe.each(carriers)("the context of two interleaved requests, by $name,", ({ run, seen }) => {
  const manager = new AsyncLocalStorageContextManager()
  beforeAll(() => void context.setGlobalContextManager(manager.enable()))
  afterAll(() => {
    context.disable()
    manager.disable()
  })

  it.each(Object.entries(waits(seen)))("is each one's own after %s", async (_, wait) => {
    const program = Task.gen(function* () {
      const values = [yield* seen]
      for (let round = 0; round < 3; round++) values.push(yield* wait(), yield* seen)
      return values
    })
    const [first, second] = await Promise.all([run("first", program), run("second", program)])
    expect(first).toEqual(Array(7).fill("first"))
    expect(second).toEqual(Array(7).fill("second"))
  })
})

describe("a context", () => {
  it("does not stay with whoever was resumed by somebody else's completion", async () => {
    const { task, resolve } = Task.withResolvers<string>()
    const waiting = task.andThen(Task.sync(() => store.getStore())).run()
    store.run("completer", () => resolve("done"))
    expect(await waiting).toBeUndefined()
  })

  it("is not kept by a finished request whose handle is kept", async () => {
    const handles: unknown[] = []
    const gone = ((): WeakRef<object> => {
      const value = { request: new Array(1000).fill(0) }
      const objects = new AsyncLocalStorage<object>()
      const locals = Local.make<object | undefined>(undefined)
      objects.run(value, () => handles.push(locals.run(value, Task.all([Task.yield(), Task.sleep(1)])).run()))
      return new WeakRef(value)
    })()
    await Task.sleep(5)
    for (let i = 0; i < 20 && gone.deref() !== undefined; i++) {
      await new Promise((resolve) => setTimeout(resolve, 1))
      globalThis.gc?.()
    }
    expect(gone.deref()).toBeUndefined()
    expect(handles).toHaveLength(1)
  })
})
