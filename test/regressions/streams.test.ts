import { describe, expect, it } from "vitest"
import fc from "fast-check"
import { Queue, Stream, Task } from "rapid-fiber"
import { explore, taskTest, TestRuntime } from "rapid-fiber/testing"
import { exitOf, turn } from "../watch.ts"
import { growth, heapInUse } from "../heap.ts"

/**
 * What users of other libraries reported of streams, and what Rapid for Scala gets wrong in them, as tests of this one. Each
 * name ends with where the shape was first seen: an issue, or a weakness of Rapid's by its number in docs/from-scala.md.
 */

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

describe("a parallel stage", () => {
  for (const ordered of [true, false]) {
    it(`does not hang when one element is enough, ${ordered ? "in order" : "as ready"} [zio#10195, zio#7701, effect#8374]`, async () => {
      const found = await explore(
        (trial) =>
          Stream.from(Task.yield().as(0))
            .concat(Task.pure(1), Task.yield().as(2), Task.pure(3))
            .mapTask(
              (n) =>
                Task.bracket(
                  Task.sync(() => trial.resource(`the work of ${n}`)),
                  () => Task.yield().as(n),
                  (end) => end(),
                ),
              { concurrency: 2, ordered },
            )
            .take(1)
            .toArray()
            .map((all) => expect(all.length).toBe(1)),
        { runs: 3000, cancel: true },
      )
      expect(found.runs).toBe(3000)
    })

    it(
      `ends with its source's failure while all of it waits, ${ordered ? "in order" : "as ready"} [zio#7701, effect-smol#66]`,
      taskTest(() =>
        Stream.of(1, 2)
          .concat(Stream.from(Task.sleep(10).andThen(Task.fail("dead"))))
          .mapTask((n) => Task.pure(n), { concurrency: 4, buffer: 1, ordered })
          .catch((error) => [error])
          .toArray()
          .map((all) => expect(all).toEqual([1, 2, "dead"])),
      ),
    )

    it(
      `drops nothing when its buffer is full, ${ordered ? "in order" : "as ready"} [effect#8374, effect-smol#66, rapid 11: maxBuffer = 1 livelocks]`,
      taskTest(() =>
        Task.gen(function* () {
          for (const buffer of [0, 1, 2]) {
            const all = yield* Stream.range(0, 50)
              .mapTask((n) => Task.sleep(n % 3).as(n), { concurrency: 3, buffer, ordered })
              .tap((n) => Task.sleep(n % 5))
              .toArray()
            expect(all.toSorted((a, b) => a - b)).toEqual(upTo(50))
          }
        }),
      ),
    )
  }

  it("has no more under way than it says, and makes its source wait for a slow consumer [rxjs#71, rxjs#4423, p-map#76, p-map#78]", async () => {
    const given = fc.record({
      concurrency: fc.integer({ min: 1, max: 5 }),
      buffer: fc.integer({ min: 0, max: 5 }),
      ordered: fc.boolean(),
      pause: fc.integer({ min: 0, max: 9 }),
    })
    await fc.assert(
      fc.asyncProperty(given, async ({ pause, ...options }) => {
        let [made, taken, running, most] = [0, 0, 0, 0]
        const work = (n: number): Task<number> =>
          Task.defer(() => {
            most = Math.max(most, ++running)
            return Task.sleep(1 + (n % 4)).map(() => (running--, n))
          })
        const test = TestRuntime.make()
        await test.run(
          Stream.range(0, 30)
            .map((n) => (made++, n))
            .mapTask(work, options)
            .forEach(() => {
              taken++
              return Task.sleep(pause).map(() =>
                expect(made - taken).toBeLessThanOrEqual(options.concurrency + options.buffer),
              )
            }),
        )
        await test.close()
        expect([made, taken, running]).toEqual([30, 30, 0])
        expect(most).toBeLessThanOrEqual(options.concurrency)
      }),
      { numRuns: 100 },
    )
  })

  it(
    "gives its results as they come, with one worker as with many [rapid 10: the aggregator starts last; maxThreads = 1 hangs]",
    taskTest((test) =>
      Task.gen(function* () {
        for (const concurrency of [1, 4]) {
          const began = test.now
          const times = yield* Stream.range(0, 12)
            .mapTask((n) => Task.sleep(10).as(n), { concurrency, buffer: 1 })
            .map(() => test.now - began)
            .toArray()
          expect(times).toEqual(upTo(12).map((n) => 10 * (Math.floor(n / concurrency) + 1)))
        }
      }),
    ),
  )

  it(
    "ends when its fold fails, can be cancelled, and counts the initial state once [rapid 11: a failing fold never completes; no cancellation; initial per thread]",
    taskTest(() =>
      Task.gen(function* () {
        const thrown = new Error("fold")
        const work = (n: number): Task<number> => Task.sleep(n % 3).as(n)
        const failing = Stream.range(0).parFold(
          0,
          work,
          (a, b) => {
            if (b === 5) throw thrown
            return a + b
          },
          { concurrency: 4 },
        )
        expect(yield* failing.attempt()).toEqual({ status: "rejected", reason: thrown })
        expect(yield* Stream.range(0, 10).parFold(1000, work, (a, b) => a + b, { concurrency: 4 })).toBe(1045)
        let ended = 0
        const endless = yield* Stream.range(0)
          .forEach(() => Task.sleep(5).finally(() => void ended++), { concurrency: 4 })
          .startDetached()
        yield* Task.sleep(2)
        yield* endless.cancel()
        expect(ended).toBe(4)
      }),
    ),
  )
})

describe("a stream that is shared", () => {
  it("ends its source with its last user, and keeps nothing of it [rxjs#5034, rxjs#5931, rxjs#3336]", async () => {
    let [begun, ended] = [0, 0]
    const refs: WeakRef<object>[] = []
    const shared = Stream.defer(() => {
      begun++
      return Stream.range(0).map(() => {
        const item = { bytes: new Uint8Array(1000) }
        refs.push(new WeakRef(item))
        return item
      })
    })
      .finally(() => void ended++)
      .share({ replay: 100 })
    for (let round = 1; round <= 3; round++) {
      await Task.all([
        shared.take(200).drain(),
        shared.take(5).drain(),
        shared.drain().timeout(2).attempt().as(undefined),
      ])
      expect([begun, ended]).toEqual([round, round])
    }
    await turn()
    heapInUse()
    // JavaScriptCore takes what lies on its stack for references: one or two.
    expect(refs.filter((ref) => ref.deref() !== undefined).length).toBeLessThanOrEqual("Bun" in globalThis ? 2 : 0)
    const grown = await growth(async () => {
      for (let i = 0; i < 200; i++) await shared.take(100).drain()
    })
    expect(grown).toBeLessThan(1_000_000)
  })
})

describe("a loop that is left", () => {
  it("has everything released when it goes on, and the stream's source unlocked [effect#5221, effect#3774]", async () => {
    let [open, most] = [0, 0]
    const bytes = new ReadableStream<number>({ pull: (controller) => controller.enqueue(1) }, { highWaterMark: 0 })
    const stream = Stream.using(
      Task.yield().map(() => void (most = Math.max(most, ++open))),
      () => Stream.from(bytes),
      () => Task.yield().map(() => void open--),
    )
    for await (const _ of stream.mapTask((n) => Task.yield().as(n), { concurrency: 2 })) break
    expect([open, most, bytes.locked]).toEqual([0, 1, false])
    const reader = Stream.using(
      Task.sync(() => void open++),
      () => Stream.range(0),
      () => void open--,
    )
      .toReadableStream()
      .getReader()
    await reader.read()
    await reader.cancel()
    expect(open).toBe(0)
  })

  it("leaves no promise pending, and no listener at a signal [p-queue#241, p-limit#25, p-timeout#42, p-queue#235, node#54614]", async () => {
    const controller = new AbortController()
    const { signal } = controller
    let listeners = 0
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)]
    signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args))
    signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args))
    for (let i = 0; i < 20; i++) {
      const reader = Stream.range(0).toReadableStream({ signal }).getReader()
      await reader.read()
      await reader.cancel()
      await Stream.range(0, 3)
        .mapTask((n) => Task.yield().as(n), { concurrency: 2 })
        .drain()
        .run({ signal })
    }
    expect(listeners).toBe(0)
    const iterator = Stream.from(Task.never)[Symbol.asyncIterator]()
    const asked = [iterator.next(), iterator.next(), iterator.next()]
    await iterator.return?.()
    expect(await Promise.all(asked)).toEqual(asked.map(() => ({ done: true, value: undefined })))
  })
})

describe("a stream of a queue that is interrupted", () => {
  it("loses no item [zio#9973, cats-effect#3000, cats-effect#2920, effect#716, effect#8373]", async () => {
    const found = await explore(
      (trial) => {
        const queue = Queue.unbounded<string>()
        const got: string[] = []
        trial.check(() => expect([...got, ...queue.clear()].toSorted()).toEqual(["a", "b"]))
        return Task.gen(function* () {
          const victim = yield* Stream.from(queue)
            .forEach((item) => void got.push(item))
            .attempt()
            .startDetached({ name: "victim" })
          yield* queue.offer("a")
          yield* Task.yield()
          yield* queue.offer("b")
          yield* Task.sleep(1)
          yield* victim.cancel()
        })
      },
      { runs: 3000, cancel: "victim" },
    )
    expect(found.runs).toBe(3000)
  })
})

describe("what is large", () => {
  it("is neither spread nor gone through again and again [effect#7654, effect#8374: left-nested concat is quadratic]", async () => {
    const many = upTo(300_000)
    expect(
      await Stream.of(many)
        .flatMap((all) => all)
        .count(),
    ).toBe(300_000)
    expect((await Stream.from(many).chunk(300_000).first())?.length).toBe(300_000)
    let nested: Stream<number> = Stream.empty
    for (const n of many) nested = nested.concat([n])
    expect(await nested.count()).toBe(300_000)
  })
})

describe("results", () => {
  const stages: Record<string, (from: Stream<number>) => Stream<unknown>> = {
    take: (from) => from.take(2),
    drop: (from) => from.drop(2),
    dropWhile: (from) => from.dropWhile((n) => n < 3),
    slice: (from) => from.slice(1, 3),
    takeWhile: (from) => from.takeWhile((n) => n < 3),
    chunk: (from) => from.chunk(2),
    zipWithIndex: (from) => from.zipWithIndex(),
    distinct: (from) => from.distinct(),
    scan: (from) => from.scan((a, b) => a + b, 0),
    intersperse: (from) => from.intersperse("-"),
    changes: (from) => from.changes(),
    sliding: (from) => from.sliding(3, 2),
    every: (from) => Stream.from(from.every((n) => n < 9)),
    catch: (from) => from.concat(Stream.fail("no")).catch((error) => [error]),
    "take and index": (from) => from.take(2).zipWithIndex(),
  }
  for (const [name, stage] of Object.entries(stages)) {
    it(`of ${name} are the same in each run, also side by side [rapid 1: state lives outside the run]`, async () => {
      const stream = stage(Stream.range(0, 6).tap(() => Task.yield()))
      const first = await stream.toArray()
      expect(first.length).toBeGreaterThan(0)
      expect(await stream.toArray()).toEqual(first)
      expect(await Task.all([stream.toArray(), stream.toArray()])).toEqual([first, first])
    })
  }

  it("end with the whole stream, not with an inner one [rapid 2: a Stop inside a Concat ends the inner pull only]", async () => {
    expect(
      await Stream.of([1, 2], [9, 1], [1])
        .flatMap((some) => some)
        .takeWhile((n) => n < 5)
        .toArray(),
    ).toEqual([1, 2])
    expect(
      await Stream.range(0)
        .flatMap((n) => [n])
        .take(2)
        .toArray(),
    ).toEqual([0, 1])
  })

  it("of zip have all of a left side that is flat-mapped [rapid 3: zip's left side is evaluated once]", async () => {
    const left = Stream.of([1, 2], [3], [4, 5]).flatMap((some) => some)
    expect(await left.zip(["a", "b", "c", "d"]).toArray()).toEqual([
      [1, "a"],
      [2, "b"],
      [3, "c"],
      [4, "d"],
    ])
    expect(await left.zipAll(["a"], 0, "-").toArray()).toEqual([
      [1, "a"],
      [2, "-"],
      [3, "-"],
      [4, "-"],
      [5, "-"],
    ])
  })

  it("of groups go on into the next part, and lines are as they are [rapid 4: group discards Concat; lines drops blanks, trims, knows no UTF-8]", async () => {
    const parts = Stream.of(1, 1, 2).concat([2, 3])
    expect(await parts.groupAdjacent((n) => n).toArray()).toEqual([
      [1, [1, 1]],
      [2, [2, 2]],
      [3, [3]],
    ])
    const bytes = new TextEncoder().encode("  Ã\n\n\tb \r\nc")
    const text = Stream.from(Array.from(bytes, (byte) => new Uint8Array([byte])))
      .decode()
      .lines()
    expect(await text.toArray()).toEqual(["  Ã", "", "\tb ", "c"])
  })

  it("of sliding go on over inner streams, and take asks for no more [rapid 5: sliding flushes at inner boundaries; step > size ignored; take(n) pulls n + 1]", async () => {
    const inner = Stream.of([1, 2], [3, 4], [5]).flatMap((some) => some)
    expect(await inner.sliding(3).take(3).toArray()).toEqual([
      [1, 2, 3],
      [2, 3, 4],
      [3, 4, 5],
    ])
    expect(await inner.sliding(1, 2).toArray()).toEqual([[1], [3], [5]])
    let asked = 0
    await Stream.range(0)
      .map(() => asked++)
      .take(3)
      .drain()
    expect(asked).toBe(3)
  })

  it("of merge come from all sources, also beside one without end [rapid 6: merge drains the outer first]", async () => {
    const outer = Stream.range(0).map(() => Stream.range(0))
    expect((await outer.mergeAll({ buffer: 1 }).take(20).toArray()).length).toBe(20)
    const both = await Stream.range(0)
      .map(() => "a")
      .merge(Stream.range(0).map(() => "b"))
      .take(200)
      .toArray()
    expect(new Set(both)).toEqual(new Set(["a", "b"]))
  })
})

describe("what a stream has opened", () => {
  it("is closed, inner streams included [rapid 7: inner pulls of flatMap are never closed]", async () => {
    const log: string[] = []
    const inner = (n: number): Stream<number> =>
      Stream.using(
        Task.sync(() => log.push(`open ${n}`)),
        () => [n],
        () => void log.push(`close ${n}`),
      )
    await Stream.range(0, 3).flatMap(inner).drain()
    expect(log.splice(0)).toEqual(["open 0", "close 0", "open 1", "close 1", "open 2", "close 2"])
    expect(await Stream.range(0).flatMap(inner).first()).toBe(0)
    expect(log).toEqual(["open 0", "close 0"])
  })

  it("is closed on early ends and failures, once, and all of it though one close fails [rapid 8: onFinalize misses take, first and nested errors; using leaks if use throws; one failing close skips the rest]", async () => {
    const log: string[] = []
    const named = (name: string): Stream<number> => Stream.range(0).finally(() => void log.push(name))
    await named("take").take(1).drain()
    await named("first").first()
    await exitOf(
      named("nested")
        .flatMap(() =>
          named("inner")
            .concat(Stream.empty)
            .map(() => {
              throw new Error("no")
            }),
        )
        .drain(),
    )
    expect(log.splice(0)).toEqual(["take", "first", "inner", "nested"])
    await exitOf(
      Stream.using(
        Task.unit,
        (): Stream<number> => {
          throw new Error("use")
        },
        () => void log.push("released"),
      ).drain(),
    )
    await exitOf(
      Stream.using(
        Task.unit,
        () => named("inside").take(1).finally(Task.fail("close")),
        () => void log.push("outside"),
      ).drain(),
    )
    expect(log).toEqual(["released", "inside", "outside"])
  })

  it("comes to an end over asynchronous steps [rapid 9: toList, drain, count and toVector throw on any asynchronous step]", async () => {
    const slow = Stream.range(0, 3).mapTask((n) => Task.promise(() => turn()).as(n))
    expect(
      await Task.all([slow.toArray(), slow.drain(), slow.count(), slow.last(), slow.reduce((a, b) => a + b)]),
    ).toEqual([[0, 1, 2], undefined, 3, 2, 3])
  })
})
