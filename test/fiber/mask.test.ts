import { describe, expect, it, vi } from "vitest"
import { CancelledError, type Restore, Runtime, Task, TimeoutError } from "rapid-fiber"
import { ended, exitOf, turn } from "../watch.ts"

const cancelled = (reason?: unknown) => ({ status: "cancelled", reason })

describe("uncancelable", () => {
  it("keeps a cancellation out until its end, and stops the fiber there", async () => {
    const log: string[] = []
    const gate = Task.withResolvers<void>()
    const region = Task.uncancelable(() =>
      Task.sync(() => log.push("in"))
        .andThen(gate.task)
        .tap(() => log.push("out")),
    )
    const fiber = region.tap(() => log.push("after")).run()
    fiber.abort("stop")
    await turn()
    expect(fiber.poll()).toBeUndefined()
    gate.resolve()
    expect(await ended(fiber)).toEqual(cancelled("stop"))
    expect(log).toEqual(["in", "out"])
  })

  it("yields what its body yields and fails with what its body fails with, the very object", async () => {
    const error = new Error("down")
    expect(await Task.uncancelable(() => Task.sleep(1).as("value"))).toBe("value")
    await expect(Task.uncancelable(() => Task.sleep(1).andThen(Task.fail(error))).toPromise()).rejects.toBe(error)
  })

  it("runs its body anew at each run, with a restore of that run", async () => {
    const restores: Restore[] = []
    const task = Task.uncancelable((restore) => Task.pure(restores.push(restore)))
    expect([await task, await task]).toEqual([1, 2])
  })

  it("that ends with a failure while a cancellation waits gives way to it", async () => {
    const gate = Task.withResolvers<void, string>()
    const handler = vi.fn(() => Task.pure("handled"))
    const fiber = Task.uncancelable(() => gate.task)
      .catch(handler)
      .run()
    fiber.abort("stop")
    gate.reject("down")
    expect(await ended(fiber)).toEqual(cancelled("stop"))
    expect(handler).not.toHaveBeenCalled()
  })

  it("delivers at the end of the outermost region when regions are nested", async () => {
    const log: string[] = []
    const [first, second] = [Task.withResolvers<void>(), Task.withResolvers<void>()]
    const inner = Task.uncancelable(() => first.task.tap(() => log.push("inner")))
    const outer = Task.uncancelable(() =>
      inner.tap(() => log.push("between")).andThen(second.task.tap(() => log.push("outer"))),
    )
    const fiber = outer.tap(() => log.push("after")).run()
    fiber.abort()
    first.resolve()
    await turn()
    expect(fiber.poll()).toBeUndefined()
    second.resolve()
    expect(await ended(fiber)).toEqual(cancelled())
    expect(log).toEqual(["inner", "between", "outer"])
  })

  it("as the last thing of a fiber still makes it a cancelled one", async () => {
    const gate = Task.withResolvers<string>()
    const fiber = Task.uncancelable(() => gate.task).run()
    fiber.abort("stop")
    gate.resolve("value")
    expect(await ended(fiber)).toEqual(cancelled("stop"))
  })

  it("is nothing for a cancellation that came before it", async () => {
    const body = vi.fn(() => Task.unit)
    const fiber = Task.yield().andThen(Task.uncancelable(body)).run()
    fiber.abort()
    expect(await ended(fiber)).toEqual(cancelled())
    expect(body).not.toHaveBeenCalled()
  })

  it("keeps out a cancellation that its own body asks for", async () => {
    const log: string[] = []
    const program = Task.uncancelable(() =>
      Task.self()
        .tap((self) => self.abort("myself"))
        .andThen(Task.sleep(1))
        .tap(() => log.push("went on")),
    ).tap(() => log.push("after"))
    expect(await exitOf(program)).toEqual(cancelled("myself"))
    expect(log).toEqual(["went on"])
  })

  it("does not keep a member of a timeout or a race in it from being ended (D26)", async () => {
    const log: string[] = []
    const member = Task.never.onCancel(() => void log.push("member"))
    const program = Task.uncancelable(() =>
      member
        .timeout(1)
        .catch(TimeoutError, () => Task.pure("late"))
        .flatMap((late) => Task.race([member, Task.pure(late)])),
    )
    expect(await program).toBe("late")
    expect(log).toEqual(["member", "member"])
  })

  it("lets no cancellation into the members of a group that waits in it", async () => {
    const log: string[] = []
    const gate = Task.withResolvers<void>()
    const member = gate.task.tap(() => log.push("done")).onCancel(() => void log.push("cancelled"))
    const fiber = Task.uncancelable(() => Task.all([member, member, member.timeout(60_000)])).run()
    fiber.abort()
    await turn()
    expect(log).toEqual([])
    gate.resolve()
    expect(await ended(fiber)).toEqual(cancelled())
    expect(log).toEqual(["done", "done", "done"])
  })

  it("learns of a child's failure at its end, not before", async () => {
    const log: string[] = []
    const gate = Task.withResolvers<void>()
    const program = Task.uncancelable(() =>
      Task.fail("child down")
        .delay(0)
        .start()
        .andThen(gate.task)
        .tap(() => log.push("region done")),
    ).tap(() => log.push("after"))
    const fiber = program.run({ runtime: Runtime.make({ onUnhandled: () => {} }) })
    await turn()
    expect(fiber.poll()).toBeUndefined()
    gate.resolve()
    expect(await ended(fiber)).toEqual({ status: "rejected", reason: "child down" })
    expect(log).toEqual(["region done"])
  })

  it("stops a promise's signal from being aborted in it", async () => {
    let signal: AbortSignal | undefined
    let finish = (_: string) => {}
    const program = Task.uncancelable(() =>
      Task.promise((given) => {
        signal = given
        return new Promise<string>((resolve) => (finish = resolve))
      }),
    )
    const fiber = program.run()
    fiber.abort()
    await turn()
    expect(signal?.aborted).toBe(false)
    finish("value")
    expect(await ended(fiber)).toEqual(cancelled())
  })

  it("fails with what its body throws", async () => {
    const error = new Error("thrown")
    const program = Task.uncancelable(() => {
      throw error
    })
    await expect(program.toPromise()).rejects.toBe(error)
    expect(await program.catch(() => Task.pure("handled"))).toBe("handled")
  })

  it("whose body throws leaves no mask behind", async () => {
    const thrown = Task.uncancelable((): Task<void> => {
      throw new Error("thrown")
    })
    const fiber = thrown
      .catch(() => Task.unit)
      .andThen(Task.never)
      .run()
    await fiber.cancel()
    expect(fiber.poll()).toEqual(cancelled())
  })

  it("runs in runSync", () => {
    expect(Task.uncancelable((restore) => restore(Task.pure(1)).map((n) => n + 1)).runSync()).toBe(2)
  })

  it.each<[string, unknown, string]>([
    ["a value", () => 5, "5. For a plain value use Task.pure."],
    ["nothing", () => {}, "undefined. For a plain value use Task.pure."],
    ["a promise", async () => 5, "a Promise. Wrap it: Task.promise(() => …)."],
  ])("says so if its body returns %s", async (_, body, got) => {
    const program = Task.uncancelable(body as () => Task<void>)
    await expect(program.toPromise()).rejects.toThrow(
      new TypeError(`Expected what the body of uncancelable returns to be a Task, got ${got}`),
    )
  })

  it("says so at the call if it gets no function", () => {
    expect(() => Task.uncancelable(Task.unit as unknown as () => Task<void>)).toThrow(
      new TypeError("Expected Task.uncancelable to get a function, got a Task."),
    )
  })
})

describe("restore", () => {
  it("lets a cancellation in: a wait in it is interrupted at once", async () => {
    const log: string[] = []
    const fiber = Task.uncancelable((restore) => restore(Task.never.onCancel(() => void log.push("wait")))).run()
    fiber.abort("stop")
    await Task.yield()
    expect(fiber.poll()).toEqual(cancelled("stop"))
    expect(log).toEqual(["wait"])
  })

  it("delivers what came before it, before its task does anything", async () => {
    const log: string[] = []
    const gate = Task.withResolvers<void>()
    const fiber = Task.uncancelable((restore) =>
      gate.task.andThen(restore(Task.sync(() => log.push("restored")))).finally(() => void log.push("finally")),
    ).run()
    fiber.abort()
    gate.resolve()
    expect(await ended(fiber)).toEqual(cancelled())
    expect(log).toEqual(["finally"])
  })

  it("puts the mask up again when its task has ended", async () => {
    const log: string[] = []
    const [first, second] = [Task.withResolvers<void>(), Task.withResolvers<void>()]
    const fiber = Task.uncancelable((restore) =>
      restore(first.task)
        .andThen(second.task)
        .tap(() => log.push("done")),
    ).run()
    first.resolve()
    await turn()
    fiber.abort()
    await turn()
    expect(fiber.poll()).toBeUndefined()
    second.resolve()
    expect(await ended(fiber)).toEqual(cancelled())
    expect(log).toEqual(["done"])
  })

  it("puts the mask up again when its task has failed", async () => {
    const log: string[] = []
    const gate = Task.withResolvers<void>()
    const fiber = Task.uncancelable((restore) =>
      restore(Task.fail("down").delay(0))
        .catch(() => gate.task)
        .tap(() => log.push("done")),
    ).run()
    await turn()
    fiber.abort()
    await turn()
    expect(fiber.poll()).toBeUndefined()
    gate.resolve()
    expect(await ended(fiber)).toEqual(cancelled())
    expect(log).toEqual(["done"])
  })

  it("runs the cleanups of the region when a cancellation came through it", async () => {
    const log: string[] = []
    const fiber = Task.uncancelable((restore) =>
      restore(Task.never)
        .onCancel(() => void log.push("inner"))
        .finally(() => Task.sleep(1).tap(() => log.push("outer"))),
    ).run()
    await fiber.cancel()
    expect(log).toEqual(["inner", "outer"])
  })

  it("may be used twice in its region, and nested in itself", async () => {
    const steps = [Task.withResolvers<void>(), Task.withResolvers<void>()] as const
    const twice = Task.uncancelable((restore) => restore(steps[0].task).andThen(restore(steps[1].task)))
    const [early, late] = [twice.run(), twice.run()]
    await early.cancel()
    expect(early.poll()).toEqual(cancelled())
    steps[0].resolve()
    await turn()
    late.abort()
    expect(await ended(late)).toEqual(cancelled())
    const nested = Task.uncancelable((restore) => restore(restore(Task.never))).run()
    await nested.cancel()
    expect(nested.poll()).toEqual(cancelled())
  })

  it("of an inner region in one that is masked lets nothing in", async () => {
    const gate = Task.withResolvers<string>()
    const log: string[] = []
    const fiber = Task.uncancelable(() =>
      Task.uncancelable((restore) => restore(gate.task)).tap((value) => log.push(value)),
    ).run()
    fiber.abort()
    await turn()
    expect(fiber.poll()).toBeUndefined()
    gate.resolve("value")
    expect(await ended(fiber)).toEqual(cancelled())
    expect(log).toEqual(["value"])
  })

  it("of an inner region lets it in where the outer one has restored", async () => {
    const fiber = Task.uncancelable((outer) => outer(Task.uncancelable((inner) => inner(Task.never)))).run()
    await fiber.cancel()
    expect(fiber.poll()).toEqual(cancelled())
  })

  it("changes nothing in a region inside its own (D28)", async () => {
    const gate = Task.withResolvers<string>()
    const log: string[] = []
    const fiber = Task.uncancelable((restore) =>
      Task.uncancelable(() => restore(gate.task)).tap((value) => log.push(value)),
    ).run()
    fiber.abort()
    await turn()
    expect(fiber.poll()).toBeUndefined()
    gate.resolve("value")
    expect(await ended(fiber)).toEqual(cancelled())
    expect(log).toEqual(["value"])
  })

  it("changes nothing in another fiber (D28)", async () => {
    const gate = Task.withResolvers<string>()
    let escaped: Restore = (task) => task
    const owner = Task.uncancelable((restore) => {
      escaped = restore
      return gate.task
    }).run()
    const other = Task.uncancelable(() => escaped(gate.task)).run()
    other.abort()
    await turn()
    expect(other.poll()).toBeUndefined()
    gate.resolve("value")
    expect(await ended(other)).toEqual(cancelled())
    expect(await owner).toBe("value")
  })

  it("changes nothing for a child or a member, which has no mask anyway", async () => {
    const log: string[] = []
    const member = Task.never.onCancel(() => void log.push("cancelled"))
    const program = Task.uncancelable((restore) => Task.race([restore(member), restore(Task.pure("first").delay(0))]))
    expect(await program).toBe("first")
    expect(log).toEqual(["cancelled"])
  })

  it("changes nothing after its region (D28)", async () => {
    const gate = Task.withResolvers<string>()
    let escaped: Restore = (task) => task
    const log: string[] = []
    const program = Task.uncancelable((restore) => {
      escaped = restore
      return Task.unit
    }).andThen(Task.uncancelable(() => escaped(gate.task).tap((value) => log.push(value))))
    const fiber = program.run()
    fiber.abort()
    await turn()
    expect(fiber.poll()).toBeUndefined()
    gate.resolve("value")
    expect(await ended(fiber)).toEqual(cancelled())
    expect(log).toEqual(["value"])
  })

  it("after its region, where nothing is masked, runs its task as it is", async () => {
    const program = Task.uncancelable((restore) => Task.pure(restore)).flatMap((restore) => restore(Task.never))
    const fiber = program.run()
    await fiber.cancel()
    expect(fiber.poll()).toEqual(cancelled())
  })

  it("changes nothing in a cleanup (D28)", async () => {
    const log: string[] = []
    const fiber = Task.uncancelable((restore) =>
      restore(Task.never).finally(restore(Task.sleep(1).tap(() => log.push("cleanup done")))),
    ).run()
    fiber.abort("first")
    await fiber.cancel("second")
    expect(fiber.poll()).toEqual(cancelled("first"))
    expect(log).toEqual(["cleanup done"])
  })

  it("changes nothing in a cleanup that no cancellation has started", async () => {
    const gate = Task.withResolvers<void>()
    const log: string[] = []
    const fiber = Task.uncancelable((restore) =>
      Task.unit.finally(restore(gate.task.tap(() => log.push("cleanup done")))),
    ).run()
    fiber.abort()
    await turn()
    expect(fiber.poll()).toBeUndefined()
    gate.resolve()
    expect(await ended(fiber)).toEqual(cancelled())
    expect(log).toEqual(["cleanup done"])
  })

  it("says so if it gets no Task", async () => {
    const program = (argument: unknown) => Task.uncancelable((restore) => restore(argument as Task<void>)).toPromise()
    await expect(program(5)).rejects.toThrow(
      new TypeError("Expected the argument of restore to be a Task, got 5. For a plain value use Task.pure."),
    )
    await expect(program(Promise.resolve())).rejects.toThrow(
      new TypeError("Expected the argument of restore to be a Task, got a Promise. Wrap it: Task.promise(() => …)."),
    )
  })
})

describe("onCancel", () => {
  it("runs on cancellation only, with the reason", async () => {
    const cleanup = vi.fn()
    expect(await Task.pure(1).onCancel(cleanup)).toBe(1)
    expect(await Task.fail("down").onCancel(cleanup).attempt()).toEqual({ status: "rejected", reason: "down" })
    expect(cleanup).not.toHaveBeenCalled()
    await Task.never.onCancel(cleanup).run().cancel("stop")
    expect(cleanup.mock.calls).toEqual([["stop"]])
  })

  it("takes a Task, and waits for it", async () => {
    const log: string[] = []
    await Task.never
      .onCancel(Task.sleep(1).tap(() => log.push("cleaned")))
      .run()
      .cancel()
    expect(log).toEqual(["cleaned"])
  })

  it("and finally run from the inside out, each once, each after the one before has ended", async () => {
    const log: string[] = []
    const slowly = (name: string) => Task.sleep(1).tap(() => log.push(name))
    const fiber = Task.never
      .onCancel(() => slowly("1"))
      .finally((exit) => slowly(`2 ${exit.status}`))
      .onCancel(slowly("3"))
      .finally(slowly("4"))
      .run()
    await Promise.all([fiber.cancel().toPromise(), fiber.cancel().toPromise()])
    await fiber.cancel()
    expect(log).toEqual(["1", "2 cancelled", "3", "4"])
  })

  it("does not run when it stands around what was over already", async () => {
    const log: string[] = []
    const fiber = Task.unit
      .onCancel(() => void log.push("passed"))
      .andThen(Task.never)
      .onCancel(() => void log.push("waiting"))
      .run()
    await fiber.cancel()
    expect(log).toEqual(["waiting"])
  })

  it("cannot be cancelled", async () => {
    const log: string[] = []
    const fiber = Task.never.onCancel(Task.sleep(2).tap(() => log.push("cleaned"))).run()
    fiber.abort("first")
    fiber.abort("second")
    await fiber.cancel("third")
    expect(log).toEqual(["cleaned"])
    expect(fiber.poll()).toEqual(cancelled("first"))
  })

  it("that fails makes the outcome a SuppressedError of its failure and the cancellation (D8)", async () => {
    const fiber = Task.never
      .onCancel(() => Task.fail("cleanup down"))
      .run({ runtime: Runtime.make({ onUnhandled() {} }) })
    fiber.abort("stop")
    const exit = await ended(fiber)
    expect(exit).toMatchObject({ status: "rejected", reason: { name: "SuppressedError", error: "cleanup down" } })
    const { suppressed } = (exit as { reason: { suppressed: CancelledError } }).reason
    expect(suppressed).toBeInstanceOf(CancelledError)
    expect(suppressed.cause).toBe("stop")
  })

  it("that throws does the same, and outer cleanups run all the same", async () => {
    const log: string[] = []
    const error = new Error("thrown")
    const fiber = Task.never
      .onCancel(() => {
        throw error
      })
      .catch(() => Task.sync(() => log.push("a handler")))
      .finally((exit) => void log.push(exit.status))
      .run({ runtime: Runtime.make({ onUnhandled() {} }) })
    fiber.abort("stop")
    expect(await ended(fiber)).toMatchObject({ status: "rejected", reason: { error, suppressed: { cause: "stop" } } })
    expect(log).toEqual(["rejected"])
  })

  it("that fails inside a cleanup that fails as well keeps both failures and the cancellation", async () => {
    const fiber = Task.never
      .onCancel(() => Task.fail("inner"))
      .finally(() => Task.fail("outer"))
      .run({ runtime: Runtime.make({ onUnhandled() {} }) })
    fiber.abort("stop")
    expect(await ended(fiber)).toMatchObject({
      status: "rejected",
      reason: { error: "outer", suppressed: { error: "inner", suppressed: { name: "AbortError", cause: "stop" } } },
    })
  })

  it("is masked inside a region as well and runs once there", async () => {
    const cleanup = vi.fn()
    const fiber = Task.uncancelable((restore) => restore(Task.never.onCancel(cleanup))).run()
    await fiber.cancel("stop")
    expect(cleanup.mock.calls).toEqual([["stop"]])
  })
})

describe("cancelling", () => {
  it("a fiber that is cancelling waits for its end, and the first reason stands", async () => {
    const gate = Task.withResolvers<void>()
    const fiber = Task.never.finally(gate.task).run()
    fiber.abort("first")
    const second = fiber.cancel("second").run()
    await turn()
    expect(second.poll()).toBeUndefined()
    gate.resolve()
    await second
    expect(fiber.poll()).toEqual(cancelled("first"))
  })

  it("a finished one changes nothing and does not wait", async () => {
    const [done, failed] = [Task.pure(1).run(), Task.fail("down").attempt().run()]
    expect(done.cancel().run().poll()).toEqual({ status: "fulfilled", value: undefined })
    expect(failed.cancel().run().poll()).toEqual({ status: "fulfilled", value: undefined })
    expect(done.poll()).toEqual({ status: "fulfilled", value: 1 })
  })

  it("one that has not started yet ends it without a step", async () => {
    const step = vi.fn()
    const program = Task.gen(function* () {
      const child = yield* Task.sync(step).finally(step).start()
      yield* child.cancel("early")
      return child.poll()
    })
    const exit = await program
    expect([exit, step.mock.calls.length]).toEqual([cancelled("early"), 0])
  })

  it("oneself stops at the next step, cleanups included", async () => {
    const log: string[] = []
    const program = Task.self()
      .flatMap((self) => self.cancel("myself"))
      .tap(() => log.push("went on"))
      .finally((exit) => void log.push(exit.status))
    expect(await exitOf(program)).toEqual(cancelled("myself"))
    expect(log).toEqual(["cancelled"])
  })

  it("a wait for a cancel leaves the cancelled fiber cancelling", async () => {
    const gate = Task.withResolvers<void>()
    const fiber = Task.never.finally(gate.task).run()
    const waiting = fiber.cancel("stop").run()
    await waiting.cancel()
    expect(fiber.poll()).toBeUndefined()
    gate.resolve()
    expect(await ended(fiber)).toEqual(cancelled("stop"))
  })

  it("runs the finalizers in reverse order, each exactly once, whatever the kind", async () => {
    const log: number[] = []
    let i = 0
    const next = () => {
      const n = ++i
      return () => void log.push(n)
    }
    const program = Task.gen(function* () {
      const third = next()
      try {
        yield* Task.bracket(
          Task.pure(next()),
          () => Task.scoped((scope) => scope.defer(next()).andThen(Task.never.onCancel(next()).finally(next()))),
          (release) => release(),
        )
      } finally {
        third()
      }
    }).finally(() => void log.push(99))
    const fiber = program.run()
    expect(i).toBe(5)
    // On a busy machine it may have given way before it waits.
    await turn()
    await fiber.cancel()
    await fiber.cancel()
    expect(log).toEqual([4, 5, 3, 2, 1, 99])
  })
})
