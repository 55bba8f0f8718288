import { describe, expect, it } from "vitest"
import { CancelledError, Stream, Task } from "rapid-fiber"
import { failuresIn, turn } from "../watch.ts"

/** A source without end that counts what it has made, how often it was begun, and its ends. */
class Source {
  made = 0
  begun = 0
  ended = 0
  readonly elements = Stream.using(
    Task.yield().map(() => void this.begun++),
    () => Stream.range(0).map((n) => (this.made++, n)),
    () => Task.yield().map(() => void this.ended++),
  )
}

const reasonOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => ({ resolved: value }),
    (reason: unknown) => reason,
  )

const failsAfter = (count: number, reason: unknown): Stream<number, unknown> =>
  Stream.range(0, count).concat(Stream.fail(reason))

describe("for await", () => {
  it("gives all elements, and may be used again and side by side", async () => {
    const stream = Stream.range(0, 5).mapTask((n) => Task.yield().as(n))
    const collect = async (): Promise<number[]> => {
      const all: number[] = []
      for await (const n of stream) all.push(n)
      return all
    }
    expect(await Promise.all([collect(), collect()])).toEqual([
      [0, 1, 2, 3, 4],
      [0, 1, 2, 3, 4],
    ])
    expect(await collect()).toEqual([0, 1, 2, 3, 4])
  })

  it("touches nothing before the first element is asked for, and makes none ahead", async () => {
    const source = new Source()
    const iterator = source.elements[Symbol.asyncIterator]()
    await turn()
    expect([source.begun, source.made]).toEqual([0, 0])
    for (let n = 0; n < 3; n++) {
      expect(await iterator.next()).toEqual({ done: false, value: n })
      await turn()
      expect(source.made).toBe(n + 1)
    }
    await iterator.return?.()
    expect([source.begun, source.made, source.ended]).toEqual([1, 3, 1])
  })

  it("has everything closed when a break has left it", async () => {
    const source = new Source()
    for await (const n of source.elements) if (n === 2) break
    expect([source.made, source.ended]).toEqual([3, 1])
    const nested = source.elements.mapTask((n) => Task.yield().as(n), { concurrency: 3 }).merge(source.elements)
    for await (const _ of nested) break
    expect(source.ended).toBe(3)
  })

  it("has everything closed when an error leaves it, and the error stays", async () => {
    const source = new Source()
    const thrown = new Error("thrown in the loop")
    const loop = async (): Promise<void> => {
      for await (const n of source.elements) if (n === 1) throw thrown
    }
    expect(await reasonOf(loop())).toBe(thrown)
    expect([source.made, source.ended]).toEqual([2, 1])
  })

  it("throws what the stream fails with, the very object, after what came before", async () => {
    const failure = new Error("failed")
    const seen: number[] = []
    const loop = async (stream: Stream<number, unknown>): Promise<void> => {
      for await (const n of stream) seen.push(n)
    }
    expect(await reasonOf(loop(failsAfter(2, failure)))).toBe(failure)
    expect(await reasonOf(loop(failsAfter(1, undefined)))).toBe(undefined)
    expect(seen).toEqual([0, 1, 0])
    const cleanup = new Error("cleanup")
    expect(await reasonOf(loop(Stream.of(7).finally(Task.fail(cleanup))))).toBe(cleanup)
    expect(seen).toEqual([0, 1, 0, 7])
  })

  it("throws what a cleanup fails with on a break", async () => {
    const cleanup = new Error("cleanup")
    const loop = async (): Promise<void> => {
      for await (const _ of Stream.range(0).finally(Task.fail(cleanup))) break
    }
    const reason = await reasonOf(loop())
    expect(failuresIn({ status: "rejected", reason })).toContain(cleanup)
  })

  it("hands out elements that are errors, functions or nothing as they are", async () => {
    const seen: unknown[] = []
    const items = [undefined, null, new Error("an element"), () => 1]
    for await (const item of Stream.from(items)) seen.push(item)
    expect(seen).toEqual(items)
  })
})

describe("the iterator of a stream", () => {
  it("answers several that ask at once in their order, and the end to the rest", async () => {
    const stream = Stream.range(0, 3).mapTask((n) => Task.yield().as(n))
    const iterator = stream[Symbol.asyncIterator]()
    const all = await Promise.all(Array.from({ length: 5 }, () => iterator.next()))
    const end = { done: true, value: undefined }
    expect(all).toEqual([{ done: false, value: 0 }, { done: false, value: 1 }, { done: false, value: 2 }, end, end])
    expect(await iterator.next()).toEqual(end)
    expect(iterator[Symbol.asyncIterator]()).toBe(iterator)
  })

  it("tells a failure to the one who asked first, and the end to the others, also later", async () => {
    const iterator = failsAfter(1, "no")[Symbol.asyncIterator]()
    const asked = [iterator.next(), iterator.next(), iterator.next()]
    expect(await Promise.all(asked.map(reasonOf))).toEqual([
      { resolved: { done: false, value: 0 } },
      "no",
      { resolved: { done: true, value: undefined } },
    ])
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
    expect(await iterator.return?.()).toEqual({ done: true, value: undefined })
  })

  it("that is returned before it is asked runs nothing, and is at its end", async () => {
    const source = new Source()
    const iterator = source.elements[Symbol.asyncIterator]()
    expect(await iterator.return?.()).toEqual({ done: true, value: undefined })
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
    expect([source.begun, source.made]).toEqual([0, 0])
  })

  it("that is returned in the middle of a wait ends it and waits until all is closed", async () => {
    let ended = 0
    const waiting = Stream.from(Task.never).finally(() => Task.yield().map(() => void ended++))
    const iterator = waiting[Symbol.asyncIterator]()
    const asked = iterator.next()
    await turn()
    await iterator.return?.()
    expect(ended).toBe(1)
    expect(await asked).toEqual({ done: true, value: undefined })
  })

  it("that is returned twice at once waits both times until all is closed", async () => {
    let closed = 0
    const closing = Task.promise(() => turn()).map(() => void closed++)
    const iterator = Stream.range(0).finally(closing)[Symbol.asyncIterator]()
    await iterator.next()
    const ends: number[] = []
    const leave = async (): Promise<unknown> => {
      await iterator.return?.()
      return ends.push(closed)
    }
    await Promise.all([leave(), leave()])
    expect(ends).toEqual([1, 1])
  })

  it("that is returned from another's turn does not lose who has asked", async () => {
    const gate = Task.withResolvers<number>()
    const iterator = Stream.from(gate.task)[Symbol.asyncIterator]()
    const asked = [iterator.next(), iterator.next()]
    await turn()
    await iterator.return?.()
    gate.resolve(1)
    const end = { done: true, value: undefined }
    expect(await Promise.all(asked)).toEqual([end, end])
  })

  it("goes on from a synchronous stretch of any length", async () => {
    let count = 0
    for await (const _ of Stream.range(0, 30_000).filter((n) => n % 10 === 0)) count++
    expect(count).toBe(3000)
  })
})

describe("toReadableStream", () => {
  it("makes an element when one is read, and nothing ahead", async () => {
    const source = new Source()
    const readable = source.elements.toReadableStream()
    const reader = readable.getReader()
    await turn()
    expect([source.begun, source.made]).toEqual([0, 0])
    for (let n = 0; n < 3; n++) {
      expect(await reader.read()).toEqual({ done: false, value: n })
      await turn()
      expect(source.made).toBe(n + 1)
    }
    await reader.cancel("enough")
    expect([source.made, source.ended]).toEqual([3, 1])
    expect(await reader.read()).toEqual({ done: true, value: undefined })
  })

  it("ends and fails as the stream does", async () => {
    const ending = Stream.of("a", "b").toReadableStream().getReader()
    const reads = [await ending.read(), await ending.read(), await ending.read()]
    expect(reads.map((read) => read.value)).toEqual(["a", "b", undefined])
    const failure = new Error("failed")
    const failing = failsAfter(1, failure).toReadableStream().getReader()
    expect(await failing.read()).toEqual({ done: false, value: 0 })
    expect(await reasonOf(failing.read())).toBe(failure)
    expect(await reasonOf(failing.closed)).toBe(failure)
  })

  it("that is cancelled while it is read closes the stream, and is cancelled when that is done", async () => {
    let ended = 0
    const reader = Stream.from(Task.never)
      .finally(() => Task.yield().map(() => void ended++))
      .toReadableStream()
      .getReader()
    const read = reader.read()
    await turn()
    await reader.cancel()
    expect(ended).toBe(1)
    expect(await read).toEqual({ done: true, value: undefined })
  })

  it("that is cancelled before it is read runs nothing", async () => {
    const source = new Source()
    await source.elements.toReadableStream().cancel()
    await turn()
    expect(source.begun).toBe(0)
  })

  it("says what a cleanup fails with to who cancels it", async () => {
    const reader = Stream.range(0).finally(Task.fail("cleanup")).toReadableStream().getReader()
    await reader.read()
    const reason = await reasonOf(reader.cancel())
    expect(failuresIn({ status: "rejected", reason })).toContain("cleanup")
  })

  it("ends with a signal that is aborted, and takes its listener back", async () => {
    const controller = new AbortController()
    let listeners = 0
    const { signal } = controller
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args))
    signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args))
    const early = Stream.range(0).toReadableStream({ signal }).getReader()
    await early.read()
    await early.cancel()
    for await (const _ of Stream.from(Stream.range(0, 3).toReadableStream({ signal }))) continue
    expect(listeners).toBe(0)
    const source = new Source()
    const reader = source.elements.toReadableStream({ signal }).getReader()
    await reader.read()
    controller.abort("stop")
    const reason = await reasonOf(reader.read())
    expect(reason).toBeInstanceOf(CancelledError)
    expect(source.ended).toBe(1)
  })
})
