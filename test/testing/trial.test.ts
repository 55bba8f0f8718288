import { describe, expect, it } from "vitest"
import { CancelledError, type Fiber, Schedule, Task } from "rapid-fiber"
import { ExplorationError, explore, type ExploreOptions, type Program, replay, type Trial } from "rapid-fiber/testing"

const foundIn = async (program: Program, options?: ExploreOptions): Promise<ExplorationError> => {
  const found: unknown = await explore(program, options).then(
    ({ runs }) => `nothing found in ${runs} runs`,
    (error: unknown) => error,
  )
  expect(found).toBeInstanceOf(ExplorationError)
  const { token, kind, schedule } = found as ExplorationError
  const { maxSteps, patience } = options ?? {}
  const limits = { ...(maxSteps === undefined ? {} : { maxSteps }), ...(patience === undefined ? {} : { patience }) }
  await expect(replay(token, program, limits)).rejects.toMatchObject({ kind, schedule })
  return found as ExplorationError
}

/** Nothing is found, in so many runs. */
const assertSound = async (program: Program, options: ExploreOptions = {}): Promise<void> => {
  await expect(explore(program, { runs: 100, ...options })).resolves.toMatchObject({ runs: expect.any(Number) })
}

describe("trial.check", () => {
  it("is called once a run, when the program has ended, in the order of asking", async () => {
    const seen: string[] = []
    const program = (trial: Trial): Task<void> => {
      trial.check(() => void seen.push("first"))
      trial.check(() => void seen.push("second"))
      return Task.sleep(1000).tap(() => void seen.push("ended"))
    }
    await explore(program, { runs: 2 })
    expect(seen).toEqual(["ended", "first", "second", "ended", "first", "second"])
  })

  it("makes a failure of what it throws, the very object, also of what is no error", async () => {
    const error = new RangeError("one is missing")
    for (const thrown of [error, "a text", 5, { of: "one's own" }]) {
      const found = await foundIn((trial) => {
        trial.check(() => {
          throw thrown
        })
        return Task.unit
      })
      expect(found.kind).toBe("failure")
      expect(found.cause).toBe(thrown)
    }
    const found = await foundIn((trial) => {
      trial.check(() => {
        throw error
      })
      return Task.unit
    })
    expect(found.message).toContain("failure: A check failed: RangeError: one is missing\n")
  })

  it("tells of the first that fails, and calls the others all the same", async () => {
    let others = 0
    const found = await foundIn((trial) => {
      trial.check(() => {
        throw new Error("first")
      })
      trial.check(() => {
        others++
        throw new Error("second")
      })
      return Task.unit
    })
    expect(found.message).toContain("A check failed: Error: first")
    expect(others).toBeGreaterThan(0)
  })

  it("can be asked for while the program runs", async () => {
    const found = await foundIn((trial) =>
      Task.sleep(1).tap(() =>
        trial.check(() => {
          throw new Error("late")
        }),
      ),
    )
    expect(found.message).toContain("A check failed: Error: late")
  })

  it("is called where the program was cancelled", async () => {
    const called = new Set<string>()
    const program = (trial: Trial): Task<void> => {
      let ended = "cancelled"
      trial.check(() => void called.add(ended))
      return Task.sleep(1).tap(() => void (ended = "fulfilled"))
    }
    await explore(program, { cancel: true, runs: 20 })
    expect([...called].toSorted()).toEqual(["cancelled", "fulfilled"])
  })

  it("is called where the program failed", async () => {
    let called = 0
    await foundIn((trial) => {
      trial.check(() => void called++)
      return Task.fail("no")
    })
    expect(called).toBeGreaterThan(0)
  })
})

describe("trial.resource", () => {
  it("that is given back once is no finding", async () => {
    await assertSound((trial) => {
      const release = trial.resource("it")
      return Task.sleep(1).finally(Task.sync(release))
    })
  })

  it("that is not given back is a leak, by name", async () => {
    const found = await foundIn((trial) => {
      trial.resource("the first")
      const second = trial.resource("the second")
      trial.resource("the third")
      return Task.sync(second)
    })
    expect(found.kind).toBe("leak")
    expect(found.message).toContain("leak: Not given back: the first, the third.\n")
    expect("cause" in found).toBe(false)
  })

  it("that is given back twice is a failure, and throws where it is", async () => {
    const found = await foundIn((trial) => {
      const release = trial.resource("the file")
      return Task.sync(release).andThen(Task.sync(release))
    })
    expect(found.kind).toBe("failure")
    expect(found.message).toContain("Expected the file to be given back once, got a second time.")
    expect(found.schedule).toEqual([
      expect.stringContaining("2 × give back the file · fails: Error: Expected the file"),
    ])
  })

  it("that is given back twice is a failure also where the program hides what was thrown", async () => {
    const found = await foundIn((trial) => {
      const release = trial.resource("the file")
      return Task.sync(release).andThen(Task.sync(release).attempt())
    })
    expect(found.kind).toBe("failure")
    expect((found.cause as Error).message).toBe("Expected the file to be given back once, got a second time.")
  })

  it("of the same name as another is another", async () => {
    const found = await foundIn((trial) => {
      const one = trial.resource("a slot")
      trial.resource("a slot")
      return Task.sync(one)
    })
    expect(found.message).toContain("leak: Not given back: a slot.\n")
  })

  it("may be taken in the midst of the program, by its checks too", async () => {
    await assertSound((trial) => {
      const open = new Set<() => void>()
      trial.check(() => {
        for (const close of open) close()
      })
      return Task.sync(() => void open.add(trial.resource("it")))
    })
  })
})

describe("trial.note", () => {
  it("stands in the schedule where it was made", async () => {
    const { schedule } = await foundIn((trial) => {
      const say = (text: string): Task<void> =>
        Task.sync(function saying() {
          trial.note(text)
        })
      return Task.gen(function* () {
        yield* say("hello")
        const child = yield* say("in the child").start({ name: "child" })
        yield* child.join()
        yield* say("good bye")
        yield* Task.fail("end")
      })
    })
    expect(schedule).toEqual([
      "  1  main   saying · “hello” · start child · waits for the end of child",
      "  2  child  saying · “in the child” · fulfilled",
      '  3  main   saying · “good bye” · fails: "end"',
    ])
  })

  it("is free where nothing is printed", async () => {
    await assertSound((trial) => Task.sync(() => trial.note("nobody reads this")))
  })
})

describe("trial.runtime", () => {
  it("has what is run on it explored: order, time and all", async () => {
    const orders = new Set<string>()
    const program = (trial: Trial): Task<string> => {
      const { runtime } = trial
      let order = ""
      const say = (name: string): Task<void> => Task.sleep({ days: 1 }).tap(() => void (order += name))
      return Task.promise(async () => {
        await Promise.all([say("a").run({ runtime }), say("b").toPromise({ runtime })])
        orders.add(order)
        return order
      })
    }
    await assertSound(program)
    expect([...orders].toSorted()).toEqual(["ab", "ba"])
  })

  it("has what is left running on it found", async () => {
    const found = await foundIn((trial) =>
      Task.sync(() => void Task.sleep(5).run({ runtime: trial.runtime, name: "left" })),
    )
    expect(found.kind).toBe("leak")
    expect(found.message).toContain("The program has ended, but has left behind:\nleft waits for a sleep")
  })

  it("is the explorer's to close", async () => {
    const found = await foundIn((trial) => Task.promise(() => trial.runtime.close()))
    expect(found.message).toContain("Expected the runtime of a trial to be left to the explorer, got a close.")
  })
})

describe("a failure", () => {
  it("is what the program throws, whatever that is", async () => {
    const error = new TypeError("wrong")
    for (const thrown of [error, "a text", 0, false, null, Symbol.iterator, { name: "an object" }]) {
      const throwing = Task.sync(() => {
        throw thrown
      })
      for (const program of [Task.fail(thrown), throwing, () => throwing, Task.sleep(1).andThen(throwing)]) {
        const found = await foundIn(program)
        expect(found.kind).toBe("failure")
        expect(found.cause).toBe(thrown)
        expect(found.message).toMatch(/^failure: The program failed: /)
      }
    }
    expect((await foundIn(Task.fail(error))).message).toContain("failure: The program failed: TypeError: wrong\n")
  })

  it("is also that of a detached fiber which nobody observes", async () => {
    const error = new Error("lost")
    const worker = Task.sleep(1).andThen(Task.fail(error))
    const found = await foundIn(worker.startDetached({ name: "worker" }).andThen(Task.sleep(10)))
    expect(found.kind).toBe("failure")
    expect(found.cause).toBe(error)
    expect(found.message).toContain("worker failed, and nobody observed it: Error: lost")
  })

  it("is not that of one which somebody observes", async () => {
    const failing = Task.sleep(1).andThen(Task.fail(new Error("expected")))
    await assertSound(failing.startDetached().flatMap((worker) => worker.join().attempt()))
    await assertSound(
      failing
        .startDetached()
        .tap((worker) => void worker.onExit(() => {}))
        .andThen(Task.sleep(5)),
    )
  })

  it("is a cancellation that explore did not ask for", async () => {
    const found = await foundIn(Task.self().flatMap((self) => self.cancel("enough")))
    expect(found.kind).toBe("failure")
    expect(found.message).toContain("The program was cancelled, and not by explore.")
  })

  it("is not hidden by what else is wrong", async () => {
    const found = await foundIn((trial) => {
      trial.resource("left")
      return Task.never.startDetached().andThen(Task.fail("first of all"))
    })
    expect(found).toMatchObject({ kind: "failure", cause: "first of all" })
  })
})

describe("a deadlock", () => {
  it("is two fibers, each of which waits for what the other would bring", async () => {
    const found = await foundIn(() => {
      const [left, right] = [Task.withResolvers<void>(), Task.withResolvers<void>()]
      return Task.gen(function* () {
        yield* left.task.andThen(Task.sync(() => right.resolve())).start({ name: "left" })
        const other = yield* right.task.andThen(Task.sync(() => left.resolve())).start({ name: "right" })
        yield* other.join()
      })
    })
    expect(found.kind).toBe("deadlock")
    expect(found.message).toContain(
      [
        "deadlock: Nothing is ready, nothing is scheduled, and fibers wait:",
        "main waits for the end of right",
        "right waits for a Completable",
        "left waits for a Completable\n",
      ].join("\n"),
    )
  })

  it("is two fibers that wait for each other's end, and the circle is shown", async () => {
    const found = await foundIn(() => {
      let other: Fiber<void, unknown> | undefined
      const one: Task<void, unknown> = Task.yield().andThen(Task.defer(() => other?.join() ?? Task.unit))
      return Task.gen(function* () {
        const first = yield* one.start({ name: "first" })
        other = yield* first.join().start({ name: "other" })
        yield* Task.never
      })
    })
    expect(found.kind).toBe("deadlock")
    expect(found.message).toMatch(/a circle: (first → other → first|other → first → other)/)
  })

  it("is a program that waits for nothing", async () => {
    const found = await foundIn(Task.never)
    expect(found.kind).toBe("deadlock")
    expect(found.message).toContain("main waits for nothing (Task.never)")
    expect((await foundIn(Task.sleep(Infinity))).kind).toBe("deadlock")
    expect((await foundIn(Task.all([Task.unit, Task.never]))).kind).toBe("deadlock")
  })

  it("is a promise or a callback that does not come in time", async () => {
    const promise = await foundIn(Task.promise(() => new Promise(() => {})))
    expect(promise.message).toContain(
      "deadlock: Nothing is ready, nothing is scheduled, and fibers wait:\nmain waits for a promise\n",
    )
    const callback = await foundIn(Task.async(() => {}))
    expect(callback.message).toContain("main waits for a callback (Task.async)\n")
    expect(
      await foundIn(
        Task.promise(() => new Promise(() => {})),
        { patience: 0 },
      ),
    ).toMatchObject({ kind: "deadlock" })
  })

  it("is none where patience lasts", async () => {
    const real = Task.promise(() => new Promise((resolve) => setTimeout(resolve, 15)))
    expect(await explore(real, { runs: 3, patience: 1_000_000 })).toEqual({ runs: 3, complete: false })
    expect(await foundIn(real, { patience: 0 })).toMatchObject({ kind: "deadlock" })
  })

  it("is none where a promise takes a few turns of the host", async () => {
    const turns = (count: number): Task<void> =>
      Task.promise(async () => {
        for (let i = 0; i < count; i++) await new Promise<void>((resolve) => void setImmediate(resolve))
      })
    await assertSound(turns(8), { runs: 5 })
    await assertSound(Task.all([turns(3), turns(5), turns(8)]), { runs: 5 })
    await assertSound(turns(0).repeat({ times: 30 }), { runs: 5 })
  })

  it("is none where many promises take a few turns each, one after the other", async () => {
    const turns = Task.promise(async () => {
      for (let i = 0; i < 4; i++) await new Promise<void>((resolve) => void setImmediate(resolve))
    })
    await assertSound(turns.repeat({ times: 30 }), { runs: 2 })
  })

  it("is none where somebody sleeps who will end it", async () => {
    await assertSound(() => {
      const { task, resolve } = Task.withResolvers<void>()
      return Task.all([task, Task.sleep({ days: 100 }).tap(() => void resolve())])
    })
    await assertSound(Task.never.timeoutTo({ days: 1 }, Task.unit))
  })
})

describe("a leak", () => {
  it("is a fiber that goes on waiting after the end", async () => {
    const waits: ReadonlyArray<readonly [Task<unknown, unknown>, string]> = [
      [Task.never, "nothing (Task.never)"],
      [Task.sleep({ days: 1 }), "a sleep"],
      [Task.promise(() => new Promise(() => {})), "a promise"],
      [Task.async(() => {}), "a callback (Task.async)"],
      [Task.withResolvers<void>().task, "a Completable"],
    ]
    for (const [task, on] of waits) {
      const found = await foundIn(task.startDetached({ name: "left" }).as(1))
      expect(found.kind).toBe("leak")
      expect(found.message).toContain(`leak: The program has ended, but has left behind:\nleft waits for ${on}\n`)
    }
  })

  it("is a sleeper that nobody holds", async () => {
    const found = await foundIn((trial) => Task.sync(() => Task.sleep(5).runAndForget({ runtime: trial.runtime })))
    expect(found.kind).toBe("leak")
    // Where the host has async context, it is a fiber that keeps it; otherwise its continuation alone is left.
    expect(found.message).toMatch(/but has left behind:\n(1 fibers? that nobody holds|fiber-1 waits for a sleep)\n/)
  })

  it("is none where a detached fiber comes to its end, or a child is cancelled with its parent", async () => {
    await assertSound(Task.yield().repeat({ times: 5 }).startDetached().as(1))
    await assertSound(Task.never.start().as(1))
    await assertSound(Task.sleep(5, { ref: false }))
    await assertSound(() => {
      const { task, resolve } = Task.withResolvers<void>()
      const refill = Task.sleep(5, { ref: false }).tap(() => void resolve())
      return refill.start().andThen(task)
    })
    await assertSound(Task.sleep(5, { ref: false }).repeat(Schedule.forever).start().andThen(Task.sleep(100)))
  })

  it("is a fiber without end which nobody waits for", async () => {
    const spinning = Task.yield().repeat(Schedule.forever)
    expect((await foundIn(spinning.startDetached().as(1), { maxSteps: 500 })).kind).toBe("leak")
  })
})

describe("a divergence", () => {
  it("is a program that goes on and on", async () => {
    const endless: Program[] = [
      Task.yield().repeat(Schedule.forever),
      Task.unit.repeat(Schedule.forever),
      Task.sleep({ days: 1 }).repeat(Schedule.forever),
      Task.fail("again").retry(Schedule.forever),
      Task.promise(() => Promise.resolve()).repeat(Schedule.forever),
      Task.all([Task.never, Task.sleep(1).repeat(Schedule.forever)]),
      () => {
        const again: Task<never> = Task.defer(() => Task.yield().andThen(again))
        return again
      },
    ]
    for (const program of endless) {
      const found = await foundIn(program, { maxSteps: 300 })
      expect(found.kind).toBe("divergence")
      expect(found.message).toContain("divergence: The program has not ended after 300 steps.\n")
      expect(found.schedule.length).toBeLessThanOrEqual(41)
    }
  })

  it("is taken for one after twenty thousand steps, unless told otherwise", async () => {
    const found = await foundIn(Task.yield().repeat(Schedule.forever))
    expect(found.message).toContain("The program has not ended after 20,000 steps.")
    await assertSound(Task.yield().repeat({ times: 3000 }), { runs: 2 })
    expect((await foundIn(Task.yield().repeat({ times: 3000 }), { maxSteps: 1000 })).kind).toBe("divergence")
    await assertSound(Task.yield().repeat({ times: 20_000 }), { runs: 1, maxSteps: 1_000_000 })
  })

  it("is found where only some schedules have it", async () => {
    const program = (): Task<unknown, unknown> => {
      let count = 0
      const add = Task.gen(function* () {
        const seen = yield* Task.sync(() => count)
        yield* Task.sync(() => void (count = seen + 1))
      })
      const done = (): boolean => count === 2
      const until = Task.gen(function* () {
        while (!done()) yield* Task.yield()
      })
      return Task.gen(function* () {
        const fibers = [yield* add.start(), yield* add.start(), yield* until.start()]
        for (const fiber of fibers) yield* fiber.join()
      })
    }
    expect((await foundIn(program, { maxSteps: 500 })).kind).toBe("divergence")
  })
})

describe("promises and callbacks in a program", () => {
  const later: ReadonlyArray<readonly [string, () => Task<void>]> = [
    ["a promise", () => Task.promise(() => Promise.resolve())],
    ["a chain of promises", () => Task.promise(() => Promise.resolve().then(() => Promise.resolve()))],
    ["a microtask", () => Task.async<void>((resume) => queueMicrotask(() => resume(Task.unit)))],
    ["a macrotask", () => Task.async<void>((resume) => void setImmediate(() => resume(Task.unit)))],
    ["a callback on the spot", () => Task.async<void>((resume) => resume(Task.unit))],
  ]

  it.each(later)("have their order chosen: %s", async (_what, wait) => {
    const orders = new Set<string>()
    const program = (): Task<void, unknown> => {
      let order = ""
      const one = (name: string): Task<void> => wait().tap(() => void (order += name))
      return Task.gen(function* () {
        const fibers = [yield* one("a").start(), yield* one("b").start(), yield* one("c").start()]
        for (const fiber of fibers) yield* fiber.join()
        orders.add(order)
      })
    }
    await assertSound(program)
    expect([...orders].toSorted()).toEqual(["abc", "acb", "bac", "bca", "cab", "cba"])
  })

  it.each(later)("have what is between them interleaved: %s", async (_what, wait) => {
    const found = await foundIn((trial) => {
      let count = 0
      const add = Task.gen(function* () {
        const seen = count
        yield* wait()
        count = seen + 1
      })
      trial.check(() => {
        if (count !== 2) throw new Error("one is lost")
      })
      return Task.gen(function* () {
        const fibers = [yield* add.start(), yield* add.start()]
        for (const fiber of fibers) yield* fiber.join()
      })
    })
    expect(found.message).toContain("one is lost")
  })

  it("are let go of when a run is over: the signal of what is left is aborted", async () => {
    let [made, aborted] = [0, 0]
    await foundIn(
      Task.promise((signal) => {
        made++
        signal.addEventListener("abort", () => aborted++)
        return new Promise(() => {})
      }),
    )
    expect(made).toBeGreaterThan(0)
    expect(aborted).toBe(made)
  })
})

describe("time in a program", () => {
  it("is virtual: sleeps, time-outs, races and retries of days take no time, and all the time they say", async () => {
    const started = performance.now()
    const day = 86_400_000
    const program = Task.gen(function* () {
      const began = yield* Task.now()
      yield* Task.sleep({ days: 30 })
      yield* Task.never.timeoutTo({ days: 1 }, Task.unit)
      yield* Task.race([Task.sleep({ days: 2 }), Task.sleep({ days: 3 })])
      yield* Task.fail("no")
        .retry({ times: 3, every: { days: 1 } })
        .attempt()
      yield* Task.all([Task.sleep({ days: 4 }), Task.sleep({ days: 1 }), Task.sleep({ days: 2 })])
      const took = (yield* Task.now()) - began
      if (took !== 40 * day) throw new Error(`Expected forty days, got ${took / day}.`)
      const [, ms] = yield* Task.sleep({ days: 1 }).elapsed()
      if (ms !== day) throw new Error(`Expected a day, got ${ms} ms.`)
    })
    await assertSound(program)
    expect(performance.now() - started).toBeLessThan(10_000)
  })

  it("goes on in order: whoever is due earlier wakes earlier, and equals in any order", async () => {
    const orders = new Set<string>()
    const program = (): Task<void, unknown> => {
      let order = ""
      const one = (name: string, ms: number): Task<void> => Task.sleep(ms).tap(() => void (order += name))
      return Task.all([one("c", 20), one("a", 10), one("b", 10)]).map(() => void orders.add(order))
    }
    await assertSound(program)
    expect([...orders].toSorted()).toEqual(["abc", "bac"])
  })

  it("has a limit and what it limits end at once, and explores who wins", async () => {
    const ends = new Set<string>()
    const program = Task.sleep(10)
      .as("value")
      .timeout(10)
      .catch(() => Task.pure("time-out"))
      .map((end) => void ends.add(end))
    await assertSound(program)
    expect(ends.has("value") || ends.has("time-out")).toBe(true)
  })
})

describe("cancellation at every step", () => {
  const right: ReadonlyArray<readonly [string, Program]> = [
    [
      "a bracket",
      (trial) =>
        Task.bracket(
          Task.sleep(1).map(() => trial.resource("it")),
          () => Task.sleep(5).andThen(Task.yield()),
          (release) => Task.sleep(1).map(release),
        ),
    ],
    [
      "brackets in brackets",
      (trial) => {
        const nested = (depth: number): Task<unknown, unknown> =>
          Task.bracket(
            Task.sync(() => trial.resource(`number ${depth}`)),
            () => (depth === 0 ? Task.sleep(1) : nested(depth - 1)),
            (release) => Task.sync(release),
          )
        return nested(4)
      },
    ],
    [
      "a scope",
      (trial) =>
        Task.scoped((scope) =>
          Task.gen(function* () {
            for (const name of ["one", "two", "three"]) {
              const open = Task.sleep(1).map(() => trial.resource(name))
              yield* scope.acquire(open, (release) => Task.sync(release))
              yield* Task.yield()
            }
            yield* scope.start(Task.never)
            yield* Task.sleep(1)
          }),
        ),
    ],
    [
      "an uncancelable region",
      (trial) =>
        Task.uncancelable((restore) =>
          Task.gen(function* () {
            const release = trial.resource("it")
            yield* restore(Task.sleep(5)).finally(Task.sync(release))
          }),
        ),
    ],
    [
      "children, groups and races",
      (trial) => {
        const one = Task.bracket(
          Task.sync(() => trial.resource("it")),
          () => Task.sleep(1),
          (release) => Task.sync(release),
        )
        return one.start().andThen(Task.all([one, Task.race([one, one]), one.timeout(5)]))
      },
    ],
    [
      "try and finally, where what is taken is a step with what gives it back",
      (trial) =>
        Task.gen(function* () {
          const release = trial.resource("it")
          try {
            yield* Task.sleep(1)
          } finally {
            release()
          }
        }),
    ],
  ]
  it.each(right)("finds nothing in %s", async (_what, program) => {
    for (const strategy of ["mixed", "random", "pct", "exhaustive"] as const) {
      await assertSound(program, { cancel: true, strategy, runs: 80 })
    }
  })

  const wrong: ReadonlyArray<readonly [string, Program]> = [
    [
      "what is taken a step before its giving back is sure",
      (trial) => Task.sync(() => trial.resource("it")).flatMap((release) => Task.sleep(1).finally(Task.sync(release))),
    ],
    [
      "what is given back on success and failure only",
      (trial) => {
        const release = trial.resource("it")
        return Task.sleep(1).attempt().andThen(Task.sync(release))
      },
    ],
    [
      "a detached fiber that its starter ends, unless it is cancelled",
      () => Task.never.startDetached().flatMap((fiber) => Task.sleep(1).andThen(fiber.cancel())),
    ],
    [
      "an acquisition that nothing protects",
      (trial) => {
        let release: (() => void) | undefined
        return Task.sync(() => void (release = trial.resource("it")))
          .andThen(Task.yield())
          .andThen(Task.sync(() => release?.()))
      },
    ],
  ]
  it.each(wrong)("finds %s", async (_what, program) => {
    for (const strategy of ["mixed", "random", "pct", "exhaustive"] as const) {
      const found = await foundIn(program, { cancel: true, strategy })
      expect(found.kind).toBe("leak")
      expect(found.token).toMatch(/;cancel=main@\d+$/)
    }
    await assertSound(program, { runs: 100 })
  })

  it("is no failure, and what others make of it is not, either", async () => {
    await assertSound(Task.sleep(5), { cancel: true })
    await assertSound(
      Task.sleep(5)
        .start({ name: "child" })
        .flatMap((child) => child.join()),
      { cancel: "child" },
    )
    const joined = Task.sleep(5)
      .start({ name: "child" })
      .flatMap((child) => child.join().catch(CancelledError, () => Task.unit))
    await assertSound(joined, { cancel: "child" })
  })

  it("leaves any other failure one", async () => {
    const error = new Error("and now?")
    const program = Task.sleep(5)
      .start({ name: "child" })
      .flatMap((child) => child.join().catch(CancelledError, () => Task.fail(error)))
    const found = await foundIn(program, { cancel: "child" })
    expect(found).toMatchObject({ kind: "failure", cause: error })
    await assertSound(program)
  })

  it("leaves the failure of a cleanup one", async () => {
    const error = new Error("cleanup")
    const program = Task.sleep(5).onCancel(() => Task.fail(error))
    await assertSound(program)
    const found = await foundIn(program, { cancel: true })
    expect(found.kind).toBe("failure")
    expect(found.cause).toMatchObject({ name: "SuppressedError", error })
  })

  it("comes before each step there is, once in a run", async () => {
    const seen: number[] = []
    let steps = 0
    const program = (trial: Trial): Task<void> => {
      let done = 0
      trial.check(() => void seen.push(done))
      const step = Task.sync(() => void done++)
      steps = 6
      return Task.gen(function* () {
        for (let i = 0; i < steps; i++) yield* step
      })
    }
    await assertSound(program, { cancel: true })
    for (let done = 1; done <= steps; done++) expect(seen).toContain(done)
  })

  it("comes before the first step, too", async () => {
    const found = await foundIn(
      (trial) => {
        const release = trial.resource("it")
        const child = Task.sleep(1).finally(Task.sync(release))
        return child.start({ name: "child" }).flatMap((fiber) => fiber.join().attempt())
      },
      { cancel: "child" },
    )
    expect(found.kind).toBe("leak")
  })

  it("is of those who are named, and of nobody else", async () => {
    const program =
      (of: string): Program =>
      (trial) =>
        Task.gen(function* () {
          for (const name of ["left", "right"]) {
            const fiber = yield* Task.sync(() => (name === of ? trial.resource("it") : () => {}))
              .flatMap((release) => Task.sleep(1).tap(() => release()))
              .start({ name })
            yield* fiber.join().attempt()
          }
        })
    for (const [of, cancel] of [
      ["left", "left"],
      ["right", "right"],
      ["left", ["left", "right"]],
      ["right", ["left", "right"]],
    ] as const) {
      const found = await foundIn(program(of), { cancel })
      expect(found.kind).toBe("leak")
      expect(found.token).toContain(`;cancel=${of}@`)
    }
    await assertSound(program("left"), { cancel: "right" })
    await assertSound(program("right"), { cancel: ["left"] })
    await assertSound(program("left"), { cancel: [] })
    await assertSound(program("left"), { cancel: false })
    await expect(explore(program("left"), { cancel: ["right", "nobody"], runs: 10 })).rejects.toThrow(
      "Expected `cancel` to name fibers of the program, got nobody",
    )
  })

  it("is of all who share a name", async () => {
    const program = (trial: Trial): Task<void, unknown> =>
      Task.gen(function* () {
        for (let i = 0; i < 3; i++) {
          const fiber = yield* Task.sync(() => (i === 2 ? trial.resource("it") : () => {}))
            .flatMap((release) => Task.sleep(1).tap(() => release()))
            .start({ name: "worker" })
          yield* fiber.join().attempt()
        }
      })
    expect((await foundIn(program, { cancel: "worker" })).kind).toBe("leak")
  })
})
