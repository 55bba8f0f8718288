import { describe, expect, it } from "vitest"
import { CancelledError, type SuppressedError, Task } from "rapid-fiber"
import { ended, exitOf, turn } from "../watch.ts"

/** Each way in which a task can fail or succeed: on the spot, in the loop, and after a wait. */
const ways: readonly (readonly [string, <A>(task: Task<A, unknown>) => Task<A, unknown>])[] = [
  ["on the spot", (task) => task],
  ["in the loop", (task) => Task.defer(() => task)],
  ["after a yield", (task) => Task.yield().andThen(task)],
  ["from a callback", (task) => Task.async((resume) => void setImmediate(() => resume(task)))],
  [
    "from a nested generator",
    (task) =>
      Task.gen(function* () {
        return yield* task
      }),
  ],
  [
    "from a child",
    (task) =>
      task
        .attempt()
        .start()
        .flatMap((child) => child.join())
        .flatMap((s) => (s.status === "fulfilled" ? Task.pure(s.value) : Task.fail(s.reason))),
  ],
]

describe.each(ways)("a task that ends %s", (_, way) => {
  it("gives its value to the yield*", async () => {
    const task = Task.gen(function* () {
      const a = yield* way(Task.pure(1))
      const b = yield* way(Task.sync(() => 2))
      const c = yield* way(Task.pure(undefined))
      return [a, b, c]
    })
    expect(await task).toEqual([1, 2, undefined])
  })

  it("throws its failure at the yield*, the same object", async () => {
    const error = new Error("the one")
    const seen: unknown[] = []
    const task = Task.gen(function* () {
      try {
        yield* way(Task.fail(error))
      } catch (caught) {
        seen.push(caught)
      }
      try {
        yield* way(
          Task.sync(() => {
            throw error
          }),
        )
      } catch (caught) {
        seen.push(caught)
      }
      return "handled"
    })
    expect(await task).toBe("handled")
    expect(seen[0]).toBe(error)
    expect(seen[1]).toBe(error)
  })

  it("fails the generator with its failure, the same object, through a finally block", async () => {
    const error = new Error("the one")
    const log: string[] = []
    const exit = await exitOf(
      Task.gen(function* () {
        try {
          yield* way(Task.fail(error))
          log.push("went on")
        } finally {
          yield* way(Task.sync(() => void log.push("finally")))
          log.push("after")
        }
      }),
    )
    expect(exit.status === "rejected" && exit.reason).toBe(error)
    expect(log).toEqual(["finally", "after"])
  })

  it("keeps its place in the order of what the generator does", async () => {
    const log: number[] = []
    const note = (n: number) => way(Task.sync(() => void log.push(n)))
    await Task.gen(function* () {
      for (let i = 0; i < 20; i += 2) {
        yield* note(i)
        log.push(i + 1)
      }
    })
    expect(log).toEqual(Array.from({ length: 20 }, (_, i) => i))
  })
})

describe("a generator", () => {
  it("runs anew at each run, also when the runs overlap", async () => {
    let runs = 0
    const task = Task.gen(function* () {
      const mine = ++runs
      yield* Task.yield()
      return mine
    })
    expect(await Promise.all([task, task, task])).toEqual([1, 2, 3])
    expect(await task).toBe(4)
  })

  it("does not call its function before it is run", () => {
    let called = false
    Task.gen(function* () {
      called = true
    })
      .map(() => 1)
      .finally(() => {})
    expect(called).toBe(false)
  })

  it("fails with what its function throws, before and after the first yield*", async () => {
    const error = new Error("thrown")
    const thrown = (early: boolean) =>
      exitOf(
        Task.gen(function* () {
          if (early) throw error
          yield* Task.unit
          throw error
        }),
      )
    for (const exit of [await thrown(true), await thrown(false)]) {
      expect(exit.status === "rejected" && exit.reason).toBe(error)
    }
  })

  it("keeps undefined, null and falsy failures as they are", async () => {
    for (const reason of [undefined, null, 0, "", false, Number.NaN]) {
      const exit = await exitOf(
        Task.gen(function* () {
          yield* Task.fail(reason)
        }),
      )
      expect(exit).toEqual({ status: "rejected", reason })
      const caught = await Task.gen(function* () {
        try {
          yield* Task.yield().andThen(Task.fail(reason))
        } catch (error) {
          return [error]
        }
        return []
      })
      expect(caught).toEqual([reason])
    }
  })

  it("that throws in its finally block fails with that, as JavaScript has it", async () => {
    const exit = await exitOf(
      Task.gen(function* () {
        try {
          yield* Task.fail("first")
        } finally {
          yield* Task.fail("second")
        }
      }),
    )
    expect(exit.status).toBe("rejected")
    const reason = exit.status === "rejected" ? exit.reason : undefined
    expect(reason === "second" || (reason as SuppressedError).error === "second").toBe(true)
  })

  it("may return a Task, which is a value and is not run", async () => {
    let ran = false
    const inner = Task.sync(() => {
      ran = true
    })
    const exit = await exitOf(
      Task.gen(function* () {
        yield* Task.unit
        return inner
      }),
    )
    expect(exit.status === "fulfilled" && exit.value === inner).toBe(true)
    expect(ran).toBe(false)
  })

  it("may yield* one task many times, and tasks inside expressions", async () => {
    let n = 0
    const next = Task.sync(() => ++n)
    const values = await Task.gen(function* () {
      return [yield* next, yield* next, (yield* next) + (yield* next) * 10, [yield* next, { x: yield* next }]]
    })
    expect(values).toEqual([1, 2, 43, [5, { x: 6 }]])
  })

  it("may run other tasks from within a yielded callback", async () => {
    const value = await Task.gen(function* () {
      const a = yield* Task.sync(() =>
        Task.gen(function* () {
          return (yield* Task.pure(1)) + (yield* Task.sync(() => Task.pure(2).runSync()))
        }).runSync(),
      )
      const b = yield* Task.pure(10)
      return a + b
    })
    expect(value).toBe(13)
  })

  it("may run other tasks from its own code, between two yields", async () => {
    const log: unknown[] = []
    const value = await Task.gen(function* () {
      const a = yield* Task.pure(1)
      const b = Task.gen(function* () {
        return yield* Task.pure(2)
      }).runSync()
      const fiber = Task.sync(() => log.push("later")).run()
      log.push(fiber.poll())
      const c = yield* Task.sync(() => 3)
      yield* fiber.join()
      return [a, b, c]
    })
    expect(value).toEqual([1, 2, 3])
    expect(log).toEqual([undefined, "later"])
  })

  it("interleaves with others at each wait, and keeps its own values", async () => {
    const counter = (id: number) =>
      Task.gen(function* () {
        const seen: number[] = []
        for (let i = 0; i < 50; i++) {
          seen.push(
            yield* i % 3 === 0 ? Task.yield().as(id) : i % 3 === 1 ? Task.sync(() => id) : Task.pure(id).map((x) => x),
          )
        }
        return seen
      })
    const all = await Promise.all(Array.from({ length: 20 }, (_, id) => counter(id).toPromise()))
    all.forEach((seen, id) => expect(seen).toEqual(Array.from({ length: 50 }, () => id)))
  })

  it("delegates to a plain generator that yields tasks", async () => {
    function* twice(task: Task<number>) {
      const a = yield* task
      const b = yield* task
      return a + b
    }
    const value = await Task.gen(function* () {
      return (yield* twice(Task.pure(1))) + (yield* twice(Task.yield().as(10)))
    })
    expect(value).toBe(22)
  })
})

describe("a cancelled generator", () => {
  it.each<[string, Task<unknown>]>([
    ["never", Task.never],
    ["a sleep", Task.sleep({ days: 1 })],
    ["a registration", Task.async(() => {})],
    ["a promise", Task.promise(() => new Promise(() => {}))],
    ["a join", Task.defer(() => Task.never.run().join())],
    [
      "a nested generator",
      Task.gen(function* () {
        yield* Task.never
      }),
    ],
  ])("that waits at %s runs its finally blocks, inside out, and no catch", async (_, waiting) => {
    const log: string[] = []
    const fiber = Task.gen(function* () {
      try {
        try {
          yield* waiting
          log.push("went on")
        } catch {
          log.push("caught")
        } finally {
          log.push("inner")
        }
        log.push("between")
      } finally {
        log.push("outer")
      }
      log.push("after")
    }).run()
    await turn()
    await fiber.cancel("stop")
    expect(fiber.poll()).toEqual({ status: "cancelled", reason: "stop" })
    expect(log).toEqual(["inner", "outer"])
  })

  it("runs what it yields in its finally block to the end, whatever it is", async () => {
    const log: string[] = []
    const note = (event: string) => Task.sync(() => void log.push(event))
    const fiber = Task.gen(function* () {
      try {
        yield* Task.never
      } finally {
        yield* note("sync")
        yield* Task.yield().andThen(note("yield"))
        yield* Task.sleep(1).andThen(note("sleep"))
        yield* Task.promise(() => Promise.resolve()).andThen(note("promise"))
        yield* Task.async<void>((resume) => void setImmediate(() => resume(Task.unit))).andThen(note("async"))
        const child = yield* Task.yield().andThen(note("child")).start()
        yield* child.join()
        yield* Task.gen(function* () {
          yield* Task.yield()
          yield* note("nested")
        })
        yield* Task.fail("x").catch(() => note("handled"))
        yield* Task.unit.finally(note("cleanup"))
        log.push("end")
      }
    }).run()
    await turn()
    fiber.abort("stop")
    fiber.abort("again")
    expect(await ended(fiber)).toEqual({ status: "cancelled", reason: "stop" })
    expect(log).toEqual(["sync", "yield", "sleep", "promise", "async", "child", "nested", "handled", "cleanup", "end"])
  })

  it("cannot change its outcome by a return, a break or a continue in its finally block", async () => {
    for (const task of [
      Task.gen(function* () {
        try {
          yield* Task.never
        } finally {
          // oxlint-disable-next-line eslint/no-unsafe-finally -- the point of the test
          return "returned"
        }
      }),
      Task.gen(function* () {
        try {
          yield* Task.never
        } finally {
          yield* Task.yield()
          // oxlint-disable-next-line eslint/no-unsafe-finally -- the point of the test
          return "returned"
        }
      }),
      Task.gen(function* () {
        for (;;) {
          try {
            yield* Task.never
          } finally {
            // oxlint-disable-next-line eslint/no-unsafe-finally -- the point of the test
            break
          }
        }
        yield* Task.yield()
        return "broke out"
      }),
    ]) {
      const fiber = task.run()
      await turn()
      fiber.abort("stop")
      expect(await ended(fiber)).toEqual({ status: "cancelled", reason: "stop" })
    }
  })

  it("of several nested ones cannot be stopped at an inner one's return", async () => {
    const log: string[] = []
    const inner = Task.gen(function* () {
      try {
        yield* Task.never
      } finally {
        // oxlint-disable-next-line eslint/no-unsafe-finally -- the point of the test
        return "returned"
      }
    })
    const fiber = Task.gen(function* () {
      try {
        yield* inner
        log.push("went on")
      } finally {
        log.push("outer")
      }
    }).run()
    await turn()
    await fiber.cancel("stop")
    expect(fiber.poll()).toEqual({ status: "cancelled", reason: "stop" })
    expect(log).toEqual(["outer"])
  })

  it("whose finally block fails is a failure that holds both", async () => {
    const late = new Error("late")
    for (const fail of [
      () => {
        throw late
      },
      () => Task.fail(late),
      () => Task.yield().andThen(Task.fail(late)),
    ] as (() => Task<never, unknown>)[]) {
      const log: string[] = []
      const fiber = Task.gen(function* () {
        try {
          try {
            yield* Task.never
          } finally {
            yield* fail()
          }
        } finally {
          log.push("outer")
        }
      }).run()
      await turn()
      await fiber.cancel("stop")
      const exit = fiber.poll()
      if (exit?.status !== "rejected") throw new Error(`Expected a rejection, got ${exit?.status}`)
      const both = exit.reason as SuppressedError
      expect(both.error).toBe(late)
      expect(both.suppressed).toBeInstanceOf(CancelledError)
      expect(log).toEqual(["outer"])
    }
  })

  it("may catch, within its finally block, what it does there", async () => {
    const log: string[] = []
    const fiber = Task.gen(function* () {
      try {
        yield* Task.never
      } finally {
        try {
          yield* Task.yield().andThen(Task.fail("x"))
        } catch (error) {
          log.push(`caught ${String(error)}`)
        }
      }
    }).run()
    await turn()
    await fiber.cancel("stop")
    expect(fiber.poll()).toEqual({ status: "cancelled", reason: "stop" })
    expect(log).toEqual(["caught x"])
  })

  it("by itself stops at its next yield*", async () => {
    const log: string[] = []
    const fiber = Task.gen(function* () {
      try {
        const self = yield* Task.self()
        self.abort("me")
        log.push("its own code runs on")
        yield* Task.sync(() => void log.push("yielded"))
        log.push("went on")
      } finally {
        log.push("finally")
      }
    }).run()
    expect(await ended(fiber)).toEqual({ status: "cancelled", reason: "me" })
    expect(log).toEqual(["its own code runs on", "finally"])
  })

  it("before its first step never calls its function", async () => {
    let called = false
    const [fiber] = await Task.sync(() => {
      const started = Task.gen(function* () {
        called = true
        yield* Task.unit
      }).run()
      started.abort("early")
      return [started] as const
    })
    expect((await ended(fiber)).status).toBe("cancelled")
    expect(called).toBe(false)
  })
})

describe("a loop of yields that never wait", () => {
  it.each<[string, Task<unknown>]>([
    ["pure", Task.pure(1)],
    ["sync", Task.sync(() => 1)],
    ["map", Task.pure(1).map((x) => x)],
    [
      "a generator",
      Task.gen(function* () {
        return yield* Task.pure(1)
      }),
    ],
    ["handled failures", Task.fail(1).catch(() => Task.unit)],
    ["a registration that resumes at once", Task.async((resume) => resume(Task.unit))],
    ["yield", Task.yield()],
    ["sleep(0)", Task.sleep(0)],
  ])("of %s lets timers and other fibers run, and can be cancelled from outside", async (_, step) => {
    let rounds = 0
    let left = false
    const fiber = Task.gen(function* () {
      try {
        for (;;) {
          yield* step
          rounds++
        }
      } finally {
        left = true
      }
    }).run()
    let others = 0
    const other = Task.gen(function* () {
      while (others < 100) {
        yield* Task.yield()
        others++
      }
    }).run()
    await new Promise((resolve) => {
      setTimeout(resolve, 5)
    })
    await other
    expect(rounds).toBeGreaterThan(0)
    expect(fiber.poll()).toBeUndefined()
    await fiber.cancel()
    const seen = rounds
    await turn()
    expect([left, rounds]).toEqual([true, seen])
  })

  it("of one fiber does not hold up a sleep, a promise or the host's own callbacks", async () => {
    const loop = Task.gen(function* () {
      for (;;) yield* Task.sync(() => 1)
    }).run()
    const done = await Promise.all([
      Task.sleep(2).as("sleep"),
      Task.promise(() => new Promise((resolve) => setTimeout(resolve, 2, "promise"))),
      new Promise((resolve) => setImmediate(resolve, "immediate")),
      Task.yield().as("fiber"),
    ])
    expect(done).toEqual(["sleep", "promise", "immediate", "fiber"])
    await loop.cancel()
  })
})

describe("a yield without the star", () => {
  const untyped = (body: () => Generator<unknown, unknown, unknown>) => Task.gen(body as never) as Task<unknown>

  it("is a failure that names the remedy, at the place of the yield", async () => {
    for (const yielded of [Task.unit, Task.never, undefined, 1, Promise.resolve(), {}]) {
      const exit = await exitOf(
        untyped(function* () {
          yield yielded
          return "went on"
        }),
      )
      expect(exit).toMatchObject({ status: "rejected", reason: { name: "TypeError" } })
      expect(exit.status === "rejected" && String(exit.reason)).toContain("yield*")
    }
  })

  it("is one also where the same task was yielded with the star before", async () => {
    for (const task of [Task.unit, Task.yield(), Task.sync(() => 1), Task.pure(1).map((x) => x)]) {
      const exit = await exitOf(
        untyped(function* () {
          yield* task
          yield task
          return "went on"
        }),
      )
      expect(exit).toMatchObject({ status: "rejected", reason: { name: "TypeError" } })
    }
  })

  it("does not run the task, and runs the finally blocks", async () => {
    const log: string[] = []
    const exit = await exitOf(
      untyped(function* () {
        try {
          yield Task.sync(() => log.push("ran"))
        } finally {
          log.push("finally")
        }
      }),
    )
    expect(exit.status).toBe("rejected")
    expect(log).toEqual(["finally"])
  })

  it("can be caught where it was written", async () => {
    const caught = await untyped(function* () {
      try {
        yield Task.unit
      } catch (error) {
        return (error as Error).name
      }
      return "went on"
    })
    expect(caught).toBe("TypeError")
  })

  it("of a function that is no generator is a failure that says so", async () => {
    for (const body of [() => 1, () => undefined, async () => 1, () => Task.unit, () => []]) {
      const exit = await exitOf(Task.gen(body as never))
      expect(exit).toMatchObject({ status: "rejected", reason: { name: "TypeError" } })
    }
  })
})

describe("a Task taken for a list", () => {
  const ran: string[] = []
  const tasks: readonly [string, Task<unknown>][] = [
    ["pure", Task.pure([1, 2])],
    ["sync", Task.sync(() => ran.push("sync"))],
    ["yield", Task.yield().map(() => ran.push("yield"))],
    [
      "gen",
      Task.gen(function* () {
        ran.push("gen")
        yield* Task.unit
      }),
    ],
  ]
  const uses: readonly [string, (task: Iterable<unknown>) => unknown][] = [
    ["a spread", (task) => [...task]],
    ["spread arguments", (task) => Math.max(...(task as Iterable<number>))],
    ["Array.from", (task) => Array.from(task)],
    [
      "a for-of loop",
      (task) => {
        for (const item of task) ran.push(String(item))
      },
    ],
    [
      "destructuring",
      (task) => {
        const [first] = task
        return first
      },
    ],
    ["a Set", (task) => new Set(task)],
    [
      "a yield* in a foreign generator",
      (task) =>
        (function* () {
          yield* task
        })().next(),
    ],
    [
      "a yield* in a foreign generator that is iterated",
      (task) => [
        ...(function* () {
          yield* task
        })(),
      ],
    ],
  ]

  it.each(uses)("by %s runs nothing and says why", (_, use) => {
    for (const [, task] of tasks) expect(() => use(task as unknown as Iterable<unknown>)).toThrow(/yield\*/)
    expect(ran).toEqual([])
  })

  // A foreign generator that is driven by hand between two yields cannot be told from one that `yield*` drives.
  it.each(uses.filter(([name]) => !name.includes("foreign")))(
    "by %s inside Task.gen runs nothing and says why",
    async (_, use) => {
      for (const [name, task] of tasks) {
        const exit = await exitOf(
          Task.gen(function* () {
            yield* Task.unit
            use(task)
            return name
          }),
        )
        expect(exit, name).toMatchObject({ status: "rejected", reason: { name: "TypeError" } })
        expect(exit.status === "rejected" && String(exit.reason)).toMatch(/yield\*/)
      }
      expect(ran).toEqual([])
    },
  )

  it.each(uses)("by %s inside a yielded callback runs nothing and says why", async (_, use) => {
    const exit = await exitOf(
      Task.gen(function* () {
        yield* Task.sync(() => use(Task.sync(() => ran.push("sync")) as unknown as Iterable<unknown>))
      }),
    )
    expect(exit).toMatchObject({ status: "rejected", reason: { name: "TypeError" } })
    expect(ran).toEqual([])
  })

  it("leaves a generator that caught it as it was", async () => {
    const value = await Task.gen(function* () {
      const a = yield* Task.yield().as(1)
      try {
        void [...(Task.pure(0) as unknown as Iterable<unknown>)]
      } catch {
        // as a user would who did not read the message
      }
      const b = yield* Task.sync(() => 2)
      const c = yield* Task.yield().as(3)
      return [a, b, c]
    })
    expect(value).toEqual([1, 2, 3])
  })
})
