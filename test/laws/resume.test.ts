import { afterEach, describe, expect, it, vi } from "vitest"
import { CancelledError, type Fiber, Runtime, Task } from "rapid-fiber"
import { ended, exitOf, turn } from "../watch.ts"

type Resume<A> = (task: Task<A, unknown>) => void

/** A registration that a test resumes by hand. */
function registration<A>(undo?: () => unknown): { readonly task: Task<A, unknown>; resume: Resume<A> } {
  const made: { task: Task<A, unknown>; resume: Resume<A> } = {
    resume: () => {
      throw new Error("not registered")
    },
    task: Task.async<A, unknown>((resume) => {
      made.resume = resume
      return undo
    }),
  }
  return made
}

afterEach(() => {
  vi.unstubAllGlobals()
})

describe("resume", () => {
  it("may be called during the registration, which then never waits", () => {
    expect(
      Task.async<number>((resume) => resume(Task.pure(1)))
        .map((x) => x + 1)
        .runSync(),
    ).toBe(2)
  })

  it("during the registration runs nothing before the registration has returned", () => {
    const log: string[] = []
    const task = Task.async<void>((resume) => {
      resume(Task.sync(() => void log.push("resumed")))
      log.push("registered")
      return () => void log.push("undone")
    })
    task.runSync()
    expect(log).toEqual(["registered", "resumed"])
  })

  it("continues as the task that it is given, whatever that does", async () => {
    const continued = (task: Task<unknown, unknown>) =>
      exitOf(Task.async((resume) => void setImmediate(() => resume(task))))
    expect(await continued(Task.pure(1))).toEqual({ status: "fulfilled", value: 1 })
    expect(await continued(Task.fail("x"))).toEqual({ status: "rejected", reason: "x" })
    expect(await continued(Task.yield().as(2))).toEqual({ status: "fulfilled", value: 2 })
    expect(await continued(Task.self().flatMap((self) => self.cancel("me")))).toEqual({
      status: "cancelled",
      reason: "me",
    })
    expect(await continued(Task.async((resume) => resume(Task.pure(3))))).toEqual({ status: "fulfilled", value: 3 })
  })

  it("counts once: what comes after the first call is ignored, now, later and for ever", async () => {
    for (const calls of [
      (resume: Resume<number>) => [1, 2, 3].forEach((n) => resume(Task.pure(n))),
      (resume: Resume<number>) => (resume(Task.pure(1)), resume(Task.fail("no"))),
      (resume: Resume<number>) => queueMicrotask(() => (resume(Task.pure(1)), resume(Task.pure(2)))),
      (resume: Resume<number>) => {
        resume(Task.pure(1))
        setImmediate(() => resume(Task.pure(2)))
      },
    ]) {
      let runs = 0
      const fiber = Task.async<number, unknown>(calls)
        .tap(() => Task.yield())
        .tap(() => void runs++)
        .run()
      expect(await ended(fiber)).toEqual({ status: "fulfilled", value: 1 })
      await turn()
      expect(runs).toBe(1)
    }
  })

  it("of an earlier wait does not end a later one of the same fiber", async () => {
    const first = registration<string>()
    const second = registration<string>()
    const fiber = first.task.flatMap((a) => second.task.map((b) => a + b)).run()
    first.resume(Task.pure("a"))
    await turn()
    first.resume(Task.pure("stale"))
    await turn()
    expect(fiber.poll()).toBeUndefined()
    second.resume(Task.pure("b"))
    first.resume(Task.pure("stale"))
    expect(await ended(fiber)).toEqual({ status: "fulfilled", value: "ab" })
  })

  it("of an earlier wait does not end a sleep, a promise or a join that came after", async () => {
    for (const waiting of [
      Task.never,
      Task.sleep({ days: 1 }),
      Task.promise(() => new Promise(() => {})),
      Task.never.run().join(),
    ]) {
      const first = registration<void>()
      const fiber = first.task.andThen(waiting).run()
      first.resume(Task.unit)
      await turn()
      first.resume(Task.fail("stale"))
      await turn()
      expect(fiber.poll()).toBeUndefined()
      await fiber.cancel()
    }
  })

  it("of one run does not touch another run of the same description", async () => {
    const resumes: Resume<number>[] = []
    const task = Task.async<number, unknown>((resume) => void resumes.push(resume))
    const [a, b] = [task.run(), task.run()]
    resumes[1]?.(Task.pure(2))
    expect(await ended(b)).toEqual({ status: "fulfilled", value: 2 })
    expect(a.poll()).toBeUndefined()
    resumes[0]?.(Task.pure(1))
    expect(await ended(a)).toEqual({ status: "fulfilled", value: 1 })
  })

  it("after the cancellation is ignored", async () => {
    const log: string[] = []
    let resume: Resume<number> = () => {}
    const fiber = Task.async<number, unknown>((given) => {
      resume = given
    })
      .tap(() => void log.push("went on"))
      .run()
    fiber.abort("stop")
    resume(Task.pure(1))
    expect(await ended(fiber)).toEqual({ status: "cancelled", reason: "stop" })
    resume(Task.sync(() => void log.push("ran")) as never)
    await turn()
    expect(log).toEqual([])
  })

  it("with anything but a Task is a failure that names the remedy", async () => {
    for (const wrong of [undefined, 1, "x", null, {}, () => Task.unit, Promise.resolve(1)]) {
      for (const later of [false, true]) {
        const exit = await exitOf(
          Task.async((resume) => {
            if (later) queueMicrotask(() => resume(wrong as never))
            else resume(wrong as never)
          }),
        )
        expect(exit).toMatchObject({ status: "rejected", reason: { name: "TypeError" } })
        expect(exit.status === "rejected" && String(exit.reason)).toMatch(/Expected .*Task.*got/s)
      }
    }
  })

  it("from inside another fiber's callback works as from anywhere", async () => {
    const waiting = registration<string>()
    const waiter = waiting.task.run()
    const order: string[] = []
    const waker = Task.sync(() => {
      waiting.resume(Task.sync(() => (order.push("woken"), "x")))
      order.push("waker goes on")
    }).run()
    await ended(waker)
    expect(await ended(waiter)).toEqual({ status: "fulfilled", value: "x" })
    expect(order).toEqual(["waker goes on", "woken"])
  })

  it("wakes every one of many waiters, also when it comes between two turns", async () => {
    const waiters = new Set<Resume<number>>()
    const wait = Task.async<number, unknown>((resume) => {
      waiters.add(resume)
      return () => waiters.delete(resume)
    })
    const fibers = Array.from({ length: 1000 }, () => wait.flatMap((n) => wait.map((m) => n + m)).run())
    const resumeAll = (n: number): void => {
      const now = [...waiters]
      waiters.clear()
      for (const resume of now) resume(Task.pure(n))
    }
    resumeAll(1)
    while (waiters.size < fibers.length) await turn()
    resumeAll(2)
    expect(await Promise.all(fibers)).toEqual(Array.from({ length: 1000 }, () => 3))
  })
})

describe("a registration that throws", () => {
  it("is a failure of the task, the same object", async () => {
    const error = new Error("cannot register")
    const exit = await exitOf(
      Task.async(() => {
        throw error
      }),
    )
    expect(exit.status === "rejected" && exit.reason).toBe(error)
  })

  it("can be handled, and what it resumes afterwards is ignored", async () => {
    let resume: Resume<string> = () => {}
    const fiber = Task.async<string, unknown>((given) => {
      resume = given
      throw new Error("half way")
    })
      .catch(() => Task.yield().andThen(Task.yield()).as("handled"))
      .run()
    resume(Task.pure("late"))
    expect(await ended(fiber)).toEqual({ status: "fulfilled", value: "handled" })
  })

  it("after it has resumed counts for no more than a second resume", async () => {
    const reported: unknown[] = []
    const runtime = Runtime.make({ onUnhandled: (reason) => reported.push(reason) })
    const fiber = Task.async<number>((resume) => {
      resume(Task.pure(1))
      throw new Error("too late")
    }).run({ runtime })
    expect(await ended(fiber)).toEqual({ status: "fulfilled", value: 1 })
  })
})

describe("the cleanup of a registration", () => {
  it.each<[string, (log: string[]) => () => unknown]>([
    ["a function", (log) => () => void log.push("undone")],
    ["a function that returns a Task", (log) => () => Task.yield().andThen(Task.sync(() => void log.push("undone")))],
  ])("may be %s, and has run when cancel() resolves", async (_, make) => {
    const log: string[] = []
    const { task } = registration(make(log))
    const fiber = task.finally(() => void log.push("finally")).run()
    await fiber.cancel()
    expect(log).toEqual(["undone", "finally"])
    expect(fiber.poll()?.status).toBe("cancelled")
  })

  it("may be a Task, and has run when cancel() resolves", async () => {
    const log: string[] = []
    const undo = Task.yield().andThen(Task.sync(() => void log.push("undone")))
    const fiber = Task.async(() => undo)
      .finally(() => void log.push("finally"))
      .run()
    await turn()
    expect(log).toEqual([])
    await fiber.cancel()
    expect(log).toEqual(["undone", "finally"])
  })

  it("runs once, however often the cancellation is asked for", async () => {
    const log: string[] = []
    const { task } = registration(() => Task.sleep(1).andThen(Task.sync(() => void log.push("undone"))))
    const fiber = task.run()
    fiber.abort()
    fiber.abort()
    await Promise.all([fiber.cancel(), fiber.cancel(), fiber[Symbol.asyncDispose]()])
    expect(log).toEqual(["undone"])
  })

  it("does not run when the wait has ended by itself, nor at a later cancellation", async () => {
    const log: string[] = []
    const waiting = registration<number>(() => void log.push("undone"))
    const fiber = waiting.task.andThen(Task.never).run()
    waiting.resume(Task.pure(1))
    await turn()
    await fiber.cancel()
    expect(log).toEqual([])
    const failing = registration<number>(() => void log.push("undone"))
    const failed = failing.task.catch(() => Task.never).run()
    failing.resume(Task.fail("x"))
    await turn()
    await failed.cancel()
    expect(log).toEqual([])
  })

  it("does not run when the registration resumed before it returned the cleanup", async () => {
    const log: string[] = []
    const fiber = Task.async<number>((resume) => {
      resume(Task.pure(1))
      return () => void log.push("undone")
    })
      .andThen(Task.never)
      .run()
    await turn()
    await fiber.cancel()
    expect(log).toEqual([])
  })

  it("runs when the fiber is cancelled while it registers", async () => {
    const log: string[] = []
    const held: { fiber?: Fiber<unknown> } = {}
    held.fiber = Task.yield()
      .andThen(
        Task.async(() => {
          held.fiber?.abort("meanwhile")
          return () => void log.push("undone")
        }),
      )
      .run()
    expect(await ended(held.fiber)).toEqual({ status: "cancelled", reason: "meanwhile" })
    expect(log).toEqual(["undone"])
  })

  it("runs when the fiber is cancelled while it registers, though the registration resumes after that", async () => {
    const log: string[] = []
    const held: { fiber?: Fiber<unknown> } = {}
    held.fiber = Task.yield()
      .andThen(
        Task.async<void>((resume) => {
          held.fiber?.abort("meanwhile")
          resume(Task.sync(() => void log.push("resumed")))
          return () => void log.push("undone")
        }),
      )
      .run()
    expect(await ended(held.fiber)).toEqual({ status: "cancelled", reason: "meanwhile" })
    expect(log).toEqual(["undone"])
  })

  it("may resume, which is ignored", async () => {
    const log: string[] = []
    const held: { resume?: Resume<void> } = {}
    const fiber = Task.async<void, unknown>((resume) => {
      held.resume = resume
      return () => {
        log.push("undone")
        resume(Task.sync(() => void log.push("resumed")))
      }
    })
      .tap(() => void log.push("went on"))
      .run()
    await fiber.cancel()
    await turn()
    expect(log).toEqual(["undone"])
  })

  it.each<[string, (error: Error) => () => unknown]>([
    [
      "throws",
      (error) => () => {
        throw error
      },
    ],
    ["returns a failing Task", (error) => () => Task.yield().andThen(Task.fail(error))],
  ])("that %s makes the cancellation a failure that holds both", async (_, make) => {
    const error = new Error("cannot undo")
    const log: string[] = []
    const { task } = registration(make(error))
    const fiber = task.finally(() => void log.push("finally")).run()
    await fiber.cancel("why")
    const exit = fiber.poll()
    expect(exit).toMatchObject({
      status: "rejected",
      reason: { name: "SuppressedError", suppressed: { cause: "why" } },
    })
    expect(exit?.status === "rejected" && (exit.reason as { error: unknown }).error).toBe(error)
    expect(log).toEqual(["finally"])
  })

  it("that returns a promise is waited for, or refused by name: the cancellation does not go on without it", async () => {
    let undone = false
    const { task } = registration(async () => {
      await turn()
      undone = true
    })
    const fiber = task.run()
    await fiber.cancel()
    const exit = fiber.poll()
    if (exit?.status === "rejected") expect(exit.reason).toMatchObject({ error: { name: "TypeError" } })
    else expect([exit?.status, undone]).toEqual(["cancelled", true])
  })

  it("runs for each of many waiters that are cancelled together, and leaves no registration", async () => {
    const waiters = new Set<unknown>()
    const wait = Task.async((resume) => {
      waiters.add(resume)
      return () => waiters.delete(resume)
    })
    const fibers = Array.from({ length: 1000 }, () => wait.run())
    expect(waiters.size).toBe(1000)
    await Promise.all(fibers.map((fiber) => fiber.cancel().toPromise()))
    expect(waiters.size).toBe(0)
  })
})

describe("the AbortSignal", () => {
  it("is made only for a callback that declares it", async () => {
    let made = 0
    vi.stubGlobal(
      "AbortController",
      class extends AbortController {
        constructor() {
          super()
          made++
        }
      },
    )
    await Task.async<void>((resume) => resume(Task.unit))
    await Task.async<void>((resume) => void setImmediate(() => resume(Task.unit)))
    await Task.promise(() => Promise.resolve(1))
    await Task.never.run().cancel()
    expect(made).toBe(0)
    await Task.async<void>(
      (resume, { signal }) => void setImmediate(() => resume(signal.aborted ? Task.never : Task.unit)),
    )
    await Task.promise((signal) => Promise.resolve(signal.aborted))
    expect(made).toBe(2)
  })

  it("gives a signal also to who asks for it late, through wrappers, and aborted where it is too late", async () => {
    const seen: unknown[] = []
    const wrapped = (...args: Parameters<Parameters<typeof Task.async<void>>[0]>): void => {
      const [, on] = args
      setTimeout(() => seen.push(on.signal.aborted), 5)
    }
    const waiting = Task.async<void>(wrapped).run()
    const cancelled = Task.async<void>(wrapped).run()
    await cancelled.cancel()
    await Task.sleep(15)
    expect(seen).toEqual([false, true])
    await waiting.cancel()
  })

  it("is aborted when the fiber is cancelled, with the reason, once", async () => {
    for (const task of [
      (seen: unknown[]) =>
        Task.async((_, { signal }) =>
          signal.addEventListener("abort", () => seen.push([signal.aborted, signal.reason])),
        ),
      (seen: unknown[]) =>
        Task.promise((signal) => {
          signal.addEventListener("abort", () => seen.push([signal.aborted, signal.reason]))
          return new Promise(() => {})
        }),
    ]) {
      const seen: unknown[] = []
      const fiber = task(seen).run()
      await turn()
      expect(seen).toEqual([])
      const reason = new Error("why")
      await fiber.cancel(reason)
      expect(fiber.poll()).toEqual({ status: "cancelled", reason })
      expect(seen).toHaveLength(1)
      const [aborted, given] = seen[0] as [boolean, unknown]
      expect(aborted).toBe(true)
      expect(given instanceof CancelledError ? given.cause : given).toBe(reason)
    }
  })

  it("is not aborted when the wait ends by itself, nor at a later cancellation", async () => {
    const signals: AbortSignal[] = []
    const fiber = Task.async<void>((resume, { signal }) => {
      signals.push(signal)
      setImmediate(() => resume(Task.unit))
    })
      .andThen(Task.promise((signal) => Promise.resolve(signals.push(signal))))
      .andThen(Task.never)
      .run()
    while (signals.length < 2) await turn()
    await turn()
    await fiber.cancel()
    expect(signals.map((signal) => signal.aborted)).toEqual([false, false])
  })

  it("is aborted beside a cleanup, which runs too", async () => {
    const log: string[] = []
    const fiber = Task.async((_, { signal }) => {
      signal.addEventListener("abort", () => log.push("aborted"))
      return () => void log.push("undone")
    }).run()
    await fiber.cancel()
    expect(log.toSorted()).toEqual(["aborted", "undone"])
  })

  it("with a listener that rejects the promise leaves the outcome a cancellation, and no rejection unhandled", async () => {
    const unhandled = vi.fn()
    process.on("unhandledRejection", unhandled)
    try {
      const fiber = Task.promise(
        (signal) =>
          new Promise((_, reject) => {
            signal.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")))
          }),
      ).run()
      await fiber.cancel("why")
      await turn()
      expect(fiber.poll()).toEqual({ status: "cancelled", reason: "why" })
      expect(unhandled).not.toHaveBeenCalled()
    } finally {
      process.off("unhandledRejection", unhandled)
    }
  })

  it("does not make the cancellation wait for a promise that ignores it", async () => {
    const fiber = Task.promise((signal) => (signal.aborted ? Promise.resolve() : new Promise(() => {}))).run()
    await fiber.cancel()
    expect(fiber.poll()?.status).toBe("cancelled")
  })
})

describe("Task.promise", () => {
  it("fails with the very rejection, or with what its function throws", async () => {
    const error = new Error("rejected")
    const rejected = await exitOf(Task.promise(() => Promise.reject(error)))
    const thrown = await exitOf(
      Task.promise((): Promise<void> => {
        throw error
      }),
    )
    expect(rejected.status === "rejected" && rejected.reason).toBe(error)
    expect(thrown.status === "rejected" && thrown.reason).toBe(error)
  })

  it("takes a plain value and any thenable, as await does", async () => {
    const thenable = {
      then: (onFulfilled: (value: number) => void) => {
        onFulfilled(1)
        onFulfilled(2)
        throw new Error("ignored")
      },
    }
    expect(await Task.promise(() => 5)).toBe(5)
    expect(await Task.promise(() => thenable as unknown as PromiseLike<number>)).toBe(1)
    const hostile = {
      get then(): never {
        throw new Error("no then")
      },
    }
    expect(await exitOf(Task.promise(() => hostile as never))).toMatchObject({
      status: "rejected",
      reason: { message: "no then" },
    })
  })

  it("runs a Task that its function, or its promise's value, is", async () => {
    const log: string[] = []
    const inner = Task.sync(() => (log.push("ran"), 7))
    expect(await Task.promise(() => inner)).toBe(7)
    expect(await Task.promise(async () => inner)).toBe(7)
    expect(log).toEqual(["ran", "ran"])
  })

  it("cancels the Task that its function returned, and waits for its finalizers", async () => {
    const log: string[] = []
    const inner = Task.never.finally(Task.yield().andThen(Task.sync(() => void log.push("clean"))))
    const fiber = Task.promise(() => inner).run()
    await turn()
    await fiber.cancel()
    expect(log).toEqual(["clean"])
  })
})

describe("onExit", () => {
  it("calls back once, also when the fiber has ended, and not after it was taken back", async () => {
    const log: string[] = []
    const waiting = registration<number>()
    const fiber = waiting.task.run()
    const takeBack = fiber.onExit(() => log.push("taken back"))
    fiber.onExit((exit) => log.push(`first ${exit.status}`))
    fiber.onExit((exit) => log.push(`second ${exit.status}`))
    takeBack()
    takeBack()
    waiting.resume(Task.pure(1))
    await turn()
    fiber.onExit((exit) => log.push(`late ${exit.status}`))
    expect(log).toEqual(["first fulfilled", "second fulfilled", "late fulfilled"])
  })

  it("with a callback that throws harms no one, and tells the failure hook", async () => {
    const reported: unknown[] = []
    const runtime = Runtime.make({ onUnhandled: (reason) => reported.push(reason) })
    const waiting = registration<number>()
    const fiber = waiting.task.run({ runtime })
    const seen: string[] = []
    const error = new Error("from the callback")
    const joiner = fiber.join().run({ runtime })
    fiber.onExit(() => {
      throw error
    })
    fiber.onExit(() => seen.push("next"))
    const promise = fiber.toPromise()
    waiting.resume(Task.pure(1))
    expect(await promise).toBe(1)
    expect(await joiner).toBe(1)
    await turn()
    await turn()
    expect(seen).toEqual(["next"])
    expect(reported).toEqual([error])
    expect(() =>
      fiber.onExit(() => {
        throw error
      }),
    ).not.toThrow()
    await turn()
    await turn()
    expect(reported).toEqual([error, error])
  })

  it("may take back another callback while the callbacks run", async () => {
    const log: string[] = []
    const waiting = registration<number>()
    const fiber = waiting.task.run()
    const taken: (() => void)[] = []
    fiber.onExit(() => {
      log.push("first")
      taken.forEach((takeBack) => takeBack())
    })
    taken.push(fiber.onExit(() => log.push("second")))
    fiber.onExit(() => log.push("third"))
    waiting.resume(Task.pure(1))
    await turn()
    expect(log).toEqual(["first", "third"])
  })

  it("may start, cancel and add while the callbacks run", async () => {
    const log: string[] = []
    const waiting = registration<number>()
    const fiber = waiting.task.run()
    fiber.onExit(() => {
      fiber.abort()
      fiber.onExit(() => log.push("added"))
      Task.sync(() => log.push("started")).runAndForget()
    })
    fiber.onExit(() => log.push("next"))
    waiting.resume(Task.pure(1))
    await turn()
    expect(log.toSorted()).toEqual(["added", "next", "started"])
    expect(fiber.poll()).toEqual({ status: "fulfilled", value: 1 })
  })

  it("takes back in any order what many have added, and calls the rest in order", async () => {
    const waiting = registration<number>()
    const fiber = waiting.task.run()
    const called: number[] = []
    const taken = Array.from({ length: 1000 }, (_, i) => fiber.onExit(() => called.push(i)))
    const drop = (i: number) => (i * 7919) % 3 === 0
    taken.forEach((takeBack, i) => drop(i) && takeBack())
    taken.toReversed().forEach((takeBack, i) => drop(999 - i) && takeBack())
    waiting.resume(Task.pure(1))
    await turn()
    expect(called).toEqual(Array.from({ length: 1000 }, (_, i) => i).filter((i) => !drop(i)))
  })
})
