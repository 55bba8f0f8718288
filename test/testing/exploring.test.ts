import { describe, expect, it } from "vitest"
import { Task } from "rapid-fiber"
import { ExplorationError, explore, type ExploreOptions, type Program, replay } from "rapid-fiber/testing"
import { foundIn } from "./found.ts"
import { planted } from "./programs.ts"

const strategies = ["random", "pct", "exhaustive", "mixed"] as const

const immediate = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })

/** Two fibers add one, with functions that have names, so that the schedule is the same on every platform. */
const counting = (): Task<void, unknown> => {
  let count = 0
  const increment = Task.gen(function* () {
    let seen = 0
    yield* Task.sync(function read() {
      seen = count
    })
    yield* Task.sync(function write() {
      count = seen + 1
    })
  })
  return Task.gen(function* () {
    const first = yield* increment.start({ name: "first" })
    const second = yield* increment.start({ name: "second" })
    yield* first.join()
    yield* second.join()
    if (count !== 2) throw lost
  })
}
const lost = new RangeError("one is lost")

/** Two or more fibers of so many stretches, which go on when main has ended; what was seen, run by run. */
const weaving =
  (seen: string[], fibers: string, stretches: number): Program =>
  (trial) => {
    let order = ""
    trial.check(() => void seen.push(order))
    const one = (name: string): Task<void> =>
      Task.gen(function* () {
        order += name
        for (let i = 1; i < stretches; i++) {
          yield* Task.yield()
          order += name
        }
      })
    return Task.gen(function* () {
      for (const name of fibers) yield* one(name).startDetached({ name })
    })
  }

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1))

describe.each(planted)("$name", ({ finds, cancel, bad, good }) => {
  const options = cancel === undefined ? {} : { cancel }

  describe.each(strategies)("by %s", (strategy) => {
    it("is found whatever the seed, and by the token again", async () => {
      for (const seed of [0, 1, -5]) {
        const found = await foundIn(bad, { ...options, strategy, seed })
        expect(found.kind).toBe(finds)
        await expect(replay(found.token, bad)).rejects.toMatchObject({ kind: finds, schedule: found.schedule })
        await expect(replay(found.token, good)).resolves.toBeUndefined()
      }
    })

    it("is not found where it is not", async () => {
      for (const seed of [0, 1]) {
        const { runs, complete } = await explore(good, { ...options, strategy, seed, runs: 100 })
        expect(complete || runs === 100).toBe(true)
        // Nor without a cancellation, which what is right must not need.
        await explore(good, { strategy, seed, runs: 50 })
      }
    })

    if (cancel === undefined) return
    it("is not found without a cancellation", async () => {
      expect(await explore(bad, { strategy, runs: 150 })).toMatchObject({ runs: expect.any(Number) })
    })
  })
})

describe("the number of schedules", () => {
  it("is one where nobody else is ready, whatever is done", async () => {
    const program = Task.sleep(5).andThen(Task.sync(() => 1))
    const found = await explore(program, { strategy: "exhaustive", preemptions: 0 })
    expect(found).toEqual({ runs: 2, complete: true })
  })

  it.each([
    ["ab", 1, 2],
    ["ab", 2, 6],
    ["ab", 3, 20],
    ["ab", 5, 252],
    ["abc", 1, 6],
    ["abc", 2, 90],
    ["abcd", 1, 24],
  ])("of fibers %s with %i stretches each is %i", async (fibers, stretches, count) => {
    const total = fibers.length * stretches
    expect(factorial(total) / factorial(stretches) ** fibers.length).toBe(count)
    const seen: string[] = []
    const options = { strategy: "exhaustive", preemptions: 0 } as const
    const { runs, complete } = await explore(weaving(seen, fibers, stretches), options)
    // One more than there are: the first one is tried before all others.
    expect({ runs, complete }).toEqual({ runs: count + 1, complete: true })
    expect(seen.length).toBe(count + 1)
    expect(new Set(seen).size).toBe(count)
    expect(seen[0]).toBe(fibers.repeat(stretches))
  })

  it("grows with the preemptions, and all of what fewer reach is reached", async () => {
    const seen = await Promise.all(
      [0, 1, 2].map(async (preemptions) => {
        const orders = new Set<string>()
        let runs = 0
        const program: Program = (trial) => {
          runs++
          let order = ""
          const step = (name: string): Task<void> => Task.sync(() => void (order += name))
          const one = (name: string): Task<void> => step(name).andThen(step(name)).andThen(step(name))
          trial.check(() => void orders.add(order))
          return Task.gen(function* () {
            yield* one("a").startDetached()
            yield* one("b").startDetached()
          })
        }
        const done = await explore(program, { strategy: "exhaustive", preemptions, runs: 50_000 })
        expect(done).toEqual({ runs, complete: true })
        return [...orders]
      }),
    )
    expect(seen[0].toSorted()).toEqual(["aaabbb", "bbbaaa"])
    expect(seen[1]).toEqual(expect.arrayContaining(["abbbaa", "aabbba", "baaabb", "bbaaab", ...seen[0]]))
    // Who gives way goes on when the other one has ended, or given way, too.
    expect(seen[1]).not.toContain("ababab")
    expect(seen[2]).toEqual(expect.arrayContaining(["abbaab", "aabbab", ...seen[1]]))
    expect(seen[2]).not.toContain("ababab")
  })

  it("is at most what `runs` says", async () => {
    for (const strategy of strategies) {
      for (const runs of [1, 2, 3, 10, 33]) {
        let made = 0
        const program = (): Task<void, unknown> => {
          made++
          const many = Task.yield().repeat({ times: 5 })
          return Task.all([many, many, many]).as(undefined)
        }
        expect(await explore(program, { strategy, runs, cancel: runs > 9 })).toEqual({ runs, complete: false })
        expect(made).toBe(runs)
      }
    }
  })

  it("may be just what `runs` says, and is then complete", async () => {
    const options = { strategy: "exhaustive", preemptions: 0 } as const
    expect(await explore(weaving([], "ab", 2), { ...options, runs: 6 })).toEqual({ runs: 6, complete: false })
    expect(await explore(weaving([], "ab", 2), { ...options, runs: 7 })).toEqual({ runs: 7, complete: true })
  })

  it("is not known to the others", async () => {
    for (const strategy of ["random", "pct", "mixed"] as const) {
      expect(await explore(Task.unit, { strategy, runs: 20 })).toEqual({ runs: 20, complete: false })
    }
  })

  it("is a thousand unless told otherwise", async () => {
    expect(await explore(Task.unit)).toEqual({ runs: 1000, complete: false })
  })
})

describe("a seed", () => {
  it("gives the same schedules again, the same token and the same message", async () => {
    for (const strategy of strategies) {
      for (const seed of [0, 7, -7, 2 ** 40]) {
        const [once, again] = [await foundIn(counting, { strategy, seed }), await foundIn(counting, { strategy, seed })]
        expect(again.token).toBe(once.token)
        expect(again.message).toBe(once.message)
        expect(again.schedule).toEqual(once.schedule)
        expect(once.message).toContain(`, seed ${seed})`)
      }
    }
  })

  it.each(["random", "pct", "mixed"] as const)("another one has %s try others", async (strategy) => {
    const tried = async (seed: number): Promise<string> => {
      const seen: string[] = []
      await explore(weaving(seen, "abc", 4), { strategy, seed, runs: 100 })
      expect(seen.length).toBe(100)
      return seen.join()
    }
    const [one, again, other] = [await tried(1), await tried(1), await tried(2)]
    expect(again).toBe(one)
    expect(other).not.toBe(one)
  })

  it("makes no difference to the exhaustive search", async () => {
    const [one, other]: [string[], string[]] = [[], []]
    await explore(weaving(one, "abc", 2), { strategy: "exhaustive", seed: 1, runs: 100 })
    await explore(weaving(other, "abc", 2), { strategy: "exhaustive", seed: 2, runs: 100 })
    expect(other).toEqual(one)
  })
})

describe("what is found", () => {
  it("says what went wrong, what ran, and how to run it again", async () => {
    const found = await foundIn(counting, { strategy: "exhaustive", seed: 3 })
    expect(found).toBeInstanceOf(Error)
    expect(found.name).toBe("ExplorationError")
    expect(found.kind).toBe("failure")
    expect(found.cause).toBe(lost)
    expect(found.token).toMatch(/^rf1:\d+=1$/)
    expect(found.schedule).toEqual([
      "  1  main    start first · start second · waits for the end of first",
      "  2  first   read · gives way",
      "  3  second  read · write · fulfilled",
      "  4  first   write · fulfilled",
      "  5  main    fails: RangeError: one is lost",
    ])
    const run = /found in run (\d+) of 1000/.exec(found.message)?.[1]
    expect(Number(run)).toBeGreaterThan(1)
    expect(found.message).toBe(
      [
        "failure: The program failed: RangeError: one is lost",
        `What ran, in order (found in run ${run} of 1000, seed 3):\n${found.schedule.join("\n")}`,
        `Run it again: await replay("${found.token}", program)`,
      ].join("\n\n"),
    )
  })

  it("comes back with its token: the same error, the same schedule, as often as one likes", async () => {
    const found = await foundIn(counting)
    for (let i = 0; i < 2; i++) {
      const again: unknown = await replay(found.token, counting).catch((error: unknown) => error)
      expect(again).toBeInstanceOf(ExplorationError)
      expect(again).toMatchObject({ kind: found.kind, token: found.token, schedule: found.schedule })
      expect((again as ExplorationError).cause).toBe(lost)
      expect((again as ExplorationError).message).toBe(found.message.replace(/ \(found in .*\)/, ""))
    }
  })

  it("has no cause where the program has no error of its own", async () => {
    const found = await foundIn(Task.never)
    expect(found.kind).toBe("deadlock")
    expect("cause" in found).toBe(false)
  })

  it("names who is cancelled, in the token and in the schedule, whatever the name", async () => {
    const name = "a@b;c=1,d %/ü"
    const program: Program = (trial) => {
      const release = trial.resource("it")
      const child = Task.sleep(1).tap(() => release())
      return child.start({ name }).flatMap((fiber) => fiber.join().attempt())
    }
    const found = await foundIn(program, { cancel: name })
    expect(found.kind).toBe("leak")
    expect(found.token).toMatch(/^rf1:;cancel=a%40b%3Bc[^@;]*@\d+$/)
    expect(found.schedule.join("\n")).toContain(`“here ${name} is cancelled”`)
    await expect(replay(found.token, program)).rejects.toMatchObject({ kind: "leak", schedule: found.schedule })
  })

  it("is cut in the middle where it is long", async () => {
    const end = new Error("end")
    const long =
      (times: number): Program =>
      (trial) => {
        let round = 0
        const step = Task.sync(function step() {
          trial.note(`round ${++round}`)
        })
        return step
          .andThen(Task.yield())
          .repeat({ times: times - 1 })
          .andThen(Task.fail(end))
      }
    const found = await foundIn(long(100))
    expect(found.schedule.length).toBe(41)
    expect(found.schedule[0]).toBe("  1  main  step · “round 1” · yield · gives way")
    expect(found.schedule[19]).toContain(" 20  main  step · “round 20” · yield · gives way")
    expect(found.schedule[20]).toMatch(/^ {2}… {2}6\d more$/)
    expect(found.schedule.at(-1)).toMatch(/^10\d {2}main {2}fails: Error: end$/)
    const left = Number(/\d+/.exec(found.schedule[20])?.[0])
    expect(Number.parseInt(found.schedule.at(-1) ?? "", 10)).toBe(40 + left)
    const short = await foundIn(long(20))
    expect(short.schedule.length).toBeLessThanOrEqual(40)
    expect(short.message).not.toContain("…")
  })

  it("has equal lines as one, with how many they are and the numbers they had", async () => {
    const { schedule } = await foundIn(Task.yield().repeat({ times: 9 }).andThen(Task.fail("end")))
    expect(schedule).toEqual(["  1  main  yield · gives way  (10 times)", ' 11  main  fails: "end"'])
  })

  it("says what a stretch ended with, also where nobody else ran meanwhile", async () => {
    const found = await foundIn(Task.sleep(5).andThen(Task.fail("no")))
    expect(found.schedule).toEqual(["  1  main  sleep 5 ms · waits for a sleep", '  2  main  fails: "no"'])
  })

  it("needs no more choices than matter", async () => {
    // Six fibers that do nothing of importance beside the two that do.
    const program = (): Task<void, unknown> => {
      const idle = Task.yield().repeat({ times: 3 })
      return Task.gen(function* () {
        for (let i = 0; i < 6; i++) yield* idle.start()
        const main = yield* counting().start({ name: "counting" })
        yield* main.join()
      })
    }
    for (const seed of [0, 1, 2]) {
      const { token } = await foundIn(program, { strategy: "random", seed })
      expect(token.split(",").length).toBeLessThan(12)
    }
  })
})

describe("what is refused", () => {
  it.each([
    [{ runs: 0 }, "Expected `runs` to be an integer >= 1, got 0."],
    [{ runs: 1.5 }, "Expected `runs` to be an integer >= 1, got 1.5."],
    [{ runs: "5" }, 'Expected `runs` to be an integer >= 1, got "5".'],
    [{ runs: Infinity }, "Expected `runs` to be an integer >= 1, got Infinity."],
    [{ seed: NaN }, "Expected `seed` to be an integer, got NaN."],
    [{ seed: 0.5 }, "Expected `seed` to be an integer, got 0.5."],
    [{ strategy: "x" }, 'Expected `strategy` to be mixed, random, pct or exhaustive, got "x".'],
    [{ preemptions: -1 }, "Expected `preemptions` to be an integer >= 0, got -1."],
    [{ maxSteps: 0 }, "Expected `maxSteps` to be an integer >= 1, got 0."],
    [{ patience: -1 }, "Expected `patience` to be an integer >= 0, got -1."],
    [{ cancel: 5 }, "Expected `cancel` to be a boolean or names of fibers, got 5."],
    [{ cancel: ["a", 5] }, "Expected `cancel` to be a boolean or names of fibers, got"],
    [{ cancel: null }, "Expected `cancel` to be a boolean or names of fibers, got null."],
  ])("options %o, before anything is run", async (options, message) => {
    let made = 0
    const program = (): Task<void> => {
      made++
      return Task.unit
    }
    const error: unknown = await explore(program, options as ExploreOptions).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf("cancel" in options ? TypeError : RangeError)
    expect((error as Error).message).toContain(message)
    expect(made).toBe(0)
  })

  it("options of replay", async () => {
    await expect(replay("rf1:", Task.unit, { maxSteps: 0 })).rejects.toThrow("Expected `maxSteps`")
    await expect(replay("rf1:", Task.unit, { patience: 0.5 })).rejects.toThrow("Expected `patience`")
  })

  const tokens: ReadonlyArray<unknown> = [
    ..."|rf1|rf2:|rf1:x|rf1:1|rf1:1=|rf1:1=1,|rf1:,1=1|rf1:1=-1|rf1:1=1;|rf1:;cancel=a|rf1:;cancel=@3".split("|"),
    "rf1:;cancel=a@",
    "rf1:1=1;cancel=a@b",
    " rf1:1=1",
    "rf1:1=1\n",
    undefined,
    null,
    5,
    {},
    [],
  ]
  it.each(tokens.map((token) => [token]))("the token %j", async (token) => {
    const refused = replay(token as string, Task.unit)
    await expect(refused).rejects.toThrow(TypeError)
    await expect(refused).rejects.toThrow("Expected a token that explore has printed (rf1:…), got ")
  })

  it("a token whose name cannot be read", async () => {
    await expect(replay("rf1:;cancel=%@1", Task.unit)).rejects.toThrow("Expected a token that explore has printed")
  })

  it("a program that is no Task, and one that makes none", async () => {
    const refused = async (program: unknown): Promise<string> => {
      const messages = [explore(program as Program), replay("rf1:", program as Program)].map((run) =>
        run.then(
          () => "accepted",
          (error: unknown) => `${(error as Error).name}: ${(error as Error).message}`,
        ),
      )
      const [one, other] = await Promise.all(messages)
      expect(other).toBe(one)
      return one
    }
    for (const program of [5, undefined, {}, Promise.resolve()]) {
      expect(await refused(program)).toMatch(/^TypeError: Expected what explore runs to be a Task, got /)
      expect(await refused(() => program)).toMatch(/^TypeError: Expected what explore runs to be a Task, got /)
    }
    expect(await refused(async () => Task.unit)).toContain("Promise")
    expect(await refused(function* () {})).toContain("to be a Task")
  })

  it("a program that throws while it is made: with the very error", async () => {
    const error = new Error("not made")
    const program = (): never => {
      throw error
    }
    await expect(explore(program)).rejects.toBe(error)
    await expect(replay("rf1:", program)).rejects.toBe(error)
  })
})

describe("a program that depends on more than its schedule", () => {
  it("is said to, where what was found does not come again", async () => {
    const error = new Error("the fourth time")
    let times = 0
    const program = Task.sync(() => {
      if (++times === 4) throw error
    })
    const found = await foundIn(program)
    expect(found.kind).toBe("failure")
    expect(found.message).toContain("the program depends on more than its schedule")
    // It is no use to run it again.
    expect(found.message).not.toContain("replay(")
    expect(found.schedule).toEqual([])
    expect(found.cause).toBe(error)
  })

  it("is said to where Math.random decides", async () => {
    let drawn = 0
    const program = (): Task<void, unknown> =>
      Task.defer(() => (Math.random() >= 0 && ++drawn === 20 ? Task.fail("unlucky") : Task.unit))
    expect((await foundIn(program)).message).toContain("depends on more than its schedule")
  })

  it("is not said of one that keeps its failure", async () => {
    expect((await foundIn(counting)).message).not.toContain("depends on more")
  })
})

describe("the process meanwhile", () => {
  const watch = (): { turns: number; ticks: number; stop: () => void } => {
    const watched = { turns: 0, ticks: 0, stop: () => {} }
    let on = true
    const turn = (): void => {
      watched.turns++
      if (on) setImmediate(turn)
    }
    setImmediate(turn)
    const timer = setInterval(() => watched.ticks++, 5)
    watched.stop = () => {
      on = false
      clearInterval(timer)
    }
    return watched
  }

  it("goes on: timers fire and input comes during a long exploration", async () => {
    const watched = watch()
    const started = performance.now()
    const long = Task.yield().repeat({ times: 100 })
    let runs = 0
    while (performance.now() - started < 250) {
      runs += (await explore(Task.all([long, long, long]), { runs: 200, strategy: "random" })).runs
    }
    watched.stop()
    expect(runs).toBeGreaterThan(0)
    expect(watched.turns).toBeGreaterThan(2)
    expect(watched.ticks).toBeGreaterThan(2)
  })

  it("goes on also while a long schedule is made short", async () => {
    const program = (): Task<unknown, unknown> => {
      let count = 0
      const add = Task.gen(function* () {
        for (let i = 0; i < 30; i++) {
          const seen = yield* Task.sync(() => count)
          yield* Task.sync(() => void (count = seen + 1))
        }
      })
      const done = (): boolean => count >= 60
      const until = Task.gen(function* () {
        while (!done()) yield* Task.yield()
      })
      return Task.all([add, add, add.as(1), until])
    }
    const watched = watch()
    const started = performance.now()
    const found = await foundIn(program, { strategy: "random", seed: 3 })
    const took = performance.now() - started
    watched.stop()
    expect(found.kind).toBe("divergence")
    expect(took).toBeGreaterThan(50)
    expect(watched.ticks).toBeGreaterThan(0)
  })

  it("is left as it was: no timers, no listeners, and nothing that nobody handles", async () => {
    const held = (): number => {
      const { getActiveResourcesInfo } = process as { getActiveResourcesInfo?: () => string[] }
      return getActiveResourcesInfo?.().filter((kind) => kind === "Timeout" || kind === "Immediate").length ?? 0
    }
    const before = held()
    const unhandled: unknown[] = []
    const listener = (reason: unknown): void => void unhandled.push(reason)
    process.on("unhandledRejection", listener)
    const aborted: unknown[] = []
    const programs: Program[] = [
      () => Task.promise((signal) => new Promise(() => signal.addEventListener("abort", () => aborted.push(1)))),
      () => Task.promise(() => Promise.reject(new Error("no"))),
      () => Task.fail("lost").startDetached().as(1),
      () => Task.sleep({ days: 1 }).startDetached().as(1),
      () => Task.never.startDetached().as(1),
      () => Task.never.finally(Task.fail("cleanup")),
      () => Task.uncancelable(() => Task.never),
    ]
    for (const program of programs) await foundIn(program)
    for (const program of programs.slice(5)) await explore(program, { cancel: true }).catch(() => {})
    for (let i = 0; i < 5; i++) await immediate()
    process.off("unhandledRejection", listener)
    expect(unhandled).toEqual([])
    expect(aborted.length).toBeGreaterThan(0)
    expect(held()).toBeLessThanOrEqual(before)
  })

  it("may explore several programs at a time", async () => {
    const all = await Promise.all(
      planted.map(({ bad, cancel }) => foundIn(bad, cancel === undefined ? {} : { cancel })),
    )
    expect(all.map(({ kind }) => kind)).toEqual(planted.map(({ finds }) => finds))
    const alone: string[] = []
    for (const { bad, cancel } of planted)
      alone.push((await foundIn(bad, cancel === undefined ? {} : { cancel })).token)
    expect(all.map(({ token }) => token)).toEqual(alone)
  })
})
