import { AsyncLocalStorage } from "node:async_hooks"
import { afterEach, describe, expect, it } from "vitest"
import { type Fiber, Runtime, Semaphore, Task } from "rapid-fiber"

/** Law 13. Under Node the store is carried by hooks (20, 22) or frames (24 and later); the tests are the same. */
const store = new AsyncLocalStorage<string>()
const seen = Task.sync(() => store.getStore())
const steps: readonly (readonly [string, Task<unknown>])[] = [
  ["a sleep", Task.sleep(2)],
  ["a yield", Task.yield()],
  ["a promise", Task.promise(() => new Promise((resolve) => setTimeout(resolve, 1)))],
  ["a callback", Task.async((resume) => void setImmediate(() => resume(Task.unit)))],
  [
    "a child",
    Task.sleep(1)
      .start()
      .flatMap((fiber) => fiber.join()),
  ],
]

describe("async context", () => {
  for (const [what, step] of steps) {
    it(`is the fiber's own after ${what}, however fibers interleave`, async () => {
      const program = Task.gen(function* () {
        const before = yield* seen
        yield* step
        const between = yield* seen
        yield* step
        return [before, between, yield* seen]
      })
      const fibers = ["a", "b", undefined].map((name) =>
        name === undefined ? program.run() : store.run(name, () => program.run()),
      )
      expect(await Promise.all(fibers)).toEqual([
        ["a", "a", "a"],
        ["b", "b", "b"],
        [undefined, undefined, undefined],
      ])
    })
  }

  it("is inherited by children and by detached fibers", async () => {
    const program = Task.gen(function* () {
      const child = yield* Task.yield().andThen(seen).start()
      const detached = yield* Task.sleep(1).andThen(seen).startDetached()
      return [yield* child.join(), yield* detached.join()]
    })
    expect(await store.run("parent", () => program.run())).toEqual(["parent", "parent"])
  })

  it("is inherited by what nobody holds", async () => {
    const results: (string | undefined)[] = []
    const done = new Promise<void>((resolve) => {
      const note = (): void => {
        if (results.push(store.getStore()) === 3) resolve()
      }
      store.run("forgotten", () => {
        Task.sleep(3).map(note).runAndForget()
        Task.sleep(2)
          .flatMap(() => Task.sync(note))
          .runAndForget()
      })
      Task.sleep(4).map(note).runAndForget()
    })
    await done
    expect(results).toEqual(["forgotten", "forgotten", undefined])
  })

  it("is the fiber's own in finalizers, whoever cancels", async () => {
    let inFinalizer: string | undefined = "unset"
    const fiber = store.run("owner", () =>
      Task.never.finally(() => Task.yield().tap(() => void (inFinalizer = store.getStore()))).run(),
    )
    await store.run("canceller", () => fiber.cancel().toPromise())
    expect(inFinalizer).toBe("owner")
  })

  it("of who releases a permit in a callback is not that of who gets it", async () => {
    const semaphore = Semaphore.make(1)
    let call: () => void = () => {}
    const holder = store.run("holder", () =>
      semaphore.withPermit(Task.async((resume) => void (call = () => resume(Task.unit)))).run(),
    )
    const next = semaphore.withPermit(seen).run()
    store.run("caller", () => call())
    expect(await Promise.all([holder, next])).toEqual([undefined, undefined])
  })

  it("of whoever resumes a callback is not the fiber's", async () => {
    let resume: (task: Task<void>) => void = () => {}
    const fiber = store.run("fiber", () =>
      Task.async<void>((given) => void (resume = given))
        .andThen(seen)
        .run(),
    )
    store.run("resumer", () => resume(Task.unit))
    expect(await fiber).toBe("fiber")
  })

  describe("of whoever arms the shared callbacks", () => {
    const runtimes: Runtime[] = []
    afterEach(() => Promise.all(runtimes.splice(0).map((runtime) => runtime.close())))

    it("reaches no fiber that has none: timer, microtask and macrotask are armed in the root context", async () => {
      const runtime = Runtime.make({ slice: 1 })
      runtimes.push(runtime)
      const busy = Task.gen(function* () {
        for (let i = 0; i < 200; i++) {
          yield* Task.sync(() => {
            const until = performance.now() + 0.02
            while (performance.now() < until);
          })
          yield* Task.yield()
        }
      })
      let resume: (task: Task<void>) => void = () => {}
      const bare: Fiber<unknown>[] = [
        Task.sleep(5).andThen(seen).run({ runtime }),
        Task.async<void>((given) => void (resume = given))
          .andThen(seen)
          .run({ runtime }),
      ]
      const owners = store.run("owner", () => [Task.sleep(1).andThen(busy).run({ runtime }), busy.run({ runtime })])
      store.run("resumer", () => resume(Task.unit))
      expect(await Promise.all(bare)).toEqual([undefined, undefined])
      await Promise.all(owners)
    })

    it("is not kept alive by a runtime that goes on", async () => {
      const runtime = Runtime.make()
      runtimes.push(runtime)
      const kept = Task.sleep(10_000).run({ runtime })
      const gone = ((): WeakRef<object> => {
        const context = { big: new Array(1000).fill(0) }
        const objects = new AsyncLocalStorage<object>()
        objects.run(context, () => {
          Task.sleep(1).runAndForget({ runtime })
          Task.sleep(1).run({ runtime })
        })
        return new WeakRef(context)
      })()
      await Task.sleep(10).toPromise({ runtime })
      await new Promise((resolve) => setTimeout(resolve, 5))
      for (let i = 0; i < 10 && gone.deref() !== undefined; i++) {
        await new Promise((resolve) => setImmediate(resolve))
        globalThis.gc?.()
      }
      expect(gone.deref()).toBeUndefined()
      kept.abort()
    })
  })
})
