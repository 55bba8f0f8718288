import { describe, expect, it } from "vitest"
import { Cursor, Stream, type StreamLike, Task } from "rapid-fiber"

/** Long enough that a stack would be full, and that what is quadratic would not end. */
const MANY = 1_000_000
const STREAMS = 100_000

const long = Stream.range(0, MANY)

/** Each says how many elements come of a million. */
const operators: Record<string, readonly [use: (s: Stream<number>) => Stream<unknown>, count: number]> = {
  map: [(s) => s.map((n) => n + 1), MANY],
  "filter that keeps nothing": [(s) => s.filter(() => false), 0],
  collect: [(s) => s.collect((n) => n || undefined), MANY - 1],
  "flatMap to nothing": [(s) => s.flatMap(() => []), 0],
  "flatMap to empty streams": [(s) => s.flatMap(() => Stream.empty), 0],
  "flatMap to one": [(s) => s.flatMap((n) => [n]), MANY],
  "flatMap to all": [(s) => Stream.of(1).flatMap(() => s), MANY],
  "mapTask of pure Tasks": [(s) => s.mapTask((n) => Task.pure(n)), MANY],
  tap: [(s) => s.tap(() => {}), MANY],
  "tap of Tasks": [(s) => s.tap(() => Task.unit), MANY],
  take: [(s) => s.take(MANY), MANY],
  drop: [(s) => s.drop(MANY - 1), 1],
  takeWhile: [(s) => s.takeWhile((n) => n < MANY - 1), MANY - 1],
  dropWhile: [(s) => s.dropWhile((n) => n < MANY - 1), 1],
  scan: [(s) => s.scan((a, b) => a + b, 0), MANY],
  distinct: [(s) => s.distinct(), MANY],
  "changes where nothing does": [(s) => s.map(() => 1).changes(), 1],
  zipWithIndex: [(s) => s.zipWithIndex(), MANY],
  zip: [(s) => s.zip(s), MANY],
  zipAll: [(s) => s.zipAll([1]), MANY],
  interleave: [(s) => s.interleave([1]), MANY + 1],
  intersperse: [(s) => s.intersperse(0), 2 * MANY - 1],
  chunk: [(s) => s.chunk(MANY), 1],
  "chunk, and flat": [(s) => s.chunk(MANY).flatMap((part) => part), MANY],
  "sliding by 1000": [
    (s) =>
      s
        .take(100_000)
        .sliding(1000, 1)
        .filter((part) => part.length === 1000),
    99_001,
  ],
  "sliding far apart": [(s) => s.sliding(1, 1000), 1000],
  "sliding, one window": [(s) => s.sliding(MANY, MANY), 1],
  "groupAdjacent by one key": [(s) => s.groupAdjacent(() => 1), 1],
  "groupAdjacent by its own": [(s) => s.groupAdjacent((n) => n), MANY],
  "split at nothing": [(s) => s.split(() => false), 1],
  "split at all": [(s) => s.split(() => true), MANY + 1],
  concat: [(s) => s.concat(s), 2 * MANY],
  catch: [(s) => s.catch(() => [1]), MANY],
  retry: [(s) => s.retry({ times: 1 }), MANY],
  finally: [(s) => s.finally(() => {}), MANY],
  onFirst: [(s) => s.onFirst(() => {}), MANY],
  onEnd: [(s) => s.onEnd(Task.unit), MANY],
  using: [
    (s) =>
      Stream.using(
        Task.unit,
        () => s,
        () => {},
      ),
    MANY,
  ],
  timeout: [(s) => s.timeout({ hours: 1 }) as Stream<number>, MANY],
}

describe("a million elements", () => {
  for (const [name, [use, count]] of Object.entries(operators)) {
    it(name, async () => {
      expect(await use(long).count()).toBe(count)
    })
  }

  const few = STREAMS
  const beside: Record<string, readonly [use: (s: Stream<number>) => Stream<unknown, unknown>, count: number]> = {
    buffer: [(s) => s.buffer(100), few],
    "buffer without an end": [(s) => s.buffer(Infinity), few],
    "mapTask with a concurrency": [(s) => s.mapTask((n) => Task.pure(n), { concurrency: 10 }), few],
    "mapTask with a concurrency, of waiting": [(s) => s.mapTask((n) => Task.yield().as(n), { concurrency: 10 }), few],
    "mapTask, not in order": [(s) => s.mapTask((n) => Task.pure(n), { concurrency: 10, ordered: false }), few],
    merge: [(s) => s.merge(s), 2 * few],
    share: [(s) => s.share(), few],
    groupBy: [
      (s) =>
        s
          .groupBy((n) => n % 10)
          .map(([, part]) => part)
          .mergeAll(),
      few,
    ],
    "groupBy one key": [(s) => s.groupBy(() => 1).mapTask(([, part]) => part.count(), { concurrency: 2 }), 1],
    switchMap: [(s) => Stream.of(1).switchMap(() => s), few],
    debounce: [(s) => s.debounce(1000), 1],
    throttle: [(s) => s.throttle(0), few],
    sample: [(s) => s.sample({ hours: 1 }), 1],
    chunkWithin: [(s) => s.chunkWithin(few, { hours: 1 }), 1],
    "chunkWithin, small ones": [(s) => s.chunkWithin(2, { hours: 1 }), few / 2],
  }
  for (const [name, [use, count]] of Object.entries(beside)) {
    it(`${name} (fewer)`, async () => {
      expect(await use(long.take(few)).count()).toBe(count)
    })
  }

  it("of an array, an iterable, an async iterable, an unfolding, pages, values", async () => {
    const items = Array.from({ length: MANY }, (_, i) => i)
    expect(await Stream.from(items).count()).toBe(MANY)
    expect(await Stream.from(new Set(items)).count()).toBe(MANY)
    expect(await Stream.of(...items.slice(0, 100_000)).count()).toBe(100_000)
    expect(await Stream.unfold(0, (n) => (n === MANY ? undefined : ([n, n + 1] as const))).count()).toBe(MANY)
    const pages = Stream.paginate(0, (n) => [[n], n + 1 === STREAMS ? undefined : n + 1] as const)
    expect(await pages.count()).toBe(STREAMS)
    const none = Stream.paginate(0, (n) => [Stream.empty, n + 1 === STREAMS ? undefined : n + 1] as const)
    expect(await none.count()).toBe(0)
    const tasks = Stream.unfold(0, (n) => Task.pure(n === STREAMS ? undefined : ([n, n + 1] as const)))
    expect(await tasks.count()).toBe(STREAMS)
    async function* counting(): AsyncGenerator<number> {
      for (let n = 0; n < STREAMS; n++) yield n
    }
    expect(await Stream.from(counting()).count()).toBe(STREAMS)
  })

  it("to every end", async () => {
    const sum = (MANY * (MANY - 1)) / 2
    expect((await long.toArray()).length).toBe(MANY)
    expect(await long.reduce((a, b) => a + b)).toBe(sum)
    expect(await long.take(STREAMS).reduce((a, b) => Task.pure(a + b), 0)).toBe((STREAMS * (STREAMS - 1)) / 2)
    expect(await long.find((n) => n === MANY - 1)).toBe(MANY - 1)
    expect(await long.take(STREAMS).every((n) => n >= 0)).toBe(true)
    let seen = 0
    await long.forEach(() => void seen++)
    expect(seen).toBe(MANY)
    await long.take(STREAMS).forEach(() => Task.yield().map(() => void seen++), { concurrency: 100 })
    expect(seen).toBe(MANY + STREAMS)
    expect(
      await long.take(STREAMS).parFold(
        0,
        (n) => Task.pure(n),
        (a, b) => a + b,
        { concurrency: 9 },
      ),
    ).toBe((STREAMS * (STREAMS - 1)) / 2)
    seen = 0
    for await (const _ of long.take(STREAMS)) seen++
    expect(seen).toBe(STREAMS)
    expect(await Stream.from(long.take(STREAMS).toReadableStream()).count()).toBe(STREAMS)
    expect(await long.take(STREAMS).broadcast([(s) => s.count(), (s) => s.last()])).toEqual([STREAMS, STREAMS - 1])
  })

  it("lines: a million of them, in one text and each in its own", async () => {
    expect(await Stream.of("a line\r\n".repeat(MANY)).lines().count()).toBe(MANY)
    expect(
      await Stream.from(Array.from({ length: MANY }, () => "a line\n"))
        .lines()
        .count(),
    ).toBe(MANY)
  })

  it("Cursor.materialize", async () => {
    const kept = Cursor.materialize(long.take(STREAMS), (n, cursor: Cursor<number>) => Task.pure(cursor.add(n)))
    expect(await kept.count()).toBe(STREAMS)
    const back = Cursor.of(...Array.from({ length: 50_000 }, (_, i) => i)).mapHistory((n) => Task.pure(n + 1))
    expect((await back).size).toBe(50_000)
  })
})

describe("many streams", () => {
  const one = Stream.of(1)

  it("concat, a million times to the left", async () => {
    let all: Stream<number> = Stream.empty
    for (let i = 0; i < MANY; i++) all = all.concat(one)
    expect(await all.count()).toBe(MANY)
    expect(await all.first()).toBe(1)
  })

  it("concat, a million times to the right", async () => {
    let all: Stream<number> = Stream.empty
    for (let i = 0; i < MANY; i++) all = one.concat(all)
    expect(await all.count()).toBe(MANY)
  })

  it("concat, of many at once, and of nothing", async () => {
    const parts = Array.from({ length: 50_000 }, () => one)
    expect(await Stream.empty.concat(...parts).count()).toBe(parts.length)
    let none: Stream<number> = Stream.empty
    for (let i = 0; i < STREAMS; i++) none = none.concat(Stream.empty)
    expect(await none.count()).toBe(0)
  })

  it("concat, doubled 20 times", async () => {
    let all: Stream<number> = one
    for (let i = 0; i < 20; i++) all = all.concat(all)
    expect(await all.count()).toBe(2 ** 20)
  })

  it("recursion by defer, at the end of a concat", async () => {
    const from = (n: number): Stream<number> =>
      n === 300_000 ? Stream.empty : Stream.of(n).concat(Stream.defer(() => from(n + 1)))
    expect(await from(0).count()).toBe(300_000)
    const forever: Stream<number> = Stream.of(1).concat(Stream.defer(() => forever))
    expect(await forever.take(STREAMS).count()).toBe(STREAMS)
    const empty = (n: number): StreamLike<number> => (n === STREAMS ? [7] : Stream.defer(() => empty(n + 1)))
    expect(await Stream.defer(() => empty(0)).toArray()).toEqual([7])
  })

  it("recursion by flatMap", async () => {
    const from = (n: number): Stream<number> => (n === 30_000 ? Stream.of(n) : Stream.of(n).flatMap((n) => from(n + 1)))
    expect(await from(0).toArray()).toEqual([30_000])
  })

  it("recursion by catch: each failure is the end of the level before", async () => {
    const from = (n: number): Stream<number> => Stream.fail("no").catch(() => (n === 0 ? [1] : from(n - 1)))
    expect(await from(1000).toArray()).toEqual([1])
  })

  it("retry, 100 000 times", async () => {
    let left = STREAMS
    const flaky = Stream.defer(() => (left-- > 0 ? Stream.of(1).concat(Stream.fail("no")) : Stream.of(2)))
    expect(await flaky.retry({ times: STREAMS }).count()).toBe(STREAMS + 1)
  })

  it("100 000 in flatMap, each with a resource", async () => {
    let [open, most, closed] = [0, 0, 0]
    const held = Stream.using(
      Task.sync(() => void (most = Math.max(most, ++open))),
      () => one,
      () => {
        open--
        closed++
      },
    )
    expect(
      await Stream.range(0, STREAMS)
        .flatMap(() => held)
        .count(),
    ).toBe(STREAMS)
    expect([open, most, closed]).toEqual([0, 1, STREAMS])
  })

  it("100 000 in mergeAll, one, ten and all at once", async () => {
    for (const concurrency of [1, 10]) {
      const merged = Stream.range(0, STREAMS)
        .map((n) => Stream.of(n))
        .mergeAll({ concurrency })
      expect(await merged.reduce((a, b) => a + b)).toBe((STREAMS * (STREAMS - 1)) / 2)
    }
    const slow = Stream.range(0, STREAMS).map((n) => Stream.of(n).tap(() => Task.yield()))
    expect(await slow.mergeAll().count()).toBe(STREAMS)
    expect(await one.merge(...Array.from({ length: 50_000 }, () => one)).count()).toBe(50_001)
  })

  it("100 000 in mapTask, all at once, in order and not", async () => {
    for (const ordered of [true, false]) {
      let [running, most] = [0, 0]
      const wait = Task.sync(() => void (most = Math.max(most, ++running)))
        .andThen(Task.sleep(1))
        .map(() => void running--)
      const all = Stream.range(0, STREAMS).mapTask(() => wait, { concurrency: Infinity, ordered })
      expect(await all.count()).toBe(STREAMS)
      expect(most).toBeGreaterThan(1)
    }
    // The first is ready last: all the others wait for it.
    const { task, resolve } = Task.withResolvers<void>()
    const late = Stream.range(0, STREAMS).mapTask(
      (n) => (n === 0 ? task : Task.sync(() => void (n === STREAMS - 1 && resolve()))),
      { concurrency: 2, buffer: Infinity },
    )
    expect(await late.count()).toBe(STREAMS)
  })

  it("100 000 in mapTask, all cancelled by a failure", async () => {
    let cancelled = 0
    const waiting = Task.never.onCancel(() => void cancelled++)
    const exit = await Stream.range(0, STREAMS)
      .mapTask((n) => (n === STREAMS - 1 ? Task.yield().andThen(Task.fail("no")) : waiting), { concurrency: Infinity })
      .drain()
      .attempt()
    expect(exit).toEqual({ status: "rejected", reason: "no" })
    expect(cancelled).toBeLessThanOrEqual(STREAMS - 1)
  })

  it("100 000 in switchMap", async () => {
    let [opened, closed] = [0, 0]
    const switched = Stream.range(0, STREAMS).switchMap((n) =>
      Stream.using(
        Task.sync(() => void opened++),
        () => (n === STREAMS - 1 ? Stream.of(n) : Stream.from(Task.never)),
        () => void closed++,
      ),
    )
    expect(await switched.last()).toBe(STREAMS - 1)
    expect(closed).toBe(opened)
  })

  it("100 000 groups", async () => {
    const counts = Stream.range(0, STREAMS)
      .groupBy((n) => n)
      .mapTask(([, part]) => part.count(), { concurrency: Infinity })
    expect(await counts.reduce((a, b) => a + b)).toBe(STREAMS)
  })

  it("1000 who share, and 1000 of a broadcast", async () => {
    const shared = Stream.range(0, 100).share({ replay: Infinity })
    const counts = await Task.all(Array.from({ length: 1000 }, () => shared.count()))
    expect(new Set(counts)).toEqual(new Set([100]))
    const told = await Stream.range(0, 100).broadcast(
      Array.from({ length: 1000 }, () => (s: Stream<number>) => s.count()),
    )
    expect(new Set(told)).toEqual(new Set([100]))
  })
})

describe("long chains of operators", () => {
  const chain = <A>(length: number, f: (s: Stream<A>, i: number) => Stream<A>, first: Stream<A>): Stream<A> => {
    let all = first
    for (let i = 0; i < length; i++) all = f(all, i)
    return all
  }

  /** One that fails at its end, and does not say so. */
  const failing = (s: Stream<number>): Stream<number> =>
    s.concat(
      Stream.defer((): number[] => {
        throw new Error("no")
      }),
    )

  it("1000 catches, and a failure through them", async () => {
    const outer = chain<number>(1000, (s) => s.catch(TypeError, () => [9]), failing(Stream.of(1, 2)))
    expect(await outer.catch(() => Stream.of(3)).toArray()).toEqual([1, 2, 3])
    const again = chain<number>(1000, (s) => failing(s.catch(() => Stream.of(9))), failing(Stream.empty))
    expect(await again.catch(() => Stream.empty).count()).toBe(1000)
  })

  const chains: Record<string, (s: Stream<number>, i: number) => Stream<number>> = {
    map: (s) => s.map((n) => n + 1),
    filter: (s) => s.filter(() => true),
    take: (s) => s.take(3),
    drop: (s) => s.drop(0),
    flatMap: (s) => s.flatMap((n) => [n]),
    "flatMap to streams": (s) => s.flatMap((n) => Stream.of(n)),
    mapTask: (s) => s.mapTask((n) => Task.pure(n)),
    tap: (s) => s.tap(() => Task.unit),
    scan: (s) => s.scan((_, b) => b),
    finally: (s) => s.finally(() => {}),
    catch: (s) => s.catch(() => []),
    retry: (s) => s.retry({ times: 0 }),
    chunk: (s) => s.chunk(2).flatMap((part) => part),
    zip: (s) => s.zipWith([0, 0, 0, 0], (a) => a),
    using: (s) =>
      Stream.using(
        Task.unit,
        () => s,
        () => {},
      ),
    defer: (s) => Stream.defer(() => s),
    "concat with nothing": (s) => s.concat([]),
    "concat behind nothing": (s) => Stream.empty.concat(s),
  }
  for (const [name, f] of Object.entries(chains)) {
    it(`1000 of ${name}`, async () => {
      expect(await chain(1000, f, Stream.of(1, 2, 3)).count()).toBe(3)
      const exit = await chain(1000, f, failing(Stream.of(1)))
        .drain()
        .attempt()
      expect(exit.status).toBe(name === "catch" ? "fulfilled" : "rejected")
    })
  }

  it("10 000 of map", async () => {
    expect(await chain(10_000, (s) => s.map((n) => n + 1), Stream.of(1, 2, 3)).toArray()).toEqual([
      10_001, 10_002, 10_003,
    ])
  })

  for (const [name, f] of Object.entries({
    buffer: (s: Stream<number>) => s.buffer(1),
    mergeAll: (s: Stream<number>) => Stream.of(s).mergeAll(),
    "mapTask with a concurrency": (s: Stream<number>) => s.mapTask((n) => Task.pure(n), { concurrency: 2 }),
    timeout: (s: Stream<number>) => s.timeout({ hours: 1 }) as Stream<number>,
    switchMap: (s: Stream<number>) => Stream.of(1).switchMap(() => s),
  })) {
    it(`300 of ${name}`, async () => {
      expect(await chain(300, f, Stream.of(1, 2, 3)).count()).toBe(3)
    })
  }
})
