import { describe, expect, it } from "vitest"
import { CancelledError, type Exit, Task } from "rapid-fiber"

describe("a fiber", () => {
  it("starts at once when no loop is running, like an async function", () => {
    const order: string[] = []
    const fiber = Task.sync(() => void order.push("first step"))
      .andThen(Task.sleep(1))
      .run()
    order.push("after run")
    expect(order).toEqual(["first step", "after run"])
    fiber.abort()
  })

  it("has ended when run returns, if nothing in it waits", () => {
    expect(
      Task.pure(1)
        .map((n) => n + 1)
        .run()
        .poll(),
    ).toEqual({ status: "fulfilled", value: 2 })
  })

  it("has a unique id and a name", () => {
    const [a, b] = [Task.pure(1).run(), Task.pure(2).run({ name: "second" })]
    expect(a.id).not.toBe(b.id)
    expect(a.id).toBe(a.id)
    expect(a.name).toBe(`fiber-${a.id}`)
    expect(b.name).toBe("second")
  })

  it("can be awaited, joined and turned into a promise, again and again", async () => {
    const fiber = Task.sleep(1).as("value").run()
    expect(await fiber).toBe("value")
    expect(await fiber).toBe("value")
    expect(await fiber.toPromise()).toBe("value")
    expect(await fiber.join().map((value) => value.length)).toBe(5)
  })

  it("hands its failure to every waiter as the very object", async () => {
    const error = new Error("down")
    const fiber = Task.sleep(1).andThen(Task.fail(error)).run()
    const waits = [fiber.toPromise(), fiber.join().toPromise(), Promise.resolve(fiber)]
    expect(await Promise.allSettled(waits)).toEqual(waits.map(() => ({ status: "rejected", reason: error })))
  })

  it("fails its joiners with CancelledError when it is cancelled, name and cause as on the platform", async () => {
    const fiber = Task.never.run()
    const waits = [fiber.toPromise(), fiber.join().toPromise()]
    fiber.abort("reason")
    for (const { reason } of (await Promise.allSettled(waits)) as PromiseRejectedResult[]) {
      expect(reason).toBeInstanceOf(CancelledError)
      expect(reason).toMatchObject({ name: "AbortError", cause: "reason" })
    }
  })

  it("polls undefined until it has ended, then its exit", async () => {
    const fiber = Task.sleep(1).as(1).run()
    expect(fiber.poll()).toBeUndefined()
    await fiber
    expect(fiber.poll()).toEqual({ status: "fulfilled", value: 1 })
  })

  it("that joins itself is told so", async () => {
    const program = Task.self().flatMap((self) => self.join())
    await expect(program.toPromise()).rejects.toThrow(/join another, got itself/)
  })
})

describe("onExit", () => {
  it("calls back once, at the end or at once after it", async () => {
    const exits: Exit<number>[] = []
    const fiber = Task.sleep(1).as(3).run()
    fiber.onExit((exit) => exits.push(exit))
    await fiber
    fiber.onExit((exit) => exits.push(exit))
    expect(exits).toEqual([
      { status: "fulfilled", value: 3 },
      { status: "fulfilled", value: 3 },
    ])
  })

  it("can be taken back, also twice and after the end", async () => {
    const calls: string[] = []
    const fiber = Task.sleep(1).run()
    const [first, second, third] = ["first", "second", "third"].map((name) => fiber.onExit(() => calls.push(name)))
    second()
    second()
    await fiber
    first()
    third()
    expect(calls).toEqual(["first", "third"])
  })

  it("keeps ten thousand observers of a long-lived fiber apart and forgets each in constant time (zio#4135)", async () => {
    const fiber = Task.never.run()
    const joiners = Array.from({ length: 10_000 }, () => fiber.join().run())
    for (const joiner of joiners) joiner.abort()
    await Promise.all(joiners.map((joiner) => joiner.cancel().toPromise()))
    expect(new Set(joiners.map((joiner) => joiner.poll()?.status))).toEqual(new Set(["cancelled"]))
    expect(fiber.poll()).toBeUndefined()
    await fiber.cancel()
  })
})

describe("cancel", () => {
  it("stops at every kind of suspension and releases what it waited for", async () => {
    const released: string[] = []
    const target = Task.never.run()
    const waits: Record<string, Task<unknown>> = {
      sleep: Task.sleep(100_000),
      never: Task.never,
      join: target.join(),
      async: Task.async(() => () => void released.push("async")),
      promise: Task.promise(
        (signal) => new Promise(() => signal.addEventListener("abort", () => released.push("promise"))),
      ),
      child: Task.sleep(100_000)
        .start()
        .flatMap((fiber) => fiber.join()),
      gen: Task.gen(function* () {
        yield* Task.never
      }),
    }
    for (const [name, wait] of Object.entries(waits)) {
      const fiber = wait.run()
      await fiber.cancel(name)
      expect(fiber.poll()).toEqual({ status: "cancelled", reason: name })
    }
    expect(released).toEqual(["async", "promise"])
    expect(target.poll()).toBeUndefined()
    target.abort()
  })

  it("of a finished fiber changes nothing; of a cancelling one waits too; the first reason stands", async () => {
    const done = Task.pure(1).run()
    await done.cancel()
    expect(done.poll()).toEqual({ status: "fulfilled", value: 1 })
    const slow = Task.never.finally(() => Task.sleep(3)).run()
    slow.abort("first")
    await Promise.all([slow.cancel("second").toPromise(), slow.cancel("third").toPromise()])
    expect(slow.poll()).toEqual({ status: "cancelled", reason: "first" })
  })

  it("is a Task: nothing happens until it runs", async () => {
    const fiber = Task.sleep(2).as("lived").run()
    fiber.cancel()
    expect(await fiber).toBe("lived")
  })

  it("of oneself stops at the next operation and waits for nothing", async () => {
    const order: string[] = []
    const program = Task.gen(function* () {
      const self = yield* Task.self()
      order.push("before")
      yield* self.cancel("own wish")
      order.push("after")
      yield* Task.unit
      order.push("never")
    }).finally(() => void order.push("finalizer"))
    const fiber = program.run()
    await fiber.toPromise().catch(() => {})
    expect(fiber.poll()).toEqual({ status: "cancelled", reason: "own wish" })
    expect(order).not.toContain("never")
    expect(order.at(-1)).toBe("finalizer")
  })

  it("of each other ends both", async () => {
    const fibers: { a?: ReturnType<Task<void>["run"]>; b?: ReturnType<Task<void>["run"]> } = {}
    fibers.a = Task.sleep(1)
      .flatMap(() => fibers.b!.cancel())
      .run()
    fibers.b = Task.sleep(1)
      .flatMap(() => fibers.a!.cancel())
      .run()
    await Promise.allSettled([fibers.a, fibers.b])
    expect([fibers.a.poll()?.status, fibers.b.poll()?.status]).toContain("cancelled")
  })

  it("before the first step runs nothing of it", async () => {
    let ran = false
    await Task.gen(function* () {
      const child = yield* Task.sync(() => void (ran = true))
        .finally(() => void (ran = true))
        .start()
      yield* child.cancel()
    })
    expect(ran).toBe(false)
  })

  it("by await using", async () => {
    let cleaned = false
    {
      await using fiber = Task.never.finally(() => Task.sleep(1).map(() => void (cleaned = true))).run()
      expect(fiber.poll()).toBeUndefined()
    }
    expect(cleaned).toBe(true)
  })
})

describe("a signal given to run", () => {
  it("cancels with its reason, and starts nothing if it is aborted already", async () => {
    const controller = new AbortController()
    const fiber = Task.never.run({ signal: controller.signal })
    controller.abort("user left")
    await expect(fiber.toPromise()).rejects.toMatchObject({ name: "AbortError", cause: "user left" })
    let ran = false
    const late = Task.sync(() => void (ran = true)).run({ signal: controller.signal })
    await late.toPromise().catch(() => {})
    expect(ran).toBe(false)
    expect(late.poll()).toEqual({ status: "cancelled", reason: "user left" })
  })

  it("keeps no listener when the fiber has ended, by whatever outcome (p-timeout#42, p-queue#235)", async () => {
    let listeners = 0
    const { signal } = new AbortController()
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args))
    signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args))
    const fibers = [Task.pure(1), Task.sleep(1), Task.fail("e"), Task.never].map((task) => task.run({ signal }))
    expect(listeners).toBeGreaterThan(0)
    fibers[3].abort()
    await Promise.allSettled(fibers)
    expect(listeners).toBe(0)
  })

  it("that is no AbortSignal is refused", () => {
    expect(() => Task.unit.run({ signal: {} as AbortSignal })).toThrow(/`signal` to be an AbortSignal, got \{\}/)
  })
})
