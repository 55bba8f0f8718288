import { AsyncLocalStorage } from "node:async_hooks"
import { describe, expect, it } from "vitest"
import fc from "fast-check"
import { CancelledError, Local, type ParallelOptions, Stream, Task } from "rapid-fiber"
import { taskTest, TestRuntime } from "rapid-fiber/testing"
import { failuresIn } from "../watch.ts"
import { itHolds, must } from "../sync/exploring.ts"

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
const ascending = (a: number, b: number): number => a - b

/** Counts what runs, what has begun, and what has been taken, and complains as soon as a bound is broken. */
class Counts {
  running = 0
  most = 0
  begun = 0
  made = 0
  taken = 0
  readonly ends: number[] = []
  readonly #concurrency: number
  readonly #buffer: number

  constructor(concurrency: number, buffer: number) {
    this.#concurrency = concurrency
    this.#buffer = buffer
  }

  readonly make = (n: number): number => {
    must(this.made === this.begun, `all that was made to have begun, got ${this.made} and ${this.begun}`)
    must(this.running < this.#concurrency, "somebody free before the source is asked")
    this.made++
    return n
  }

  work(n: number, ms: number): Task<number> {
    const ahead = ++this.begun - this.taken
    must(ahead <= this.#concurrency + this.#buffer, `at most ${this.#concurrency + this.#buffer} ahead, got ${ahead}`)
    return Task.defer(() => {
      this.most = Math.max(this.most, ++this.running)
      must(this.running <= this.#concurrency, `at most ${this.#concurrency} at once`)
      return Task.sleep(ms).map(() => {
        this.running--
        this.ends.push(n)
        return n
      })
    })
  }
}

const sources = {
  plain: (count: number) => Stream.range(0, count),
  "with effects": (count: number) => Stream.range(0, count).mapTask((n) => Task.sleep(n % 2).as(n)),
  parallel: (count: number) =>
    Stream.range(0, count).mapTask((n) => Task.sleep(n % 3).as(n), { concurrency: 2, buffer: 1 }),
  "of a generator": (count: number) =>
    Stream.defer(async function* () {
      yield* upTo(count)
    }),
}

describe("mapTask side by side", () => {
  for (const [kind, source] of Object.entries(sources)) {
    it(`never exceeds its bounds, and asks for what it begins, of a source ${kind}`, async () => {
      const concurrencies = fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constant(Infinity))
      const given = fc.record({
        concurrency: concurrencies,
        buffer: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constant(undefined)),
        ordered: fc.boolean(),
        delays: fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 25 }),
        pause: fc.integer({ min: 0, max: 6 }),
        seed: fc.nat(),
      })
      await fc.assert(
        fc.asyncProperty(given, async ({ concurrency, buffer, ordered, delays, pause, seed }) => {
          const counts = new Counts(concurrency, buffer ?? concurrency)
          const options: ParallelOptions = { concurrency, ordered, ...(buffer === undefined ? {} : { buffer }) }
          const stream = source(delays.length)
            .map(counts.make)
            .mapTask((n) => counts.work(n, delays[n] ?? 0), options)
            .map((n) => (counts.taken++, n))
            .tap(() => Task.sleep(pause))
          const test = TestRuntime.make({ seed })
          const results = await test.run(stream.toArray())
          await test.close()
          if (ordered) expect(results).toEqual(upTo(delays.length))
          expect(results.toSorted(ascending)).toEqual(upTo(delays.length))
          if (pause === 0 && kind === "plain") expect(counts.most).toBe(Math.min(concurrency, delays.length))
        }),
        { numRuns: kind === "of a generator" ? 40 : 120 },
      )
    })
  }

  for (const ordered of [true, false]) {
    it(
      `stops the source at exactly concurrency and buffer beyond what was taken, ${ordered ? "in order" : "as ready"}`,
      taskTest(() => {
        let [made, taken] = [0, 0]
        const stream = Stream.range(0)
          .map((n) => (made++, n))
          .mapTask((n) => Task.sleep(1).as(n), { concurrency: 3, buffer: 2, ordered })
          .tap(() => {
            taken++
            return Task.sleep(100).map(() => expect(made).toBe(taken + 5))
          })
        return stream.take(6).drain()
      }),
    )

    it(
      `holds nothing ready beside what runs with a buffer of 0, ${ordered ? "in order" : "as ready"}`,
      taskTest(() => {
        let [made, taken] = [0, 0]
        const stream = Stream.range(0)
          .map((n) => (made++, n))
          .mapTask((n) => Task.sleep(1).as(n), { concurrency: 1, buffer: 0, ordered })
          .tap(() => {
            taken++
            return Task.sleep(10).map(() => expect(made).toBe(taken + 1))
          })
        return stream.take(4).drain()
      }),
    )
  }

  it(
    "gives results as they come, and does not wait for the end",
    taskTest((test) => {
      const times: number[][] = []
      const slow = (n: number): Task<number> => Task.sleep(n === 1 ? 30 : 10).as(n)
      const noted = (ordered: boolean): Task<void> =>
        Stream.range(0, 5)
          .mapTask(slow, { concurrency: 2, ordered })
          .forEach((n) => void times.push([n, test.now]))
      return Task.gen(function* () {
        yield* noted(false)
        expect(times.splice(0)).toEqual([
          [0, 10],
          [2, 20],
          [1, 30],
          [3, 30],
          [4, 40],
        ])
        yield* noted(true)
        expect(times.splice(0).map(([n, at]) => [n, (at ?? 0) - 40])).toEqual([
          [0, 10],
          [1, 30],
          [2, 30],
          [3, 30],
          [4, 40],
        ])
      })
    }),
  )

  for (const ordered of [true, false]) {
    it(
      `keeps what came before the first failure, cancels the others and waits for them, ${ordered ? "in order" : "as ready"}`,
      taskTest((test) => {
        const ended: string[] = []
        const work = (n: number): Task<number, string> => {
          if (n === 3) return Task.sleep(5).andThen(Task.fail("three"))
          return Task.sleep(n < 2 ? 1 : 50)
            .as(n)
            .finally((exit) => Task.sleep(2).map(() => void ended.push(`${n} ${exit.status} ${test.now}`)))
        }
        return Stream.range(0)
          .mapTask(work, { concurrency: 3, ordered })
          .catch((error) => [error, test.now, ended.toSorted()])
          .toArray()
          .map((all) =>
            expect(all).toEqual([
              0,
              1,
              "three",
              10,
              ["0 fulfilled 3", "1 fulfilled 3", "2 cancelled 10", "4 cancelled 10"],
            ]),
          )
      }),
    )

    it(
      `fails as the source does, after what it had made so far is cancelled, ${ordered ? "in order" : "as ready"}`,
      taskTest(() => {
        const ended: string[] = []
        const source = Stream.of(0, 1, 2).concat(Stream.from(Task.sleep(10).andThen(Task.fail("source"))))
        return source
          .mapTask(
            (n) =>
              Task.sleep(n * 7)
                .as(n)
                .finally((exit) => void ended.push(`${n} ${exit.status}`)),
            {
              concurrency: 4,
              ordered,
            },
          )
          .catch((error) => [error])
          .toArray()
          .map((all) => {
            expect(all).toEqual([0, 1, "source"])
            expect(ended).toEqual(["0 fulfilled", "1 fulfilled", "2 cancelled"])
          })
      }),
    )

    it(
      `cancels what runs, waits for it and closes the source when enough has been taken, ${ordered ? "in order" : "as ready"}`,
      taskTest((test) => {
        const seen: string[] = []
        return Stream.range(0)
          .finally(() => Task.sleep(1).map(() => void seen.push(`source ${test.now}`)))
          .mapTask(
            (n) =>
              Task.sleep(n * 10)
                .as(n)
                .finally((exit) => Task.sleep(2).map(() => void seen.push(`${n} ${exit.status} ${test.now}`))),
            { concurrency: 3, ordered },
          )
          .take(1)
          .toArray()
          .map((all) => {
            expect(all).toEqual([0])
            expect(seen.slice(0, 3).toSorted()).toEqual(["0 fulfilled 2", "1 cancelled 4", "2 cancelled 4"])
            expect(seen.slice(3).toSorted().at(-1)).toMatch(/^source 5|^3 cancelled 4/)
            expect(seen.at(-1)).toBe("source 5")
          })
      }),
    )

    it(
      `is cancelled in the middle of everything, with nobody left, ${ordered ? "in order" : "as ready"}`,
      taskTest(() =>
        Task.gen(function* () {
          let [open, ended] = [0, 0]
          const stream = Stream.using(
            Task.sync(() => ++open),
            () => Stream.range(0),
            () => void open--,
          ).mapTask(() => Task.sleep(10).finally(() => Task.sleep(5).map(() => void ended++)), {
            concurrency: 4,
            ordered,
          })
          const fiber = yield* stream.drain().startDetached()
          yield* Task.sleep(5)
          yield* fiber.cancel()
          expect([open, ended]).toEqual([0, 4])
        }),
      ),
    )

    it(
      `fails with what a callback throws, and with what returns no Task, ${ordered ? "in order" : "as ready"}`,
      taskTest(() =>
        Task.gen(function* () {
          const thrown = new Error("thrown")
          const throws = (n: number): Task<number> => {
            if (n === 2) throw thrown
            return Task.sleep(n + 1).as(n)
          }
          const exit = yield* Stream.range(0, 9).mapTask(throws, { concurrency: 2, ordered }).toArray().attempt()
          expect(exit).toEqual({ status: "rejected", reason: thrown })
          const wrong = ((n: number) => n) as unknown as (n: number) => Task<number>
          const refused = yield* Stream.range(0, 9).mapTask(wrong, { concurrency: 2, ordered }).toArray().attempt()
          expect(String(refused.status === "rejected" && refused.reason)).toMatch(/callback of mapTask.*Task, got 0/)
        }),
      ),
    )

    it(
      `ends when everybody who works waits and the source dies, ${ordered ? "in order" : "as ready"}`,
      taskTest(() =>
        Task.gen(function* () {
          const dead = Stream.of(1, 2, 3).concat(Stream.from(Task.sleep(50).andThen(Task.fail("dead"))))
          const all = dead.mapTask((n) => Task.pure(n), { concurrency: 8, ordered })
          expect(yield* all.catch((error) => [error]).toArray()).toEqual([1, 2, 3, "dead"])
          const over = Stream.of(1, 2, 3).concat(Stream.from(Task.sleep(50).as(4)))
          expect(yield* over.mapTask((n) => Task.pure(n), { concurrency: 8, ordered }).toArray()).toEqual([1, 2, 3, 4])
        }),
      ),
    )

    it(
      `lets a consumer leave a full buffer, ${ordered ? "in order" : "as ready"}`,
      taskTest(() => {
        let ended = 0
        return Stream.range(0)
          .finally(() => void ended++)
          .mapTask((n) => Task.pure(n), { concurrency: 2, buffer: 3, ordered })
          .forEach((n) => (n === 1 ? Task.sleep(100).andThen(Task.fail("enough")) : undefined))
          .attempt()
          .map((exit) => {
            expect(exit).toEqual({ status: "rejected", reason: "enough" })
            expect(ended).toBe(1)
          })
      }),
    )
  }

  it(
    "takes any concurrency: one, without limit, more than there is",
    taskTest((test) =>
      Task.gen(function* () {
        const took: number[] = []
        for (const concurrency of [1, 2, 50, Infinity]) {
          const before = test.now
          const all = yield* Stream.range(0, 8)
            .mapTask((n) => Task.sleep(10).as(n), { concurrency })
            .toArray()
          expect(all).toEqual(upTo(8))
          took.push(test.now - before)
        }
        expect(took).toEqual([80, 40, 10, 10])
        expect(yield* Stream.empty.mapTask((n) => Task.pure(n), { concurrency: 4 }).toArray()).toEqual([])
      }),
    ),
  )

  it(
    "nests",
    taskTest(() =>
      Stream.range(0, 20)
        .mapTask(
          (n) =>
            Stream.range(0, n % 4)
              .mapTask((m) => Task.sleep(m).as(1), { concurrency: 2 })
              .count(),
          { concurrency: 3 },
        )
        .mapTask((n) => Task.sleep(n).as(n), { concurrency: 2, ordered: false })
        .mapTask((n) => Task.sleep(1).as(n), { concurrency: 5 })
        .toArray()
        .map((counts) =>
          expect(counts.toSorted(ascending)).toEqual(
            upTo(20)
              .map((n) => n % 4)
              .toSorted(ascending),
          ),
        ),
    ),
  )

  it(
    "can be run again, and by two at the same time",
    taskTest(() =>
      Task.gen(function* () {
        for (const ordered of [true, false]) {
          const stream = Stream.range(0, 6).mapTask((n) => Task.sleep(n + 1).as(n), { concurrency: 2, ordered })
          const runs = yield* Task.all([stream.toArray(), stream.take(3).toArray(), stream.toArray()])
          expect(runs).toEqual([upTo(6), upTo(3), upTo(6)])
          expect(yield* stream.toArray()).toEqual(upTo(6))
        }
      }),
    ),
  )

  it(
    "keeps a failure of a cleanup beside the failure that led to it",
    taskTest(() =>
      Stream.range(0)
        .mapTask(
          (n) => (n === 1 ? Task.sleep(1).andThen(Task.fail("first")) : Task.sleep(9).finally(Task.fail("cleanup"))),
          { concurrency: 2 },
        )
        .drain()
        .attempt()
        .map((exit) => expect(failuresIn(exit)).toEqual(expect.arrayContaining(["cleanup", "first"]))),
    ),
  )

  it(
    "does not wait for ever for a Task that cancels itself",
    taskTest((test) => {
      const cancelsItself = Task.self()
        .flatMap((fiber) => fiber.cancel("me"))
        .andThen(Task.sleep(1))
      return Task.gen(function* () {
        for (const ordered of [true, false]) {
          const all = Stream.of(0, 1).mapTask((n) => (n === 0 ? cancelsItself : Task.sleep(1)), {
            concurrency: 2,
            ordered,
          })
          const exit = yield* all.drain().timeout(1000).attempt()
          expect(exit).toMatchObject({ status: "rejected", reason: expect.any(CancelledError) })
          expect(test.now).toBeLessThan(1000)
        }
      })
    }),
  )

  it("shows its callback the locals and the async context of who runs it", async () => {
    const local = Local.make("nobody")
    const storage = new AsyncLocalStorage<string>()
    const stream = Stream.range(0, 6).mapTask(
      () =>
        Task.sleep(0)
          .andThen(local.get())
          .map((name) => `${name} ${storage.getStore()}`),
      { concurrency: 3 },
    )
    const [one, two] = await Promise.all(
      ["ada", "bob"].map((name) =>
        storage.run(`store of ${name}`, () => local.run(name, stream.toArray()).toPromise()),
      ),
    )
    expect(one).toEqual(upTo(6).map(() => "ada store of ada"))
    expect(two).toEqual(upTo(6).map(() => "bob store of bob"))
  })
})

describe("forEach and parFold side by side", () => {
  it("never exceed their bound, and reach it", async () => {
    const delays = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(delays, fc.integer({ min: 2, max: 6 }), async (waits, concurrency) => {
        const test = TestRuntime.make()
        const counts = new Counts(concurrency, Infinity)
        const source = Stream.range(0, waits.length).map(counts.make)
        await test.run(source.forEach((n) => counts.work(n, waits[n] ?? 0), { concurrency }))
        expect(counts.ends.toSorted(ascending)).toEqual(upTo(waits.length))
        expect(counts.most).toBe(Math.min(concurrency, waits.length))
        const folded = new Counts(concurrency, Infinity)
        const order = await test.run(
          Stream.range(0, waits.length)
            .map(folded.make)
            .parFold(
              "",
              (n) => folded.work(n, waits[n] ?? 0),
              (all, n) => `${all} ${n}`,
              { concurrency },
            ),
        )
        expect(order).toBe(folded.ends.map((n) => ` ${n}`).join(""))
        expect(folded.most).toBe(Math.min(concurrency, waits.length))
        await test.close()
      }),
      { numRuns: 80 },
    )
  })

  it(
    "let a callback return nothing, whatever the concurrency",
    taskTest(() =>
      Task.gen(function* () {
        const seen: number[] = []
        for (const concurrency of [1, 3]) yield* Stream.of(1, 2).forEach((n) => void seen.push(n), { concurrency })
        expect(seen).toEqual([1, 2, 1, 2])
      }),
    ),
  )

  it(
    "cancel the others at the first failure, wait for them, and fail with it",
    taskTest((test) =>
      Task.gen(function* () {
        const ended: string[] = []
        const work = (n: number): Task<number, string> =>
          n === 2
            ? Task.sleep(5).andThen(Task.fail("two"))
            : Task.sleep(50)
                .as(n)
                .finally(() => Task.sleep(3).map(() => void ended.push(`${n} ${test.now}`)))
        const each = yield* Stream.range(0).forEach(work, { concurrency: 3 }).attempt()
        expect([each, ended.splice(0).toSorted()]).toEqual([{ status: "rejected", reason: "two" }, ["0 8", "1 8"]])
        const fold = yield* Stream.range(0)
          .parFold(0, work, (a, b) => a + b, { concurrency: 3 })
          .attempt()
        expect([fold, ended.toSorted()]).toEqual([{ status: "rejected", reason: "two" }, ["0 16", "1 16"]])
        const thrown = new Error("merge")
        const merging = Stream.range(0).parFold(
          0,
          (n) => Task.sleep(n).as(n),
          () => {
            throw thrown
          },
          { concurrency: 3 },
        )
        expect(yield* merging.attempt()).toEqual({ status: "rejected", reason: thrown })
      }),
    ),
  )
})

/** A source that is to be closed, work that is to be ended, and one failure among it if so. */
const stages = (trial: { resource(name: string): () => void }, fails: boolean) => {
  const work = (n: number): Task<number, string> =>
    Task.bracket(
      Task.sync(() => trial.resource(`the work of ${n}`)),
      () => (fails && n === 1 ? Task.yield().andThen(Task.fail("one")) : Task.yield().as(n)),
      (end) => Task.yield().map(end),
    )
  const source = Stream.using(
    Task.yield().map(() => trial.resource("the source")),
    () => Stream.range(0, 3),
    (end) => end(),
  )
  return { work, source }
}

describe("under every schedule, cancelled at every step,", () => {
  for (const ordered of [true, false]) {
    for (const fails of [true, false]) {
      itHolds(
        `mapTask ${ordered ? "in order" : "as ready"}${fails ? ", with a failure," : ""} gives all, or what came first, and leaves nothing`,
        (trial) => {
          const { work, source } = stages(trial, fails)
          const got: number[] = []
          const all = source.mapTask(work, { concurrency: 2, buffer: 1, ordered }).forEach((n) => void got.push(n))
          return all.attempt().map((exit) => {
            must(exit.status === (fails ? "rejected" : "fulfilled"), `another end, got ${exit.status}`)
            must(new Set(got).size === got.length, `nothing twice, got ${got.join()}`)
            if (!fails) must(got.toSorted(ascending).join() === "0,1,2", `all, got ${got.join()}`)
            if (ordered) must("0,1,2".startsWith(got.join()), `the order, got ${got.join()}`)
          })
        },
        ["main"],
      )
    }
  }

  itHolds(
    "forEach does all, and leaves nothing",
    (trial) => {
      const { work, source } = stages(trial, false)
      const got: number[] = []
      return source
        .forEach((n) => work(n).map(() => void got.push(n)), { concurrency: 2 })
        .map(() => must(got.toSorted(ascending).join() === "0,1,2", `all, got ${got.join()}`))
    },
    ["main"],
  )

  itHolds(
    "mapTask that is left early leaves nothing",
    (trial) => {
      const { work, source } = stages(trial, false)
      return source
        .mapTask(work, { concurrency: 3, ordered: false })
        .take(1)
        .toArray()
        .map((all) => must(all.length === 1, `one, got ${all.length}`))
    },
    ["main"],
  )
})
