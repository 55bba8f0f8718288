import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Stream, Task } from "rapid-fiber"
import { numbers, sourceChoice, sourceOf, sources } from "./arbitraries.ts"

/** What a law is about: a stream of `items`, another of `others`, and two small numbers. */
interface Given {
  readonly s: Stream<number>
  readonly items: readonly number[]
  readonly t: Stream<number>
  readonly others: readonly number[]
  readonly n: number
  readonly m: number
}

type Ends = Stream<unknown, unknown> | Task<unknown, unknown>
type Law = (given: Given) => readonly [is: Ends, should: Ends | readonly unknown[] | { readonly value: unknown }]

const run = async (end: Ends): Promise<unknown> => (end instanceof Stream ? end.toArray() : end)

/** A law holds whatever the sources; in a second run as in the first, and in two at once. */
function itHolds(name: string, law: Law, runs = 150): void {
  it(name, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          items: numbers,
          others: numbers,
          source: sourceChoice,
          other: sourceChoice,
          n: fc.nat({ max: 6 }),
          m: fc.nat({ max: 6 }),
        }),
        async ({ items, others, source, other, n, m }) => {
          const given = { s: sourceOf(source, items), items, t: sourceOf(other, others), others, n, m }
          const [is, should] = law(given)
          const wanted =
            should instanceof Stream || should instanceof Task
              ? await run(should)
              : "value" in should
                ? should.value
                : should
          expect(await run(is)).toEqual(wanted)
          expect(await run(is)).toEqual(wanted)
          const both = is instanceof Stream ? is.toArray() : is
          expect(await Task.all([both, both])).toEqual([wanted, wanted])
        },
      ),
      { numRuns: runs },
    )
  })
}

const increment = (n: number): number => n + 1
const double = (n: number): number => n * 2
const isEven = (n: number): boolean => n % 2 === 0
const copies = (n: number): number[] => Array.from({ length: n % 3 }, (_, i) => n * 10 + i)
const sorted = (list: readonly number[]): number[] => list.toSorted((a, b) => a - b)
const indexWhere = (items: readonly number[], f: (n: number) => boolean): number => {
  const at = items.findIndex((item) => !f(item))
  return at < 0 ? items.length : at
}
const chunks = (items: readonly number[], size: number): number[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))
const groups = (items: readonly number[], key: (n: number) => unknown): [unknown, number[]][] => {
  const made: [unknown, number[]][] = []
  for (const item of items) {
    const last = made.at(-1)
    if (last !== undefined && Object.is(last[0], key(item))) last[1].push(item)
    else made.push([key(item), [item]])
  }
  return made
}

describe("sources", () => {
  for (const kind of Object.keys(sources)) {
    it(`${kind}: the items, in their order, at every split`, async () => {
      for (let length = 0; length <= 5; length++) {
        const items = Array.from({ length }, (_, i) => i)
        for (let cuts = 0; cuts < 1 << length; cuts++) {
          const stream = sources[kind](items, cuts)
          expect(await stream.toArray()).toEqual(items)
          expect(await stream.map(increment).take(3).toArray()).toEqual(items.map(increment).slice(0, 3))
          expect(await stream.takeWhile((n) => n < 2).toArray()).toEqual(items.slice(0, 2))
          expect(await stream.zip(stream.drop(1)).toArray()).toEqual(items.slice(1).map((n) => [n - 1, n]))
          expect(
            await stream
              .flatMap((n) => [n, n])
              .drop(1)
              .toArray(),
          ).toEqual(items.flatMap((n) => [n, n]).slice(1))
        }
      }
    })
  }

  it("keep undefined, null, NaN and streams as elements", async () => {
    const odd = [undefined, null, NaN, 0, "", false, Stream.empty, Task.unit, Promise.resolve(1)]
    for (const [kind, make] of Object.entries(sources)) {
      // Async generators await what they yield.
      if (kind === "async iterable" || kind === "paginate of tasks") continue
      const got = await make(odd, 0b10101).toArray()
      expect(got.length, kind).toBe(odd.length)
      got.forEach((item, i) => expect(Object.is(item, odd[i]), `${kind} ${i}`).toBe(true))
    }
  })

  it("range: up to the end, by the step", async () => {
    const bound = fc.integer({ min: -20, max: 20 })
    await fc.assert(
      fc.asyncProperty(
        bound,
        bound,
        bound.filter((step) => step !== 0),
        async (start, end, step) => {
          const model: number[] = []
          for (let n = start; step > 0 ? n < end : n > end; n += step) model.push(n)
          expect(await Stream.range(start, end, step).toArray()).toEqual(model)
        },
      ),
    )
  })
})

describe("laws of elements", () => {
  itHolds("map: the identity changes nothing", ({ s, items }) => [s.map((n) => n), items])
  itHolds("map: two are one of both", ({ s }) => [s.map(increment).map(double), s.map((n) => double(increment(n)))])
  itHolds("filter: as an array's", ({ s, items }) => [s.filter(isEven), items.filter(isEven)])
  itHolds("filter: two are one of both", ({ s, n }) => [
    s.filter(isEven).filter((x) => x > n),
    s.filter((x) => isEven(x) && x > n),
  ])
  itHolds("collect: filter and map", ({ s }) => [
    s.collect((n) => (isEven(n) ? double(n) : undefined)),
    s.filter(isEven).map(double),
  ])
  itHolds("flatMap: left identity", ({ n }) => [Stream.of(n).flatMap((x) => copies(x)), copies(n)])
  itHolds("flatMap: right identity", ({ s, items }) => [s.flatMap((n) => Stream.of(n)), items])
  itHolds("flatMap: associativity", ({ s }) => [
    s.flatMap((n) => Stream.from(copies(n))).flatMap((n) => copies(n)),
    s.flatMap((n) => Stream.from(copies(n)).flatMap((x) => copies(x))),
  ])
  itHolds("flatMap: as an array's, whatever the inner streams", ({ s, items, t, others }) => [
    s.flatMap((n) => t.take(n)),
    items.flatMap((n) => others.slice(0, n)),
  ])
  itHolds("flatMap: of Tasks", ({ s, items }) => [s.flatMap((n) => Task.yield().as(n)), items])
  itHolds("take and drop part it", ({ s, items, n }) => [s.take(n).concat(s.drop(n)), items])
  itHolds("take: of a take", ({ s, n, m }) => [s.take(n).take(m), s.take(Math.min(n, m))])
  itHolds("drop: of a drop", ({ s, n, m }) => [s.drop(n).drop(m), s.drop(n + m)])
  itHolds("drop and take: slice", ({ s, items, n, m }) => [s.slice(n, m), items.slice(n, Math.max(n, m))])
  itHolds("slice: without an end", ({ s, items, n }) => [s.slice(n), items.slice(n)])
  itHolds("takeWhile and dropWhile part it", ({ s, items, n }) => [
    s.takeWhile((x) => x < n).concat(s.dropWhile((x) => x < n)),
    items,
  ])
  itHolds("takeWhile: up to the first that is not kept", ({ s, items, n }) => [
    s.takeWhile((x) => x !== n),
    items.slice(
      0,
      indexWhere(items, (x) => x !== n),
    ),
  ])
  itHolds("dropWhile: from the first that is not dropped", ({ s, items, n }) => [
    s.dropWhile((x) => x !== n),
    items.slice(indexWhere(items, (x) => x !== n)),
  ])
  itHolds("takeWhile: ends what flatMap makes, and not only the inner stream", ({ s, items, n }) => [
    s.flatMap((x) => [x, x]).takeWhile((x) => x !== n),
    items.flatMap((x) => [x, x]).slice(0, 2 * indexWhere(items, (x) => x !== n)),
  ])
  itHolds("scan: its last state is what reduce yields", ({ s, items, n }) => [
    s.scan((a, b) => a * 3 + b, n).last(),
    { value: items.length === 0 ? undefined : items.reduce((a, b) => a * 3 + b, n) },
  ])
  itHolds("scan: one state for each element", ({ s, items, n }) => [
    s.scan((a, b) => a + b, n),
    items.map((_, i) => items.slice(0, i + 1).reduce((a, b) => a + b, n)),
  ])
  itHolds("scan: without an initial state", ({ s, items }) => [
    s.scan((a, b) => a * 2 + b),
    items.map((_, i) => items.slice(0, i + 1).reduce((a, b) => a * 2 + b)),
  ])
  itHolds("reduce: as an array's", ({ s, items, n }) => [
    s.reduce((a, b) => a * 3 + b, n),
    { value: items.reduce((a, b) => a * 3 + b, n) },
  ])
  itHolds("reduce: with Tasks as without", ({ s, n }) => [
    s.reduce((a, b) => (isEven(b) ? a + b : Task.yield().as(a + b)), n),
    s.reduce((a, b) => a + b, n),
  ])
  itHolds("distinct: as a Set's", ({ s, items }) => [s.distinct(), [...new Set(items)]])
  itHolds("distinctBy: the first for each key", ({ s, items }) => [
    s.distinctBy((n) => n % 3),
    items.filter((n, i) => items.findIndex((x) => x % 3 === n % 3) === i),
  ])
  itHolds("changes: those that differ from the one before", ({ s, items }) => [
    s.changes(),
    items.filter((n, i) => i === 0 || n !== items[i - 1]),
  ])
  itHolds("changes: twice is once", ({ s }) => [s.changes().changes(), s.changes()])
  itHolds("changes: by what says what is the same", ({ s, items }) => [
    s.changes((a, b) => isEven(a) === isEven(b)),
    items.filter((n, i) => i === 0 || isEven(n) !== isEven(items[i - 1])),
  ])
  itHolds("zipWithIndex: the places", ({ s, items }) => [s.zipWithIndex(), items.map((n, i) => [n, i])])
  itHolds("intersperse: between two", ({ s, items }) => [
    s.intersperse("x"),
    items.flatMap((n, i) => (i === 0 ? [n] : ["x", n])),
  ])
  itHolds("tap: changes nothing", ({ s, items }) => [s.tap(() => {}).tap(() => Task.yield()), items])
  itHolds("count, last, first, find, some, every: as an array's", ({ s, items, n }) => [
    Task.all([s.count(), s.last(), s.first(), s.find((x) => x > n), s.some((x) => x === n), s.every((x) => x < n)]),
    [items.length, items.at(-1), items[0], items.find((x) => x > n), items.includes(n), items.every((x) => x < n)],
  ])
  itHolds("parFold: counts the initial state once", ({ s, items, n }) => [
    s.parFold(
      n,
      (x) => Task.yield().as(x),
      (a, b) => a + b,
      { concurrency: n + 1 },
    ),
    { value: items.reduce((a, b) => a + b, n) },
  ])
})

describe("laws of groups", () => {
  itHolds("chunk: flattened, what was there", ({ s, items, n }) => [s.chunk(n + 1).flatMap((part) => part), items])
  itHolds("chunk: of that size, but for the last", ({ s, items, n }) => [s.chunk(n + 1), chunks(items, n + 1)])
  itHolds("chunkWithin: as chunk, where no time passes", ({ s, items, n }) => [
    s.chunkWithin(n + 1, { hours: 1 }),
    chunks(items, n + 1),
  ])
  itHolds("sliding: by its size it is chunk", ({ s, n }) => [s.sliding(n + 1, n + 1), s.chunk(n + 1)])
  itHolds("sliding: each window where it lies", slidingLaw)
  itHolds("groupAdjacent: flattened, what was there", ({ s, items }) => [
    s.groupAdjacent(isEven).flatMap(([, part]) => part),
    items,
  ])
  itHolds("groupAdjacent: neighbours with one key", ({ s, items }) => [s.groupAdjacent(isEven), groups(items, isEven)])
  itHolds("split: joined by what separates, what was there", ({ s, items, n }) => [
    s
      .split((x) => x === n)
      .toArray()
      .map((parts) => parts.flatMap((part, i) => (i === 0 ? part : [n, ...part]))),
    items,
  ])
  itHolds("partition: those and the others", ({ s, items }) => [
    Task.all(s.partition(isEven).map((part) => part.toArray())),
    [items.filter(isEven), items.filter((n) => !isEven(n))],
  ])
  itHolds("groupBy: parts it by key, in the order of the first of each", ({ s, items, n }) => [
    s
      .groupBy((x) => x % (n + 1), { buffer: 1 })
      .mapTask(([key, part]) => part.toArray().map((all) => [key, all] as const), { concurrency: Infinity }),
    [...new Set(items.map((x) => x % (n + 1)))].map((key) => [key, items.filter((x) => x % (n + 1) === key)]),
  ])
  itHolds("groupBy: merged, everything once, and each key in its order", ({ s, items, n, m }) => [
    s
      .groupBy((x) => x % (n + 1), { buffer: m + 1 })
      .map(([key, part]) => part.map((x) => [key, x] as const))
      .mergeAll()
      .toArray()
      .map((all) => Array.from({ length: n + 1 }, (_, key) => all.filter(([k]) => k === key).map(([, x]) => x))),
    Array.from({ length: n + 1 }, (_, key) => items.filter((x) => x % (n + 1) === key)),
  ])
})

/** Windows as the docs have them: each `step` further than the one before; at the end the shorter ones that are left. */
function slidingLaw({ s, items, n, m }: Given): ReturnType<Law> {
  const [size, step] = [n + 1, m + 1]
  const full: number[][] = []
  let at = 0
  for (; at + size <= items.length; at += step) full.push(items.slice(at, at + size))
  const got = s.sliding(size, step).toArray()
  // The windows that are full are beyond doubt; the short ones go on at the same step and are ends of it.
  return [
    got.map((all) => [
      all.filter((part) => part.length === size),
      all.slice(full.length).every((part, i) => {
        const should = items.slice(at + i * step, at + i * step + size)
        return part.length > 0 && part.length < size && part.join() === should.join()
      }),
    ]),
    [full, true],
  ]
}

describe("laws of several", () => {
  itHolds("concat: one after the other", ({ s, items, t, others }) => [s.concat(t, s), [...items, ...others, ...items]])
  itHolds("concat: associativity", ({ s, t }) => [s.concat(t).concat(s), s.concat(t.concat(s))])
  itHolds("concat: empty on both sides", ({ s, items }) => [Stream.empty.concat(s).concat(Stream.empty), items])
  itHolds(
    "concat: with itself, many times",
    ({ s, items, n }) => {
      let all: Stream<number> = s
      for (let i = 0; i < n; i++) all = all.concat(all)
      return [all, Array.from({ length: 2 ** n }, () => items).flat()]
    },
    50,
  )
  itHolds("concat: distributes over flatMap", ({ s, t }) => [
    s.concat(t).flatMap((n) => copies(n)),
    s.flatMap((n) => copies(n)).concat(t.flatMap((n) => copies(n))),
  ])
  itHolds("zip: pairs by their places", ({ s, items, t, others }) => [
    s.zip(t),
    items.slice(0, others.length).map((n, i) => [n, others[i]]),
  ])
  itHolds("zip: with itself", ({ s, items }) => [s.zip(s), items.map((n) => [n, n])])
  itHolds("zip: what flatMap makes, on both sides", ({ s, items, t, others }) => {
    const [left, right] = [items.flatMap((n) => [n, n]), others.flatMap((n) => [n, n])]
    return [
      s.flatMap((n) => [n, n]).zip(t.flatMap((n) => Stream.of(n, n))),
      left.slice(0, right.length).map((n, i) => [n, right[i]]),
    ]
  })
  itHolds("zipWith: zip and map", ({ s, t }) => [
    s.zipWith(t, (a, b) => a * 10 + b),
    s.zip(t).map(([a, b]) => a * 10 + b),
  ])
  itHolds("zipAll: what stands in for what is missing", ({ s, items, t, others }) => [
    s.zipAll(t, "left", "right"),
    Array.from({ length: Math.max(items.length, others.length) }, (_, i) => [
      i < items.length ? items[i] : "left",
      i < others.length ? others[i] : "right",
    ]),
  ])
  itHolds("interleave: one of each in turn, then the rest", ({ s, items, t, others }) => [
    s.interleave(t),
    Array.from({ length: Math.max(items.length, others.length) }, (_, i) => [
      ...items.slice(i, i + 1),
      ...others.slice(i, i + 1),
    ]).flat(),
  ])
  itHolds("merge: everything once, each in its order", ({ s, items, t, others }) => [
    s
      .map((n) => ["s", n] as const)
      .merge(t.map((n) => ["t", n] as const))
      .toArray()
      .map((all) => ["s", "t"].map((from) => all.filter(([of]) => of === from).map(([, n]) => n))),
    [items, others],
  ])
  itHolds("mergeAll: one at a time is flatMap", ({ s, t, items, others, m }) => [
    s.map((n) => t.take(n)).mergeAll({ concurrency: 1, buffer: m + 1 }),
    items.flatMap((n) => others.slice(0, n)),
  ])
  itHolds("mergeAll: a permutation of flatMap", ({ s, t, items, others, n, m }) => [
    s
      .map((x) => t.take(x))
      .mergeAll({ concurrency: n + 1, buffer: m + 1 })
      .toArray()
      .map(sorted),
    sorted(items.flatMap((x) => others.slice(0, x))),
  ])
  itHolds("switchMap: of one, all of it", ({ s, items }) => [Stream.of(1).switchMap(() => s), items])
  itHolds("broadcast: everybody gets everything", ({ s, items, n }) => [
    s.broadcast(
      [
        (all) => all.toArray(),
        (all) => all.mapTask((x) => Task.yield().as(x)).toArray(),
        (all) => all.take(2).toArray(),
        (all) => all.count(),
        () => Task.pure("none"),
      ],
      { buffer: n + 1 },
    ),
    [items, items, items.slice(0, 2), items.length, "none"],
  ])
  itHolds("share: one alone gets everything", ({ s, items, n, m }) => [
    Stream.defer(() => s.share({ buffer: n + 1, replay: m })),
    items,
  ])
  itHolds("share: all who come at once get the same", ({ s, items, n }) => [
    Task.defer(() => {
      let runs = 0
      const shared = Stream.defer(() => (runs++, s)).share({ buffer: n + 1, replay: Infinity })
      return Task.all([shared.toArray(), shared.toArray(), shared.toArray()]).map((all) => [all, runs])
    }),
    Task.pure(undefined).map(() => [[items, items, items], 1]),
  ])
})

describe("laws of Tasks beside", () => {
  itHolds("mapTask: of pure Tasks it is map", ({ s, items }) => [
    s.mapTask((n) => Task.pure(double(n))),
    items.map(double),
  ])
  itHolds("mapTask: so many at once, in order, is one after the other", ({ s, items, n, m }) => [
    s.mapTask((x) => (isEven(x) ? Task.yield().as(x) : Task.pure(x)), { concurrency: n + 1, buffer: m }),
    items,
  ])
  itHolds("mapTask: so many at once, in order, with the default buffer", ({ s, items, n }) => [
    s.mapTask((x) => Task.forEach(copies(x), () => Task.yield()).as(x), { concurrency: n + 1 }),
    items,
  ])
  itHolds("mapTask: not in order, a permutation", ({ s, items, n, m }) => [
    s
      .mapTask((x) => (isEven(x) ? Task.yield().as(x) : Task.pure(x)), {
        concurrency: n + 1,
        buffer: m,
        ordered: false,
      })
      .toArray()
      .map(sorted),
    sorted(items),
  ])
  itHolds("mapTask: without a limit", ({ s, items }) => [
    s.mapTask((x) => Task.yield().as(x), { concurrency: Infinity }),
    items,
  ])
  itHolds("mapTask: never more at once than asked for", ({ s, n, m }) => {
    const program = Task.defer(() => {
      let [running, most] = [0, 0]
      const work = Task.sync(() => void (most = Math.max(most, ++running)))
        .andThen(Task.yield())
        .map(() => void running--)
      return s
        .mapTask(() => work, { concurrency: n + 1, buffer: m, ordered: isEven(m) })
        .drain()
        .map(() => most <= n + 1)
    })
    return [program, { value: true }]
  })
  itHolds("forEach: each once, so many at once", ({ s, items, n }) => [
    Task.defer(() => {
      const seen: number[] = []
      return s.forEach((x) => Task.yield().map(() => void seen.push(x)), { concurrency: n + 1 }).map(() => sorted(seen))
    }),
    sorted(items),
  ])
  itHolds("buffer: keeps elements and order", ({ s, items, n }) => [s.buffer(n + 1), items])
  itHolds("buffer: of a buffer, with work on both sides", ({ s, items, n, m }) => [
    s
      .mapTask((x) => Task.yield().as(x))
      .buffer(n + 1)
      .buffer(m + 1)
      .mapTask((x) => Task.yield().as(x)),
    items,
  ])
  itHolds("timeout: of what comes in time, nothing", ({ s, items }) => [s.timeout({ hours: 1 }), items])
})

describe("laws of failures and ends", () => {
  const failing = (s: Stream<number>): Stream<number, "no"> => s.concat(Stream.fail("no"))
  itHolds("catch: keeps what came before", ({ s, items, t, others }) => [
    failing(s).catch((error) => t.map((n) => [error, n])),
    [...items, ...others.map((n) => ["no", n])],
  ])
  itHolds("catch: of what does not fail, nothing", ({ s, items, t }) => [s.catch(() => t), items])
  itHolds("catch: the handler's failure is caught outside", ({ s, items }) => [
    failing(s)
      .catch(() => failing(s))
      .catch(() => s),
    [...items, ...items, ...items],
  ])
  itHolds("catch: only what is of the class", ({ s, items }) => [
    s
      .concat(Stream.fail(new RangeError("no")))
      .catch(TypeError, () => Stream.of("wrong"))
      .catch(RangeError, () => Stream.of("right")),
    [...items, "right"],
  ])
  itHolds("catch: what comes after the end of catch is not caught", ({ s, items }) => [
    failing(s.catch(() => Stream.of("wrong")) as Stream<number>).catch(() => Stream.of("right")),
    [...items, "right"],
  ])
  itHolds("retry: from the beginning, and what came stays", ({ s, items, n }) => [
    Stream.defer(() => {
      let left = n
      return Stream.defer(() => (left-- > 0 ? failing(s) : s)).retry({ times: 10 })
    }),
    Array.from({ length: n + 1 }, () => items).flat(),
  ])
  itHolds("retry: fails as the last run does", ({ s, items, n }) => [
    failing(s)
      .retry({ times: n })
      .catch((error) => Stream.of(error)),
    [...Array.from({ length: n + 1 }, () => items).flat(), "no"],
  ])
  itHolds("retry: a run anew counts anew", ({ s, items, n }) => [
    failing(s)
      .retry({ times: n })
      .retry({ times: 1 })
      .catch(() => Stream.empty),
    Array.from({ length: 2 * (n + 1) }, () => items).flat(),
  ])
  itHolds("finally, onFirst, onEnd: keep the elements, and run once each", ({ s, items }) => [
    Task.defer(() => {
      const log: unknown[] = []
      return s
        .onFirst((n) => void log.push(["first", n]))
        .tap((n) => void log.push(n))
        .onEnd(Task.sync(() => log.push("end")))
        .finally(() => void log.push("finally"))
        .drain()
        .map(() => log)
    }),
    [...items.flatMap((n, i) => (i === 0 ? [["first", n], n] : [n])), "end", "finally"],
  ])
  itHolds("reduce: of nothing and from nothing, a TypeError", ({ s, items }) => [
    s
      .reduce((a, b) => a + b)
      .attempt()
      .map((exit) => (exit.status === "rejected" ? exit.reason instanceof TypeError : exit.value)),
    { value: items.length === 0 ? true : items.reduce((a, b) => a + b) },
  ])
})

interface Operator {
  readonly name: string
  readonly apply: (s: Stream<number, unknown>) => Stream<unknown, unknown>
  /** What has come out when these have gone in, and no more. */
  readonly emitted: (items: readonly number[]) => readonly unknown[]
}

const same = (items: readonly number[]): readonly number[] => items

/** Operators that hand on each element before they ask for the next. */
const operators: readonly Operator[] = [
  { name: "map", apply: (s) => s.map(double), emitted: (items) => items.map(double) },
  { name: "filter", apply: (s) => s.filter(isEven), emitted: (items) => items.filter(isEven) },
  { name: "collect", apply: (s) => s.collect((n) => n || undefined), emitted: (items) => items.filter(Boolean) },
  { name: "flatMap", apply: (s) => s.flatMap((n) => copies(n)), emitted: (items) => items.flatMap(copies) },
  {
    name: "flatMap of streams",
    apply: (s) => s.flatMap((n) => Stream.from(copies(n)).tap(() => Task.yield())),
    emitted: (items) => items.flatMap(copies),
  },
  { name: "mapTask", apply: (s) => s.mapTask((n) => Task.yield().as(n)), emitted: same },
  { name: "tap", apply: (s) => s.tap(() => Task.yield()), emitted: same },
  { name: "take", apply: (s) => s.take(100), emitted: same },
  { name: "takeWhile", apply: (s) => s.takeWhile(() => true), emitted: same },
  { name: "drop", apply: (s) => s.drop(2), emitted: (items) => items.slice(2) },
  {
    name: "dropWhile",
    apply: (s) => s.dropWhile((n) => n < 2),
    emitted: (items) => items.slice(indexWhere(items, (n) => n < 2)),
  },
  { name: "slice", apply: (s) => s.slice(1, 100), emitted: (items) => items.slice(1) },
  { name: "scan", apply: (s) => s.scan((a) => a + 1, 0), emitted: (items) => items.map((_, i) => i + 1) },
  { name: "scan from the first", apply: (s) => s.scan((_, b) => b), emitted: same },
  { name: "distinct", apply: (s) => s.distinct(), emitted: (items) => [...new Set(items)] },
  {
    name: "changes",
    apply: (s) => s.changes(),
    emitted: (items) => items.filter((n, i) => i === 0 || n !== items[i - 1]),
  },
  { name: "zipWithIndex", apply: (s) => s.zipWithIndex(), emitted: (items) => items.map((n, i) => [n, i]) },
  { name: "zip on the right", apply: (s) => Stream.range(0).zip(s), emitted: (items) => items.map((n, i) => [i, n]) },
  { name: "zipAll", apply: (s) => s.zipAll(Stream.range(0)), emitted: (items) => items.map((n, i) => [n, i]) },
  {
    name: "interleave",
    apply: (s) => s.interleave(Stream.range(0)),
    emitted: (items) => items.flatMap((n, i) => [n, i]),
  },
  {
    name: "intersperse",
    apply: (s) => s.intersperse("x"),
    emitted: (items) => items.flatMap((n, i) => (i === 0 ? [n] : ["x", n])),
  },
  { name: "chunk", apply: (s) => s.chunk(3), emitted: (items) => chunks(items, 3).filter((part) => part.length === 3) },
  {
    name: "sliding",
    apply: (s) => s.sliding(2),
    emitted: (items) => items.slice(1).map((n, i) => [items[i], n]),
  },
  {
    name: "groupAdjacent",
    apply: (s) => s.groupAdjacent(isEven),
    emitted: (items) => groups(items, isEven).slice(0, -1),
  },
  {
    name: "split",
    apply: (s) => s.split((n) => n === 0).map((part) => part.join("")),
    emitted: (items) => items.join("").split("0").slice(0, -1),
  },
  { name: "concat", apply: (s) => Stream.of(9).concat(s, Stream.of(8)), emitted: (items) => [9, ...items] },
  { name: "catch of another class", apply: (s) => s.catch(TypeError, () => Stream.of(8)), emitted: same },
  { name: "retry without tries", apply: (s) => s.retry({ times: 0 }), emitted: same },
  { name: "retry", apply: (s) => s.retry({ times: 1 }), emitted: (items) => [...items, ...items] },
  { name: "finally", apply: (s) => s.finally(() => Task.yield()), emitted: same },
  { name: "onFirst", apply: (s) => s.onFirst(() => Task.yield()), emitted: same },
  { name: "onEnd", apply: (s) => s.onEnd(Task.fail("the end")), emitted: same },
  {
    name: "using",
    apply: (s) =>
      Stream.using(
        Task.unit,
        () => s,
        () => Task.yield(),
      ),
    emitted: same,
  },
  { name: "defer", apply: (s) => Stream.defer(() => s), emitted: same },
  { name: "flatMap into it", apply: (s) => Stream.of(1, 2).flatMap(() => s), emitted: same },
  { name: "timeout", apply: (s) => s.timeout({ hours: 1 }), emitted: same },
  { name: "buffer", apply: (s) => s.buffer(2), emitted: same },
  {
    name: "mapTask with a concurrency",
    apply: (s) => s.mapTask((n) => Task.pure(n), { concurrency: 3 }),
    emitted: same,
  },
  {
    name: "mapTask with a concurrency, not in order",
    apply: (s) => s.mapTask((n) => Task.pure(n), { concurrency: 3, ordered: false }),
    emitted: same,
  },
  { name: "mergeAll", apply: (s) => Stream.of(s).mergeAll(), emitted: same },
  { name: "merge with what is empty", apply: (s) => s.merge(Stream.empty), emitted: same },
  { name: "switchMap into it", apply: (s) => Stream.of(1).switchMap(() => s), emitted: same },
  { name: "share", apply: (s) => Stream.defer(() => s.share()), emitted: same },
]

describe("a failure at any element", () => {
  const error = { the: "failure" }
  /** Beside who takes the elements something runs: the failure may overtake elements that nobody has asked for yet. */
  for (const { name, apply, emitted } of operators) {
    it(`${name}: comes as it is, after what came before`, async () => {
      await fc.assert(
        fc.asyncProperty(numbers, sourceChoice, async (items, choice) => {
          const got: unknown[] = []
          const source = sourceOf(choice, items).concat(Stream.fail(error))
          const exit = await apply(source)
            .tap((item) => void got.push(item))
            .drain()
            .attempt()
          expect(got).toEqual(emitted(items))
          expect(exit.status === "rejected" && exit.reason).toBe(error)
        }),
        { numRuns: 60 },
      )
    })

    it(`${name}: comes as it is out of a function that throws`, async () => {
      for (let at = 0; at < 5; at++) {
        const got: unknown[] = []
        const source = Stream.range(0, 10).map((n) => {
          if (n === at) throw error
          return n
        })
        const exit = await apply(source)
          .tap((item) => void got.push(item))
          .drain()
          .attempt()
        expect(got).toEqual(emitted(Array.from({ length: at }, (_, i) => i)))
        expect(exit.status === "rejected" && exit.reason).toBe(error)
      }
    })
  }

  it("of the function of an operator: the prefix stays, and the source is closed", async () => {
    const boom = (n: number): never | number => {
      if (n === 3) throw error
      return n
    }
    const uses: Record<string, (s: Stream<number>) => Stream<unknown, unknown>> = {
      map: (s) => s.map(boom),
      filter: (s) => s.filter((n) => (boom(n), true)),
      collect: (s) => s.collect(boom),
      flatMap: (s) => s.flatMap((n) => [boom(n)]),
      "flatMap into a failure": (s) => s.flatMap((n) => (n === 3 ? Stream.fail(error) : [n])),
      mapTask: (s) => s.mapTask((n) => Task.pure(boom(n))),
      "mapTask of a failure": (s) => s.mapTask((n) => (n === 3 ? Task.fail(error) : Task.pure(n))),
      tap: (s) => s.tap((n) => void boom(n)),
      "tap of a failure": (s) => s.tap((n) => (n === 3 ? Task.fail(error) : Task.unit)),
      takeWhile: (s) => s.takeWhile((n) => (boom(n), true)),
      dropWhile: (s) => s.dropWhile((n) => boom(n) >= 0),
      scan: (s) => s.scan((_, n) => boom(n), 0),
      "scan from the first": (s) => s.scan((_, n) => boom(n)),
      distinctBy: (s) => s.distinctBy(boom),
      changes: (s) => s.changes((_, n) => (boom(n), false)),
      zipWith: (s) => s.zipWith(s, boom),
      onFirst: (s) => s.drop(3).onFirst((n) => void boom(n)),
      "using (use)": (s) =>
        s.flatMap((n) =>
          Stream.using(
            Task.unit,
            () => [boom(n)],
            () => {},
          ),
        ),
      defer: (s) => s.flatMap((n) => Stream.defer(() => [boom(n)])),
      unfold: (s) => s.take(0).concat(Stream.unfold(0, (n) => [boom(n), n + 1] as const)),
      paginate: (s) => s.take(0).concat(Stream.paginate(0, (n) => [[boom(n)], n + 1] as const)),
    }
    for (const [name, use] of Object.entries(uses)) {
      const got: unknown[] = []
      let closed = 0
      const source = Stream.range(0, 10).finally(() => void closed++)
      const exit = await use(source)
        .tap((item) => void got.push(item))
        .drain()
        .attempt()
      expect(exit, name).toEqual({ status: "rejected", reason: error })
      expect(got.length, name).toBe(name === "onFirst" || name === "dropWhile" ? 0 : 3)
      expect(closed, name).toBeGreaterThan(name === "unfold" || name === "paginate" ? -1 : 0)
    }
  })
})

describe("no element is made that is not needed", () => {
  /** How many elements of `items` a use asks for. */
  async function madeBy(items: readonly number[], use: (s: Stream<number>) => Ends): Promise<number> {
    let made = 0
    const counted: Iterable<number> = {
      *[Symbol.iterator]() {
        for (const item of items) {
          made++
          yield item
        }
      },
    }
    await run(use(Stream.from(counted)))
    const byIterable = made
    made = 0
    await run(use(Stream.from(items).tap(() => void made++)))
    expect(made).toBe(byIterable)
    made = 0
    await run(use(Stream.defer(() => Stream.from(items).mapTask((n) => Task.yield().map(() => (made++, n))))))
    expect(made).toBe(byIterable)
    made = 0
    const asyncCounted: AsyncIterable<number> = {
      async *[Symbol.asyncIterator]() {
        for (const item of items) {
          made++
          yield item
        }
      },
    }
    await run(use(Stream.from(asyncCounted)))
    expect(made).toBe(byIterable)
    return made
  }

  const cases: Record<string, (items: readonly number[], n: number) => readonly [(s: Stream<number>) => Ends, number]> =
    {
      take: (items, n) => [(s) => s.take(n), Math.min(n, items.length)],
      "take after map and filter": (items, n) => [
        (s) => s.filter(isEven).map(double).take(n),
        n === 0
          ? 0
          : ((places) => (places.length < n ? items.length : places[n - 1] + 1))(
              items.flatMap((x, i) => (isEven(x) ? [i] : [])),
            ),
      ],
      "take, then more of another": (items, n) => [(s) => s.take(n).concat([1, 2]), Math.min(n, items.length)],
      "take of a take": (items, n) => [(s) => s.take(n).take(n + 1), Math.min(n, items.length)],
      "take of a flatMap": (items, n) => [
        (s) => s.flatMap((x) => [x, x]).take(n),
        Math.min(Math.ceil(n / 2), items.length),
      ],
      first: (items) => [(s) => s.first(), Math.min(1, items.length)],
      find: (items, n) => [
        (s) => s.find((x) => x === n),
        Math.min(indexWhere(items, (x) => x !== n) + 1, items.length),
      ],
      some: (items, n) => [
        (s) => s.some((x) => x === n),
        Math.min(indexWhere(items, (x) => x !== n) + 1, items.length),
      ],
      every: (items, n) => [
        (s) => s.every((x) => x !== n),
        Math.min(indexWhere(items, (x) => x !== n) + 1, items.length),
      ],
      takeWhile: (items, n) => [
        (s) => s.takeWhile((x) => x !== n),
        Math.min(indexWhere(items, (x) => x !== n) + 1, items.length),
      ],
      slice: (items, n) => [(s) => s.slice(n, n + 2), Math.min(n + 2, items.length)],
      "an empty slice": (_, n) => [(s) => s.slice(n, n), 0],
      "zip with what is shorter, on the left": (items, n) => [
        (s) => Stream.range(0, n).zip(s),
        Math.min(n, items.length),
      ],
      "zip with what is shorter, on the right": (items, n) => [
        (s) => s.zip(Stream.range(0, n)),
        Math.min(n + 1, items.length),
      ],
      "zip, and take": (items, n) => [(s) => s.zip(Stream.range(0)).take(n), Math.min(n, items.length)],
      "zipWithIndex, and take": (items, n) => [(s) => s.zipWithIndex().take(n), Math.min(n, items.length)],
      "chunk, and first": (items, n) => [(s) => s.chunk(n + 1).first(), Math.min(n + 1, items.length)],
      "sliding, and first": (items, n) => [(s) => s.sliding(n + 1, 3).first(), Math.min(n + 1, items.length)],
      "groupAdjacent, and first": (items) => [
        (s) => s.groupAdjacent(isEven).first(),
        items.length === 0 ? 0 : Math.min(items.length, groups(items, isEven)[0][1].length + 1),
      ],
      "split, and first": (items, n) => [
        (s) => s.split((x) => x === n).first(),
        Math.min(indexWhere(items, (x) => x !== n) + 1, items.length),
      ],
      "scan, and take": (items, n) => [(s) => s.scan((a, b) => a + b, 0).take(n), Math.min(n, items.length)],
      "intersperse, and take": (items, n) => [
        (s) => s.intersperse(9).take(n),
        Math.min(Math.floor(n / 2) + 1, items.length, n),
      ],
      "interleave, and take": (items, n) => [
        (s) => s.interleave(Stream.range(0)).take(n),
        Math.min(Math.ceil(n / 2), items.length),
      ],
      "zipAll, and take": (items, n) => [(s) => s.zipAll(Stream.range(0)).take(n), Math.min(n, items.length)],
      "catch, and take": (items, n) => [(s) => s.catch(() => s).take(n), Math.min(n, items.length)],
      "retry, and take": (items, n) => [(s) => s.retry({ times: 3 }).take(n), Math.min(n, items.length)],
      "onFirst, onEnd, finally, and take": (items, n) => [
        (s) =>
          s
            .onFirst(() => {})
            .onEnd(Task.unit)
            .finally(() => {})
            .take(n),
        Math.min(n, items.length),
      ],
      "mapTask, and take": (items, n) => [
        (s) => s.mapTask((x) => Task.yield().as(x)).take(n),
        Math.min(n, items.length),
      ],
      "using, and take": (items, n) => [
        (s) =>
          Stream.using(
            Task.unit,
            () => s,
            () => {},
          ).take(n),
        Math.min(n, items.length),
      ],
      "concat, and take": (items, n) => [
        (s) => Stream.of(1, 2).concat(s).take(n),
        Math.min(Math.max(0, n - 2), items.length),
      ],
      "for await, and break": (items, n) => [
        (s) =>
          Task.promise(async () => {
            let taken = 0
            for await (const _ of s) if (++taken > n) break
          }),
        Math.min(n + 1, items.length),
      ],
      "toReadableStream, and so many reads": (items, n) => [
        (s) =>
          Task.promise(async () => {
            const reader = s.toReadableStream().getReader()
            for (let i = 0; i < n; i++) await reader.read()
            await reader.cancel()
          }),
        Math.min(n, items.length),
      ],
    }
  for (const [name, make] of Object.entries(cases)) {
    it(name, async () => {
      await fc.assert(
        fc.asyncProperty(numbers, fc.nat({ max: 6 }), async (items, n) => {
          const [use, most] = make(items, n)
          expect(await madeBy(items, use)).toBe(most)
        }),
        { numRuns: 60 },
      )
    })
  }

  it("mapTask with a concurrency, and take: no more than are begun or wait", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.nat({ max: 4 }),
        fc.nat({ max: 6 }),
        fc.boolean(),
        async (concurrency, buffer, n, ordered) => {
          let made = 0
          const source = Stream.range(0).tap(() => void made++)
          const options = { concurrency, buffer, ordered }
          await source
            .mapTask((x) => Task.yield().as(x), options)
            .take(n)
            .drain()
          expect(made).toBeLessThanOrEqual(n === 0 ? 0 : n + concurrency + buffer)
        },
      ),
    )
  })

  it("buffer: so many ahead, and no more", async () => {
    for (const count of [1, 2, 5]) {
      let made = 0
      const source = Stream.range(0).tap(() => void made++)
      for (const taken of [1, 2, 3]) {
        made = 0
        const seen: number[] = []
        await source
          .buffer(count)
          .take(taken)
          .forEach(() =>
            Task.forEach(Array.from({ length: 50 }), () => Task.yield(), { concurrency: 1 }).map(
              () => void seen.push(made),
            ),
          )
        // With `i` in the hands of who takes, `count` more are there at most, and there they are.
        expect(seen).toEqual(Array.from({ length: taken }, (_, i) => i + 1 + count))
      }
    }
  })

  it("nothing at all before a stream is run, nor of what stands behind an end", async () => {
    let opened = 0
    const source = Stream.defer(() => (opened++, Stream.range(0)))
    const never = (): never => {
      throw new Error("Expected not to be opened.")
    }
    const unopened = Stream.defer(never)
    void source.map(increment).chunk(2)
    expect(opened).toBe(0)
    expect(await source.take(3).concat(unopened).take(3).toArray()).toEqual([0, 1, 2])
    expect(await unopened.take(0).toArray()).toEqual([])
    expect(await Stream.of(1).concat(unopened).first()).toBe(1)
    expect(await Stream.empty.zip(unopened).toArray()).toEqual([])
    expect(await Stream.empty.flatMap(() => unopened).toArray()).toEqual([])
    expect(
      await Stream.of(1)
        .catch(() => unopened)
        .toArray(),
    ).toEqual([1])
    expect(await Stream.of(1, 2).interleave(unopened).first()).toBe(1)
    expect(await Stream.of(3).slice(0, 0).toArray()).toEqual([])
  })
})

describe("the state of a run", () => {
  const stateful: Record<string, (s: Stream<number>) => Stream<unknown>> = {
    take: (s) => s.take(3),
    drop: (s) => s.drop(2),
    dropWhile: (s) => s.dropWhile((n) => n < 2),
    takeWhile: (s) => s.takeWhile((n) => n < 4),
    scan: (s) => s.scan((a, b) => a + b, 0),
    distinct: (s) => s.distinct(),
    changes: (s) => s.changes(),
    zipWithIndex: (s) => s.zipWithIndex(),
    intersperse: (s) => s.intersperse(9),
    chunk: (s) => s.chunk(2),
    sliding: (s) => s.sliding(2),
    groupAdjacent: (s) => s.groupAdjacent((n) => n >> 1),
    split: (s) => s.split((n) => n % 3 === 0),
    onFirst: (s) => s.onFirst(() => Task.yield()),
    retry: (s) => s.retry({ times: 2 }),
    mapTask: (s) => s.mapTask((n) => Task.yield().as(n), { concurrency: 3 }),
    buffer: (s) => s.buffer(2),
    groupBy: (s) =>
      s
        .groupBy((n) => n % 2)
        .map(([, part]) => part)
        .mergeAll(),
    lines: (s) => s.map((n) => `${n}\n`).lines(),
    encode: (s) => s.map(String).encode().decode(),
  }
  for (const [name, use] of Object.entries(stateful)) {
    it(`${name}: is its own where many run at once, each at its pace`, async () => {
      const stream = use(Stream.range(0, 6))
      const wanted = await stream.toArray()
      const iterators = Array.from({ length: 4 }, () => stream[Symbol.asyncIterator]())
      const got: unknown[][] = iterators.map(() => [])
      const at = new Set(iterators.keys())
      for (let step = 1; at.size > 0; step++) {
        for (const i of at) {
          // Each takes its time: the second at every other step, the third at every third.
          if (step % (i + 1) !== 0) continue
          const { done, value } = await iterators[i].next()
          if (done === true) at.delete(i)
          else got[i].push(value)
        }
      }
      for (const one of got) expect(one).toEqual(wanted)
    })
  }
})
