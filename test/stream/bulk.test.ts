import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Runtime, Stream, Task } from "rapid-fiber"
import { failuresIn } from "../watch.ts"

interface Call {
  readonly stage: number
  readonly element: number
}

type Stage = "map" | "filter" | "collect" | "take"
const stages = fc.array(fc.constantFrom<Stage>("map", "map", "filter", "filter", "collect", "take"), { maxLength: 7 })

/** The stages after one another, which note each call. */
function noted(from: Stream<number>, kinds: readonly Stage[], calls: Call[]): Stream<number> {
  return kinds.reduce((stream, kind, stage) => {
    const note = (element: number): void => void calls.push({ stage, element })
    if (kind === "map") return stream.map((n) => (note(n), (n * 7 + stage) % 101))
    if (kind === "filter") return stream.filter((n) => (note(n), n % 3 !== stage % 3))
    if (kind === "collect") return stream.collect((n) => (note(n), n % 5 === 0 ? undefined : n + 1))
    return stream.take(5)
  }, from)
}

/** The same items, of which nobody knows that they are those of an array. */
function* oneByOne(items: readonly number[]): Generator<number, void, undefined> {
  yield* items
}

describe("an array that is taken whole", () => {
  it("calls what an iterator calls, with the same elements, in the same order, whatever the budget", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 100 })),
        stages,
        fc.integer({ min: 1, max: 12 }),
        async (items, kinds, budget) => {
          await using runtime = Runtime.make({ budget })
          const [calls, expected]: [Call[], Call[]] = [[], []]
          const found = await noted(Stream.from(items), kinds, calls).toArray().toPromise({ runtime })
          const wanted = await noted(Stream.from({ [Symbol.iterator]: () => oneByOne(items) }), kinds, expected)
            .toArray()
            .toPromise({ runtime })
          expect(found).toEqual(wanted)
          expect(calls).toEqual(expected)
        },
      ),
    )
  })

  it("runs anew each time, with the items that the array has then", async () => {
    const items = [1, 2, 3]
    const doubled = Stream.from(items)
      .map((n) => n * 2)
      .toArray()
    expect(await doubled).toEqual([2, 4, 6])
    items.push(4)
    expect(await doubled).toEqual([2, 4, 6, 8])
    expect(await Stream.from(items).toArray()).not.toBe(items)
  })

  it("sees an array that grows and one that becomes shorter while it runs", async () => {
    const growing = [1, 2]
    expect(
      await Stream.from(growing)
        .map((n) => (growing.length < 5 && growing.push(n * 10), n))
        .toArray(),
    ).toEqual([1, 2, 10, 20, 100])
    const shrinking = [1, 2, 3, 4]
    expect(
      await Stream.from(shrinking)
        .filter(() => (shrinking.length > 2 && shrinking.pop(), true))
        .toArray(),
    ).toEqual([1, 2])
  })

  it("gives the functions no `this`, as everywhere", async () => {
    const seen: unknown[] = []
    const note = function (this: unknown, n: number): number {
      seen.push(this)
      return n
    }
    await Stream.of(1).map(note).filter(note).map(note).filter(note).toArray()
    expect(seen).toEqual([undefined, undefined, undefined, undefined])
  })

  it("stops at the call that throws", async () => {
    const seen: number[] = []
    const failing = Stream.of(1, 2, 3, 4)
      .map((n) => (seen.push(n), n))
      .filter((n) => {
        if (n === 3) throw new RangeError("three")
        return true
      })
    expect(failuresIn(await failing.toArray().attempt())).toEqual([new RangeError("three")])
    expect(seen).toEqual([1, 2, 3])
  })

  it("is as fair as any other task: others run, and it is cancelled, in between", async () => {
    await using runtime = Runtime.make({ budget: 100 })
    const items = Array.from({ length: 10_000 }, (_, n) => n)
    let at = 0
    let seen = 0
    const walk = Stream.from(items)
      .map((n) => (at = n))
      .toArray()
    const looked = Task.gen(function* () {
      const fiber = yield* walk.start()
      yield* Task.yield()
      seen = at
      yield* fiber.cancel()
      return yield* fiber.join().attempt()
    })
    expect(await looked.toPromise({ runtime })).toMatchObject({
      status: "rejected",
      reason: { name: "AbortError" },
    })
    expect(seen).toBeGreaterThan(0)
    expect(at).toBeLessThan(1_000)
  })
})
