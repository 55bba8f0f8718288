import { AsyncLocalStorage } from "node:async_hooks"
import { context, ROOT_CONTEXT, trace } from "@opentelemetry/api"
import { describe, expect, it } from "vitest"
import { Latch, Mutex, Queue, Runtime, Stream, Task } from "rapid-fiber"
import { activeSpan, withSpan } from "rapid-fiber/opentelemetry"
import { exitOf, failuresIn, turn } from "../watch.ts"
import { managers, telemetry } from "./telemetry.ts"

/** Every way in which a fiber waits, gives way, or hands on to another fiber. */
const waits: Readonly<Record<string, () => Task<unknown, unknown>>> = {
  nothing: () => Task.unit,
  "a sleep": () => Task.sleep(1),
  "a yield": () => Task.yield(),
  "a promise": () => Task.promise(() => new Promise((resolve) => setTimeout(resolve, 1))),
  "an async function": () => Task.promise(async () => {}),
  "a callback": () => Task.async((resume) => void setImmediate(() => resume(Task.unit))),
  "a callback from another context": () =>
    Task.async(
      (resume) => void context.with(ROOT_CONTEXT.setValue(Symbol(), 1), () => setTimeout(resume, 1, Task.unit)),
    ),
  "a queue": () => {
    const queue = Queue.bounded<number>(1)
    return queue.offer(1).delay(1).start().andThen(queue.take())
  },
  "a lock": () => {
    const mutex = Mutex.make()
    return mutex.withLock(Task.sleep(1)).start().andThen(Task.yield()).andThen(mutex.withLock(Task.unit))
  },
  "a latch": () => {
    const latch = Latch.make(1)
    return Task.sync(() => latch.countDown())
      .delay(1)
      .start()
      .andThen(latch.wait())
  },
  "a child": () =>
    Task.sleep(1)
      .start()
      .flatMap((fiber) => fiber.join()),
  "a detached fiber": () =>
    Task.sleep(1)
      .startDetached()
      .flatMap((fiber) => fiber.join()),
  "a group": () => Task.all([Task.sleep(1), Task.yield()]),
  "a race": () => Task.race([Task.never, Task.sleep(1)]),
  "a time limit": () => Task.never.timeout(1).attempt(),
  "a generator": () =>
    Task.gen(function* () {
      yield* Task.sleep(1)
      yield* Task.unit
    }),
  "a handled failure": () =>
    Task.fail("down")
      .delay(1)
      .catch(() => Task.unit),
  "a retry": () => Task.fail("down").retry({ times: 1, spaced: 1 }).attempt(),
  "a bracket": () =>
    Task.bracket(
      Task.sleep(1),
      () => Task.yield(),
      () => Task.sleep(1),
    ),
  "a mask": () => Task.uncancelable((restore) => restore(Task.sleep(1))),
  "a used up budget": () => Task.unit.repeat({ times: 3000 }),
  "a stream": () =>
    Stream.range(0, 3)
      .mapTask(() => Task.sleep(1), { concurrency: 2 })
      .drain(),
  "a memoized task": () => Task.sleep(1).memoize(),
}

for (const [manager, words] of managers) {
  describe(`${words}, the active span`, () => {
    const told = telemetry(manager)

    /** Asserts what is active here, by the fiber's own word and by the manager's. */
    const expectActive = (name: string | undefined, where: string): Task<void> =>
      activeSpan().map((span) => {
        const named = told.started.find((one) => one === span)?.name
        expect(named, where).toBe(name)
        if (manager !== "none") expect(trace.getActiveSpan() as unknown, where).toBe(span)
        else expect(trace.getActiveSpan(), where).toBeUndefined()
      })

    for (const [what, wait] of Object.entries(waits)) {
      it(`is the same before and after ${what}, inside and outside`, async () => {
        const both = wait().andThen(expectActive("inner", "after, inside"))
        const program = Task.gen(function* () {
          yield* expectActive("outer", "before")
          yield* withSpan("inner", expectActive("inner", "before, inside").andThen(both))
          yield* expectActive("outer", "after")
          yield* wait()
          yield* expectActive("outer", "after it outside")
          yield* withSpan("next", wait().andThen(expectActive("next", "next")))
        })
        const other = Task.gen(function* () {
          for (let i = 0; i < 5; i++) {
            yield* expectActive(undefined, "in another fiber")
            yield* wait()
          }
        })
        await Promise.all([other, withSpan("outer", program).andThen(expectActive(undefined, "at the end")), other])
        expect(told.parents).toEqual({ inner: "outer", next: "outer", outer: undefined })
      })
    }

    it("is inherited by children, members and detached fibers, whose spans are siblings", async () => {
      const work = (name: string) => withSpan(name, Task.sleep(1))
      const program = Task.gen(function* () {
        yield* Task.all([work("a"), work("b")])
        const child = yield* work("child").start()
        yield* child.join()
        yield* Task.race([work("raced"), Task.never])
        yield* Task.forEach([1, 2], (n) => work(`each ${n}`), { concurrency: 2 })
        yield* work("limited").timeout(100)
        yield* Task.scoped((scope) => scope.start(work("scoped")).flatMap((fiber) => fiber.join()))
        return yield* work("detached").startDetached()
      })
      const detached = await withSpan(
        "outer",
        program.flatMap((fiber) => Task.pure({ fiber })),
      )
      await detached.fiber
      const names = ["a", "b", "child", "detached", "each 1", "each 2", "limited", "raced", "scoped"]
      expect(told.parents).toEqual({ ...Object.fromEntries(names.map((name) => [name, "outer"])), outer: undefined })
    })

    it("stays with a detached fiber after its end", async () => {
      const late = Task.sleep(5).andThen(withSpan("late", Task.unit))
      const { fiber } = await withSpan(
        "outer",
        late.startDetached().map((started) => ({ fiber: started })),
      )
      told.span("outer")
      await fiber
      expect(told.parents["late"]).toBe("outer")
    })

    it("is the same on another runtime", async () => {
      const runtime = Runtime.make()
      await withSpan("outer", withSpan("inner", Task.sleep(1))).toPromise({ runtime })
      await runtime.close()
      expect(told.parents).toEqual({ inner: "outer", outer: undefined })
    })

    it("is that of its place in handlers and cleanups, by each outcome", async () => {
      const place = (name: string | undefined, task: Task<unknown, unknown>): Task<unknown, unknown> =>
        task
          .finally(expectActive(name, `cleanup in ${name}`).delay(1))
          .onCancel(expectActive(name, `cancel in ${name}`))
      const outcomes = [Task.unit, Task.fail("down").delay(0), Task.never.timeout(1)]
      for (const task of outcomes) {
        told.clear()
        const program = place(undefined, withSpan("outer", place("outer", withSpan("inner", place("inner", task)))))
        await exitOf(program.catch(() => expectActive(undefined, "handler")).andThen(expectActive(undefined, "end")))
        expect(told.parents).toEqual({ inner: "outer", outer: undefined })
      }
    })

    it("is that of its place in cleanups on cancellation, whoever cancels", async () => {
      const place = (name: string | undefined, task: Task<unknown, unknown>): Task<unknown, unknown> =>
        task.finally(expectActive(name, `cleanup in ${name}`)).finally(expectActive(name, "next").delay(1))
      const program = place(undefined, withSpan("outer", place("outer", withSpan("inner", place("inner", Task.never)))))
      const fiber = program.run()
      const exit = exitOf(fiber.join())
      await turn()
      await withSpan("canceller", fiber.cancel())
      expect(failuresIn(await exit)).toMatchObject([{ name: "AbortError" }])
      expect(told.parents).toEqual({ canceller: undefined, inner: "outer", outer: undefined })
    })
  })
}

describe("beside stores of the user's", () => {
  const told = telemetry()
  const store = new AsyncLocalStorage<string>()

  it("spans come and go, and the store stays", async () => {
    const seen: (string | undefined)[] = []
    const note = Task.sync(() => void seen.push(store.getStore()))
    const inner = withSpan("inner", note.andThen(Task.sleep(1)).andThen(note))
    const program = note.andThen(withSpan("outer", note.andThen(inner).andThen(note))).andThen(note)
    await Promise.all([store.run("mine", () => program.run()), Task.sleep(1).andThen(note)])
    expect(seen.filter((value) => value === undefined)).toHaveLength(1)
    expect(seen.filter((value) => value === "mine")).toHaveLength(6)
    expect(told.parents).toEqual({ inner: "outer", outer: undefined })
  })

  it("a fiber without a store never has that of who resumes it: before, in and after a span", async () => {
    const seen: (string | undefined)[] = []
    const note = Task.sync(() => void seen.push(store.getStore()))
    let resume: () => void = () => {}
    const wait = Task.async((go) => void (resume = () => go(Task.unit)))
    const other = Task.async((go) => void setImmediate(() => go(Task.unit)))
    const part = wait.andThen(note).andThen(other).andThen(note)
    const fiber = part.andThen(withSpan("outer", part)).andThen(part).run()
    for (let i = 0; i < 3; i++) {
      await turn()
      store.run("resumer", () => resume())
    }
    await fiber
    expect(seen).toEqual(new Array(6).fill(undefined))
  })

  it("what is started after a span has none of it", async () => {
    const seen: unknown[] = []
    const note = activeSpan().map((span) => void seen.push(span, trace.getActiveSpan()))
    const later = Task.yield().andThen(note)
    const starts = Task.all([later, later.start().flatMap((fiber) => fiber.join()), later.startDetached()])
    const ended = withSpan(
      "once",
      Task.promise(() => new Promise((resolve) => setTimeout(resolve, 1))),
    )
    await ended.andThen(starts).andThen(Task.sleep(2))
    expect(seen).toEqual(new Array(6).fill(undefined))
  })

  it("spans are kept where a store is set around a run inside", async () => {
    const inner = store.run.bind(store, "mine", () =>
      withSpan(
        "inner",
        Task.sleep(1).map(() => store.getStore()),
      ).run(),
    )
    expect(
      await withSpan(
        "outer",
        Task.promise(() => inner()),
      ),
    ).toBe("mine")
    expect(told.parents).toEqual({ inner: "outer", outer: undefined })
  })

  it("nothing is kept of a span by a fiber that goes on", async () => {
    const gone = await Task.gen(function* () {
      const key = Symbol("big")
      const ref = yield* Task.defer(() => {
        const big = { size: new Array(1000).fill(0) }
        const parent = ROOT_CONTEXT.setValue(key, big)
        return withSpan("once", Task.sleep(1), { parent }).as(new WeakRef(big))
      })
      told.clear()
      for (let i = 0; i < 10 && ref.deref() !== undefined; i++) {
        yield* Task.promise(() => new Promise((resolve) => setImmediate(resolve)))
        globalThis.gc?.()
      }
      return ref
    })
    expect(gone.deref()).toBeUndefined()
  })
})
