import fc from "fast-check"
import * as rx from "rxjs"
import { describe, expect, it } from "vitest"
import { Stream, Task } from "rapid-fiber"
import { TestRuntime } from "rapid-fiber/testing"

/** What came, and when. */
type Heard = readonly (readonly [value: unknown, time: number])[]

/** 0, 1, 2 … at these times, and the end with the last. */
const events = (times: readonly number[]): Stream<number> =>
  Stream.from(times)
    .zipWithIndex()
    .mapTask(([time, n]) => Task.sleep(time - (times[n - 1] ?? 0)).as(n))

async function ours(stream: Stream<unknown, unknown>): Promise<Heard> {
  const test = TestRuntime.make()
  return test.run(stream.map((value) => [value, test.now] as const).toArray())
}

function theirs(make: (at: rx.VirtualTimeScheduler) => rx.Observable<unknown>): Heard {
  const scheduler = new rx.VirtualTimeScheduler()
  const heard: [unknown, number][] = []
  make(scheduler).subscribe((value) => heard.push([value, scheduler.now()]))
  scheduler.flush()
  return heard
}

const eventsOf = (times: readonly number[], scheduler: rx.VirtualTimeScheduler): rx.Observable<number> =>
  rx.merge(...times.map((time, n) => rx.timer(time, scheduler).pipe(rx.map(() => n))))

/** Times of events: so many apart, and a remainder, so that none falls together with what a stage waits for. */
const times = (apart: number, remainder: number): fc.Arbitrary<number[]> =>
  fc
    .uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 12 })
    .map((list) => list.toSorted((a, b) => a - b).map((n) => n * apart + remainder))

const odd = fc.integer({ min: 0, max: 15 }).map((n) => 2 * n + 1)
const numbers = fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 30 })
const small = fc.integer({ min: 1, max: 6 })

describe("as RxJS 7, at the same times:", () => {
  it("debounce", async () => {
    await fc.assert(
      fc.asyncProperty(times(2, 0), odd, async (at, ms) => {
        const expected = theirs((scheduler) => eventsOf(at, scheduler).pipe(rx.debounceTime(ms, scheduler)))
        expect(await ours(events(at).debounce(ms))).toEqual(expected)
      }),
    )
  })

  it("throttle", async () => {
    await fc.assert(
      fc.asyncProperty(times(2, 0), odd, async (at, ms) => {
        const expected = theirs((scheduler) => eventsOf(at, scheduler).pipe(rx.throttleTime(ms, scheduler)))
        expect(await ours(events(at).throttle(ms))).toEqual(expected)
      }),
    )
  })

  it("sample, but for the last element, which RxJS drops", async () => {
    await fc.assert(
      fc.asyncProperty(times(10, 5), small, async (at, n) => {
        const expected = theirs((scheduler) => eventsOf(at, scheduler).pipe(rx.sampleTime(n * 10, scheduler)))
        const last = at.length - 1
        const dropped = last >= 0 && expected.at(-1)?.[0] !== last ? [[last, at[last]] as const] : []
        expect(await ours(events(at).sample(n * 10))).toEqual([...expected, ...dropped])
      }),
    )
  })

  it("switchMap", async () => {
    await fc.assert(
      fc.asyncProperty(times(2, 0), odd, odd, async (at, first, second) => {
        const inner = (n: number): Stream<string> =>
          Stream.from(Task.sleep(first).as(`${n} first`)).concat(Task.sleep(2 * second).as(`${n} second`))
        const expected = theirs((scheduler) =>
          eventsOf(at, scheduler).pipe(
            rx.switchMap((n) =>
              rx.merge(
                rx.timer(first, scheduler).pipe(rx.map(() => `${n} first`)),
                rx.timer(first + 2 * second, scheduler).pipe(rx.map(() => `${n} second`)),
              ),
            ),
          ),
        )
        expect(await ours(events(at).switchMap(inner))).toEqual(expected)
      }),
    )
  })

  it("merge", async () => {
    await fc.assert(
      fc.asyncProperty(times(2, 0), times(2, 1), async (even, uneven) => {
        const expected = theirs((scheduler) => rx.merge(eventsOf(even, scheduler), eventsOf(uneven, scheduler)))
        expect(await ours(events(even).merge(events(uneven)))).toEqual(expected)
      }),
    )
  })

  it("mapTask, so many at once, as mergeMap and concatMap", async () => {
    const byTime = (heard: Heard): unknown[] =>
      heard
        .map(([value, time]) => [time, value] as const)
        .toSorted((a, b) => a[0] - b[0] || Number(a[1]) - Number(b[1]))
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 20 }),
        small,
        async (waits, concurrency) => {
          const task = (n: number): Task<number> => Task.sleep(waits[n] ?? 0).as(n)
          const indices = Stream.range(0, waits.length)
          const merged = theirs((scheduler) =>
            rx
              .range(0, waits.length)
              .pipe(rx.mergeMap((n) => rx.timer(waits[n] ?? 0, scheduler).pipe(rx.map(() => n)), concurrency)),
          )
          const unordered = await ours(indices.mapTask(task, { concurrency, ordered: false }))
          expect(byTime(unordered)).toEqual(byTime(merged))
          const oneByOne = theirs((scheduler) =>
            rx
              .range(0, waits.length)
              .pipe(rx.concatMap((n) => rx.timer(waits[n] ?? 0, scheduler).pipe(rx.map(() => n)))),
          )
          expect(await ours(indices.mapTask(task))).toEqual(oneByOne)
        },
      ),
    )
  })

  it("a time limit for the whole", async () => {
    await fc.assert(
      fc.asyncProperty(times(2, 0), odd, async (at, ms) => {
        const expected = theirs((scheduler) =>
          eventsOf(at, scheduler).pipe(
            rx.takeUntil(rx.timer(ms, scheduler)),
            rx.concatWith((at.at(-1) ?? 0) > ms ? rx.of("late") : rx.EMPTY),
          ),
        )
        expect(
          await ours(
            events(at)
              .timeout(ms)
              .catch(() => ["late"]),
          ),
        ).toEqual(expected)
      }),
    )
  })
})

/** A stage here, and the same there. */
interface Pair {
  readonly name: string
  readonly stage: (from: Stream<number>) => Stream<number>
  readonly operator: rx.OperatorFunction<number, number>
}

const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0)

const pairs: fc.Arbitrary<Pair> = fc.tuple(fc.integer({ min: 0, max: 11 }), small, small).map(([which, n, m]) => {
  const list: Pair[] = [
    { name: "map", stage: (s) => s.map((x) => x * n), operator: rx.map((x) => x * n) },
    { name: "filter", stage: (s) => s.filter((x) => x % n === 0), operator: rx.filter((x) => x % n === 0) },
    { name: "take", stage: (s) => s.take(n * 2), operator: rx.take(n * 2) },
    { name: "drop", stage: (s) => s.drop(n), operator: rx.skip(n) },
    { name: "takeWhile", stage: (s) => s.takeWhile((x) => x < n), operator: rx.takeWhile((x) => x < n) },
    { name: "dropWhile", stage: (s) => s.dropWhile((x) => x < n), operator: rx.skipWhile((x) => x < n) },
    { name: "scan", stage: (s) => s.scan((a, b) => a + b), operator: rx.scan((a, b) => a + b) },
    { name: "distinct", stage: (s) => s.distinct(), operator: rx.distinct() },
    { name: "changes", stage: (s) => s.changes(), operator: rx.distinctUntilChanged() },
    {
      name: "sliding",
      stage: (s) => s.sliding(n, m).map(sum),
      operator: (source) => source.pipe(rx.bufferCount(n, m), rx.map(sum)),
    },
    {
      name: "flatMap",
      stage: (s) => s.flatMap((x) => [x, x + n]),
      operator: rx.concatMap((x) => rx.of(x, x + n)),
    },
    {
      name: "concat, zip",
      stage: (s) => s.concat([n, m]).zipWith(Stream.range(0), (a, b) => a + b),
      operator: (source) => rx.zip(rx.concat(source, rx.of(n, m)), rx.range(0, 10_000)).pipe(rx.map(([a, b]) => a + b)),
    },
  ]
  return list[which]
})

describe("as RxJS 7:", () => {
  it("any pipeline of synchronous stages", async () => {
    await fc.assert(
      fc.asyncProperty(numbers, fc.array(pairs, { maxLength: 5 }), async (items, stages) => {
        const stream = stages.reduce((from, { stage }) => stage(from), Stream.from(items))
        const observable = stages.reduce((from, { operator }) => from.pipe(operator), rx.from(items))
        expect(await stream.toArray()).toEqual(await rx.lastValueFrom(observable.pipe(rx.toArray())))
      }),
      { numRuns: 500 },
    )
  })
})
