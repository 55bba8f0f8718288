import { expect, it } from "vitest"
import { Cursor, Stream, Task } from "rapid-fiber"
import { taskTest } from "rapid-fiber/testing"

/** StreamSpec.scala. What takes time takes it on virtual time. */

const boom = new Error("boom")
const times = (factor: number) => (n: number) => Task.sync(() => n * factor)

/** What a Task fails with, the very object. */
const failureOf = (task: Task<unknown, unknown>): Task<unknown> =>
  task.as("nothing: it has succeeded").catch((reason) => Task.pure(reason))

/** A stream of these that writes down when it is opened and closed. */
function logged<A>(log: string[], name: string, ...items: A[]): Stream<A> {
  const open = Task.sync(() => void log.push(`${name} opened`))
  return Stream.using(
    open,
    () => items,
    () => void log.push(`${name} closed`),
  )
}

/** All elements, of two runs. Rapid keeps the state of many stages outside of their runs: there, the second one differs. */
async function twice<A>(stream: Stream<A, unknown>): Promise<A[]> {
  const items = await stream.toArray()
  expect(await stream.toArray()).toEqual(items)
  return items
}

/** What is there of `Stream.takeWhileWithFirst`: a stage of one's own, whose state is each run's. */
function takeWhileWithFirst<A, E>(stream: Stream<A, E>, keeps: (first: A, element: A) => boolean): Stream<A, E> {
  return Stream.defer<A, E>(() => {
    let first: { readonly element: A } | undefined
    return stream.takeWhile((element) => keeps((first ??= { element }).element, element))
  })
}

it("Stream should call close on Pull for normal completion and on error", async () => {
  const log: string[] = []
  const source = logged(log, "source", 1, 2, 3)
  expect(await source.toArray()).toEqual([1, 2, 3])
  expect(log.splice(0)).toEqual(["source opened", "source closed"])
  expect(await failureOf(source.mapTask(() => Task.fail(boom)).toArray())).toBe(boom)
  expect(log.splice(0)).toEqual(["source opened", "source closed"])
  // Rapid closes no stream that flatMap has opened.
  expect(
    await Stream.of(1)
      .flatMap(() => source)
      .first(),
  ).toBe(1)
  expect(log).toEqual(["source opened", "source closed"])
})

it("Stream should handleErrorWith — pass through when no error occurs", async () => {
  let handled = 0
  const safe = Stream.of(1, 2, 3).catch(() => Stream.of(++handled))
  expect(await safe.toArray()).toEqual([1, 2, 3])
  expect(handled).toBe(0)
})

it("Stream should handleErrorWith — recover to the fallback when the stream errors before emitting", async () => {
  expect(await twice(Stream.fail(boom).catch(() => Stream.of(7, 8)))).toEqual([7, 8])
})

it("Stream should handleErrorWith — preserve the prefix emitted before the error, then append the recovery", async () => {
  const log: string[] = []
  const failing = logged(log, "source", 1, 2, 3, 4).map((n) => {
    if (n === 3) throw boom
    return n
  })
  expect(await twice(failing.catch(() => logged(log, "recovery", 30, 40)))).toEqual([1, 2, 30, 40])
  const each = ["source opened", "source closed", "recovery opened", "recovery closed"]
  expect(log).toEqual([...each, ...each])
})

it("Stream should handleErrorWith — propagate when the recovery stream itself re-raises", async () => {
  const other = new Error("other")
  expect(
    await failureOf(
      Stream.fail(boom)
        .catch(() => Stream.fail(other))
        .drain(),
    ),
  ).toBe(other)
  const thrown = Stream.of(1)
    .concat(Stream.fail(boom))
    .catch((error) => {
      throw error
    })
  expect(await failureOf(thrown.drain())).toBe(boom)
})

it("Stream should handleErrorWith — expose the thrown error to the recovery function", async () => {
  const seen: unknown[] = []
  const safe = Stream.of(1)
    .map((): number => {
      throw boom
    })
    .catch((error) => {
      seen.push(error)
      return Stream.empty
    })
  expect(await safe.toArray()).toEqual([])
  expect(seen).toHaveLength(1)
  expect(seen[0]).toBe(boom)
})

it("Stream should handleErrorWith — recover from Stream.force(Task.error) under flatMap", async () => {
  // Stream.force of a Task that makes a stream.
  const forced = Stream.from(Task.fail(boom)).flatMap((stream: Stream<number>) => stream)
  const safe = Stream.of(1)
    .flatMap(() => forced)
    .catch(() => Stream.of(9))
  expect(await safe.toArray()).toEqual([9])
})

it("Stream should handleErrorWith — recover from an evalMap error in a ++ RHS after a real prefix", async () => {
  const right = Stream.of(3, 4).mapTask((n) => (n === 4 ? Task.fail(boom) : Task.pure(n)))
  const safe = Stream.of(1, 2)
    .concat(right)
    .catch(() => Stream.of(9))
  expect(await safe.toArray()).toEqual([1, 2, 3, 9])
})

it("Stream should handleErrorWith — recover from a Concat-nested error (emit then error via ++)", async () => {
  const nested = Stream.of(10, 20).flatMap((n) =>
    n === 20 ? Stream.of(n).concat(Stream.of(n + 1).concat(Stream.fail(boom))) : Stream.of(n),
  )
  expect(await nested.catch(() => Stream.of(99)).toArray()).toEqual([10, 20, 21, 99])
})

it("Stream should correctly map elements", async () => {
  const doubled = Stream.of(1, 2, 3, 4).map((n) => n * 2)
  expect(await doubled.toArray()).toEqual([2, 4, 6, 8])
})

it("Stream should correctly flatMap elements", async () => {
  const both = Stream.of(1, 2, 3).flatMap((n) => Stream.of(n, n * 2))
  expect(await both.toArray()).toEqual([1, 2, 2, 4, 3, 6])
  // In Rapid this never ends: what stops inside of a flatMap stops only that.
  const endless = Stream.range(0).flatMap((n) => Stream.of(n))
  expect(await endless.take(2).toArray()).toEqual([0, 1])
})

it("Stream should filter elements based on a predicate", async () => {
  const even = Stream.of(1, 2, 3, 4, 5).filter((n) => n % 2 === 0)
  expect(await even.toArray()).toEqual([2, 4])
})

it("Stream should take elements while a condition holds", async () => {
  const below4 = Stream.of(1, 2, 3, 4, 5, 1).takeWhile((n) => n < 4)
  expect(await twice(below4)).toEqual([1, 2, 3])
  // Rapid goes on with the next inner stream, and emits the last 1.
  const nested = Stream.of([1, 2], [9, 1], [1]).flatMap((items) => items)
  expect(await twice(nested.takeWhile((n) => n < 5))).toEqual([1, 2])
})

it("Stream should evaluate elements sequentially with evalMap", async () => {
  const log: string[] = []
  const doubled = Stream.of(1, 2, 3).mapTask((n) =>
    Task.sync(() => void log.push(`${n} begins`))
      .andThen(Task.yield())
      .map(() => {
        log.push(`${n} ends`)
        return n * 2
      }),
  )
  expect(await doubled.toArray()).toEqual([2, 4, 6])
  expect(log).toEqual(["1 begins", "1 ends", "2 begins", "2 ends", "3 begins", "3 ends"])
})

it("Stream should chunk a stream with a few items", async () => {
  expect(await twice(Stream.range(0, 23).chunk(10))).toEqual([
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [10, 11, 12, 13, 14, 15, 16, 17, 18, 19],
    [20, 21, 22],
  ])
})

it("Stream should chunk a stream with no items", async () => {
  const chunks = Stream.of<number>()
    .chunk(10)
    .mapTask((items) => Task.pure(items.map((n) => n * 100)))
  expect(await chunks.toArray()).toEqual([])
})

it(
  "Stream should evaluate elements in parallel with par",
  taskTest(() =>
    Stream.of(1, 2, 3, 4)
      .mapTask((n) => Task.sleep(10).as(n * 2), { concurrency: 2 })
      .toArray()
      .elapsed()
      .map(([doubled, ms]) => {
        expect(doubled).toEqual([2, 4, 6, 8])
        expect(ms).toBe(20)
      }),
  ),
)

it(
  "Stream should limit parallelism with par",
  taskTest(() => {
    let running = 0
    const seen: number[] = []
    const double = (n: number): Task<number> =>
      Task.sync(() => void seen.push(++running))
        .andThen(Task.sleep(10))
        .map(() => n * 2)
        .finally(() => void running--)
    return Stream.of(1, 2, 3, 4, 5, 6)
      .mapTask(double, { concurrency: 3 })
      .toArray()
      .map((doubled) => {
        expect(doubled).toEqual([2, 4, 6, 8, 10, 12])
        expect(Math.max(...seen)).toBe(3)
      })
  }),
)

it("Stream should append two streams", async () => {
  const six = Stream.of(1, 2, 3).concat(Stream.of(4, 5, 6))
  expect(await six.toArray()).toEqual([1, 2, 3, 4, 5, 6])
})

it("Stream should not acquire the appended stream's pull until the left side terminates", async () => {
  const log: string[] = []
  const all = logged(log, "left", 1, 2)
    .concat(logged(log, "right", 3))
    .tap((n) => void log.push(`${n}`))
  expect(await all.toArray()).toEqual([1, 2, 3])
  expect(log).toEqual(["left opened", "1", "2", "left closed", "right opened", "3", "right closed"])
})

it("Stream should not acquire the appended stream's pull when the left side is short-circuited", async () => {
  const log: string[] = []
  // As many as the left one has: Rapid asks for one more.
  const two = logged(log, "left", 1, 2)
    .concat(logged(log, "right", 3))
    .take(2)
  expect(await two.toArray()).toEqual([1, 2])
  expect(log).toEqual(["left opened", "left closed"])
})

it("Stream should unfoldStreamEval closes each page before fetching the next", async () => {
  const pages = 10
  const log: string[] = []
  const all = Stream.paginate(0, (i) =>
    Task.sync(() => {
      // Whoever fetches a page finds all others closed.
      expect(log.filter((line) => line.endsWith("closed"))).toHaveLength(i)
      return [logged(log, `page ${i}`, i), i + 1 < pages ? i + 1 : undefined] as const
    }),
  )
  expect(await all.toArray()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(log).toEqual(Array.from({ length: pages }, (_, i) => [`page ${i} opened`, `page ${i} closed`]).flat())
})

it("Stream should handle empty streams correctly", async () => {
  expect(await Stream.empty.toArray()).toEqual([])
})

it("Stream should convert a stream to a list", async () => {
  expect(await Stream.from([1, 2, 3, 4, 5]).toArray()).toEqual([1, 2, 3, 4, 5])
})

it("Stream should filter out None from list", async () => {
  const some = Stream.of(1, undefined, 2, undefined, 3).collect((n) => n)
  expect(await some.toArray()).toEqual([1, 2, 3])
})

it("Stream should read bytes into lines", async () => {
  const bytes = new TextEncoder().encode("This\nis\n\n  multiple\nlinés")
  const lines = Stream.from(bytes)
    .map((byte) => Uint8Array.of(byte))
    .decode()
    .lines()
  // Rapid drops the blank line and the spaces, and takes each byte for a character.
  expect(await twice(lines)).toEqual(["This", "is", "", "  multiple", "linés"])
})

it("Stream should zip with index correctly and handle empty", async () => {
  expect(await twice(Stream.of("a", "b", "c").zipWithIndex())).toEqual([
    ["a", 0],
    ["b", 1],
    ["c", 2],
  ])
  expect(await Stream.empty.zipWithIndex().toArray()).toEqual([])
})

it("Stream should distinct keeps first occurrence and preserves order", async () => {
  expect(await twice(Stream.of(1, 2, 1, 3, 2, 4, 4, 5).distinct())).toEqual([1, 2, 3, 4, 5])
})

it("Stream should groupSequential groups adjacent items by key", async () => {
  const groups = Stream.of("aa", "a", "aaa", "bb", "b", "a", "cc", "c").groupAdjacent((word) => word.charAt(0))
  expect(await twice(groups)).toEqual([
    ["a", ["aa", "a", "aaa"]],
    ["b", ["bb", "b"]],
    ["a", ["a"]],
    ["c", ["cc", "c"]],
  ])
})

it("Stream should groupSequential completes with nested concats and stateful grouper", async () => {
  const keys: string[] = []
  const both = Stream.of(Stream.of("a1", "a2", "b1"), Stream.of("b2", "b3", "c1", "c2")).flatMap((words) => words)
  const groups = both.groupAdjacent((word) => {
    const key = word.charAt(0)
    keys.push(key)
    return key
  })
  expect(await groups.toArray()).toEqual([
    ["a", ["a1", "a2"]],
    ["b", ["b1", "b2", "b3"]],
    ["c", ["c1", "c2"]],
  ])
  expect(keys.join("")).toBe("aabbbcc")
})

it("Stream should group by separator", async () => {
  const split = Stream.of(1, 2, 0, 3, 4)
    .concat(Stream.of(0, 0, 5, 6, 7, 0))
    .split((n) => n === 0)
  // Rapid's groups are never empty, and of two streams it loses the second.
  const groups = split.filter((group) => group.length > 0)
  expect(await twice(groups)).toEqual([
    [1, 2],
    [3, 4],
    [5, 6, 7],
  ])
  expect(await split.toArray()).toEqual([[1, 2], [3, 4], [], [5, 6, 7], []])
})

it("Stream should takeWhileWithFirst stops when predicate fails vs first element", async () => {
  const near = takeWhileWithFirst(Stream.of(10, 11, 12, 19, 20, 11), (first, n) => n - first < 10)
  expect(await twice(near)).toEqual([10, 11, 12, 19])
})

it("Stream should slice selects a half-open interval and stops", async () => {
  const asked: number[] = []
  const slice = Stream.range(0, 10)
    .tap((n) => void asked.push(n))
    .slice(3, 7)
  expect(await slice.toArray()).toEqual([3, 4, 5, 6])
  expect(asked).toEqual([0, 1, 2, 3, 4, 5, 6])
})

it("Stream should sliding with step works at tail boundaries", async () => {
  const windows = [[1, 2, 3], [3, 4, 5], [5, 6, 7], [7]]
  expect(await twice(Stream.range(1, 8).sliding(3, 2))).toEqual(windows)
  // Rapid flushes its window where one inner stream ends, and knows no step that is wider than the window.
  const nested = Stream.of([1, 2], [3, 4, 5, 6], [7]).flatMap((items) => items)
  expect(await twice(nested.sliding(3, 2))).toEqual(windows)
  expect(await twice(nested.sliding(2, 3))).toEqual([[1, 2], [4, 5], [7]])
})

it("Stream should evalTap runs effects without changing values", async () => {
  const seen: number[] = []
  const tapped = Stream.of(1, 2, 3).tap((n) => Task.sync(() => seen.push(n * 10)))
  expect(await tapped.toArray()).toEqual([1, 2, 3])
  expect(seen).toEqual([10, 20, 30])
})

it("Stream should zip / zipWith / zipAll behave as expected", async () => {
  // Of a left one made by flatMap, Rapid keeps the first of each inner stream.
  const a = Stream.of([1, 2], [3]).flatMap((items) => items)
  const b = Stream.of(10, 20)
  expect(await twice(a.zip(b))).toEqual([
    [1, 10],
    [2, 20],
  ])
  expect(await twice(a.zipWith(b, (left, right) => left + right))).toEqual([11, 22])
  expect(await twice(a.zipAll(b, -1, -2))).toEqual([
    [1, 10],
    [2, 20],
    [3, -2],
  ])
  expect(await twice(b.zipAll(a, -1, -2))).toEqual([
    [10, 1],
    [20, 2],
    [-1, 3],
  ])
})

it("Stream should exists / forall / find / contains work", async () => {
  const even = Stream.of(2, 4, 6, 8)
  expect(await even.some((n) => n === 6)).toBe(true)
  expect(await even.some((n) => n === 5)).toBe(false)
  expect(await even.every((n) => n % 2 === 0)).toBe(true)
  expect(await even.every((n) => n < 8)).toBe(false)
  expect(await even.find((n) => n > 5)).toBe(6)
  expect(await even.find((n) => n > 8)).toBeUndefined()
  // They end an endless stream.
  const asked: number[] = []
  const endless = Stream.range(0).tap((n) => void asked.push(n))
  expect(await endless.some((n) => n === 3)).toBe(true)
  expect(asked).toEqual([0, 1, 2, 3])
  expect(await endless.every((n) => n < 3)).toBe(false)
})

it("Stream should reduce folds non-empty and errors on empty", async () => {
  const add = (a: number, b: number): Task<number> => Task.pure(a + b)
  expect(await Stream.of(1, 2, 3, 4).reduce(add)).toBe(10)
  const none = await failureOf(Stream.of<number>().reduce(add))
  expect(none).toBeInstanceOf(TypeError)
  expect((none as TypeError).message).toContain("reduce")
})

it("Stream should first / firstOption / last / lastOption", async () => {
  const log: string[] = []
  const three = logged(log, "source", 7, 8, 9)
  expect(await three.first()).toBe(7)
  expect(await three.last()).toBe(9)
  expect(log).toEqual(["source opened", "source closed", "source opened", "source closed"])
  // Here there are only the options: who wants a failure says which.
  expect(await Stream.empty.first()).toBeUndefined()
  expect(await Stream.empty.last()).toBeUndefined()
})

it("Stream should zipWithIndexAndTotal computes total first then pairs", async () => {
  let runs = 0
  // Rapid runs the stream twice: once to count.
  const letters = Stream.defer(() => {
    runs++
    return ["a", "b", "c", "d"]
  }).take(3)
  const withTotal = Stream.from(letters.toArray()).flatMap((all) => all.map((item, i) => [item, i, all.length]))
  expect(await twice(withTotal)).toEqual([
    ["a", 0, 3],
    ["b", 1, 3],
    ["c", 2, 3],
  ])
  expect(runs).toBe(2)
})

it("Stream should materializedCursorEvalMap basic scenario", async () => {
  const changes = Cursor.materialize(Stream.of(1, 1, 2, 2, 2, 3, 1), (n, cursor: Cursor<number>) =>
    Task.pure(cursor.previous(1) === n ? cursor : cursor.add(n)),
  )
  expect(await twice(changes)).toEqual([1, 2, 3, 1])
})

it("Stream should append ++ alias produces same result", async () => {
  const [one, two, three] = [Stream.of(1), Stream.of(2), Stream.of(3)]
  // There is one name for it, and it takes any number.
  expect(await one.concat(two).concat(three).toArray()).toEqual([1, 2, 3])
  expect(await one.concat(two.concat(three)).toArray()).toEqual([1, 2, 3])
  expect(await one.concat(two, [3]).toArray()).toEqual([1, 2, 3])
})

it("Stream should evalForge works", async () => {
  // A Forge is a function that returns a Task.
  expect(await Stream.of(2, 3, 4).mapTask(times(3)).toArray()).toEqual([6, 9, 12])
})

it("Stream should take n elements then stop", async () => {
  const asked: number[] = []
  const three = Stream.range(1)
    .tap((n) => void asked.push(n))
    .take(3)
  expect(await twice(three)).toEqual([1, 2, 3])
  // Rapid makes one more than it takes.
  expect(asked).toEqual([1, 2, 3, 1, 2, 3])
})

it("Stream should drop n elements then emit the rest", async () => {
  expect(await twice(Stream.range(1, 6).drop(2))).toEqual([3, 4, 5])
})

it("Stream should dropWhile drops until predicate fails then emits everything", async () => {
  const rest = Stream.of(1, 2, 3, 1, 2, 3).dropWhile((n) => n < 3)
  expect(await twice(rest)).toEqual([3, 1, 2, 3])
})

it("Stream should slice selects half-open range [from, until)", async () => {
  expect(await twice(Stream.range(0, 10).slice(4, 8))).toEqual([4, 5, 6, 7])
  expect(await twice(Stream.range(0, 10).slice(8, 20))).toEqual([8, 9])
  expect(await twice(Stream.range(0, 10).slice(4, 4))).toEqual([])
})

it("Stream should sliding windows with default step=1", async () => {
  expect(await twice(Stream.range(1, 6).sliding(3))).toEqual([[1, 2, 3], [2, 3, 4], [3, 4, 5], [4, 5], [5]])
})

it("Stream should scanLeft accumulates and emits intermediate states", async () => {
  const sums = Stream.of(1, 2, 3, 4).scan((sum, n) => sum + n, 0)
  expect(await twice(sums)).toEqual([1, 3, 6, 10])
})

it("Stream should fold accumulates via effect and returns final value", async () => {
  const sum = Stream.of(1, 2, 3, 4).reduce((total, n) => Task.sync(() => total + n), 0)
  expect(await sum).toBe(10)
  expect(await Stream.of<number>().reduce((total, n) => Task.pure(total + n), 5)).toBe(5)
})

it("Stream should evalFlatMap flattens Option results", async () => {
  const tens = Stream.range(1, 7)
    .mapTask((n) => Task.sync(() => (n % 2 === 0 ? n * 10 : undefined)))
    .collect((n) => n)
  expect(await tens.toArray()).toEqual([20, 40, 60])
})

it("Stream should evalForeach (alias evalTap) runs effects without altering stream", async () => {
  const seen: number[] = []
  const tapped = Stream.of(3, 4).tap((n) => Task.yield().map(() => seen.push(n)))
  expect(await tapped.toArray()).toEqual([3, 4])
  expect(seen).toEqual([3, 4])
})

it("Stream should intersperse inserts separators between elements", async () => {
  expect(await twice(Stream.of("a", "b", "c").intersperse("|"))).toEqual(["a", "|", "b", "|", "c"])
})

it("Stream should partition splits by predicate into left/right streams", async () => {
  const [even, odd] = Stream.range(1, 7).partition((n) => n % 2 === 0)
  expect(await twice(even)).toEqual([2, 4, 6])
  expect(await twice(odd)).toEqual([1, 3, 5])
})

it("Stream should groupBy builds a Map[K, List[V]] and preserves per-key order", async () => {
  // Here a group is a stream. Made arrays of, side by side, they are the Map.
  const groups = Stream.of("aa", "bbb", "a", "b", "cc")
    .groupBy((word) => word.charAt(0))
    .mapTask(([key, words]) => words.toArray().map((all) => [key, all] as const), { concurrency: Infinity })
  const map = new Map(await groups.toArray())
  expect(map).toEqual(
    new Map([
      ["a", ["aa", "a"]],
      ["b", ["bbb", "b"]],
      ["c", ["cc"]],
    ]),
  )
})

it("Stream should count returns element count", async () => {
  expect(await Stream.range(0, 123).count()).toBe(123)
  expect(await Stream.empty.count()).toBe(0)
})

it("Stream should toVector collects all elements", async () => {
  // There is one collection, and it is the caller's own.
  const numbers = Stream.of(5, 6, 7)
  const first = await numbers.toArray()
  first.push(8)
  expect(await numbers.toArray()).toEqual([5, 6, 7])
})

it("Stream should guarantee a result with success", async () => {
  let cleaned = 0
  const sum = Stream.of(1, 2, 3)
    .finally(() => void cleaned++)
    .reduce((a, b) => a + b)
  expect(await sum).toBe(6)
  expect(cleaned).toBe(1)
})

it("Stream should guarantee a result with failure", async () => {
  let cleaned = 0
  const failing = Stream.of(1, 2, 3)
    .finally(Task.sync(() => void cleaned++))
    .map((n) => {
      if (n === 2) throw boom
      return n
    })
  expect(await failureOf(failing.drain())).toBe(boom)
  expect(cleaned).toBe(1)
})

it("Stream should ParallelStream toList preserves input order and filters None", async () => {
  const tens = Stream.range(1, 21)
    .mapTask(times(10), { concurrency: 4, buffer: 64 })
    .collect((n) => ((n / 10) % 2 === 0 ? n : undefined))
  expect(await twice(tens)).toEqual([20, 40, 60, 80, 100, 120, 140, 160, 180, 200])
})

it("Stream should ParallelStream collect applies PartialFunction after forge", async () => {
  const doubled = Stream.range(1, 11)
    .mapTask(times(1), { concurrency: 3 })
    .collect((n) => (n % 3 === 0 ? n * 2 : undefined))
  expect(await doubled.toArray()).toEqual([6, 12, 18])
})

it("Stream should ParallelStream count counts only Some results", async () => {
  const few = Stream.range(1, 11)
    .mapTask(times(1), { concurrency: 2 })
    .collect((n) => (n <= 7 ? n : undefined))
  expect(await few.count()).toBe(7)
})

it("Stream should ParallelStream fold accumulates effectfully", async () => {
  const numbers = Stream.range(1, 6).mapTask(times(1), { concurrency: 2 })
  expect(await numbers.reduce((sum, n) => Task.pure(sum + n), 0)).toBe(15)
  // In Rapid a fold that fails never completes.
  expect(await failureOf(numbers.reduce(() => Task.fail(boom), 0))).toBe(boom)
})

it("Stream should ParallelStream drain runs side effects exactly once per kept element", async () => {
  let seen = 0
  const kept = Stream.range(1, 51)
    .mapTask((n) => Task.sync(() => (n % 5 === 0 ? (seen++, n) : undefined)), { concurrency: 4 })
    .collect((n) => n)
  // A stream is a description: nothing has run.
  expect(seen).toBe(0)
  await kept.drain()
  expect(seen).toBe(10)
  expect(await kept.toArray()).toEqual([5, 10, 15, 20, 25, 30, 35, 40, 45, 50])
  expect(seen).toBe(20)
})

it("Stream should ParallelStream handles empty stream", async () => {
  const none = Stream.of<number>().mapTask(times(2), { concurrency: 4 })
  expect(await none.toArray()).toEqual([])
  expect(await none.count()).toBe(0)
})

it("Stream should ParallelStream basic stress (large input)", async () => {
  const size = 100_000
  const even = await Stream.range(0, size)
    .mapTask((n) => Task.pure(n), { concurrency: 8, buffer: 4096 })
    .collect((n) => (n % 2 === 0 ? n : undefined))
    .toArray()
  expect(even).toEqual(Array.from({ length: size / 2 }, (_, i) => 2 * i))
})

it(
  "Stream should ParallelStream propagates worker failure (first error wins)",
  taskTest(() => {
    const ended: number[] = []
    const work = (n: number): Task<number, Error> =>
      Task.sleep(n === 7 ? 5 : 50)
        .andThen(Task.defer(() => Task.fail(n === 7 ? boom : new Error(`too late: ${n}`))))
        .finally(() => void ended.push(n))
    const all = Stream.range(5, 100).mapTask(work, { concurrency: 4 })
    return Task.gen(function* () {
      const [failure, ms] = yield* failureOf(all.toArray()).elapsed()
      expect(failure).toBe(boom)
      // The others are cancelled, not left to go on, and have ended before the stream has.
      expect(ms).toBe(5)
      expect(ended.toSorted((a, b) => a - b)).toEqual([5, 6, 7, 8])
    })
  }),
)

it("Stream should ParallelStream completes with exactly 24 records using defaults", async () => {
  // How many run at once is always said: the default is one. All else may be left out.
  const all = Stream.range(1, 25)
  const expected = Array.from({ length: 24 }, (_, i) => i + 1)
  expect(await all.mapTask(times(1)).toArray()).toEqual(expected)
  expect(await all.mapTask(times(1), { concurrency: 24 }).toArray()).toEqual(expected)
})

it("Stream should ParallelStream with records == default threads completes", async () => {
  for (const size of [1, 2, 8, 16]) {
    const all = Stream.range(0, size).mapTask((n) => Task.yield().as(n), { concurrency: size })
    expect(await all.toArray()).toEqual(Array.from({ length: size }, (_, i) => i))
  }
})

/** Runs 24 elements in chunks, with so many workers, and gives the sizes of the chunks that they got. */
async function sizesOf(size: number, concurrency: number): Promise<number[]> {
  const sizes: number[] = []
  await Stream.range(1, 25)
    .chunk(size)
    .mapTask((items) => Task.sync(() => sizes.push(items.length)), { concurrency })
    .drain()
  return sizes
}

it("Stream should ParallelStream over chunked single batch of 24 using par(24) runs forge exactly once", async () => {
  expect(await sizesOf(24, 24)).toEqual([24])
})

it("Stream should ParallelStream chunk(24).par(32).drain completes and runs forge", async () => {
  expect(await sizesOf(24, 32)).toEqual([24])
})

it("Stream should ParallelStream chunk(64 > n).par(32).drain completes and runs forge once", async () => {
  expect(await sizesOf(64, 32)).toEqual([24])
})

it("Stream should verify onFinalize executes properly", async () => {
  let ended = 0
  const numbers = Stream.range(1, 11).finally(Task.sync(() => void ended++))
  const sum = numbers.reduce((total, n) => Task.pure(total + n), 0)
  expect(ended).toBe(0)
  expect(await sum).toBe(55)
  expect(ended).toBe(1)
  // Rapid misses these: an early end, and a failure inside of a flatMap.
  expect(await numbers.take(2).toArray()).toEqual([1, 2])
  expect(await numbers.first()).toBe(1)
  expect(ended).toBe(3)
  const nested = Stream.of(1).flatMap(() => numbers.concat(Stream.fail(boom)).finally(() => void ended++))
  expect(await failureOf(nested.drain())).toBe(boom)
  expect(ended).toBe(5)
})
