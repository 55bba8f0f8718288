import { describe, expect, it } from "vitest"
import fc from "fast-check"
import { CancelledError, Stream, Task } from "rapid-fiber"
import { taskTest, TestRuntime } from "rapid-fiber/testing"
import { heapInUse } from "../heap.ts"
import { failuresIn, turn } from "../watch.ts"
import { itHolds, must } from "../sync/exploring.ts"

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
const ascending = (a: number, b: number): number => a - b

/** 0, 1, 2 … after so many milliseconds each. */
const paced = (...pauses: number[]): Stream<number> =>
  Stream.from(pauses)
    .zipWithIndex()
    .mapTask(([pause, n]) => Task.sleep(pause).as(n))

/** A source without end that counts what it has made, and its ends. */
class Source {
  made = 0
  ended = 0
  readonly elements = Stream.range(0)
    .map((n) => {
      must(++this.made < 10_000, "an end of what is made")
      return n
    })
    .finally(() => void this.ended++)
}

describe("merge", () => {
  it("loses no element, doubles none, and keeps each source's order", async () => {
    const pauses = fc.array(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 15 }), { maxLength: 5 })
    const bounds = fc.record({ concurrency: fc.integer({ min: 1, max: 4 }), buffer: fc.integer({ min: 1, max: 4 }) })
    await fc.assert(
      fc.asyncProperty(pauses, bounds, fc.integer({ min: 0, max: 3 }), fc.nat(), async (given, bound, pause, seed) => {
        const test = TestRuntime.make({ seed })
        let [open, most] = [0, 0]
        const streams = given.map((steps, of) =>
          Stream.using(
            Task.sync(() => void (most = Math.max(most, ++open))),
            () => paced(...steps).map((n) => [of, n] as const),
            () => void open--,
          ),
        )
        const got = await test.run(
          Stream.from(streams)
            .mergeAll(bound)
            .tap(() => Task.sleep(pause))
            .toArray(),
        )
        await test.close()
        for (const [of, steps] of given.entries()) {
          expect(got.filter(([from]) => from === of).map(([, n]) => n)).toEqual(upTo(steps.length))
        }
        expect(open).toBe(0)
        expect(most).toBeLessThanOrEqual(bound.concurrency)
      }),
      { numRuns: 120 },
    )
  })

  it(
    "gives each of two sources that are always ready its turn",
    taskTest(() =>
      Stream.range(0)
        .map(() => "a")
        .merge(Stream.range(0).map(() => "b"))
        .take(400)
        .toArray()
        .map((all) => {
          for (let from = 0; from + 100 <= 400; from += 100) {
            const some = all.slice(from, from + 100)
            expect(some.filter((name) => name === "a").length).toBeGreaterThan(20)
            expect(some.filter((name) => name === "b").length).toBeGreaterThan(20)
          }
        }),
    ),
  )

  it(
    "lets each source wait while 16 elements, and one of its own, are not asked for",
    taskTest(() => {
      const source = new Source()
      return source.elements
        .merge(Stream.empty)
        .take(3)
        .forEach((n) => Task.sleep(10).map(() => expect(source.made).toBe(n + 1 + 17)))
        .map(() => expect(source.ended).toBe(1))
    }),
  )

  it(
    "gives elements as they come, and ends as the last source does",
    taskTest((test) =>
      paced(10, 10)
        .map((n) => `a${n}`)
        .merge(
          paced(5, 10, 10).map((n) => `b${n}`),
          ["now"],
        )
        .map((name) => `${name} ${test.now}`)
        .toArray()
        .map((all) => {
          expect(all).toEqual(["now 0", "b0 5", "a0 10", "b1 15", "a1 20", "b2 25"])
          expect(test.now).toBe(25)
        }),
    ),
  )

  it(
    "keeps what came before a failure, cancels the others and waits for them",
    taskTest((test) => {
      const ended: string[] = []
      const slow = (name: string): Stream<number> =>
        paced(1, 50).finally(() => Task.sleep(3).map(() => void ended.push(`${name} ${test.now}`)))
      const failing = Stream.from(Task.sleep(5).andThen(Task.fail("no")))
      return Stream.of<Stream<number, string>>(slow("a"), slow("b"), failing)
        .concat(Stream.from(Task.never))
        .finally(() => void ended.push(`outer ${test.now}`))
        .mergeAll()
        .catch((error) => [error, ...ended.toSorted()])
        .toArray()
        .map((all) => expect(all).toEqual([0, 0, "no", "a 8", "b 8", "outer 8"]))
    }),
  )

  it(
    "refuses an element that is no stream",
    taskTest(() =>
      Stream.of(5 as unknown as Stream<number>)
        .mergeAll()
        .toArray()
        .attempt()
        .map((exit) =>
          expect(String(exit.status === "rejected" && exit.reason)).toMatch(/Expected each element.*Stream.*got 5/),
        ),
    ),
  )
})

describe("switchMap", () => {
  it(
    "goes on with the last stream, after the one before is closed",
    taskTest((test) => {
      const seen: string[] = []
      const inner = (n: number): Stream<string> =>
        paced(4, 4, 4)
          .map((m) => `${n}.${m}`)
          .finally(() => Task.sleep(1).map(() => void seen.push(`end ${n} ${test.now}`)))
      return paced(0, 10, 10)
        .switchMap(inner)
        .forEach((name) => void seen.push(`${name} ${test.now}`))
        .map(() =>
          expect(seen).toEqual([
            "0.0 4",
            "0.1 8",
            "end 0 11",
            "1.0 15",
            "1.1 19",
            "end 1 22",
            "2.0 26",
            "2.1 30",
            "2.2 34",
            "end 2 35",
          ]),
        )
    }),
  )

  it(
    "fails at once as the inner or the outer stream does, and closes both",
    taskTest((test) =>
      Task.gen(function* () {
        let ended = 0
        const end = (): void => void ended++
        const failing = Stream.from(Task.sleep(5).andThen(Task.fail("inner"))).finally(end)
        const inner = yield* Stream.of(1)
          .concat(Stream.from(Task.never))
          .finally(end)
          .switchMap(() => failing)
          .drain()
          .attempt()
        expect([inner, ended, test.now]).toEqual([{ status: "rejected", reason: "inner" }, 2, 5])
        const outer = Stream.of(1)
          .concat(Stream.from(Task.sleep(5).andThen(Task.fail("outer"))))
          .finally(end)
        const exit = yield* outer
          .switchMap(() => Stream.from(Task.never).finally(end))
          .drain()
          .attempt()
        expect([exit, ended, test.now]).toEqual([{ status: "rejected", reason: "outer" }, 4, 10])
      }),
    ),
  )
})

describe("buffer", () => {
  it(
    "makes exactly so many ahead, in order",
    taskTest(() => {
      const source = new Source()
      return source.elements
        .buffer(3)
        .take(4)
        .forEach((n) => Task.sleep(5).map(() => expect(source.made).toBe(n + 1 + 3)))
        .map(() => expect([source.made, source.ended]).toEqual([7, 1]))
    }),
  )

  it(
    "works ahead while its consumer is busy, and gives what it holds before a failure",
    taskTest((test) =>
      paced(10, 10, 10, 10)
        .concat(Stream.fail("no"))
        .buffer(8)
        .tap(() => Task.sleep(10))
        .catch((error) => [error])
        .toArray()
        .map((all) => {
          expect(all).toEqual([0, 1, 2, 3, "no"])
          expect(test.now).toBe(50)
        }),
    ),
  )
})

describe("groupBy", () => {
  it(
    "gives each element to the group of its key, once",
    taskTest(() =>
      Stream.range(0, 100)
        .groupBy((n) => n % 7, { buffer: 2 })
        .mapTask(
          ([key, its]) =>
            its
              .tap((n) => Task.sleep(n % 3))
              .toArray()
              .map((all) => [key, all] as const),
          { concurrency: 7 },
        )
        .toArray()
        .map((groups) => expect(groups).toEqual(upTo(7).map((key) => [key, upTo(100).filter((n) => n % 7 === key)]))),
    ),
  )

  it(
    "lets a full group hold up the source, and a group that is closed early hold up nobody",
    taskTest(() =>
      Task.gen(function* () {
        let made = 0
        const source = Stream.range(0, 100).map((n) => (made++, n))
        const slow = source
          .groupBy((n) => n % 2, { buffer: 3 })
          .mapTask(([key, its]) => (key === 0 ? Task.sleep(50).map(() => made) : its.count()), { concurrency: 2 })
        const fiber = yield* slow.toArray().startDetached()
        yield* Task.sleep(40)
        // Three of each that are held, one of the odd ones that was taken at once, and the one that waits.
        expect(made).toBeLessThanOrEqual(8)
        yield* fiber.cancel()
        const early = source
          .groupBy((n) => n % 2, { buffer: 2 })
          .mapTask(([key, its]) => (key === 0 ? its.take(1).toArray() : its.toArray()), { concurrency: 2 })
        expect(yield* early.toArray()).toEqual([[0], upTo(100).filter((n) => n % 2 === 1)])
      }),
    ),
  )

  it(
    "fails in its groups, too, as the source or the key does",
    taskTest(() =>
      Task.gen(function* () {
        const failures: unknown[] = []
        const all = Stream.of(1, 2, 3)
          .concat(Stream.from(Task.sleep(5).andThen(Task.fail("no"))))
          .groupBy((n) => n % 2)
        const exit = yield* all
          .mapTask(([key, its]) => its.toArray().catch((error) => Task.sync(() => void failures.push([key, error]))), {
            concurrency: 2,
          })
          .drain()
          .attempt()
        expect(exit).toEqual({ status: "rejected", reason: "no" })
        for (const failure of failures) expect(failure).toEqual([expect.any(Number), "no"])
        const thrown = new Error("key")
        const throwing = Stream.of(1).groupBy(() => {
          throw thrown
        })
        expect(yield* throwing.drain().attempt()).toEqual({ status: "rejected", reason: thrown })
      }),
    ),
  )

  it(
    "ends its groups when it is left",
    taskTest(() =>
      Stream.range(0)
        .groupBy((n) => n % 2)
        .take(2)
        .toArray()
        .flatMap(([, odd]) =>
          (odd?.[1] ?? Stream.empty)
            .drain()
            .attempt()
            .map((exit) => expect(exit).toMatchObject({ status: "rejected", reason: expect.any(CancelledError) })),
        ),
    ),
  )
})

describe("broadcast", () => {
  it(
    "gives all elements to all, at the pace of the slowest",
    taskTest(() => {
      const source = new Source()
      let seen = 0
      return source.elements
        .take(20)
        .broadcast(
          [
            (its) => its.toArray(),
            (its) =>
              its
                .tap(() =>
                  Task.sleep(10).map(() => must(source.made <= ++seen + 4, `${source.made} to be at most ${seen + 4}`)),
                )
                .count(),
          ],
          { buffer: 4 },
        )
        .map((both) => {
          expect(both).toEqual([upTo(20), 20])
          expect([source.made, source.ended]).toEqual([20, 1])
        })
    }),
  )

  it(
    "goes on when one ends early or never reads, and ends when all have ended",
    taskTest(() =>
      Task.gen(function* () {
        const source = new Source()
        const [first, all, none] = yield* source.elements.broadcast(
          [(its) => its.first(), (its) => its.take(50).count(), () => Task.pure("none")],
          { buffer: 1 },
        )
        expect([first, all, none, source.ended]).toEqual([0, 50, "none", 1])
        expect(yield* source.elements.broadcast([])).toEqual([])
      }),
    ),
  )

  it(
    "makes no more when nobody takes any more, though they go on with other things",
    taskTest(() => {
      const source = new Source()
      const first = (its: Stream<number>): Task<number | undefined> => its.first().tap(() => Task.sleep(10))
      return source.elements.broadcast([first, first], { buffer: 4 }).map((both) => {
        expect(both).toEqual([0, 0])
        expect(source.made).toBeLessThan(10)
      })
    }),
  )

  it(
    "cancels the others when one fails, and fails for all as the source does",
    taskTest((test) =>
      Task.gen(function* () {
        const source = new Source()
        const ended: string[] = []
        const slow = (its: Stream<number>): Task<void> =>
          its
            .tap(() => Task.sleep(50))
            .drain()
            .finally((exit) => Task.sleep(2).map(() => void ended.push(`${exit.status} ${test.now}`)))
        const one = yield* source.elements
          .broadcast([slow, (its) => its.take(1).drain().andThen(Task.sleep(5)).andThen(Task.fail("one"))])
          .attempt()
        expect([one, ended, source.ended]).toEqual([{ status: "rejected", reason: "one" }, ["cancelled 7"], 1])
        const thrown = new Error("use")
        expect(
          yield* source.elements
            .broadcast([
              slow,
              () => {
                throw thrown
              },
            ])
            .attempt(),
        ).toEqual({ status: "rejected", reason: thrown })
        const failing = Stream.of(1, 2).concat(Stream.fail("source"))
        const settled = (its: Stream<number, string>) => its.catch((error) => [error]).toArray()
        expect(yield* failing.broadcast([settled, settled])).toEqual([
          [1, 2, "source"],
          [1, 2, "source"],
        ])
      }),
    ),
  )
})

describe("share", () => {
  it(
    "runs its source once for all, from the first to the last, and anew after that",
    taskTest((test) => {
      const runs: string[] = []
      const shared = Stream.defer(() => {
        runs.push(`begin ${test.now}`)
        return paced(10, 10, 10, 10).finally(() => void runs.push(`end ${test.now}`))
      }).share()
      return Task.gen(function* () {
        const all = yield* Task.all([shared.toArray(), shared.take(1).toArray(), shared.toArray().delay(15)])
        expect(all).toEqual([[0, 1, 2, 3], [0], [1, 2, 3]])
        expect(yield* Task.all([shared.take(2).toArray(), shared.take(1).toArray()])).toEqual([[0, 1], [0]])
        expect(runs).toEqual(["begin 0", "end 40", "begin 40", "end 60"])
        expect(yield* shared.count()).toBe(4)
      })
    }),
  )

  it(
    "gives who comes late the last elements first, and nothing of an earlier run",
    taskTest(() => {
      const shared = paced(10, 10, 10, 10, 10).share({ replay: 2 })
      return Task.gen(function* () {
        for (let run = 0; run < 2; run++) {
          const all = yield* Task.all([shared.toArray(), shared.toArray().delay(35), shared.take(1).toArray().delay(5)])
          expect(all).toEqual([upTo(5), [1, 2, 3, 4], [0]])
        }
      })
    }),
  )

  it(
    "goes on when the one who began it is cancelled, and sets the pace by the slowest",
    taskTest(() => {
      const source = new Source()
      const shared = source.elements.share({ buffer: 2 })
      return Task.gen(function* () {
        const first = yield* shared.drain().startDetached()
        const slow = yield* shared
          .take(5)
          .tap((n) => Task.sleep(10).map(() => must(source.made <= n + 3, `at most ${n + 3} made, got ${source.made}`)))
          .toArray()
          .startDetached()
        yield* Task.sleep(15)
        yield* first.cancel()
        expect(yield* slow.join()).toEqual(upTo(5))
        expect(source.ended).toBe(1)
      })
    }),
  )

  it(
    "fails for all as its source does, and begins anew after that",
    taskTest(() => {
      let runs = 0
      const shared = Stream.defer(() => (runs++, paced(5, 5).concat(Stream.fail("no")))).share()
      const settled = shared.catch((error) => [error]).toArray()
      return Task.gen(function* () {
        for (let run = 1; run < 3; run++) {
          expect(yield* Task.all([settled, settled, settled.delay(7)])).toEqual([
            [0, 1, "no"],
            [0, 1, "no"],
            [1, "no"],
          ])
          expect(runs).toBe(run)
        }
      })
    }),
  )

  it(
    "has closed the old run before it begins a new one",
    taskTest(() => {
      let [open, most] = [0, 0]
      const shared = Stream.using(
        Task.sync(() => void (most = Math.max(most, ++open))),
        () => Stream.range(0),
        () => Task.sleep(10).map(() => void open--),
      ).share()
      return Task.all([shared.take(1).toArray(), shared.take(1).toArray().delay(5)]).map(() =>
        expect([open, most]).toEqual([0, 1]),
      )
    }),
  )

  it("keeps nothing of a run that is over, however it ended", async () => {
    const refs: WeakRef<object>[] = []
    const make = (): object => {
      const item = { of: new Array<number>(1000).fill(0) }
      refs.push(new WeakRef(item))
      return item
    }
    const endless = Stream.range(0).map(make).share({ replay: 8 })
    const failing = Stream.range(0, 5).map(make).concat(Stream.fail("no")).share({ replay: 8 })
    const ending = Stream.range(0, 5).map(make).share({ replay: 8 })
    await endless.take(3).drain()
    await failing.drain().attempt()
    await ending.drain()
    await endless.drain().timeout(2).attempt().as(undefined)
    await turn()
    heapInUse()
    // JavaScriptCore takes what lies on its stack for references: one or two.
    expect(refs.filter((ref) => ref.deref() !== undefined).length).toBeLessThanOrEqual("Bun" in globalThis ? 2 : 0)
    expect([endless, failing, ending].length).toBe(3)
  })
})

/** What is done beside whoever takes the elements, by a fiber of its own. */
const besides: Record<string, (from: Stream<number, unknown>) => Task<unknown, unknown>> = {
  mapTask: (from) =>
    from
      .mapTask((n) => Task.sleep(1).as(n), { concurrency: 2 })
      .take(1)
      .drain(),
  merge: (from) => from.merge([]).take(1).drain(),
  switchMap: (from) =>
    from
      .tap(() => Task.sleep(5))
      .switchMap((n) => [n])
      .take(1)
      .drain(),
  "switchMap inside": (from) =>
    Stream.of(1)
      .switchMap(() => from)
      .take(1)
      .drain(),
  buffer: (from) => from.buffer(2).take(1).drain(),
  groupBy: (from) =>
    from
      .groupBy((n) => n)
      .take(1)
      .drain(),
  share: (from) => from.share().take(1).drain(),
  broadcast: (from) => from.broadcast([(its) => its.take(1).drain()]),
  chunkWithin: (from) => from.chunkWithin(1, 5).take(1).drain(),
}

describe.each(Object.entries(besides))("beside who takes its elements, %s", (_name, end) => {
  it(
    "keeps a failure of a cleanup for who runs it, who can handle it",
    taskTest(() =>
      end(Stream.range(0).finally(Task.sleep(1).andThen(Task.fail("cleanup"))))
        .attempt()
        .map((exit) => expect(failuresIn(exit)).toContain("cleanup")),
    ),
  )

  it("ends when its source cancels the fiber that it is run by", async () => {
    const test = TestRuntime.make()
    const cancels = Task.self()
      .flatMap((fiber) => fiber.cancel("me"))
      .andThen(Task.sleep(1).as(2))
    const fiber = end(Stream.from(cancels)).run({ runtime: test })
    fiber.onExit(() => {})
    await test.advance(100)
    const exit = fiber.poll()
    await test.close()
    expect(exit?.status).toMatch(/rejected|cancelled/)
  })
})

describe("under every schedule, cancelled at every step,", () => {
  const source = (trial: { resource(name: string): () => void }, name: string, count = 2): Stream<number> =>
    Stream.using(
      Task.yield().map(() => trial.resource(name)),
      () => Stream.range(0, count).tap(() => Task.yield()),
      (end) => Task.yield().map(end),
    )
  const programs = {
    merge: (trial: Parameters<typeof source>[0]) =>
      source(trial, "a")
        .merge(source(trial, "b"))
        .toArray()
        .map((all) => must(all.toSorted(ascending).join() === "0,0,1,1", `all, got ${all.join()}`)),
    "mergeAll with its bounds": (trial: Parameters<typeof source>[0]) =>
      source(trial, "outer", 3)
        .map((n) => source(trial, `inner ${n}`, 1))
        .mergeAll({ concurrency: 2, buffer: 1 })
        .count()
        .map((count) => must(count === 3, `three, got ${count}`)),
    switchMap: (trial: Parameters<typeof source>[0]) =>
      source(trial, "outer")
        .switchMap((n) => source(trial, `inner ${n}`).map((m) => n * 10 + m))
        .toArray()
        .map((all) => must(all.join().endsWith("10,11"), `the last at the end, got ${all.join()}`)),
    buffer: (trial: Parameters<typeof source>[0]) =>
      source(trial, "a", 4)
        .buffer(2)
        .toArray()
        .map((all) => must(all.join() === "0,1,2,3", `all, got ${all.join()}`)),
    groupBy: (trial: Parameters<typeof source>[0]) =>
      source(trial, "a", 4)
        .groupBy((n) => n % 2, { buffer: 1 })
        .mapTask(([, its]) => its.toArray(), { concurrency: 2 })
        .toArray()
        .map((all) => must(all.join() === "0,2,1,3", `all, got ${all.join()}`)),
    broadcast: (trial: Parameters<typeof source>[0]) =>
      source(trial, "a", 3)
        .broadcast([(its) => its.toArray(), (its) => its.first()], { buffer: 1 })
        .map(([all, first]) => must(all.join() === "0,1,2" && first === 0, `all, got ${all.join()} and ${first}`)),
    share: (trial: Parameters<typeof source>[0]) => {
      const shared = source(trial, "a", 3).share({ replay: 3, buffer: 1 })
      return Task.all([shared.toArray(), shared.toArray(), shared.take(1).toArray()]).map(([one, two, first]) =>
        must(
          [one.join(), two.join(), first.join()].join(" ") === "0,1,2 0,1,2 0",
          `all for all, got ${one.join()} ${two.join()} ${first.join()}`,
        ),
      )
    },
  }
  for (const [name, program] of Object.entries(programs))
    itHolds(`${name} gives all, and leaves nothing`, program, ["main"])
})
