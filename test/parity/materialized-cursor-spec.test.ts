import { expect, it } from "vitest"
import { Cursor, Stream, Task } from "rapid-fiber"

/** MaterializedCursorSpec.scala. A change without an effect gives the cursor itself: Task.pure makes a Task of it. */

type Step = (n: number, cursor: Cursor<number>) => Task<Cursor<number>>

/** What is left, of two runs: a cursor belongs to its run. */
async function leftOf<A>(
  items: readonly A[],
  step: (item: A, cursor: Cursor<number>) => Task<Cursor<number>>,
): Promise<number[]> {
  const stream = Cursor.materialize(Stream.from(items), step)
  const left = await stream.toArray()
  expect(await stream.toArray()).toEqual(left)
  return left
}

const add: Step = (n, cursor) => Task.pure(cursor.add(n))

it("materializedCursorEvalMap should emit all elements unchanged when cursor just adds", async () => {
  expect(await leftOf([1, 2, 3, 4], add)).toEqual([1, 2, 3, 4])
})

it("materializedCursorEvalMap should filter out even numbers using cursor", async () => {
  const odd: Step = (n, cursor) => Task.pure(n % 2 === 0 ? cursor : cursor.add(n))
  expect(await leftOf([1, 2, 3, 4, 5, 6], odd)).toEqual([1, 3, 5])
})

it("materializedCursorEvalMap should modify the last emitted value if current is negative", async () => {
  const step: Step = (n, cursor) =>
    n < 0 ? cursor.modifyPrevious(1, (last) => Task.pure(last * 10)) : Task.pure(cursor.add(n))
  expect(await leftOf([1, 2, -1, 3], step)).toEqual([1, 20, 3])
  // Where there is nothing to modify, nothing changes.
  expect(await leftOf([-1, 3], step)).toEqual([3])
})

it("materializedCursorEvalMap should delete the last element if next is zero", async () => {
  const step: Step = (n, cursor) => Task.pure(n === 0 ? cursor.deletePrevious(1) : cursor.add(n))
  expect(await leftOf([5, 6, 0, 7], step)).toEqual([5, 7])
  const modified: Step = (n, cursor) =>
    n === 0 ? cursor.modifyPrevious(1, () => Task.pure<number | undefined>(undefined)) : Task.pure(cursor.add(n))
  expect(await leftOf([5, 6, 0, 7], modified)).toEqual([5, 7])
})

it("materializedCursorEvalMap should support chaining modifications to earlier values", async () => {
  const step: Step = (n, cursor) =>
    cursor.modifyPrevious(2, (before) => Task.pure(before + n)).map((changed) => changed.add(n))
  expect(await leftOf([10, 20, 30], step)).toEqual([40, 20, 30])
})

it("materializedCursorEvalMap should transform number words to integers using case-insensitive lookup", async () => {
  const numbers = new Map(["one", "two", "three", "four", "five"].map((word, i) => [word, i + 1]))
  const words = ["One", "Two", "Three", "Unknown", "four", "Remove Previous", "FIVE"]
  expect(
    await leftOf(words, (word, cursor) => {
      if (word === "Remove Previous") return Task.pure(cursor.deletePrevious(1))
      const n = numbers.get(word.toLowerCase())
      return Task.pure(n === undefined ? cursor : cursor.add(n))
    }),
  ).toEqual([1, 2, 3, 5])
})

it("materializedCursorEvalMap should emit length of each string after filtering short words", async () => {
  expect(
    await leftOf(["a", "bb", "ccc", "dddd"], (word, cursor) =>
      Task.pure(word.length < 3 ? cursor : cursor.add(word.length)),
    ),
  ).toEqual([3, 4])
})

it("materializedCursorEvalMap should access previous element by index", async () => {
  const step: Step = (n, cursor) =>
    Task.pure(cursor.size === 2 && cursor.previous(2) === 10 ? cursor.add(n + 100) : cursor.add(n))
  expect(await leftOf([10, 20, 30], step)).toEqual([10, 20, 130])
})

it("materializedCursorEvalMap should apply a pure transformation to a previous element", async () => {
  const step: Step = (n, cursor) => Task.pure((n === 3 ? cursor.previousMap(1, (last) => last * 10) : cursor).add(n))
  expect(await leftOf([1, 2, 3], step)).toEqual([1, 20, 3])
})

it("materializedCursorEvalMap should apply effectful transformation to entire cursor history", async () => {
  const seen: number[] = []
  const doubled = Cursor.materialize(Stream.of(1, 2, 3), add, (cursor) =>
    cursor.mapHistory((n) =>
      Task.sync(() => {
        seen.push(n)
        return n * 2
      }),
    ),
  )
  expect(await doubled.toArray()).toEqual([2, 4, 6])
  // The newest first; the order of the result is not touched.
  expect(seen).toEqual([3, 2, 1])
})

it("materializedCursorEvalMap should find a previous value by predicate", async () => {
  const step: Step = (n, cursor) => {
    const even = cursor.findPrevious((before) => before % 2 === 0)
    return Task.pure(cursor.add(even !== undefined && n === 4 ? even * 100 : n))
  }
  expect(await leftOf([1, 2, 3, 4], step)).toEqual([1, 2, 3, 200])
})

it("materializedCursorEvalMap should manipulate next with history", async () => {
  const step: Step = (n, cursor) => Task.pure(cursor.add(cursor.toArray().reduce((sum, before) => sum + before, n)))
  expect(await leftOf([10, 20, 30, 40], step)).toEqual([10, 30, 70, 150])
})

it("materializedCursorEvalMap should remove previously added elements that don't match a predicate", async () => {
  const step: Step = (n, cursor) => Task.pure(cursor.add(n).filter((before) => before % 2 === 0))
  expect(await leftOf([1, 2, 3, 4], step)).toEqual([2, 4])
})

it("materializedCursorEvalMap should clear the entire cursor after a trigger word", async () => {
  const step: Step = (n, cursor) => Task.pure(n === 999 ? cursor.clear() : cursor.add(n))
  expect(await leftOf([1, 2, 999, 3], step)).toEqual([3])
})
