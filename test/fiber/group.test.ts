import { getEventListeners } from "node:events"
import { describe, expect, it, vi } from "vitest"
import { CancelledError, type Exit, type Fiber, Runtime, RunSyncError, Task } from "rapid-fiber"
import { ended, exitOf, turn } from "../watch.ts"

const fulfilled = <A>(value: A) => ({ status: "fulfilled", value })
const rejected = (reason: unknown) => ({ status: "rejected", reason })
const cancelled = (reason?: unknown) => ({ status: "cancelled", reason })

/** Runs to the end on a runtime of its own, which must have nothing to report. */
async function outcome<A>(task: Task<A, unknown>): Promise<Exit<A>> {
  const reported: unknown[] = []
  const exit = await ended(task.run({ runtime: Runtime.make({ onUnhandled: (reason) => reported.push(reason) }) }))
  expect(reported).toEqual([])
  return exit
}

/** An iterator over `items` that counts what is asked of it. */
function source<T>(items: Iterable<T>, onReturn: () => void = () => {}) {
  const of = items[Symbol.iterator]()
  const counts = { asked: 0, returned: 0, iterators: 0 }
  const iterable: Iterable<T> = {
    [Symbol.iterator]() {
      counts.iterators++
      return {
        next() {
          counts.asked++
          return of.next()
        },
        return(value) {
          counts.returned++
          onReturn()
          return { done: true, value }
        },
      }
    },
  }
  return { iterable, counts }
}

/** A member that says when it starts and how it ends, slowly. */
function member(name: string, log: string[], body: Task<unknown, unknown> = Task.never): Task<unknown, unknown> {
  return Task.sync(() => log.push(`${name} in`))
    .andThen(body)
    .finally((exit) => Task.yield().tap(() => log.push(`${name} ${exit.status}`)))
}

function* numbers() {
  for (let i = 0; ; i++) yield i
}

describe("all", () => {
  it("yields the values in the order of the tasks, whichever ends first", async () => {
    expect(await Task.all([Task.sleep(4).as("a"), Task.pure("b"), Task.sleep(1).as("c")])).toEqual(["a", "b", "c"])
  })

  it("takes a tuple, a record, a Set and a generator", async () => {
    expect(await Task.all([Task.pure(1), Task.yield().as("two")])).toEqual([1, "two"])
    expect(await Task.all({ b: Task.yield().as(1), a: Task.pure("two") })).toEqual({ b: 1, a: "two" })
    expect(Object.keys(await Task.all({ b: Task.yield().as(1), a: Task.pure(2) }))).toEqual(["b", "a"])
    expect(await Task.all(new Set([Task.yield().as(1), Task.pure(2)]))).toEqual([1, 2])
    const generator = (function* () {
      yield Task.yield().as(1)
      yield Task.pure(2)
    })()
    expect(await Task.all(generator)).toEqual([1, 2])
  })

  it("of none is there at once, empty", () => {
    expect(Task.all([]).runSync()).toEqual([])
    expect(Task.all({}).runSync()).toEqual({})
    expect(Task.all(new Set<Task<number>>()).runSync()).toEqual([])
    expect(Task.all([], { concurrency: 3 }).runSync()).toEqual([])
  })

  it("of a record takes what the record has, a key called __proto__ as well", async () => {
    const record = Object.create({ inherited: Task.fail("inherited") }) as Record<string, Task<number>>
    Object.defineProperty(record, "__proto__", { value: Task.yield().as(1), enumerable: true })
    record["own"] = Task.pure(2)
    const values = await Task.all(record)
    expect(Object.entries(values)).toEqual([
      ["__proto__", 1],
      ["own", 2],
    ])
  })

  it("keeps the list as it was written, whatever happens to the array later (D36)", async () => {
    const tasks = [Task.pure(1), Task.yield().as(2)]
    const both = Task.all(tasks)
    tasks.push(Task.pure(3))
    tasks[0] = Task.pure(4)
    expect(await both).toEqual([1, 2])
  })

  it("runs the same Task twice if it is given twice, and all anew at each run", async () => {
    let runs = 0
    const task = Task.yield().map(() => ++runs)
    const both = Task.all([task, task])
    expect([await both, await both]).toEqual([
      [1, 2],
      [3, 4],
    ])
  })

  it("keeps values that are undefined, null or thenable as they are", async () => {
    const thenable = Task.pure(1)
    const values = await Task.all([
      Task.pure(undefined),
      Task.pure(null),
      Task.pure(thenable),
      Task.yield().as(thenable),
    ])
    expect(values.slice(0, 2)).toEqual([undefined, null])
    expect(values.slice(2).every((value) => value === thenable)).toBe(true)
  })

  it("starts its members in order, each up to its first wait", async () => {
    const log: string[] = []
    const members = ["a", "b", "c"].map((name) => member(name, log, Task.yield()))
    await Task.all(members)
    expect(log.slice(0, 3)).toEqual(["a in", "b in", "c in"])
  })

  it("fails as the first member that fails, after the others have been cancelled and have cleaned up", async () => {
    const log: string[] = []
    const program = Task.all([member("a", log), member("b", log, Task.fail("down").delay(0)), member("c", log)])
    expect(await outcome(program)).toEqual(rejected("down"))
    expect(log.slice(0, 3)).toEqual(["a in", "b in", "c in"])
    expect(log.slice(3).toSorted()).toEqual(["a cancelled", "b rejected", "c cancelled"])
  })

  it("starts none after the one that failed at its start", async () => {
    const log: string[] = []
    const program = Task.all([member("a", log), Task.fail("down"), member("c", log)])
    expect(await outcome(program)).toEqual(rejected("down"))
    expect(log).toEqual(["a in", "a cancelled"])
  })

  it("can be handled when it fails, and the program goes on", async () => {
    const program = Task.all([Task.never, Task.fail("down").delay(0)])
      .catch((error) => Task.pure(`handled ${error}`))
      .flatMap((text) => Task.sleep(1).as(text))
    expect(await outcome(program)).toEqual(fulfilled("handled down"))
  })

  it("passes the failure through as the very object", async () => {
    const error = new Error("down")
    await expect(Task.all([Task.fail(error).delay(0), Task.never]).toPromise()).rejects.toBe(error)
  })

  it("joins what fails in a sibling's cleanup to the failure (D8, D27)", async () => {
    const sibling = Task.never.finally(() => Task.fail("cleanup"))
    const exit = await outcome(Task.all([sibling, Task.fail("down").delay(0)]))
    expect(exit).toMatchObject({ status: "rejected", reason: { name: "SuppressedError", error: { error: "cleanup" } } })
    expect((exit as { reason: { suppressed: unknown } }).reason.suppressed).toBe("down")
  })

  it("fails if a member is cancelled from elsewhere, with a CancelledError that has the reason", async () => {
    const log: string[] = []
    const exit = await outcome(
      Task.all([
        Task.self()
          .tap((self) => self.abort("elsewhere"))
          .andThen(Task.never),
        member("b", log),
      ]),
    )
    expect(exit).toMatchObject({ status: "rejected", reason: { name: "AbortError", cause: "elsewhere" } })
    expect((exit as { reason: unknown }).reason).toBeInstanceOf(CancelledError)
    expect(log.every((line) => line !== "b fulfilled")).toBe(true)
  })

  it("that is cancelled cancels its members and awaits their cleanups", async () => {
    const log: string[] = []
    const fiber = Task.all([member("a", log), member("b", log)]).run()
    await fiber.cancel("stop")
    expect(fiber.poll()).toEqual(cancelled("stop"))
    expect(log.toSorted()).toEqual(["a cancelled", "a in", "b cancelled", "b in"])
  })

  it("gives its members the reason of the cancellation", async () => {
    const reasons: unknown[] = []
    const waiting = Task.never.onCancel((reason) => void reasons.push(reason))
    await Task.all([waiting, waiting]).run().cancel("stop")
    expect(reasons).toEqual(["stop", "stop"])
  })

  it("that is cancelled by one of its members while it starts starts no more", async () => {
    const log: string[] = []
    const program = Task.self().flatMap((parent) =>
      Task.all([member("a", log), Task.sync(() => parent.abort("stop")), member("c", log), member("d", log)]),
    )
    expect(await exitOf(program)).toEqual(cancelled("stop"))
    expect(log).toEqual(["a in", "a cancelled"])
  })

  it("that is cancelled while siblings of a failure are awaited is cancelled when they have ended", async () => {
    const gate = Task.withResolvers<void>()
    const log: string[] = []
    const sibling = Task.never.finally(gate.task.tap(() => log.push("sibling")))
    const fiber = Task.all([sibling, Task.fail("down")]).run()
    fiber.abort("stop")
    await turn()
    expect(fiber.poll()).toBeUndefined()
    gate.resolve()
    expect(await ended(fiber)).toEqual(cancelled("stop"))
    expect(log).toEqual(["sibling"])
  })

  it("ends the children of a member with the member", async () => {
    const log: string[] = []
    const parent = member("child", log).start().andThen(Task.yield()).as("value")
    expect(await Task.all([parent])).toEqual(["value"])
    expect(log).toEqual(["child in", "child cancelled"])
  })

  it("runs a million members within seconds", async () => {
    const task = Task.yield()
    const from = performance.now()
    const values = await Task.all(
      Array.from({ length: 1_000_000 }, (_, i) => (i % 10 === 0 ? task.as(i) : Task.pure(i))),
    )
    expect(values.length).toBe(1_000_000)
    expect(values.every((value, i) => value === i)).toBe(true)
    expect(performance.now() - from).toBeLessThan(15_000)
  })

  it("cancels a hundred thousand members that wait", async () => {
    let [started, cleaned] = [0, 0]
    const waiting = Task.sync(() => started++).andThen(Task.never.onCancel(() => void cleaned++))
    const fiber = Task.all(Array.from({ length: 100_000 }, () => waiting)).run()
    await Task.until(() => started === 100_000, { every: 1 })
    await fiber.cancel()
    expect(cleaned).toBe(100_000)
  })
})

describe("concurrency", () => {
  it.each([1, 2, 3, 7, 10, 11, Infinity])("%d is the exact number that runs, and no less", async (concurrency) => {
    for (const make of [
      (tasks: Task<void>[]) => Task.all(tasks, { concurrency }),
      (tasks: Task<void>[]) => Task.allSettled(tasks, { concurrency }),
      (tasks: Task<void>[]) => Task.forEach(tasks, (task) => task, { concurrency }),
    ]) {
      let [running, most] = [0, 0]
      const task = Task.bracket(
        Task.sync(() => (most = Math.max(most, ++running))),
        () => Task.yield().andThen(Task.yield()),
        () => void running--,
      )
      await make(Array.from({ length: 10 }, () => task))
      expect([most, running]).toEqual([Math.min(10, concurrency), 0])
    }
  })

  it("is one for forEach unless more is said", async () => {
    const log: string[] = []
    await Task.forEach(["a", "b"], (name) => member(name, log, Task.yield()))
    expect(log).toEqual(["a in", "a fulfilled", "b in", "b fulfilled"])
  })

  it("of 1 keeps the order and starts nothing after a failure", async () => {
    const log: string[] = []
    const tasks = [member("a", log, Task.yield()), member("b", log, Task.fail("down")), member("c", log)]
    expect(await outcome(Task.all(tasks, { concurrency: 1 }))).toEqual(rejected("down"))
    expect(log).toEqual(["a in", "a fulfilled", "b in", "b rejected"])
  })

  it("starts the next one when a member has cleaned up, not before", async () => {
    const log: string[] = []
    const gate = Task.withResolvers<void>()
    const slow = Task.unit.finally(gate.task.tap(() => log.push("cleaned")))
    const fiber = Task.all([slow, Task.sync(() => log.push("next"))], { concurrency: 1 }).run()
    await turn()
    expect(log).toEqual([])
    gate.resolve()
    await fiber
    expect(log).toEqual(["cleaned", "next"])
  })

  it.each([0, -1, 1.5, Number.NaN, "2"])("of %o is refused at the call", (concurrency) => {
    const options = { concurrency: concurrency as number }
    const got = typeof concurrency === "string" ? `"${concurrency}"` : String(concurrency)
    const error = new RangeError(`Expected \`concurrency\` to be an integer >= 1 or Infinity, got ${got}.`)
    expect(() => Task.all([], options)).toThrow(error)
    expect(() => Task.allSettled([], options)).toThrow(error)
    expect(() => Task.forEach([], () => Task.unit, options)).toThrow(error)
  })
})

describe("an iterable", () => {
  it("is asked for the next task only when that can start", async () => {
    const { iterable, counts } = source(numbers())
    const gates = Array.from({ length: 4 }, () => Task.withResolvers<void>())
    const fiber = Task.forEach(iterable, (i) => gates[i].task, { concurrency: 2 }).run()
    await turn()
    expect(counts.asked).toBe(2)
    gates[1].resolve()
    await turn()
    expect(counts.asked).toBe(3)
    await fiber.cancel()
    expect(counts).toEqual({ asked: 3, returned: 1, iterators: 1 })
  })

  it("is not asked before the run, and by none of the constructors", async () => {
    const { iterable, counts } = source([Task.unit])
    const tasks = [Task.all(iterable), Task.allSettled(iterable), Task.race(iterable), Task.any(iterable)]
    Task.forEach(iterable, (task) => task)
    expect([tasks.length, counts]).toEqual([4, { asked: 0, returned: 0, iterators: 0 }])
  })

  it("that comes to its end is not closed", async () => {
    for (const run of [
      (tasks: Iterable<Task<void>>) => Task.all(tasks),
      (tasks: Iterable<Task<void>>) => Task.allSettled(tasks),
      (tasks: Iterable<Task<void>>) => Task.forEach(tasks, (task) => task),
    ]) {
      const { iterable, counts } = source([Task.unit, Task.yield()])
      await run(iterable)
      expect(counts).toEqual({ asked: 3, returned: 0, iterators: 1 })
    }
  })

  it("that came to its end before the failure is not closed", async () => {
    const { iterable, counts } = source([Task.never, Task.fail("down").delay(0)])
    expect(await outcome(Task.all(iterable))).toEqual(rejected("down"))
    expect(counts).toEqual({ asked: 3, returned: 0, iterators: 1 })
  })

  it("is closed once when a member fails", async () => {
    const { iterable, counts } = source(numbers())
    const program = Task.forEach(iterable, (i) => (i === 3 ? Task.fail("down") : Task.yield()), { concurrency: 2 })
    expect(await outcome(program)).toEqual(rejected("down"))
    expect(counts).toEqual({ asked: 4, returned: 1, iterators: 1 })
  })

  it("is closed once when the group is cancelled", async () => {
    const { iterable, counts } = source(numbers())
    const fiber = Task.forEach(iterable, () => Task.never, { concurrency: 3 }).run()
    await fiber.cancel()
    await fiber.cancel()
    expect(counts).toEqual({ asked: 3, returned: 1, iterators: 1 })
  })

  it("is closed though nothing was asked of it, when the signal had aborted before", async () => {
    const { iterable, counts } = source(numbers())
    const program = Task.forEach(iterable, () => Task.never, { signal: AbortSignal.abort("late") })
    expect(await outcome(program)).toEqual(rejected("late"))
    expect(counts).toEqual({ asked: 0, returned: 1, iterators: 1 })
  })

  it("is closed once when a race or any is decided before its end", async () => {
    const tasks = function* () {
      yield Task.never
      yield Task.pure("won")
      yield Task.never
    }
    for (const first of [
      (tasks: Iterable<Task<string>>) => Task.race(tasks),
      (tasks: Iterable<Task<string>>) => Task.any(tasks),
    ]) {
      const { iterable, counts } = source<Task<string>>(tasks())
      expect(await first(iterable)).toBe("won")
      expect(counts).toEqual({ asked: 2, returned: 1, iterators: 1 })
    }
  })

  it("that throws fails the group, and what runs is cancelled and awaited", async () => {
    const log: string[] = []
    const error = new Error("broken")
    let returned = 0
    const broken: Iterable<string> = {
      [Symbol.iterator]() {
        let i = 0
        return {
          next() {
            if (i++ === 0) return { done: false, value: "a" }
            throw error
          },
          return() {
            returned++
            return { done: true, value: undefined }
          },
        }
      },
    }
    const program = Task.forEach(broken, (name) => member(name, log), { concurrency: 2 })
    expect(await outcome(program)).toEqual(rejected(error))
    expect(log).toEqual(["a in", "a cancelled"])
    // An iterator that has thrown is over.
    expect(returned).toBe(0)
  })

  it("that cannot be opened fails the group", async () => {
    const error = new Error("closed")
    const shut: Iterable<Task<void>> = {
      [Symbol.iterator]() {
        throw error
      },
    }
    for (const task of [Task.all(shut), Task.allSettled(shut), Task.race(shut), Task.any(shut)])
      expect(await outcome(task as Task<unknown>)).toEqual(rejected(error))
  })

  it("is closed when the callback throws, and what runs is cancelled", async () => {
    const log: string[] = []
    const error = new Error("thrown")
    const { iterable, counts } = source(["a", "b", "c"])
    const program = Task.forEach(
      iterable,
      (name) => {
        if (name === "b") throw error
        return member(name, log)
      },
      { concurrency: Infinity },
    )
    expect(await outcome(program)).toEqual(rejected(error))
    expect(log).toEqual(["a in", "a cancelled"])
    expect(counts).toEqual({ asked: 2, returned: 1, iterators: 1 })
  })

  it("whose return throws fails the group: with the failure that came before, the cancellation, or alone (D8)", async () => {
    const error = new Error("return")
    const throwing = <T>(items: Iterable<T>) =>
      source(items, () => {
        throw error
      }).iterable
    expect(await outcome(Task.forEach(throwing(numbers()), () => Task.fail("down")))).toMatchObject(
      rejected({ name: "SuppressedError", error, suppressed: "down" }),
    )
    expect(await outcome(Task.race(throwing([Task.pure(1), Task.never])))).toEqual(rejected(error))
    const log: string[] = []
    const fiber = Task.forEach(throwing(["a", "b"]), (name) => member(name, log)).run({
      runtime: Runtime.make({ onUnhandled() {} }),
    })
    fiber.abort("stop")
    expect(await ended(fiber)).toMatchObject(rejected({ error, suppressed: { name: "AbortError", cause: "stop" } }))
    expect(log).toEqual(["a in", "a cancelled"])
  })

  it("that is an iterator has one run in it, and says so at the second (D36)", async () => {
    const program = Task.all([Task.pure(1)][Symbol.iterator]())
    expect(await program).toEqual([1])
    await expect(program.toPromise()).rejects.toThrow(
      new TypeError("Expected Task.all to get an iterable, got an iterator: it is used up. Pass an array."),
    )
    const each = Task.forEach(numbers(), (i) => (i < 3 ? Task.unit : Task.fail("down")))
    expect(await outcome(each)).toEqual(rejected("down"))
    expect(await outcome(each)).toMatchObject({ reason: { message: expect.stringMatching(/Task\.forEach.*used up/) } })
  })

  it("that can be asked again is asked at each run", async () => {
    const tasks = new Set([Task.pure(1)])
    const program = Task.all(tasks)
    expect(await program).toEqual([1])
    tasks.add(Task.yield().as(2))
    expect(await program).toEqual([1, 2])
  })

  it("may be without end where the first to settle decides", async () => {
    const endless = function* () {
      for (let i = 0; ; i++) yield i === 1000 ? Task.pure(i) : Task.never
    }
    expect(await Task.race(endless())).toBe(1000)
  })
})

describe("allSettled", () => {
  it("yields all outcomes in order", async () => {
    const error = new Error("down")
    expect(await Task.allSettled([Task.yield().as(1), Task.fail(error).delay(0), Task.pure(3)])).toEqual([
      fulfilled(1),
      rejected(error),
      fulfilled(3),
    ])
    expect(await Task.allSettled({ a: Task.fail("down"), b: Task.pure(2) })).toEqual({
      a: rejected("down"),
      b: fulfilled(2),
    })
    expect(await Task.allSettled(new Set([Task.pure(1)]))).toEqual([fulfilled(1)])
  })

  it("of none is empty", () => {
    expect(Task.allSettled([]).runSync()).toEqual([])
    expect(Task.allSettled({}).runSync()).toEqual({})
  })

  it("cancels nobody when one fails", async () => {
    const log: string[] = []
    await Task.allSettled([Task.fail("down"), member("b", log, Task.sleep(1))])
    expect(log).toEqual(["b in", "b fulfilled"])
  })

  it("gives a CancelledError for a member that was cancelled from elsewhere", async () => {
    let first: Fiber<unknown, unknown> | undefined
    const victim = Task.self()
      .tap((self) => void (first = self))
      .andThen(Task.never)
    const killer = Task.sync(() => first?.abort("elsewhere")).delay(0)
    const [one, two] = await Task.allSettled([victim, killer])
    expect(one).toMatchObject({ status: "rejected", reason: { name: "AbortError", cause: "elsewhere" } })
    expect((one as { reason: unknown }).reason).toBeInstanceOf(CancelledError)
    expect(two).toEqual(fulfilled(undefined))
  })

  it("gives the failure of a member's cleanup", async () => {
    const [outcome] = await Task.allSettled([Task.pure(1).finally(() => Task.fail("cleanup"))])
    expect(outcome).toEqual(rejected("cleanup"))
  })

  it("that is cancelled cancels its members and awaits them", async () => {
    const log: string[] = []
    const fiber = Task.allSettled([member("a", log), member("b", log)]).run()
    await fiber.cancel("stop")
    expect(fiber.poll()).toEqual(cancelled("stop"))
    expect(log.toSorted()).toEqual(["a cancelled", "a in", "b cancelled", "b in"])
  })
})

describe("race", () => {
  it("settles as the first that settles, value or failure", async () => {
    expect(await outcome(Task.race([Task.sleep(50), Task.sleep(1).as("fast")]))).toEqual(fulfilled("fast"))
    expect(await outcome(Task.race([Task.sleep(50), Task.fail("down").delay(1)]))).toEqual(rejected("down"))
  })

  it("has awaited the cleanups of the losers when it ends", async () => {
    const log: string[] = []
    const program = Task.race([member("a", log), Task.pure("won").delay(0), member("c", log)])
    expect(await outcome(program)).toEqual(fulfilled("won"))
    expect(log.slice(0, 2)).toEqual(["a in", "c in"])
    expect(log.slice(2).toSorted()).toEqual(["a cancelled", "c cancelled"])
  })

  it("starts none after one that settles at its start", async () => {
    const log: string[] = []
    const program = Task.race([member("a", log), Task.sync(() => "won"), member("c", log)])
    expect(await outcome(program)).toEqual(fulfilled("won"))
    expect(log).toEqual(["a in", "a cancelled"])
    expect(await outcome(Task.race([Task.fail("down"), member("d", log)]))).toEqual(rejected("down"))
    expect(log).toHaveLength(2)
  })

  it("of none never ends, and can be cancelled", async () => {
    const fiber = Task.race([]).run()
    await turn()
    expect(fiber.poll()).toBeUndefined()
    await fiber.cancel("stop")
    expect(fiber.poll()).toEqual(cancelled("stop"))
  })

  it("of one is that one", async () => {
    expect(await Task.race([Task.sleep(1).as(1)])).toBe(1)
  })

  it("fails when a loser's cleanup fails, though there is a winner (D27)", async () => {
    const loser = Task.never.finally(() => Task.fail("cleanup"))
    const exit = await outcome(Task.race([loser, Task.pure("won").delay(0)]))
    expect(exit).toMatchObject({
      status: "rejected",
      reason: { name: "SuppressedError", error: "cleanup", suppressed: { name: "AbortError" } },
    })
  })

  it("keeps the first failure and the failures of all cleanups (D8, D27)", async () => {
    const loser = (name: string) => Task.never.finally(() => Task.fail(name))
    const exit = await outcome(Task.race([loser("a"), loser("b"), Task.fail("down").delay(0)]))
    expect(exit.status).toBe("rejected")
    const found: unknown[] = []
    const collect = (error: unknown): void => {
      if (!(error instanceof Error) || error.name !== "SuppressedError") return void found.push(error)
      const both = error as Error & { readonly error: unknown; readonly suppressed: unknown }
      collect(both.error)
      collect(both.suppressed)
    }
    collect((exit as { reason: unknown }).reason)
    expect(found).toEqual(expect.arrayContaining(["a", "b", "down"]))
  })

  it("takes what a loser fails with in the middle of a cancellation for no failure", async () => {
    const handler = vi.fn(() => Task.pure("handled"))
    const loser = Task.promise(
      (signal) =>
        new Promise<string>((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted")))),
    ).catch(handler)
    expect(await outcome(Task.race([loser, Task.pure("won").delay(0)]))).toEqual(fulfilled("won"))
    expect(handler).not.toHaveBeenCalled()
  })

  it("that is cancelled while the losers are awaited is cancelled when they have ended", async () => {
    const gate = Task.withResolvers<void>()
    const log: string[] = []
    const fiber = Task.race([Task.never.finally(gate.task.tap(() => log.push("loser"))), Task.pure("won")])
      .tap(() => log.push("went on"))
      .run()
    await turn()
    fiber.abort("stop")
    await turn()
    expect(fiber.poll()).toBeUndefined()
    gate.resolve()
    expect(await ended(fiber)).toEqual(cancelled("stop"))
    expect(log).toEqual(["loser"])
  })

  it("with a member that is cancelled from elsewhere settles with a CancelledError", async () => {
    const suicide = Task.self()
      .tap((self) => self.abort("elsewhere"))
      .andThen(Task.never)
    expect(await outcome(Task.race([suicide, Task.never]))).toMatchObject({
      status: "rejected",
      reason: { name: "AbortError", cause: "elsewhere" },
    })
  })

  it("of uncancelable losers waits for their ends", async () => {
    const log: string[] = []
    const loser = Task.uncancelable(() => Task.sleep(2).tap(() => log.push("loser done")))
    expect(await Task.race([loser, Task.pure("won")])).toBe("won")
    expect(log).toEqual(["loser done"])
  })
})

describe("any", () => {
  it("yields the first value, whatever fails before", async () => {
    const program = Task.any([Task.fail("a"), Task.fail("b").delay(0), Task.sleep(1).as("c"), Task.sleep(50)])
    expect(await outcome(program)).toEqual(fulfilled("c"))
  })

  it("fails with an AggregateError of all failures in the order of the tasks", async () => {
    const errors = [new Error("a"), "b", undefined]
    const program = Task.any([Task.fail(errors[0]).delay(2), Task.fail(errors[1]), Task.fail(errors[2]).delay(1)])
    const exit = await outcome(program)
    const { reason } = exit as unknown as { reason: AggregateError }
    expect(reason).toBeInstanceOf(AggregateError)
    expect(reason.message).toBe("Expected one task to succeed, got none.")
    expect(reason.errors).toEqual(errors)
    expect(reason.errors[0]).toBe(errors[0])
  })

  it("of none fails with an AggregateError of none", async () => {
    const exit = await outcome(Task.any([]))
    expect((exit as { reason: AggregateError }).reason).toBeInstanceOf(AggregateError)
    expect((exit as { reason: AggregateError }).reason.errors).toEqual([])
    expect(() => Task.any([]).runSync()).toThrow(AggregateError)
  })

  it("starts none after one that succeeds at its start, and awaits the losers", async () => {
    const log: string[] = []
    const program = Task.any([member("a", log), Task.fail("b"), Task.sync(() => "won"), member("d", log)])
    expect(await outcome(program)).toEqual(fulfilled("won"))
    expect(log).toEqual(["a in", "a cancelled"])
  })

  it("fails when a loser's cleanup fails (D27)", async () => {
    const loser = Task.never.finally(() => Task.fail("cleanup"))
    expect(await outcome(Task.any([loser, Task.pure("won").delay(0)]))).toMatchObject({
      status: "rejected",
      reason: { name: "SuppressedError", error: "cleanup" },
    })
  })

  it("counts a member that was cancelled from elsewhere as failed", async () => {
    const suicide = Task.self()
      .tap((self) => self.abort("elsewhere"))
      .andThen(Task.never)
    expect(await outcome(Task.any([suicide, Task.pure("won").delay(0)]))).toEqual(fulfilled("won"))
    expect(await outcome(Task.any([suicide]))).toMatchObject({ reason: { errors: [{ cause: "elsewhere" }] } })
  })
})

describe("forEach", () => {
  it("yields nothing, and calls back with item and index", async () => {
    const calls: unknown[] = []
    const program = Task.forEach(new Set(["a", "b"]), (item, index) =>
      Task.yield().map(() => calls.push([item, index])),
    )
    expect(await program).toBeUndefined()
    expect(calls).toEqual([
      ["a", 0],
      ["b", 1],
    ])
  })

  it("of none ends at once", () => {
    expect(Task.forEach([], () => Task.never).runSync()).toBeUndefined()
  })

  it("of a string gets its characters", async () => {
    const seen: string[] = []
    await Task.forEach("a😀", (c) => Task.sync(() => seen.push(c)))
    expect(seen).toEqual(["a", "😀"])
  })

  it("makes the Task of an item only when it can start", async () => {
    const f = vi.fn((_: number) => Task.never)
    const fiber = Task.forEach([1, 2, 3], f).run()
    await turn()
    expect(f.mock.calls).toEqual([[1, 0]])
    await fiber.cancel()
    expect(f).toHaveBeenCalledTimes(1)
  })

  it.each([1, 100, Infinity])("runs a million items within seconds, %d at once", async (concurrency) => {
    let sum = 0
    const task = Task.yield()
    const from = performance.now()
    await Task.forEach(
      (function* () {
        for (let i = 0; i < 1_000_000; i++) yield i
      })(),
      (i) => {
        sum += i
        return i % 10 === 0 ? task : Task.unit
      },
      { concurrency },
    )
    expect(sum).toBe(499_999_500_000)
    expect(performance.now() - from).toBeLessThan(15_000)
  })

  it("over an endless iterator of things that are done at once can be cancelled", async () => {
    let rounds = 0
    const fiber = Task.forEach(numbers(), () => Task.sync(() => void rounds++)).run()
    await turn()
    await fiber.cancel("stop")
    expect(fiber.poll()).toEqual(cancelled("stop"))
    expect(rounds).toBeGreaterThan(0)
  })
})

describe("zip", () => {
  it("yields both, side by side", async () => {
    const log: string[] = []
    const program = member("a", log, Task.yield().as(1))
      .as(1)
      .zip(member("b", log, Task.yield()).as("two"))
    expect(await program).toEqual([1, "two"])
    expect(log.slice(0, 2)).toEqual(["a in", "b in"])
  })

  it("fails with the first failure, and the other is cancelled and awaited", async () => {
    const log: string[] = []
    expect(await outcome(member("a", log).zip(Task.fail("down").delay(0)))).toEqual(rejected("down"))
    expect(await outcome(Task.fail("down").delay(0).zip(member("b", log)))).toEqual(rejected("down"))
    expect(log).toEqual(["a in", "a cancelled", "b in", "b cancelled"])
  })

  it("refuses what is no Task at the call", () => {
    expect(() => Task.unit.zip(5 as unknown as Task<void>)).toThrow(
      /to be a Task, got 5\. For a plain value use Task\.pure\.$/,
    )
  })
})

describe("bad input", () => {
  const groups = [
    ["all", (tasks: never, options: never) => Task.all(tasks, options)],
    ["allSettled", (tasks: never, options: never) => Task.allSettled(tasks, options)],
    ["race", (tasks: never, options: never) => Task.race(tasks, options)],
    ["any", (tasks: never, options: never) => Task.any(tasks, options)],
  ] as unknown as [string, (tasks: unknown, options?: unknown) => Task<unknown>][]

  it.each(groups)("of %s is refused at the call where it can be seen", (name, group) => {
    for (const [given, got] of [
      [undefined, "undefined"],
      [null, "null"],
      [5, "5"],
      [Task.unit, "a Task"],
      [() => [], "a function"],
    ] as const)
      expect(() => group(given)).toThrow(
        new TypeError(`Expected Task.${name} to get an array or another iterable, got ${got}.`),
      )
    expect(() => group([Task.unit, 1])).toThrow(
      new TypeError(`Expected each argument of Task.${name} to be a Task, got 1. For a plain value use Task.pure.`),
    )
    expect(() => group([Promise.resolve()])).toThrow(
      new TypeError(
        `Expected each argument of Task.${name} to be a Task, got a Promise. Wrap it: Task.promise(() => …).`,
      ),
    )
    expect(() => group([], { signal: 5 })).toThrow(
      new TypeError("Expected `signal` to be an AbortSignal, got 5. Of a controller: controller.signal."),
    )
  })

  it.each(groups)("of %s in a list with holes is refused", (_name, group) => {
    expect(() => group([Task.unit, , Task.unit])).toThrow(/to be a Task, got undefined/) // oxlint-disable-line no-sparse-arrays
  })

  it.each(groups)("of %s that an iterable yields fails it, and closes the iterable", async (name, group) => {
    const log: string[] = []
    const { iterable, counts } = source<unknown>([member("a", log), 1, member("c", log)])
    expect(await outcome(group(iterable))).toEqual(
      rejected(new TypeError(`Expected what Task.${name} runs to be a Task, got 1. For a plain value use Task.pure.`)),
    )
    expect(log).toEqual(["a in", "a cancelled"])
    expect(counts).toEqual({ asked: 2, returned: 1, iterators: 1 })
  })

  it("of forEach is refused at the call where it can be seen", async () => {
    const forEach = (items: unknown, f?: unknown) => Task.forEach(items as [], f as () => Task<void>)
    expect(() => forEach([])).toThrow(new TypeError("Expected Task.forEach to get a function, got undefined."))
    expect(() => forEach(5, () => Task.unit)).toThrow(
      new TypeError("Expected Task.forEach to get an array or another iterable, got 5."),
    )
    expect(() => forEach({ a: 1 }, () => Task.unit)).toThrow(
      new TypeError("Expected Task.forEach to get an array or another iterable, got { a: 1 }."),
    )
    await expect(forEach([1], () => 5).toPromise()).rejects.toThrow(
      new TypeError("Expected what Task.forEach runs to be a Task, got 5. For a plain value use Task.pure."),
    )
    await expect(forEach([1], async () => 5).toPromise()).rejects.toThrow(
      new TypeError("Expected what Task.forEach runs to be a Task, got a Promise. Wrap it: Task.promise(() => …)."),
    )
  })
})

describe("a signal", () => {
  const controller = () => {
    const made = new AbortController()
    return {
      signal: made.signal,
      abort: (reason: unknown) => made.abort(reason),
      listeners: () => getEventListeners(made.signal, "abort").length,
    }
  }
  const shapes = [
    ["all", (task: Task<unknown, unknown>, signal: AbortSignal) => Task.all([task, task], { signal })],
    ["all of a record", (task: Task<unknown, unknown>, signal: AbortSignal) => Task.all({ a: task }, { signal })],
    ["allSettled", (task: Task<unknown, unknown>, signal: AbortSignal) => Task.allSettled([task, task], { signal })],
    ["race", (task: Task<unknown, unknown>, signal: AbortSignal) => Task.race([task, task], { signal })],
    ["any", (task: Task<unknown, unknown>, signal: AbortSignal) => Task.any([task, task], { signal })],
    ["forEach", (task: Task<unknown, unknown>, signal: AbortSignal) => Task.forEach([1, 2], () => task, { signal })],
  ] as const

  it.each(shapes)(
    "that aborts cancels the members of %s, and it fails with the reason when they have ended",
    async (_, make) => {
      const log: string[] = []
      const { signal, abort, listeners } = controller()
      const fiber = make(member("m", log), signal).attempt().run()
      await turn()
      expect(listeners()).toBe(1)
      abort("stop")
      expect(await ended(fiber)).toEqual(fulfilled(rejected("stop")))
      expect(log.filter((line) => line === "m in").length).toBe(log.filter((line) => line === "m cancelled").length)
      expect(listeners()).toBe(0)
    },
  )

  it.each(shapes)("that is aborted already starts nothing of %s", async (_, make) => {
    const step = vi.fn()
    const { signal, abort, listeners } = controller()
    abort("early")
    expect(await outcome(make(Task.sync(step), signal))).toEqual(rejected("early"))
    expect(step).not.toHaveBeenCalled()
    expect(listeners()).toBe(0)
  })

  it.each(shapes)("has no listener left of %s, by whatever outcome", async (_, make) => {
    const { signal, listeners } = controller()
    for (const task of [Task.yield(), Task.unit, Task.fail("down"), Task.fail("down").delay(0)]) {
      await exitOf(make(task, signal))
      expect(listeners()).toBe(0)
    }
    const fiber = make(Task.never, signal).run()
    await fiber.cancel()
    expect(listeners()).toBe(0)
  })

  it("that is aborted already asks an iterable for nothing", async () => {
    const { iterable, counts } = source([Task.unit])
    const { signal, abort } = controller()
    abort("early")
    expect(await outcome(Task.all(iterable, { signal }))).toEqual(rejected("early"))
    expect(counts.asked).toBe(0)
  })

  it("that a member aborts keeps later ones from starting", async () => {
    const log: string[] = []
    const { signal, abort, listeners } = controller()
    const tasks = [member("a", log), Task.sync(() => abort("by b")), member("c", log)]
    expect(await outcome(Task.all(tasks, { signal }))).toEqual(rejected("by b"))
    expect(log).toEqual(["a in", "a cancelled"])
    expect(listeners()).toBe(0)
  })

  it("closes an iterable when it aborts", async () => {
    const { iterable, counts } = source(numbers())
    const { signal, abort } = controller()
    const fiber = Task.forEach(iterable, () => Task.never, { concurrency: 2, signal })
      .attempt()
      .run()
    await turn()
    abort("stop")
    expect(await ended(fiber)).toEqual(fulfilled(rejected("stop")))
    expect(counts).toEqual({ asked: 2, returned: 1, iterators: 1 })
  })

  it("that aborts after the group was decided changes nothing", async () => {
    const { signal, abort } = controller()
    const gate = Task.withResolvers<void>()
    const fiber = Task.race([Task.never.finally(gate.task), Task.pure("won")], { signal }).run()
    await turn()
    abort("late")
    gate.resolve()
    const exit = await ended(fiber)
    expect([fulfilled("won"), rejected("late")]).toContainEqual(exit)
  })

  it("that aborts in an uncancelable region ends the members all the same", async () => {
    const { signal, abort } = controller()
    const fiber = Task.uncancelable(() => Task.all([Task.never], { signal }).attempt()).run()
    await turn()
    abort("stop")
    expect(await ended(fiber)).toEqual(fulfilled(rejected("stop")))
  })
})

describe("runSync", () => {
  it("runs groups that need not wait", () => {
    const task = Task.sync(() => 1).flatMap((n) => Task.pure(n + 1))
    expect(Task.all([task, task]).runSync()).toEqual([2, 2])
    expect(Task.all([task, task], { concurrency: 1 }).runSync()).toEqual([2, 2])
    expect(Task.allSettled([task, Task.fail("down")]).runSync()).toEqual([fulfilled(2), rejected("down")])
    expect(Task.race([Task.never, task]).runSync()).toBe(2)
    expect(Task.any([Task.fail("down"), task]).runSync()).toBe(2)
    expect(Task.forEach([1, 2], () => task).runSync()).toBeUndefined()
    expect(task.zip(task).runSync()).toEqual([2, 2])
    expect(() => Task.all([task, Task.fail("down")]).runSync()).toThrow("down")
    expect(Task.all([Task.yield().as(1), Task.sleep(0).as(2)]).runSync()).toEqual([1, 2])
  })

  it("cancels the members of one that must wait, and says so", () => {
    const log: string[] = []
    const waiting = Task.sleep(1).onCancel(() => void log.push("cancelled"))
    expect(() => Task.all([waiting, waiting]).runSync()).toThrow(RunSyncError)
    expect(log).toEqual(["cancelled", "cancelled"])
  })
})
