import fc from "fast-check"
import { afterAll, describe, expect, it } from "vitest"
import { Stream, Task, TimeoutError } from "rapid-fiber"
import { TestRuntime } from "rapid-fiber/testing"
import { sourceChoice, sourceOf } from "./arbitraries.ts"

/** An operator, and what it is by a generator, which asks for no more than it needs and hands on as soon as it can. */
interface Step {
  readonly name: string
  readonly stream: (s: Stream<number>) => Stream<number>
  readonly model: (items: Iterable<number>) => Iterable<number>
}

const sum = (list: readonly number[]): number => list.reduce((a, b) => (a * 7 + b) % 1009, list.length)
const small = fc.nat({ max: 5 })
const step = (name: string, make: (n: number, m: number) => Omit<Step, "name">): fc.Arbitrary<Step> =>
  fc.tuple(small, small).map(([n, m]) => ({ name: `${name} ${n} ${m}`, ...make(n, m) }))

function* take(items: Iterable<number>, count: number): Iterable<number> {
  let left = count
  if (left === 0) return
  for (const item of items) {
    yield item
    if (--left === 0) return
  }
}

function* filterWith(items: Iterable<number>, keeps: (item: number, i: number) => boolean): Iterable<number> {
  let i = 0
  for (const item of items) if (keeps(item, i++)) yield item
}

function* partsOf(items: Iterable<number>, size: number): Iterable<number[]> {
  let part: number[] = []
  for (const item of items) {
    part.push(item)
    if (part.length < size) continue
    yield part
    part = []
  }
  if (part.length > 0) yield part
}

/** Both, by their own iterators, which are closed at the end. */
function* both(
  left: Iterable<number>,
  right: Iterable<number>,
  body: (left: Iterator<number>, right: Iterator<number>) => Iterable<number>,
): Iterable<number> {
  const [a, b] = [left[Symbol.iterator](), right[Symbol.iterator]()]
  try {
    yield* body(a, b)
  } finally {
    a.return?.()
    b.return?.()
  }
}

const others = [3, 1, 4, 1, 5]

const steps: fc.Arbitrary<Step> = fc.oneof(
  step("map", (n) => ({
    stream: (s) => s.map((x) => x * 3 + n),
    *model(items) {
      for (const x of items) yield x * 3 + n
    },
  })),
  step("filter", (n) => ({
    stream: (s) => s.filter((x) => (x + n) % 3 !== 0),
    model: (items) => filterWith(items, (x) => (x + n) % 3 !== 0),
  })),
  step("collect", (n) => ({
    stream: (s) => s.collect((x) => (x % 2 === n % 2 ? x + 1 : undefined)),
    *model(items) {
      for (const x of items) if (x % 2 === n % 2) yield x + 1
    },
  })),
  step("flatMap to arrays", (n) => ({
    stream: (s) => s.flatMap((x) => Array.from({ length: (x + n) % 3 }, (_, i) => x + i)),
    *model(items) {
      for (const x of items) for (let i = 0; i < (x + n) % 3; i++) yield x + i
    },
  })),
  step("flatMap to streams", (n, m) => ({
    stream: (s) =>
      s.flatMap((x) =>
        Stream.range(x, x + m)
          .mapTask((y) => Task.yield().as(y))
          .take(n),
      ),
    *model(items) {
      for (const x of items) for (let i = 0; i < Math.min(n, m); i++) yield x + i
    },
  })),
  step("mapTask", (n) => ({
    stream: (s) => s.mapTask((x) => (x % 2 === 0 ? Task.yield().as(x + n) : Task.pure(x + n))),
    *model(items) {
      for (const x of items) yield x + n
    },
  })),
  step("tap", () => ({
    stream: (s) => s.tap((x) => (x % 2 === 0 ? Task.yield() : undefined)),
    model: (items) => items,
  })),
  step("take", (n) => ({ stream: (s) => s.take(n), model: (items) => take(items, n) })),
  step("drop", (n) => ({ stream: (s) => s.drop(n), model: (items) => filterWith(items, (_, i) => i >= n) })),
  step("slice", (n, m) => ({
    stream: (s) => s.slice(n, n + m),
    model: (items) =>
      take(
        filterWith(items, (_, i) => i >= n),
        m,
      ),
  })),
  step("takeWhile", (n) => ({
    stream: (s) => s.takeWhile((x) => x % 7 !== n),
    *model(items) {
      for (const x of items) {
        if (x % 7 === n) return
        yield x
      }
    },
  })),
  step("dropWhile", (n) => ({
    stream: (s) => s.dropWhile((x) => x % 3 === n % 3),
    model(items) {
      let dropping = true
      return filterWith(items, (x) => !(dropping &&= x % 3 === n % 3))
    },
  })),
  step("scan", (n) => ({
    stream: (s) => s.scan((a, b) => (a + b) % 1009, n),
    *model(items) {
      let state = n
      for (const x of items) yield (state = (state + x) % 1009)
    },
  })),
  step("scan from the first", () => ({
    stream: (s) => s.scan((a, b) => (a * 2 + b) % 1009),
    *model(items) {
      let state: number | undefined
      for (const x of items) yield (state = state === undefined ? x : (state * 2 + x) % 1009)
    },
  })),
  step("distinctBy", (n) => ({
    stream: (s) => s.distinctBy((x) => x % (n + 2)),
    model(items) {
      const seen = new Set<number>()
      return filterWith(items, (x) => !seen.has(x % (n + 2)) && (seen.add(x % (n + 2)), true))
    },
  })),
  step("changes", (n) => ({
    stream: (s) => s.map((x) => x % (n + 2)).changes(),
    model(items) {
      let before: number | undefined
      return filterWith(
        (function* () {
          for (const x of items) yield x % (n + 2)
        })(),
        (x) => {
          const changed = x !== before
          before = x
          return changed
        },
      )
    },
  })),
  step("zipWithIndex", () => ({
    stream: (s) => s.zipWithIndex().map(([x, i]) => x + i),
    *model(items) {
      let i = 0
      for (const x of items) yield x + i++
    },
  })),
  step("zip, on the left", (n) => ({
    stream: (s) => s.zipWith(others.slice(n), (a, b) => a * 5 + b),
    model: (items) =>
      both(items, others.slice(n), function* (a, b) {
        for (;;) {
          const left = a.next()
          if (left.done === true) return
          const right = b.next()
          if (right.done === true) return
          yield left.value * 5 + right.value
        }
      }),
  })),
  step("zip, on the right", (n) => ({
    stream: (s) => Stream.from(others.slice(n)).zipWith(s, (a, b) => a * 5 + b),
    model: (items) =>
      both(others.slice(n), items, function* (a, b) {
        for (;;) {
          const left = a.next()
          if (left.done === true) return
          const right = b.next()
          if (right.done === true) return
          yield left.value * 5 + right.value
        }
      }),
  })),
  step("interleave", (n) => ({
    stream: (s) => s.interleave(others.slice(n)),
    model: (items) =>
      both(items, others.slice(n), function* (a, b) {
        const open = [a, b]
        for (let turn = 0; open.length > 0; turn++) {
          const one = open[turn % open.length]
          const next = one.next()
          if (next.done === true) {
            open.splice(open.indexOf(one), 1)
            // The other one is next, and then has every turn.
            turn = -1
          } else yield next.value
        }
      }),
  })),
  step("intersperse", (n) => ({
    stream: (s) => s.intersperse(n),
    *model(items) {
      let first = true
      for (const x of items) {
        if (!first) yield n
        first = false
        yield x
      }
    },
  })),
  step("chunk", (n) => ({
    stream: (s) => s.chunk(n + 1).map(sum),
    *model(items) {
      for (const part of partsOf(items, n + 1)) yield sum(part)
    },
  })),
  step("sliding, full windows", (n) => ({
    stream: (s) =>
      s
        .sliding(n + 1)
        .filter((part) => part.length === n + 1)
        .map(sum),
    *model(items) {
      const part: number[] = []
      for (const x of items) {
        part.push(x)
        if (part.length <= n) continue
        yield sum(part)
        part.shift()
      }
    },
  })),
  step("groupAdjacent", (n) => ({
    stream: (s) => s.groupAdjacent((x) => x % (n + 2)).map(([key, part]) => key + sum(part)),
    *model(items) {
      let part: number[] = []
      const key = (x: number): number => x % (n + 2)
      for (const x of items) {
        if (part.length > 0 && key(part[0]) !== key(x)) {
          const whole = part
          part = [x]
          yield key(whole[0]) + sum(whole)
        } else part.push(x)
      }
      if (part.length > 0) yield key(part[0]) + sum(part)
    },
  })),
  step("concat", (n) => ({
    stream: (s) => s.concat(others.slice(n)),
    *model(items) {
      yield* items
      yield* others.slice(n)
    },
  })),
  step("concat behind", (n) => ({
    stream: (s) => Stream.from(others.slice(n)).concat(s),
    *model(items) {
      yield* others.slice(n)
      yield* items
    },
  })),
  step("catch", (n) => ({
    stream: (s) => s.catch(() => others.slice(n)),
    *model(items) {
      // What is thrown into a generator by who takes does not exist: who takes only returns.
      try {
        yield* items
      } catch {
        yield* others.slice(n)
      }
    },
  })),
  step("using", () => ({
    stream: (s) =>
      Stream.using(
        Task.yield(),
        () => s,
        () => Task.yield(),
      ),
    model: (items) => items,
  })),
)

/** What has happened in a run: what was asked of the source, and what came out, in the order of time. */
type Log = string[]

const fault = new Error("the source's")

function* sourceOfModel(items: readonly number[], fails: boolean, log: Log): Iterable<number> {
  for (const item of items) {
    log.push(`in ${item}`)
    yield item
  }
  log.push("in the end")
  if (fails) throw fault
}

function logOfModel(pipeline: readonly Step[], items: readonly number[], fails: boolean, most: number): Log {
  const log: Log = []
  try {
    let all: Iterable<number> = sourceOfModel(items, fails, log)
    for (const { model } of pipeline) all = model(all)
    for (const item of take(all, most)) log.push(`out ${item}`)
    log.push("done")
  } catch (error) {
    log.push(error === fault ? "failed" : String(error))
  }
  return log
}

async function logOf(
  pipeline: readonly Step[],
  source: (log: Log) => Stream<number>,
  most: number,
): Promise<[log: Log, opened: number, closed: number]> {
  const log: Log = []
  let [opened, closed] = [0, 0]
  let stream: Stream<number> = Stream.using(
    Task.sync(() => void opened++),
    () => source(log),
    () => void closed++,
  )
  for (const { stream: apply } of pipeline) stream = apply(stream)
  const exit = await stream
    .take(most)
    .forEach((item) => void log.push(`out ${item}`))
    .attempt()
  log.push(exit.status === "fulfilled" ? "done" : exit.reason === fault ? "failed" : String(exit.reason))
  return [log, opened, closed]
}

describe("any pipeline", () => {
  const items = fc.array(fc.nat({ max: 20 }), { maxLength: 10 })
  const pipelines = fc.array(steps, { maxLength: 7 })
  const most = fc.oneof(fc.nat({ max: 8 }), fc.constant(Infinity))

  it("asks for, and hands on, what generators do, in the same order, and closes what it has opened", async () => {
    await fc.assert(
      fc.asyncProperty(items, fc.boolean(), pipelines, most, async (items, fails, pipeline, most) => {
        const wanted = logOfModel(pipeline, items, fails, most)
        const source = (log: Log): Stream<number> => Stream.from(sourceOfModel(items, fails, log))
        const [log, opened, closed] = await logOf(pipeline, source, most)
        expect(log).toEqual(wanted)
        expect(closed).toBe(opened)
        const tasks = (log: Log): Stream<number> => source(log).mapTask((item) => Task.yield().as(item))
        expect((await logOf(pipeline, tasks, most))[0]).toEqual(wanted)
        const generated = (log: Log): Stream<number> =>
          Stream.from(
            (async function* () {
              for (const item of sourceOfModel(items, fails, log)) yield item
            })(),
          )
        expect((await logOf(pipeline, generated, most))[0]).toEqual(wanted)
      }),
      { numRuns: 1500 },
    )
  })

  it("yields the same elements from whatever source", async () => {
    await fc.assert(
      fc.asyncProperty(items, pipelines, sourceChoice, sourceChoice, async (items, pipeline, one, other) => {
        let model: Iterable<number> = items
        let [first, second] = [sourceOf(one, items), sourceOf(other, items)]
        for (const { stream, model: by } of pipeline) {
          model = by(model)
          first = stream(first)
          second = stream(second)
        }
        const wanted = [...model]
        const all = Task.all([first.toArray(), second.toArray(), first.toArray()])
        expect(await all).toEqual([wanted, wanted, wanted])
        const taken: number[] = []
        for await (const item of second) taken.push(item)
        expect(taken).toEqual(wanted)
      }),
      { numRuns: 600 },
    )
  })

  it("yields the same with buffers and concurrency between", async () => {
    const beside: fc.Arbitrary<Step> = fc.oneof(
      step("buffer", (n) => ({ stream: (s) => s.buffer(n + 1), model: (items) => items })),
      step("mapTask", (n, m) => ({
        stream: (s) =>
          s.mapTask((x) => (x % 2 === 0 ? Task.yield().as(x) : Task.pure(x)), { concurrency: n + 1, buffer: m }),
        model: (items) => items,
      })),
      step("mergeAll", (n) => ({
        stream: (s) => Stream.of(s).mergeAll({ buffer: n + 1 }),
        model: (items) => items,
      })),
      step("mergeAll, one at a time", (n) => ({
        stream: (s) =>
          s
            .chunk(2)
            .map((part) => Stream.from(part))
            .mergeAll({ buffer: n + 1, concurrency: 1 }),
        *model(items) {
          for (const part of partsOf(items, 2)) yield* part
        },
      })),
      step("share", (n) => ({
        stream: (s) => Stream.defer(() => s.share({ buffer: n + 1 })),
        model: (items) => items,
      })),
      step("timeout", () => ({ stream: (s) => s.timeout({ hours: 1 }) as Stream<number>, model: (items) => items })),
      step("chunkWithin", (n) => ({
        stream: (s) => s.chunkWithin(n + 1, { hours: 1 }).flatMap((part) => part),
        // As with chunk, a failure leaves nothing of an array that is not complete.
        *model(items) {
          for (const part of partsOf(items, n + 1)) yield* part
        },
      })),
      step("throttle by nothing", () => ({ stream: (s) => s.throttle(0), model: (items) => items })),
    )
    await fc.assert(
      fc.asyncProperty(
        items,
        fc.boolean(),
        fc.array(fc.oneof(steps, beside), { maxLength: 7 }),
        most,
        async (items, fails, pipeline, most) => {
          // Who runs ahead asks for more, and meets a failure, or not: only what comes out is the same.
          const outside = (log: Log): Log => log.filter((word) => !word.startsWith("in "))
          const wanted = outside(logOfModel(pipeline, items, fails, most))
          const source = (log: Log): Stream<number> => Stream.from(sourceOfModel(items, fails, log))
          const [log, opened, closed] = await logOf(pipeline, source, most)
          expect(outside(log)).toEqual(wanted)
          expect(closed).toBe(opened)
        },
      ),
      { numRuns: 1000 },
    )
  })
})

// --- time ------------------------------------------------------------------------------------------------------------

/** A value at a time. */
type Event<A = number> = readonly [time: number, value: A]

const test = TestRuntime.make()
afterAll(() => test.close())

const until = (time: () => number): Task<void> => Task.defer(() => Task.sleep(Math.max(0, time() - test.now)))

/** The events at their times from when it is run, and the end at its time. */
function timed<A>(events: readonly Event<A>[], end: number): Stream<A> {
  return Stream.defer(() => {
    const began = test.now
    return Stream.from(events)
      .mapTask(([time, value]) => until(() => began + time).as(value))
      .onEnd(until(() => began + end))
  })
}

/** When which element came, and when which end. */
async function played<A, E>(stream: Stream<A, E>): Promise<Event<unknown>[]> {
  const began = test.now
  const got: Event<unknown>[] = []
  const exit = await test.run(
    stream
      .tap((item) => void got.push([test.now - began, item]))
      .drain()
      .attempt(),
  )
  const word =
    exit.status === "fulfilled" ? "the end" : exit.reason instanceof TimeoutError ? "timeout" : String(exit.reason)
  got.push([test.now - began, word])
  return got
}

/** Events at tens; durations in the tests are such that nothing comes at the same time as anything else. */
const events = fc.array(fc.tuple(fc.nat({ max: 6 }), fc.nat({ max: 9 })), { maxLength: 10 }).map((gaps) => {
  let time = 0
  return gaps.map(([gap, value]): Event => [(time += gap * 10), value])
})
const apart = events.map((list) => list.filter(([time], i) => i === 0 || time > list[i - 1][0]))
const endOf = (list: readonly Event<unknown>[], after: number): number => (list.at(-1)?.[0] ?? 0) + after * 10
const after = fc.nat({ max: 6 })
const odd = fc.nat({ max: 8 }).map((n) => n * 10 + 3)

interface Timed {
  readonly stream: (s: Stream<number>, n: number, duration: number) => Stream<unknown, unknown>
  readonly model: (events: readonly Event[], end: number, n: number, duration: number) => Event<unknown>[]
}

const timers: Record<string, Timed> = {
  debounce: {
    stream: (s, _, duration) => s.debounce(duration),
    model: (events, end, _, duration) => {
      const out = events.flatMap(([time, value], i): Event[] => {
        const next = events.at(i + 1)?.[0] ?? Infinity
        if (next < time + duration) return []
        return [[next === Infinity ? Math.min(time + duration, end) : time + duration, value]]
      })
      return [...out, [end, "the end"]]
    },
  },
  throttle: {
    stream: (s, _, duration) => s.throttle(duration),
    model: (events, end, _, duration) => {
      let last = -Infinity
      const out = events.filter(([time]) => time - last >= duration && ((last = time), true))
      return [...out, [end, "the end"]]
    },
  },
  timeout: {
    stream: (s, _, duration) => s.timeout(duration),
    model: (events, end, _, duration) => [
      ...events.filter(([time]) => time < duration),
      end < duration ? [end, "the end"] : [duration, "timeout"],
    ],
  },
  chunkWithin: {
    stream: (s, n, duration) => s.chunkWithin(n + 1, duration),
    model: (events, end, n, duration) => {
      const out: Event<unknown>[] = []
      let part: number[] = []
      let due = Infinity
      const flush = (time: number): void => {
        if (part.length > 0) out.push([time, part])
        part = []
        due = Infinity
      }
      for (const [time, value] of events) {
        if (due < time) flush(due)
        if (part.length === 0) due = time + duration
        part.push(value)
        if (part.length === n + 1) flush(time)
      }
      flush(Math.min(due, end))
      return [...out, [end, "the end"]]
    },
  },
  "switchMap to what takes time": {
    // Of each value three elements: at 3, and at `duration` and its double, after it.
    stream: (s, _, duration) =>
      s.switchMap((x) =>
        timed(
          [
            [3, x],
            [duration, x + 10],
            [2 * duration, x + 20],
          ],
          2 * duration,
        ),
      ),
    model: (events, end, _, duration) => {
      let last = end
      const out = events.flatMap(([time, value], i): Event[] => {
        const next = events.at(i + 1)?.[0] ?? Infinity
        if (next === Infinity) last = Math.max(end, time + 2 * duration)
        const inner: Event[] = [
          [time + 3, value],
          [time + duration, value + 10],
          [time + 2 * duration, value + 20],
        ]
        return inner.filter(([at]) => at < next)
      })
      return [...out, [last, "the end"]]
    },
  },
  "mapTask, so many at once": {
    stream: (s, n, duration) =>
      s.mapTask((x) => Task.sleep(duration * x).as(x), { concurrency: n + 1, buffer: Infinity }),
    model: (events, end, n, duration) => {
      const free: number[] = Array.from({ length: n + 1 }, () => 0)
      let [last, asked] = [0, 0]
      const out = events.map(([time, value]): Event => {
        free.sort((a, b) => a - b)
        asked = Math.max(asked, free[0], time)
        free[0] = asked + duration * value
        last = Math.max(last, free[0])
        return [last, value]
      })
      return [...out, [Math.max(end, last), "the end"]]
    },
  },
}

describe("in virtual time, as a model that knows only times", () => {
  for (const [name, { stream, model }] of Object.entries(timers)) {
    it(name, async () => {
      await fc.assert(
        fc.asyncProperty(
          name === "mapTask, so many at once" ? events : apart,
          after,
          fc.nat({ max: 3 }),
          odd,
          async (events, after, n, duration) => {
            const end = endOf(events, after)
            expect(await played(stream(timed(events, end), n, duration))).toEqual(model(events, end, n, duration))
          },
        ),
        { numRuns: 300 },
      )
    })
  }

  it("debounce: of those that come at one time, the last", async () => {
    await fc.assert(
      fc.asyncProperty(events, after, odd, async (events, after, duration) => {
        const end = endOf(events, after)
        const lasts = events.filter(([time], i) => time !== events.at(i + 1)?.[0])
        expect(await played(timed(events, end).debounce(duration))).toEqual(
          timers["debounce"].model(lasts, end, 0, duration),
        )
      }),
      { numRuns: 200 },
    )
  })

  it("sample: at each tick the last, if there is a new one, and the last one at the end", async () => {
    const shifted = apart.map((list) => list.map(([time, value]): Event => [time + 5, value]))
    await fc.assert(
      fc.asyncProperty(shifted, after, fc.integer({ min: 1, max: 7 }), async (events, after, ticks) => {
        const period = ticks * 10
        const end = (events.at(-1)?.[0] ?? 5) + after * 10
        const out: Event<unknown>[] = []
        for (const [i, [time, value]] of events.entries()) {
          const tick = Math.ceil(time / period) * period
          const next = events.at(i + 1)?.[0] ?? Infinity
          if (next > tick) out.push([Math.min(tick, end), value])
        }
        expect(await played(timed(events, end).sample(period))).toEqual([...out, [end, "the end"]])
      }),
      { numRuns: 300 },
    )
  })

  it("merge: each when it comes", async () => {
    const shift = (list: readonly Event[], by: number): Event<unknown>[] =>
      list.map(([time, value]) => [time + by, value + by * 10])
    await fc.assert(
      fc.asyncProperty(events, events, events, after, async (a, b, c, after) => {
        const parts = [shift(a, 1), shift(b, 3), shift(c, 6)]
        const ends = parts.map((part, i) => endOf(part, after) + [2, 4, 7][i])
        const [first, ...rest] = parts.map((part, i) => timed(part, ends[i]))
        expect(await played(first.merge(...rest))).toEqual([
          ...parts.flat().toSorted(([one], [other]) => one - other),
          [Math.max(...ends), "the end"],
        ])
      }),
      { numRuns: 200 },
    )
  })

  it("mapTask, not in order: each when it is ready, the next when there is room", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 20 }), { maxLength: 10 }),
        fc.integer({ min: 1, max: 5 }),
        async (sleeps, concurrency) => {
          const free: number[] = Array.from({ length: concurrency }, () => 0)
          const out = sleeps.map((ms, i): Event => {
            free.sort((a, b) => a - b)
            free[0] += ms
            return [free[0], i]
          })
          const source = Stream.from([...sleeps.entries()])
          const got = await played(source.mapTask(([i, ms]) => Task.sleep(ms).as(i), { concurrency, ordered: false }))
          const byTime = (list: readonly Event<unknown>[]): Event<unknown>[] =>
            list.toSorted(([a, x], [b, y]) => a - b || Number(x) - Number(y))
          expect(got.at(-1)).toEqual([Math.max(0, ...out.map(([time]) => time)), "the end"])
          expect(byTime(got.slice(0, -1))).toEqual(byTime(out))
          expect(got.map(([time]) => time)).toEqual(got.map(([time]) => time).toSorted((a, b) => a - b))
        },
      ),
      { numRuns: 300 },
    )
  })

  it("zip, interleave, scan, buffer: the later of both, and no later", async () => {
    await fc.assert(
      fc.asyncProperty(apart, apart, async (a, b) => {
        const pairs = await played(timed(a, endOf(a, 0)).zip(timed(b, endOf(b, 0)).buffer(100)))
        // The right one begins as the left has brought its first: its times count from there.
        const began = a[0]?.[0] ?? 0
        const length = Math.min(a.length, b.length)
        for (let i = 0; i < length; i++) {
          expect(pairs[i]).toEqual([Math.max(a[i][0], began + b[i][0]), [a[i][1], b[i][1]]])
        }
        expect(pairs.length).toBe(length + 1)
      }),
      { numRuns: 200 },
    )
  })

  it("Stream.schedule: each after its pause", async () => {
    const ticks = Stream.schedule({ every: 10 }).take(4)
    expect(await played(ticks)).toEqual([
      [10, 0],
      [20, 1],
      [30, 2],
      [40, 3],
      [40, "the end"],
    ])
    expect(await played(Stream.schedule({ spaced: 5, times: 2 }))).toEqual([
      [5, 0],
      [10, 1],
      [10, "the end"],
    ])
    const growing = Stream.schedule({ backoff: { initial: 1, factor: 3 }, times: 4 })
    expect(await played(growing)).toEqual([
      [1, 0],
      [4, 1],
      [13, 2],
      [40, 3],
      [40, "the end"],
    ])
  })

  it("Stream.schedule: who is slow gets what is due next, and not what was missed", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.nat({ max: 200 }), { minLength: 1, maxLength: 8 }),
        async (every, work) => {
          const got = await played(
            Stream.schedule({ every })
              .zip(work)
              .map(([, ms]) => ms)
              .mapTask((ms) => Task.sync(() => test.now).flatMap((time) => Task.sleep(ms).as(time))),
          )
          const times = got.slice(0, -1).map(([, time]) => Number(time))
          const began = times[0] - every
          let free = 0
          times.forEach((time, i) => {
            // The first multiple of the period after it is asked for.
            expect(time - began).toBe((Math.floor(free / every) + 1) * every)
            free = time - began + work[i]
          })
        },
      ),
      { numRuns: 200 },
    )
  })

  it("retry: after its pauses", async () => {
    const failing = timed(
      [
        [2, "a"],
        [4, "b"],
      ],
      5,
    ).concat(Stream.fail("no"))
    expect(await played(failing.retry({ times: 2, spaced: 10 }))).toEqual([
      [2, "a"],
      [4, "b"],
      [17, "a"],
      [19, "b"],
      [32, "a"],
      [34, "b"],
      [35, "no"],
    ])
  })

  it("timeout: counts from the first ask, with the time that who takes is busy, and lets go of the source", async () => {
    let closed = -1
    const began = test.now
    const slow = timed(
      [
        [5, 1],
        [10, 2],
        [100, 3],
      ],
      100,
    ).finally(() => void (closed = test.now - began))
    expect(await played(slow.timeout(50))).toEqual([
      [5, 1],
      [10, 2],
      [50, "timeout"],
    ])
    expect(closed).toBe(50)
    const waiting = Stream.of(Task.sleep(30))
      .mapTask((task) => task)
      .concat(Stream.of(undefined))
      .timeout(20)
    expect(await played(waiting)).toEqual([[20, "timeout"]])
    expect(
      await played(
        timed([[5, 1]], 10)
          .timeout(20)
          .concat(timed([[15, 2]], 19).timeout(20)),
      ),
    ).toEqual([
      [5, 1],
      [25, 2],
      [29, "the end"],
    ])
  })

  it("buffer: the source goes on while who takes is busy, so many ahead", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat({ max: 9 }), fc.nat({ max: 9 })), { minLength: 1, maxLength: 10 }),
        fc.integer({ min: 1, max: 4 }),
        async (pairs, count) => {
          let [ahead, most] = [0, 0]
          const source = Stream.from(pairs)
            .mapTask((pair) => Task.sleep(pair[0]).as(pair))
            .tap(() => void (most = Math.max(most, ++ahead)))
          const began = test.now
          const busy = source.buffer(count).forEach(([, ms]) => Task.sync(() => void ahead--).andThen(Task.sleep(ms)))
          await test.run(busy)
          // With no end to the room, this is how long it takes; with `count` places it is longer, but never as one after the other.
          const unbounded = pairs.reduce(
            ([made, done], [make, take]) => [made + make, Math.max(done, made + make) + take],
            [0, 0],
          )[1]
          const sequential = pairs.reduce((all, [make, take]) => all + make + take, 0)
          expect(test.now - began).toBeGreaterThanOrEqual(unbounded)
          expect(test.now - began).toBeLessThanOrEqual(sequential)
          if (pairs.length <= count + 1) expect(test.now - began).toBe(unbounded)
          expect(most).toBeLessThanOrEqual(count + 1)
        },
      ),
      { numRuns: 200 },
    )
  })
})
