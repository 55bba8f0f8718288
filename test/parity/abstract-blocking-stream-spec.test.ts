import { expect, it } from "vitest"
import { Stream, Task } from "rapid-fiber"
import { taskTest, TestRuntime } from "rapid-fiber/testing"

/** AbstractBlockingStreamSpec.scala, on virtual time: nothing blocks here. */

/** Counts how many run at once. */
function counted(ms: number) {
  let running = 0
  let most = 0
  const work = Task.sync(() => void (most = Math.max(most, ++running)))
    .andThen(Task.sleep(ms))
    .finally(() => void running--)
  return { work, most: () => most }
}

it("Stream (blocking) should use parForeach to quickly process with many threads", async () => {
  let sum = 0
  const add = (n: number): Task<void> => {
    sum += n
    return Task.unit
  }
  await Stream.range(0, 1_000_000).forEach(add, { concurrency: 32 })
  expect(sum).toBe(499_999_500_000)
})

it("Stream (blocking) should verify stream merging works and lazily builds", async () => {
  const runtime = TestRuntime.make()
  const seen: number[] = []
  let built = 0
  const slow = Stream.from(
    Task.sleep({ seconds: 1 }).map(() => {
      built++
      return Stream.of(4, 5, 6)
    }),
  ).flatMap((stream) => stream)
  const merged = Stream.of(slow, Stream.of(1, 2, 3))
    .mergeAll()
    .tap((n) => void seen.push(n))
  expect(seen).toEqual([])
  const fiber = merged.drain().run({ runtime })
  // Rapid runs one after the other: there, the slow one has to be the last.
  await runtime.advance(999)
  expect(seen).toEqual([1, 2, 3])
  expect(built).toBe(0)
  await runtime.advance(1)
  expect(seen).toEqual([1, 2, 3, 4, 5, 6])
  expect(built).toBe(1)
  expect(fiber.poll()?.status).toBe("fulfilled")
  await runtime.close()
  // A stream of streams without end emits nothing in Rapid.
  const endless = Stream.range(0).map((n) => Stream.of(n))
  expect(await endless.mergeAll({ concurrency: 2 }).take(3).count()).toBe(3)
})

it(
  "Stream (blocking) should parForeach stops on first failure and propagates error",
  taskTest(() => {
    const boom = new Error("boom")
    let processed = 0
    let closed = 0
    const run = (work: Task<void>) =>
      Stream.range(1, 10_001)
        .finally(() => void closed++)
        .forEach((n) => (n === 5000 ? Task.fail(boom) : work.map(() => processed++)), { concurrency: 4 })
        .attempt()
    return Task.gen(function* () {
      expect(yield* run(Task.unit)).toEqual({ status: "rejected", reason: boom })
      expect(processed).toBeLessThan(9_999)
      expect(closed).toBe(1)
      processed = 0
      expect(yield* run(Task.sleep(1))).toEqual({ status: "rejected", reason: boom })
      // Those that run beside the one that fails are cancelled.
      expect(processed).toBe(4_996)
      expect(closed).toBe(2)
    })
  }),
)

it(
  "Stream (blocking) should verify par doesn't exceed the thread count",
  taskTest(() => {
    const { work, most } = counted(100)
    return Stream.range(0, 101)
      .mapTask(() => work, { concurrency: 4 })
      .drain()
      .map(() => expect(most()).toBe(4))
  }),
)

it(
  "Stream (blocking) should ParallelStream respects maxThreads (caps concurrent forge calls)",
  taskTest(() =>
    Task.gen(function* () {
      for (const concurrency of [1, 2, 3]) {
        const { work, most } = counted(5)
        let begun = 0
        let ended = 0
        let calls = 0
        // The calls are capped as well: a function is asked for its Task when that can run.
        const call = (): Task<number> => {
          calls = Math.max(calls, ++begun - ended)
          return work.tap(() => void ended++).as(1)
        }
        expect(yield* Stream.range(0, 50).mapTask(call, { concurrency }).count()).toBe(50)
        expect(most()).toBe(concurrency)
        expect(calls).toBe(concurrency)
      }
    }),
  ),
)
