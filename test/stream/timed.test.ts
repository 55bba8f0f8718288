import { describe, expect, it } from "vitest"
import { Schedule, Stream, Task, TimeoutError } from "rapid-fiber"
import { taskTest, type TestRuntime } from "rapid-fiber/testing"
import { itHolds, must } from "../sync/exploring.ts"

/** 0, 1, 2 … at these times after the beginning. */
const at = (...times: number[]): Stream<number> =>
  Stream.from(times)
    .zipWithIndex()
    .mapTask(([time, n]) => Task.sleep(time - (times[n - 1] ?? 0)).as(n))

/** The elements, each with the time at which it came. */
const timed = <A, E>(test: TestRuntime, stream: Stream<A, E>): Task<(readonly [A, number])[], E> =>
  stream.map((element) => [element, test.now] as const).toArray()

const failing = (ms: number): Stream<never, string> => Stream.from(Task.sleep(ms).andThen(Task.fail("no")))

/** A stage, of which a test asks what it has in common with the others. */
const stages: Record<string, (from: Stream<number, string>) => Stream<unknown, string>> = {
  timeout: (from) => from.timeout(1000) as Stream<number, string>,
  debounce: (from) => from.debounce(5),
  throttle: (from) => from.throttle(5),
  sample: (from) => from.sample(5),
  chunkWithin: (from) => from.chunkWithin(3, 5),
}

describe.each(Object.entries(stages))("%s", (_name, stage) => {
  it(
    "ends as its source does, at once",
    taskTest((test) =>
      Task.gen(function* () {
        yield* stage(Stream.empty).drain()
        expect(test.now).toBe(0)
        yield* stage(at(3, 4)).drain()
        expect(test.now).toBe(4)
      }),
    ),
  )

  it(
    "fails as its source does, at once, and has it closed",
    taskTest((test) => {
      let ended = 0
      const exit = stage(
        at(3)
          .concat(failing(4))
          .finally(() => void ended++),
      )
        .drain()
        .attempt()
      return exit.map((end) => expect([end, test.now, ended]).toEqual([{ status: "rejected", reason: "no" }, 7, 1]))
    }),
  )

  it(
    "closes its source, and waits for that, when it is left or cancelled",
    taskTest((test) =>
      Task.gen(function* () {
        let ended = 0
        const source = at(...Array.from({ length: 100 }, (_, i) => i * 10)).finally(() =>
          Task.sleep(1).map(() => void ended++),
        )
        yield* stage(source).first()
        expect(ended).toBe(1)
        const began = test.now
        const fiber = yield* stage(source).drain().startDetached()
        yield* Task.sleep(25)
        yield* fiber.cancel()
        expect([ended, test.now - began]).toEqual([2, 26])
      }),
    ),
  )

  it(
    "can be run again, and by two at a time",
    taskTest(() =>
      Task.gen(function* () {
        const stream = stage(at(1, 2, 20, 30))
        const [one, two] = yield* Task.all([stream.toArray(), stream.toArray()])
        expect(two).toEqual(one)
        expect(yield* stream.toArray()).toEqual(one)
      }),
    ),
  )

  itHolds(
    "leaves nothing under any schedule, whenever it is cancelled,",
    (trial) =>
      stage(
        Stream.using(
          Task.yield().map(() => trial.resource("the source")),
          () => Stream.from(Task.sleep(3).as(1)).concat(Task.sleep(7).as(2)),
          (end) => end(),
        ),
      ).drain(),
    ["main"],
  )
})

describe("timeout", () => {
  it(
    "stops a wait in the middle, closes the source, and keeps what came before",
    taskTest((test) => {
      const seen: string[] = []
      const source = at(1, 2)
        .concat(Task.never)
        .finally(() => Task.sleep(5).map(() => void seen.push(`closed ${test.now}`)))
      return source
        .timeout(10)
        .forEach((n) => void seen.push(`${n} ${test.now}`))
        .catch(TimeoutError, (error) => Task.sync(() => void seen.push(`${error.duration} ${test.now}`)))
        .map(() => expect(seen).toEqual(["0 1", "1 2", "closed 15", "10 15"]))
    }),
  )

  it(
    "counts from the first element that was asked for to the end, not from one element to the next",
    taskTest((test) =>
      Task.gen(function* () {
        expect(yield* at(4, 8, 12).timeout(12.5).toArray()).toEqual([0, 1, 2])
        const exit = yield* timed(
          test,
          at(4, 8, 12)
            .timeout(10)
            .catch(() => ["late"]),
        ).attempt()
        expect(exit).toEqual({
          status: "fulfilled",
          value: [
            [0, 16],
            [1, 20],
            ["late", 22],
          ],
        })
      }),
    ),
  )

  it(
    "counts the time that its consumer takes, whether the source waits or not",
    taskTest(() =>
      Task.gen(function* () {
        for (const source of [Stream.range(0, 4), Stream.range(0, 4).mapTask((n) => Task.yield().as(n))]) {
          const exit = yield* source
            .timeout(10)
            .forEach(() => Task.sleep(6))
            .attempt()
          expect(exit).toMatchObject({ status: "rejected", reason: { name: "TimeoutError" } })
        }
      }),
    ),
  )

  it(
    "of parallel work cancels it and waits",
    taskTest((test) => {
      let ended = 0
      const work = (): Task<void> => Task.sleep(50).finally(() => Task.sleep(2).map(() => void ended++))
      return Stream.range(0)
        .mapTask(work, { concurrency: 4 })
        .timeout(10)
        .drain()
        .attempt()
        .map((exit) => expect([exit.status, ended, test.now]).toEqual(["rejected", 4, 12]))
    }),
  )
})

describe("debounce", () => {
  it(
    "gives an element when it has been quiet for so long, and the last one at the end",
    taskTest((test) =>
      timed(test, at(0, 3, 6, 20, 22, 40, 41).debounce(5)).map((all) =>
        expect(all).toEqual([
          [2, 11],
          [4, 27],
          [6, 41],
        ]),
      ),
    ),
  )

  it(
    "holds what comes for a slow consumer",
    taskTest((test) =>
      timed(
        test,
        at(0, 10, 20, 30)
          .debounce(5)
          .tap(() => Task.sleep(12)),
      ).map((all) =>
        expect(all).toEqual([
          [0, 17],
          [1, 29],
          [2, 41],
          [3, 53],
        ]),
      ),
    ),
  )
})

describe("throttle", () => {
  it(
    "gives the first element, and then the first after so long",
    taskTest((test) =>
      timed(test, at(2, 3, 6, 7, 8, 30, 34, 35).throttle(5)).map((all) =>
        expect(all).toEqual([
          [0, 2],
          [3, 7],
          [5, 30],
          [7, 35],
        ]),
      ),
    ),
  )
})

describe("sample", () => {
  it(
    "gives the last element every so often, if there is a new one, and the last one at the end",
    taskTest((test) =>
      timed(test, at(1, 2, 8, 31, 33).sample(5)).map((all) =>
        expect(all).toEqual([
          [1, 5],
          [2, 10],
          [4, 33],
        ]),
      ),
    ),
  )

  it(
    "gives a slow consumer the newest",
    taskTest((test) =>
      timed(
        test,
        at(1, 6, 11, 16, 21, 26)
          .sample(5)
          .tap((n) => Task.sleep(n === 0 ? 17 : 1)),
      ).map((all) =>
        expect(all).toEqual([
          [0, 22],
          [3, 23],
          [4, 26],
          [5, 27],
        ]),
      ),
    ),
  )
})

describe("chunkWithin", () => {
  it(
    "gives a group as it is full, or so long after its first element, and the rest at the end",
    taskTest((test) =>
      timed(test, at(0, 1, 2, 3, 20, 30, 31, 32, 40).chunkWithin(3, 5)).map((all) =>
        expect(all).toEqual([
          [[0, 1, 2], 2],
          [[3], 8],
          [[4], 25],
          [[5, 6, 7], 32],
          [[8], 40],
        ]),
      ),
    ),
  )

  it(
    "gives no group that is empty, too long, or out of order, whoever is slow",
    taskTest(() => {
      const times = Array.from({ length: 40 }, (_, i) => i * 2 + (i % 7))
      return at(...times.toSorted((a, b) => a - b))
        .chunkWithin(3, 4)
        .tap((group) => Task.sleep(group.length * 5))
        .toArray()
        .map((all) => {
          expect(all.flat()).toEqual(Array.from({ length: 40 }, (_, i) => i))
          for (const group of all) expect([1, 2, 3]).toContain(group.length)
        })
    }),
  )

  it(
    "gives a full group as soon as it is asked for, also after one that had to wait",
    taskTest((test) => {
      const asked: number[] = []
      return Stream.range(0, 12)
        .chunkWithin(2, 10)
        .forEach(([n]) => {
          asked.push(test.now)
          return Task.sleep(n === 0 ? 100 : 1)
        })
        .map(() => expect(asked).toEqual([0, 100, 101, 102, 103, 104]))
    }),
  )

  itHolds(
    "gives all under every schedule",
    () =>
      Stream.from(Task.sleep(1).as(1))
        .concat(Task.sleep(1).as(2), Task.sleep(1).as(3), Task.yield().as(4))
        .chunkWithin(2, 1)
        .tap(() => Task.sleep(1))
        .toArray()
        .map((all) => must(all.flat().join() === "1,2,3,4", `all, got ${JSON.stringify(all)}`)),
    [],
  )
})

describe("Stream.schedule", () => {
  it(
    "gives its elements at the times that it says",
    taskTest((test) =>
      Task.gen(function* () {
        expect(yield* timed(test, Stream.schedule({ every: 10, times: 3 }))).toEqual([
          [0, 10],
          [1, 20],
          [2, 30],
        ])
        const grown = Stream.schedule({ backoff: { initial: 10 }, times: 3 })
        expect(yield* timed(test, grown)).toEqual([
          [0, 40],
          [1, 60],
          [2, 100],
        ])
        const until = Stream.schedule({ spaced: 10, until: (n) => n === 2 })
        expect(yield* timed(test, until)).toEqual([
          [0, 110],
          [1, 120],
        ])
        expect(yield* Stream.schedule(Schedule.forever).take(3).toArray()).toEqual([0, 1, 2])
        expect(yield* Stream.schedule({ times: 0 }).toArray()).toEqual([])
        expect(test.now).toBe(120)
      }),
    ),
  )

  it(
    "leaves out what a slow consumer misses, and keeps to its multiples",
    taskTest((test) =>
      timed(
        test,
        Stream.schedule({ every: 10, maxElapsed: 70 }).tap((n) => Task.sleep(n === 1 ? 25 : 1)),
      ).map((all) =>
        expect(all).toEqual([
          [0, 11],
          [1, 45],
          [2, 51],
          [3, 61],
          [4, 71],
        ]),
      ),
    ),
  )

  it(
    "leaves no sleep behind when it is left",
    taskTest((test) =>
      Stream.schedule({ every: 1000 })
        .first()
        .map(() => expect([test.now, test.sleepers]).toEqual([1000, []])),
    ),
  )
})
