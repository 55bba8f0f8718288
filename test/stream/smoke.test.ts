import { expect, it } from "vitest"
import { Stream, Task, Queue } from "rapid-fiber"
it("smoke", async () => {
  expect(
    await Stream.range(1, 1000)
      .map((n) => n * n)
      .filter((n) => n % 2 === 1)
      .take(3)
      .toArray(),
  ).toEqual([1, 9, 25])
  expect(
    await Stream.of(1, 2, 3)
      .flatMap((n) => [n, n * 10])
      .toArray(),
  ).toEqual([1, 10, 2, 20, 3, 30])
  expect(
    await Stream.of(1, 2, 3)
      .mapTask((n) => Task.sleep(1).as(n))
      .toArray(),
  ).toEqual([1, 2, 3])
  expect(
    await Stream.range(0, 100)
      .mapTask((n) => Task.sleep(1).as(n), { concurrency: 8 })
      .toArray(),
  ).toEqual(Array.from({ length: 100 }, (_, i) => i))
  expect(
    (
      await Stream.range(0, 100)
        .mapTask((n) => Task.sleep(1).as(n), { concurrency: 8, ordered: false })
        .toArray()
    ).length,
  ).toBe(100)
  expect((await Stream.of(Stream.of(1, 2), Stream.of(3, 4)).mergeAll().toArray()).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4])
  const seen: number[] = []
  for await (const x of Stream.range(0)) {
    seen.push(x)
    if (x === 3) break
  }
  expect(seen).toEqual([0, 1, 2, 3])
  await expect(
    Stream.range(0)
      .mapTask((n) => (n === 5 ? Task.fail(new Error("x")) : Task.sleep(1).as(n)), { concurrency: 3 })
      .toArray(),
  ).rejects.toThrow("x")
  expect(await Stream.of(1, 2).concat([3], Stream.of(4)).zip(["a", "b", "c"]).toArray()).toEqual([
    [1, "a"],
    [2, "b"],
    [3, "c"],
  ])
  expect(await Stream.of("a\nb", "c\r\n\n  d", "e").lines().toArray()).toEqual(["a", "bc", "", "  de"])
  expect(await Stream.of(3, 1, 2).broadcast([(s) => s.reduce((a, b) => a + b), (s) => s.count()])).toEqual([6, 3])
  expect(
    await Stream.range(0, 10)
      .groupBy((n) => n % 3)
      .mapTask(([k, s]) => s.toArray().map((a) => [k, a]), { concurrency: 3 })
      .toArray(),
  ).toEqual([
    [0, [0, 3, 6, 9]],
    [1, [1, 4, 7]],
    [2, [2, 5, 8]],
  ])
  const big = Array.from({ length: 1e6 }, (_, i) => i)
  let t = performance.now()
  let s: Stream<number> = Stream.empty
  for (const n of big) s = s.concat([n])
  console.log("build", performance.now() - t)
  t = performance.now()
  expect(await s.count()).toBe(1e6)
  console.log("left concat", performance.now() - t)
  t = performance.now()
  expect(
    await Stream.from(big)
      .flatMap((n) => [n])
      .count(),
  ).toBe(1e6)
  console.log("flatMap", performance.now() - t)
  const q = Queue.unbounded<number>()
  for (let i = 0; i < 5; i++) q.tryOffer(i)
  q.close()
  expect(await Stream.from(q).toArray()).toEqual([0, 1, 2, 3, 4])
  expect(await Stream.range(0, 5).buffer(2).toArray()).toEqual([0, 1, 2, 3, 4])
  expect(
    await Stream.of(1, 2, 3)
      .switchMap((n) => Stream.of(n).concat(Task.sleep(5).as(n * 10)))
      .toArray(),
  ).toEqual([3, 30])
  expect(await Stream.range(0, 5).debounce(5).toArray()).toEqual([4])
  expect(await Stream.range(0, 5).chunkWithin(2, 5).toArray()).toEqual([[0, 1], [2, 3], [4]])
  expect(await Stream.schedule({ every: 2, times: 3 }).toArray()).toEqual([0, 1, 2])
  expect(await Stream.from(Stream.range(0, 3).toReadableStream()).toArray()).toEqual([0, 1, 2])
  const sh = Stream.range(0, 3)
    .tap(() => Task.sleep(1))
    .share()
  expect(await Task.all([sh.toArray(), sh.toArray()])).toEqual([
    [0, 1, 2],
    [0, 1, 2],
  ])
  await expect(
    Stream.of(1)
      .concat(Task.never as Task<number>)
      .timeout(5)
      .toArray(),
  ).rejects.toThrow()
  expect(
    await Stream.of(1)
      .concat(Stream.fail("no"))
      .catch((e) => [e])
      .toArray(),
  ).toEqual([1, "no"])
})
