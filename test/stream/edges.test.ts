import { describe, expect, it } from "vitest"
import { Cursor, type Fiber, Stream, Task } from "rapid-fiber"
import { taskTest } from "rapid-fiber/testing"
import { ended, exitOf, failuresIn, turn } from "../watch.ts"

const failing = (failure: unknown): Stream<never, unknown> => Stream.fail(failure)

describe("a stream", () => {
  it(
    "by switchMap begins nothing more when an inner one has failed, and keeps what came before",
    taskTest(() => {
      let begun = 0
      const seen: unknown[] = []
      const inner = (n: number): Stream<string, unknown> =>
        n === 0 ? Stream.of("a").concat(failing("no")) : Stream.range(0).map(() => (begun++, "b"))
      return Stream.of(0)
        .concat(Stream.from(Task.sleep(10).as(1)))
        .switchMap(inner)
        .forEach((element) => Task.sleep(80).tap(() => void seen.push(element)))
        .attempt()
        .map((exit) => expect([exit, begun, seen]).toEqual([{ status: "rejected", reason: "no" }, 0, ["a"]]))
    }),
  )

  it("stops at the next element when it is cancelled, also in the middle of what a buffer holds", async () => {
    let seen = 0
    const fiber: Fiber<void, unknown> = Stream.range(0, 1000)
      .buffer(1000)
      .onFirst(() => Task.sleep(5))
      .forEach(() => {
        if (++seen === 10) fiber.abort()
      })
      .run()
    await ended(fiber)
    expect(seen).toBe(10)
  })

  it("lets what its source has started live until the last worker has ended", async () => {
    let state = "running"
    const seen: string[] = []
    const heartbeat = Task.never.finally(() => void (state = "stopped")).start()
    const numbers = Stream.using(
      heartbeat,
      () => Stream.of(1, 2),
      (fiber) => fiber.cancel(),
    )
    await numbers.forEach((n) => Task.sleep(n * 3).map(() => void seen.push(state)), { concurrency: 2 })
    expect([seen, state]).toEqual([["running", "running"], "stopped"])
  })

  it("of groups goes on when one is closed before it was asked", async () => {
    const counts = Stream.range(0, 100)
      .groupBy((n) => n % 2, { buffer: 4 })
      .mapTask(([key, group]) => (key === 0 ? group.count() : group.take(0).count()), { concurrency: 2 })
    expect(await counts.toArray()).toEqual([50, 0])
  })

  it("through a pair fails as the cleanup of its source does", async () => {
    const cleanup = new Error("cleanup")
    const source = Stream.of("a")
      .concat(Stream.from(Task.never))
      .finally(() => Task.fail(cleanup))
    const exit = await exitOf(source.pipeThrough(new TransformStream<string, string>()).take(1).toArray())
    expect(failuresIn(exit)).toContain(cleanup)
  })

  it("recurses through flatMap and concat, as a hand-written pagination does", async () => {
    const load = (page: number): Stream<number> =>
      Stream.from(Task.pure(page)).flatMap((n) =>
        Stream.of(n).concat(n < 20_000 ? Stream.defer(() => load(n + 1)) : Stream.empty),
      )
    expect(await load(0).count()).toBe(20_001)
  })

  it("of an async iterator that has thrown does not call its return", async () => {
    let returned = 0
    const iterator = {
      next: () => Promise.reject(new Error("next")),
      return: () => {
        returned++
        return Promise.reject(new Error("return"))
      },
    }
    await expect(Stream.from({ [Symbol.asyncIterator]: () => iterator }).toArray()).rejects.toThrow("next")
    await turn()
    expect(returned).toBe(0)
  })

  it(
    "by debounce keeps the last for who is slow, and no more",
    taskTest(() =>
      Stream.schedule({ every: 2 })
        .take(50)
        .debounce(1)
        .tap(() => Task.sleep(200))
        .toArray()
        .map((seen) => expect(seen).toEqual([0, 49])),
    ),
  )

  it("hands the reason of a cancellation on to what runs beside it", async () => {
    const reasons: unknown[] = []
    const job = Task.never.onCancel((reason) => void reasons.push(reason))
    const fiber = Stream.of(1, 2)
      .forEach(() => job, { concurrency: 2 })
      .run()
    await turn()
    await fiber.cancel("why")
    const reader = Stream.from(job).toReadableStream().getReader()
    void reader.read()
    await turn()
    await reader.cancel("enough")
    expect(reasons).toEqual(["why", "why", "enough"])
  })

  it("is run once though its iterator is asked from within", async () => {
    let runs = 0
    const stream = Stream.defer(() => {
      if (runs++ === 0) void iterator.next()
      return [1, 2]
    })
    const iterator = stream[Symbol.asyncIterator]()
    expect(await iterator.next()).toEqual({ done: false, value: 1 })
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
    expect(runs).toBe(1)
  })

  it("asks its source no more after the end, with half a character in hand", async () => {
    let asked = 0
    const halves = Stream.unfold(0, (n) => {
      asked++
      return n < 1 ? (["\uD800", n + 1] as const) : undefined
    })
    expect(await halves.encode().decode().text()).toBe("\uFFFD")
    expect(asked).toBe(2)
  })

  it("calls a cleanup with nothing, and names what was called in its errors", async () => {
    const heard: unknown[] = []
    await Stream.of(1)
      .finally((...args: unknown[]) => void heard.push(args.length))
      .drain()
    expect(heard).toEqual([0])
    await expect(Stream.of(1).forEach((async () => {}) as never)).rejects.toThrow(
      /what the callback of forEach returns/,
    )
    await expect(
      Stream.of(1)
        .flatMap(() => "text")
        .toArray(),
    ).rejects.toThrow(/got a string.*Stream\.from\(text\)/)
  })

  it("of a cursor that changes its last element costs the same for each", async () => {
    const numbers = Cursor.materialize<number, never>(Stream.range(0, 100_000), (n, cursor) =>
      Task.pure(cursor.previousMap(1, (last) => last + 1).add(n)),
    )
    expect((await numbers.toArray()).slice(-2)).toEqual([99_999, 99_999])
  })
})
