import { describe, expect, it } from "vitest"
import { Stream, Task } from "rapid-fiber"
import { exitOf } from "../watch.ts"

/** What no type lets through, and JavaScript does. */
const bad = (value: unknown): never => value as never

const numbers = Stream.of(1, 2, 3)
const wrong = { "a number": 5, nothing: undefined, "an object": {} }

/** Expected …, got …: the call throws it at once. */
const assertRefused = (call: () => unknown, kind: typeof TypeError | typeof RangeError, ...says: RegExp[]): void => {
  let thrown: unknown
  try {
    call()
  } catch (error) {
    thrown = error
  }
  expect(thrown, String(call)).toBeInstanceOf(kind)
  expect((thrown as Error).message, String(call)).toMatch(/^Expected .+, got .+\.$/s)
  for (const part of says) expect((thrown as Error).message, String(call)).toMatch(part)
}

describe("what must be a function", () => {
  const calls: Record<string, (given: never) => unknown> = {
    "Stream.defer": (f) => Stream.defer(f),
    "Stream.unfold": (f) => Stream.unfold(0, f),
    "Stream.paginate": (f) => Stream.paginate(0, f),
    map: (f) => numbers.map(f),
    filter: (f) => numbers.filter(f),
    collect: (f) => numbers.collect(f),
    flatMap: (f) => numbers.flatMap(f),
    mapTask: (f) => numbers.mapTask(f),
    tap: (f) => numbers.tap(f),
    takeWhile: (f) => numbers.takeWhile(f),
    dropWhile: (f) => numbers.dropWhile(f),
    scan: (f) => numbers.scan(f, 0),
    distinctBy: (f) => numbers.distinctBy(f),
    groupAdjacent: (f) => numbers.groupAdjacent(f),
    split: (f) => numbers.split(f),
    groupBy: (f) => numbers.groupBy(f),
    zipWith: (f) => numbers.zipWith(numbers, f),
    switchMap: (f) => numbers.switchMap(f),
    catch: (f) => numbers.catch(f),
    onFirst: (f) => numbers.onFirst(f),
    forEach: (f) => numbers.forEach(f),
    reduce: (f) => numbers.reduce(f, 0),
    parFold: (f) => numbers.parFold(0, f, (a) => a),
    "parFold (merge)": (f) => numbers.parFold(0, (n) => Task.pure(n), f),
    some: (f) => numbers.some(f),
    every: (f) => numbers.every(f),
    broadcast: (f) => numbers.broadcast([f]),
  }
  for (const [name, call] of Object.entries(calls)) {
    it(`is refused by name where it is none: ${name}`, () => {
      for (const value of Object.values(wrong))
        assertRefused(() => call(bad(value)), TypeError, /to get a function/, new RegExp(name.replace(/[()]/g, "\\$&")))
    })
  }

  it("is refused under another's name where that says the same: partition, find, changes", () => {
    assertRefused(() => numbers.partition(bad(5)), TypeError, /function, got 5/)
    assertRefused(() => numbers.find(bad(5)), TypeError, /function, got 5/)
    assertRefused(() => numbers.changes(bad(5)), TypeError, /changes to get a function/)
  })

  it("may be a Task in `finally` and `using`, and must be one in onEnd", () => {
    for (const value of Object.values(wrong)) {
      assertRefused(() => numbers.finally(bad(value)), TypeError, /finally.* Task or a function/)
      assertRefused(
        () =>
          Stream.using(
            bad(value),
            () => [],
            () => {},
          ),
        TypeError,
        /acquire.* Task or a function/,
      )
      assertRefused(() => Stream.using(Task.unit, bad(value), () => {}), TypeError, /use.* function/)
      assertRefused(() => Stream.using(Task.unit, () => [], bad(value)), TypeError, /release.* function/)
    }
    for (const value of [5, undefined, {}, () => Task.unit]) {
      let thrown: unknown
      try {
        numbers.onEnd(bad(value))
      } catch (error) {
        thrown = error
      }
      expect(String(thrown)).toMatch(/TypeError: Expected the argument of onEnd to be a Task, got .+\. .+/)
    }
  })
})

describe("counts and durations out of their range", () => {
  const counts: Record<string, [name: string, least: number, call: (given: never) => unknown]> = {
    take: ["count", 0, (n) => numbers.take(n)],
    drop: ["count", 0, (n) => numbers.drop(n)],
    "slice (end)": ["end", 0, (n) => numbers.slice(0, n)],
    chunk: ["size", 1, (n) => numbers.chunk(n)],
    chunkWithin: ["size", 1, (n) => numbers.chunkWithin(n, 1)],
    sliding: ["size", 1, (n) => numbers.sliding(n)],
    "sliding (step)": ["step", 1, (n) => numbers.sliding(2, n)],
    buffer: ["count", 1, (n) => numbers.buffer(n)],
    "mapTask (buffer)": [
      "buffer",
      0,
      (buffer) =>
        numbers.mapTask(
          bad(() => Task.unit),
          { buffer },
        ),
    ],
    "mapTask (concurrency)": [
      "concurrency",
      1,
      (concurrency) =>
        numbers.mapTask(
          bad(() => Task.unit),
          { concurrency },
        ),
    ],
    "forEach (concurrency)": ["concurrency", 1, (concurrency) => numbers.forEach(() => {}, { concurrency })],
    "parFold (concurrency)": [
      "concurrency",
      1,
      (concurrency) =>
        numbers.parFold(
          0,
          bad(() => Task.unit),
          bad(() => 0),
          { concurrency },
        ),
    ],
    "mergeAll (concurrency)": ["concurrency", 1, (concurrency) => Stream.of(numbers).mergeAll({ concurrency })],
    "mergeAll (buffer)": ["buffer", 1, (buffer) => Stream.of(numbers).mergeAll({ buffer })],
    "groupBy (buffer)": ["buffer", 1, (buffer) => numbers.groupBy((n) => n, { buffer })],
    "broadcast (buffer)": ["buffer", 1, (buffer) => numbers.broadcast([], { buffer })],
    "share (buffer)": ["buffer", 1, (buffer) => numbers.share({ buffer })],
    "share (replay)": ["replay", 0, (replay) => numbers.share({ replay })],
  }
  for (const [name, [option, least, call]] of Object.entries(counts)) {
    it(`are refused: ${name}`, () => {
      for (const given of [least - 1, 1.5, NaN, -Infinity, "2", 2n]) {
        assertRefused(
          () => call(bad(given)),
          RangeError,
          new RegExp(`^Expected \`${option}\` to be an integer >= ${least}`),
        )
      }
      expect(() => call(bad(least))).not.toThrow()
      expect(() => call(bad(Infinity))).not.toThrow()
    })
  }

  it("are refused by the name of the argument where one stands for another: slice (start)", () => {
    for (const given of [-1, 0.5, NaN])
      assertRefused(() => numbers.slice(bad(given)), RangeError, /`start` to be an integer >= 0/)
  })

  const durations: Record<string, (given: never) => unknown> = {
    timeout: (d) => numbers.timeout(d),
    debounce: (d) => numbers.debounce(d),
    throttle: (d) => numbers.throttle(d),
    sample: (d) => numbers.sample(d),
    chunkWithin: (d) => numbers.chunkWithin(2, d),
  }
  for (const [name, call] of Object.entries(durations)) {
    it(`are refused: the duration of ${name}`, () => {
      for (const given of [-1, NaN]) expect(() => call(bad(given))).toThrow(/^Expected `duration` to be .*, got/)
      for (const given of ["1s", null, undefined])
        expect(() => call(bad(given))).toThrow(/^Expected `duration` to be .*, got/)
    })
  }
})

describe("options", () => {
  const calls: Record<string, (options: never) => unknown> = {
    mapTask: (options) => numbers.mapTask(() => Task.unit, options),
    forEach: (options) => numbers.forEach(() => {}, options),
    parFold: (options) =>
      numbers.parFold(
        0,
        () => Task.unit,
        () => 0,
        options,
      ),
    mergeAll: (options) => Stream.of(numbers).mergeAll(options),
    groupBy: (options) => numbers.groupBy((n) => n, options),
    broadcast: (options) => numbers.broadcast([], options),
    share: (options) => numbers.share(options),
    pipeTo: (options) => numbers.pipeTo(new WritableStream(), options),
  }
  for (const [name, call] of Object.entries(calls)) {
    it(`that nobody knows, or that are none, are refused: ${name}`, () => {
      assertRefused(
        () => call(bad({ concurency: 3 })),
        TypeError,
        new RegExp(`options of ${name} to be among .*, got \`concurency\``),
      )
      for (const given of [5, null, "fast"])
        assertRefused(() => call(bad(given)), TypeError, new RegExp(`options of ${name} to be an object`))
    })
  }

  it("of a schedule are refused where they are written: retry, Stream.schedule", () => {
    for (const call of [(given: never) => numbers.retry(given), (given: never) => Stream.schedule(given)]) {
      assertRefused(() => call(bad(undefined)), TypeError, /Schedule or its options, got undefined/)
      assertRefused(() => call(bad({ time: 3 })), TypeError, /got `time`/)
      assertRefused(() => call(bad({ times: -1 })), RangeError, /`times`/)
    }
  })

  it("of `catch` must be a class and a handler", () => {
    expect(() =>
      numbers.catch(
        bad(() => true),
        () => [],
      ),
    ).toThrow(/Expected catch\(Class, handler\) to get a class.*For every failure: catch\(handler\)/)
    for (const given of [undefined, null, 5, {}])
      expect(() => numbers.catch(bad(given), () => [])).toThrow(/Expected catch\(Class, handler\) to get a class/)
    expect(() => numbers.catch(TypeError, bad(5))).toThrow(/Expected catch to get a function, got 5/)
  })

  it("of `decode` are refused at the call: an encoding that nobody knows", () => {
    expect(() => Stream.of(new Uint8Array()).decode("no-such-encoding")).toThrow(/no-such-encoding/)
  })
})

describe("what must be a stream or like one", () => {
  const calls: Record<string, (given: never) => unknown> = {
    "Stream.from": (given) => Stream.from(given),
    concat: (given) => numbers.concat(numbers, given),
    zip: (given) => numbers.zip(given),
    zipWith: (given) => numbers.zipWith(given, () => 0),
    zipAll: (given) => numbers.zipAll(given),
    interleave: (given) => numbers.interleave(given),
    merge: (given) => numbers.merge(numbers, given),
  }
  for (const [name, call] of Object.entries(calls)) {
    it(`is refused at the call where it is none: ${name}`, () => {
      for (const value of Object.values(wrong))
        assertRefused(() => call(bad(value)), TypeError, /to be a Stream or something iterable/)
      expect(() => call(bad(Promise.resolve([])))).toThrow(/to be a Stream .*, got .*Task\.promise\(\(\) => …\)/s)
    })
  }

  it("is refused at the call where it is none of the platform's: pipeTo, pipeThrough", () => {
    for (const value of [5, undefined, {}, new ReadableStream()]) {
      assertRefused(() => numbers.pipeTo(bad(value)), TypeError, /pipeTo.*WritableStream/)
      assertRefused(
        () => numbers.pipeThrough(bad(value)),
        TypeError,
        /pipeThrough.*(WritableStream|TransformStream|writable)/,
      )
    }
  })

  it("is refused at the call where it is no list of functions: broadcast", () => {
    for (const value of [5, undefined, {}])
      assertRefused(() => numbers.broadcast(bad(value)), TypeError, /broadcast.*array/)
  })
})

describe("a callback that returns what it must not", () => {
  const promise = (): never => bad(Promise.resolve(1))
  const number = (): never => bad(5)

  const tasks: Record<string, [where: string, make: (f: () => never) => Task<unknown, unknown>]> = {
    mapTask: ["mapTask", (f) => numbers.mapTask(f).drain()],
    "mapTask side by side": ["mapTask", (f) => numbers.mapTask(f, { concurrency: 2 }).drain()],
    "mapTask as ready": ["mapTask", (f) => numbers.mapTask(f, { concurrency: 2, ordered: false }).drain()],
    parFold: ["", (f) => numbers.parFold(0, f, () => 0, { concurrency: 2 })],
  }
  for (const [name, [where, make]] of Object.entries(tasks)) {
    it(`is told what to do: no Task, of ${name}`, async () => {
      const remedies = [
        [promise, /Wrap it: Task\.promise/],
        [number, /got 5\. For a plain value use Task\.pure/],
      ] as const
      for (const [returns, remedy] of remedies) {
        const exit = await exitOf(make(returns))
        expect(exit).toMatchObject({ status: "rejected", reason: expect.any(TypeError) })
        const message = exit.status === "rejected" ? (exit.reason as Error).message : ""
        expect(message).toMatch(new RegExp(`^Expected what the callback of .*${where} returns to be a Task, got`))
        expect(message).toMatch(remedy)
      }
    })
  }

  const maybe: Record<string, (f: () => never) => Task<unknown, unknown>> = {
    tap: (f) => numbers.tap(f).drain(),
    onFirst: (f) => numbers.onFirst(f).drain(),
    forEach: (f) => numbers.forEach(f),
    "forEach side by side": (f) => numbers.forEach(f, { concurrency: 2 }),
    reduce: (f) => numbers.reduce(f, 0),
    "Stream.unfold": (f) => Stream.unfold(0, f).drain(),
    "Stream.paginate": (f) => Stream.paginate(0, f).drain(),
    finally: (f) => numbers.finally(f).drain(),
    "Stream.using (release)": (f) => Stream.using(Task.unit, () => [], f).drain(),
  }
  for (const [name, make] of Object.entries(maybe)) {
    it(`is told what to do: a promise where a Task may be, of ${name}`, async () => {
      const exit = await exitOf(make(promise))
      expect(exit).toMatchObject({ status: "rejected", reason: expect.any(TypeError) })
      expect(exit.status === "rejected" && (exit.reason as Error).message).toMatch(
        /^Expected .* to be a Task, got .*Task\.promise/s,
      )
    })
  }

  const streams: Record<string, (f: () => never) => Stream<unknown, unknown>> = {
    "Stream.defer": (f) => Stream.defer(f),
    flatMap: (f) => numbers.flatMap(f),
    switchMap: (f) => numbers.switchMap(f),
    catch: (f) => Stream.fail("no").catch(f),
    "Stream.using": (f) => Stream.using(Task.unit, f, () => {}),
    "Stream.paginate": (f) => Stream.paginate(0, () => [f(), undefined] as const),
    mergeAll: (f) => numbers.map(f).mergeAll(),
  }
  for (const [name, make] of Object.entries(streams)) {
    it(`is told what to do: no stream, of ${name}`, async () => {
      for (const [returns, remedy] of [
        [promise, /Task\.promise/],
        [number, /got 5/],
      ] as const) {
        const exit = await exitOf(make(returns).drain())
        expect(exit).toMatchObject({ status: "rejected", reason: expect.any(TypeError) })
        const message = exit.status === "rejected" ? (exit.reason as Error).message : ""
        expect(message).toMatch(/^Expected .* to be a Stream or something iterable, got/)
        expect(message).toMatch(remedy)
      }
    })
  }

  it("of broadcast: a use that is no Task", async () => {
    for (const returns of [promise, number]) {
      const exit = await exitOf(numbers.broadcast([returns]))
      expect(exit).toMatchObject({ status: "rejected", reason: expect.any(TypeError) })
      expect(exit.status === "rejected" && (exit.reason as Error).message).toMatch(/^Expected .* to be a Task, got/)
    }
  })
})
