import { expect, it } from "vitest"
import { Stream, Task } from "rapid-fiber"
import { taskTest } from "rapid-fiber/testing"

/**
 * ParallelStreamSpec.scala. `par` is `mapTask` with a `concurrency`: how many at once is always said, for nothing here
 * depends on the machine.
 */

const double = (n: number): Task<number> => Task.sync(() => n * 2)
const SIZE = 100_000
/** Of the doubles of 0 … 99,999. In Rapid the sum is 1,409,965,408: an Int has not the bits for it. */
const SUM = SIZE * (SIZE - 1)

it("ParallelStream should correctly drain a simple stream", async () => {
  let sum = 0
  const added = Stream.of(1, 2, 3, 4, 5).mapTask((n) => Task.sync(() => (sum += n)), { concurrency: 8 })
  await added.drain()
  expect(sum).toBe(15)
})

it("ParallelStream should correctly count a simple stream", async () => {
  let sum = 0
  const added = Stream.of(1, 2, 3, 4, 5).mapTask((n) => Task.sync(() => (sum += n)), { concurrency: 8 })
  expect(await added.count()).toBe(5)
  expect(sum).toBe(15)
})

it("ParallelStream should correctly toList a simple stream", async () => {
  const doubled = Stream.of(1, 2, 3, 4, 5).mapTask(double, { concurrency: 8 })
  expect(await doubled.toArray()).toEqual([2, 4, 6, 8, 10])
})

it(
  "ParallelStream should correctly toList with random sleeps",
  taskTest(() =>
    Task.gen(function* () {
      // Each place in the order of being ready, for each element.
      for (const pauses of [
        [500, 400, 300, 200, 100],
        [300, 100, 500, 200, 400],
        [100, 500, 100, 500, 100],
      ]) {
        const slow = (n: number): Task<number> => Task.sleep(pauses[n - 1]).as(n * 2)
        const [doubled, ms] = yield* Stream.of(1, 2, 3, 4, 5).mapTask(slow, { concurrency: 8 }).toArray().elapsed()
        expect(doubled).toEqual([2, 4, 6, 8, 10])
        expect(ms).toBe(500)
      }
    }),
  ),
)

it(
  "ParallelStream should correctly toList with random sleeps and overflowing maxBuffer",
  taskTest(() =>
    Task.gen(function* () {
      const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0)
      const all = Stream.range(0, SIZE)
      expect(sum(yield* all.mapTask(double, { concurrency: 8, buffer: 100 }).toArray())).toBe(SUM)
      // One thread with a full buffer hangs in Rapid, and so does a buffer of one.
      expect(sum(yield* all.mapTask(double, { concurrency: 1, buffer: 1 }).toArray())).toBe(SUM)
      expect(sum(yield* all.mapTask(double, { concurrency: 8, buffer: 0 }).toArray())).toBe(SUM)
      // Nor do results pile up, beyond the buffer, behind one that is slow.
      let begun = 0
      let ahead = 0
      const slow = (n: number): Task<number> =>
        Task.sync(() => void begun++)
          .andThen(Task.sleep(n === 0 ? 1000 : 1))
          .map(() => {
            if (n === 0) ahead = begun
            return n
          })
      yield* all.take(1000).mapTask(slow, { concurrency: 8, buffer: 100 }).drain()
      expect(ahead).toBe(108)
      expect(begun).toBe(1000)
    }),
  ),
)

it("ParallelStream should correctly collect on a parallel stream", async () => {
  const few = Stream.range(0, SIZE)
    .mapTask(double, { concurrency: 8, buffer: 100 })
    .collect((n) => (n >= 90 && n <= 100 ? n : undefined))
  expect(await few.toArray()).toEqual([90, 92, 94, 96, 98, 100])
})

it("ParallelStream should correctly fold on a parallel stream", async () => {
  const sum = Stream.range(0, SIZE)
    .mapTask(double, { concurrency: 8, buffer: 100 })
    .reduce((total, n) => Task.sync(() => total + n), 0)
  expect(await sum).toBe(SUM)
})

it("ParallelStream should close source Pull after processing", async () => {
  let opened = 0
  let closed = 0
  const source = Stream.using(
    Task.sync(() => void opened++),
    () => [1, 2, 3],
    () => void closed++,
  )
  const numbers = source.mapTask((n) => Task.yield().as(n), { concurrency: 8 })
  expect(await numbers.count()).toBe(3)
  expect(closed).toBe(1)
  // And when it is not used up.
  expect(await numbers.first()).toBe(1)
  expect([opened, closed]).toEqual([2, 2])
})
