import { describe, expect, expectTypeOf, it } from "vitest"
import { Cursor, on, Queue, Stream, type StreamLike, Task } from "rapid-fiber"

/** Checked by `tsc -p test`; run by vitest only so that they are counted. */
class Broken extends Error {
  override readonly name = "Broken"
}
class Gone extends Error {
  override readonly name = "Gone"
  readonly since = 0
}
const numbers: Stream<number, Broken> = Stream.of(1, 2)
const words = Stream.of("a", "b")
const failing: Task<string, Gone> = Task.pure("x")

describe("types of", () => {
  it("sources: what they are made of", () => {
    expectTypeOf(Stream.of(1, "a")).toEqualTypeOf<Stream<number | string>>()
    expectTypeOf(Stream.from([1, 2])).toEqualTypeOf<Stream<number>>()
    expectTypeOf(Stream.from(failing)).toEqualTypeOf<Stream<string, Gone>>()
    expectTypeOf(Stream.from(new Set(["a"]))).toEqualTypeOf<Stream<string>>()
    expectTypeOf(Stream.from(Queue.unbounded<number>())).toEqualTypeOf<Stream<number>>()
    expectTypeOf(Stream.from(new ReadableStream<string>())).toEqualTypeOf<Stream<string>>()
    expectTypeOf(Stream.fail("no")).toEqualTypeOf<Stream<never, "no">>()
    expectTypeOf(Stream.range(0, 3)).toEqualTypeOf<Stream<number>>()
    expectTypeOf(Stream.unfold(0, (n) => [String(n), n + 1] as const)).toEqualTypeOf<Stream<string>>()
    expectTypeOf(Stream.defer(() => numbers)).toEqualTypeOf<Stream<number, Broken>>()
    expectTypeOf(
      Stream.using(
        failing,
        (text) => [text.length],
        () => {},
      ),
    ).toEqualTypeOf<Stream<number, Gone>>()
    expectTypeOf(on(new AbortController().signal, "abort", { policy: "unbounded" })).toEqualTypeOf<Stream<Event>>()
    // @ts-expect-error -- nothing that could be read
    expect(() => Stream.from(1)).toThrow(TypeError)
  })

  it("operators: elements and failures", () => {
    expectTypeOf(numbers.map(String)).toEqualTypeOf<Stream<string, Broken>>()
    expectTypeOf(numbers.filter((n): n is 1 => n === 1)).toEqualTypeOf<Stream<1, Broken>>()
    expectTypeOf(numbers.collect((n) => (n > 1 ? "big" : undefined))).toEqualTypeOf<Stream<"big", Broken>>()
    expectTypeOf(numbers.flatMap(() => words)).toEqualTypeOf<Stream<string, Broken>>()
    expectTypeOf(numbers.flatMap((n) => [n, n])).toEqualTypeOf<Stream<number, Broken>>()
    expectTypeOf(numbers.flatMap(() => failing)).toEqualTypeOf<Stream<string, Broken | Gone>>()
    expectTypeOf(numbers.mapTask(() => failing, { concurrency: 2 })).toEqualTypeOf<Stream<string, Broken | Gone>>()
    expectTypeOf(numbers.tap(() => failing)).toEqualTypeOf<Stream<number, Broken | Gone>>()
    expectTypeOf(numbers.scan((text, n) => text + String(n), "")).toEqualTypeOf<Stream<string, Broken>>()
    expectTypeOf(numbers.concat(words)).toEqualTypeOf<Stream<number | string, Broken>>()
    expectTypeOf(numbers.zip(["a"])).toEqualTypeOf<Stream<readonly [number, string], Broken>>()
    expectTypeOf(numbers.merge(words)).toEqualTypeOf<Stream<number | string, Broken>>()
    expectTypeOf(numbers.chunk(2)).toEqualTypeOf<Stream<number[], Broken>>()
    expectTypeOf(numbers.groupBy(String)).toEqualTypeOf<
      Stream<readonly [key: string, elements: Stream<number, Broken>], Broken>
    >()
    expectTypeOf(numbers.map(() => numbers).mergeAll()).toEqualTypeOf<Stream<number, Broken>>()
    expectTypeOf(numbers.intersperse("-")).toEqualTypeOf<Stream<number | string, Broken>>()
    expectTypeOf(words.lines()).toEqualTypeOf<Stream<string>>()
    // @ts-expect-error -- lines are of text
    expect(() => numbers.lines()).not.toThrow()
  })

  it("failures: by class out of the declared ones", () => {
    const either: Stream<number, Broken | Gone> = numbers
    expectTypeOf(either.catch(Gone, () => ["gone"])).toEqualTypeOf<Stream<number | string, Broken>>()
    expectTypeOf(either.catch(() => words)).toEqualTypeOf<Stream<number | string>>()
    expectTypeOf(either.retry({ times: 1 })).toEqualTypeOf<Stream<number, Broken | Gone>>()
  })

  it("ends: Tasks of what comes of them", () => {
    expectTypeOf(numbers.toArray()).toEqualTypeOf<Task<number[], Broken>>()
    expectTypeOf(numbers.first()).toEqualTypeOf<Task<number | undefined, Broken>>()
    expectTypeOf(numbers.reduce((a, b) => a + b)).toEqualTypeOf<Task<number, Broken>>()
    expectTypeOf(numbers.reduce((text, n) => text + String(n), "")).toEqualTypeOf<Task<string, Broken>>()
    expectTypeOf(numbers.reduce((text, n) => failing.map((x) => text + x + String(n)), "")).toEqualTypeOf<
      Task<string, Broken | Gone>
    >()
    expectTypeOf(numbers.forEach(() => failing)).toEqualTypeOf<Task<void, Broken | Gone>>()
    expectTypeOf(numbers.some((n) => n > 1)).toEqualTypeOf<Task<boolean, Broken>>()
    expectTypeOf(numbers.broadcast([(all) => all.count(), (all) => all.toArray()])).toEqualTypeOf<
      Task<[number, number[]], Broken>
    >()
    expectTypeOf(words.text()).toEqualTypeOf<Task<string>>()
    expectTypeOf(numbers.toReadableStream()).toEqualTypeOf<ReadableStream<number>>()
    expectTypeOf(numbers[Symbol.asyncIterator]().next()).toEqualTypeOf<Promise<IteratorResult<number, undefined>>>()
  })

  it("a stream of less is one of more, and one that fails in fewer ways", () => {
    expectTypeOf(words).toExtend<Stream<string | number, Broken>>()
    expectTypeOf(words).toExtend<StreamLike<string>>()
    expectTypeOf(numbers).not.toExtend<Stream<number>>()
    expectTypeOf(
      Cursor.materialize(numbers, (n, cursor: Cursor<string>) => failing.as(cursor.add(String(n)))),
    ).toEqualTypeOf<Stream<string, Broken | Gone>>()
  })
})
