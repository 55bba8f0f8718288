import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { ClosedError, type Fiber, Queue, Task } from "rapid-fiber"
import { turn } from "../watch.ts"

/** Lets it come as far as it gets. In an object, since a fiber is thenable. */
async function started<A, E>(task: Task<A, E>): Promise<{ readonly fiber: Fiber<A, E> }> {
  const fiber = task.run()
  await turn()
  return { fiber }
}

const closedFailure = { status: "rejected", reason: new ClosedError("queue") }

describe("a Queue", () => {
  it.each([0, -1, 2.5, NaN, Infinity])("refuses a capacity of %s where that is written", (capacity) => {
    const message = /^Expected `capacity` to be an integer >= 1, got /
    expect(() => Queue.bounded(capacity)).toThrow(message)
    expect(() => Queue.sliding(capacity)).toThrow(message)
    expect(() => Queue.dropping(capacity)).toThrow(message)
    expect(() => Queue.bounded(1).takeUpTo(capacity === Infinity ? 0 : capacity)).toThrow("Expected `most` to be")
  })

  it("gives items in the order of their coming", async () => {
    const queue = Queue.unbounded<number>()
    expect(await queue.offerAll([1, 2, 3])).toBe(3)
    expect([queue.size, await queue.take(), queue.poll(), await queue.take(), queue.poll()]).toEqual([
      3,
      1,
      2,
      3,
      undefined,
    ])
  })

  it("holds undefined and Tasks as any other item", async () => {
    const queue = Queue.unbounded<unknown>()
    let ran = false
    const task = Task.sync(() => (ran = true))
    await queue.offerAll([undefined, task])
    expect(queue.size).toBe(2)
    expect(await queue.take()).toBe(undefined)
    const [held] = queue.clear()
    expect([held === task, ran]).toEqual([true, false])
  })

  it("lets takers wait, and serves them first in, first out", async () => {
    const queue = Queue.bounded<string>(1)
    const { fiber: a } = await started(queue.take())
    const { fiber: b } = await started(queue.take())
    expect([queue.takers, queue.size]).toEqual([2, 0])
    await queue.offerAll(["first", "second"])
    expect([await a, await b, queue.takers]).toEqual(["first", "second", 0])
  })

  it("lets producers wait while it is full, and serves them first in, first out", async () => {
    const queue = Queue.bounded<number>(2)
    const producers = [1, 2, 3, 4].map((n) => queue.offer(n).run())
    await turn()
    expect([queue.size, queue.producers, producers.map((fiber) => fiber.poll()?.status)]).toEqual([
      2,
      2,
      ["fulfilled", "fulfilled", undefined, undefined],
    ])
    expect([await queue.take(), queue.size, queue.producers]).toEqual([1, 2, 1])
    expect(await queue.takeUpTo(9)).toEqual([2, 3])
    expect([queue.poll(), queue.poll(), await producers[3]]).toEqual([4, undefined, true])
  })

  it("adds nothing for a producer that is cancelled while it waits", async () => {
    const queue = Queue.bounded<number>(1)
    await queue.offer(1)
    const { fiber: waiting } = await started(queue.offer(2))
    await waiting.cancel()
    expect([queue.producers, queue.clear(), queue.clear()]).toEqual([0, [1], []])
  })

  it("passes what a cancelled taker was promised to the next, in order", async () => {
    const queue = Queue.unbounded<number>()
    const { fiber: a } = await started(queue.take())
    const { fiber: b } = await started(queue.take())
    queue.tryOffer(1)
    queue.tryOffer(2)
    expect(queue.size).toBe(0)
    // It has been told, and has not run yet.
    a.abort()
    expect(await b).toBe(1)
    expect([queue.size, queue.poll()]).toEqual([1, 2])
  })

  it("does not let who comes now take what a taker was promised", async () => {
    const queue = Queue.unbounded<number>()
    const { fiber: waiting } = await started(queue.take())
    queue.tryOffer(1)
    expect([queue.poll(), queue.clear(), queue.size]).toEqual([undefined, [], 0])
    expect(await waiting).toBe(1)
  })

  it("takes as many as are there, and waits for one", async () => {
    const queue = Queue.unbounded<number>()
    const { fiber: waiting } = await started(queue.takeUpTo(3))
    expect(waiting.poll()).toBe(undefined)
    for (const n of [1, 2, 3, 4, 5]) queue.tryOffer(n)
    expect(await waiting).toEqual([1, 2, 3])
    expect(await queue.takeUpTo(Infinity)).toEqual([4, 5])
  })

  it("slides: keeps the last", async () => {
    const queue = Queue.sliding<number>(2)
    expect([await queue.offerAll([1, 2, 3]), queue.tryOffer(4), queue.clear()]).toEqual([3, true, [3, 4]])
  })

  it("slides under a taker that was promised an item: it gets the oldest that is left", async () => {
    const queue = Queue.sliding<number>(1)
    const { fiber: waiting } = await started(queue.take())
    queue.tryOffer(1)
    queue.tryOffer(2)
    expect(await waiting).toBe(2)
  })

  it("drops: keeps the first, and says what it has dropped", async () => {
    const queue = Queue.dropping<number>(2)
    expect([await queue.offer(1), await queue.offer(2), await queue.offer(3), queue.tryOffer(4)]).toEqual([
      true,
      true,
      false,
      false,
    ])
    expect(await queue.offerAll([5, 6])).toBe(0)
    expect(queue.clear()).toEqual([1, 2])
  })

  it("gives the smallest first, and equal ones in the order of their coming", async () => {
    const items = fc.array(fc.record({ rank: fc.integer({ min: 0, max: 4 }), nth: fc.constant(0) }), { maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(items, async (given) => {
        const numbered = given.map(({ rank }, nth) => ({ rank, nth }))
        const queue = Queue.priority<{ rank: number; nth: number }>({ compare: (a, b) => a.rank - b.rank })
        await queue.offerAll(numbered)
        expect(queue.clear()).toEqual(numbered.toSorted((a, b) => a.rank - b.rank || a.nth - b.nth))
      }),
      { numRuns: 200 },
    )
  })

  it("bounds priorities, too, and loses nothing if comparing throws", async () => {
    const compare = (a: number, b: number): number => {
      if (Number.isNaN(a) || Number.isNaN(b)) throw new RangeError("not comparable")
      return b - a
    }
    const queue = Queue.priority({ compare, capacity: 3 })
    await queue.offerAll([1, 3])
    await expect(queue.offer(NaN).toPromise()).rejects.toThrow("not comparable")
    expect(queue.tryOffer(2)).toBe(true)
    const { fiber: waiting } = await started(queue.offer(9))
    expect([queue.producers, await queue.take(), await waiting, queue.clear()]).toEqual([1, 3, true, [9, 2, 1]])
    expect(() => Queue.priority({} as never)).toThrow("Queue.priority (compare)")
    expect(() => Queue.priority({ compare, capacity: 0 })).toThrow("Expected `capacity`")
  })

  it("refuses in offerAll what cannot be gone through, and closes what it goes through when it stops early", async () => {
    const queue = Queue.bounded<number>(1)
    let closed = false
    const endless = function* () {
      try {
        for (let n = 0; ; n++) yield n
      } finally {
        closed = true
      }
    }
    const { fiber: producer } = await started(queue.offerAll(endless()))
    expect([queue.size, queue.producers, closed]).toEqual([1, 1, false])
    await producer.cancel()
    expect(closed).toBe(true)
    await expect(queue.offerAll(5 as never).toPromise()).rejects.toThrow(TypeError)
  })
})

describe("the end of a Queue", () => {
  it("refuses producers, those who wait as well, and lets what is there be taken", async () => {
    const queue = Queue.bounded<number>(1)
    await queue.offer(1)
    const { fiber: waiting } = await started(queue.offer(2))
    expect([queue.close(), queue.close(), queue.closed]).toEqual([true, false, true])
    expect(await waiting.join().attempt()).toEqual(closedFailure)
    expect(await queue.offer(3).attempt()).toEqual(closedFailure)
    expect([queue.tryOffer(4), await queue.take()]).toEqual([false, 1])
    expect(await queue.take().attempt()).toEqual(closedFailure)
    expect(await queue.takeUpTo(2).attempt()).toEqual(closedFailure)
  })

  it("settles every taker that waits", async () => {
    const queue = Queue.unbounded<number>()
    const takes: Task<unknown, unknown>[] = [queue.take(), queue.take(), queue.takeUpTo(2)]
    const fibers = takes.map((task) => task.attempt().run())
    await turn()
    queue.close()
    expect(await Promise.all(fibers)).toEqual([closedFailure, closedFailure, closedFailure])
  })

  it("is a failure where it was failed, the very object, after what is there", async () => {
    const queue = Queue.unbounded<number, Error>()
    const error = new Error("source is gone")
    queue.tryOffer(1)
    expect([queue.fail(error), queue.fail(new Error("later"))]).toEqual([true, false])
    expect(await queue.take()).toBe(1)
    expect(await queue.take().catch((reason) => Task.pure(reason))).toBe(error)
    expect(await queue.offer(2).attempt()).toEqual(closedFailure)
  })

  it("waits for who was promised the last item", async () => {
    const queue = Queue.unbounded<number>()
    const { fiber: first } = await started(queue.take())
    queue.tryOffer(1)
    queue.close()
    const second = queue.take().run()
    first.abort()
    expect(await second).toBe(1)
  })

  it("can be waited for", async () => {
    const queue = Queue.unbounded<number>()
    queue.tryOffer(1)
    const { fiber: drained } = await started(queue.drained())
    const { fiber: cancelled } = await started(queue.drained())
    queue.close()
    await turn()
    expect(drained.poll()).toBe(undefined)
    await cancelled.cancel()
    queue.clear()
    expect(await drained).toBe(undefined)
    await queue.drained()
  })
})

describe("a Queue as an async iterable", () => {
  it("gives item after item and ends when it is closed", async () => {
    const queue = Queue.bounded<number>(1)
    queue
      .offerAll([1, 2, 3])
      .tap(() => void queue.close())
      .runAndForget()
    const got: number[] = []
    for await (const item of queue) got.push(item)
    expect(got).toEqual([1, 2, 3])
  })

  it("throws what it was failed with", async () => {
    const queue = Queue.unbounded<number, string>()
    queue.tryOffer(1)
    queue.fail("broken")
    const got: unknown[] = []
    try {
      for await (const item of queue) got.push(item)
    } catch (error) {
      got.push(error)
    }
    expect(got).toEqual([1, "broken"])
  })

  it("leaves the rest where it is when the loop is left early", async () => {
    const queue = Queue.unbounded<number>()
    await queue.offerAll([1, 2, 3])
    for await (const item of queue) if (item === 1) break
    expect(queue.clear()).toEqual([2, 3])
  })

  it("takes nothing any more once it was returned, while a next waits", async () => {
    const queue = Queue.unbounded<number>()
    const iterator = queue[Symbol.asyncIterator]()
    const next = iterator.next()
    await turn()
    expect(queue.takers).toBe(1)
    expect(await iterator.return?.()).toEqual({ done: true, value: undefined })
    expect([await next, queue.takers]).toEqual([{ done: true, value: undefined }, 0])
    queue.tryOffer(1)
    expect([await iterator.next(), queue.size]).toEqual([{ done: true, value: undefined }, 1])
  })

  it("gives an item that is a Task as it is, and runs nothing", async () => {
    const queue = Queue.unbounded<Task<string>>()
    const job = Task.sync(() => "ran")
    queue.tryOffer(job)
    for await (const item of queue) {
      expect(item).toBe(job)
      break
    }
  })
})

describe("a Queue as Web streams", () => {
  it("is read as it is pulled, and ends with it", async () => {
    const queue = Queue.unbounded<number>()
    await queue.offerAll([1, 2, 3])
    const reader = queue.toReadableStream().getReader()
    expect([await reader.read(), queue.size]).toEqual([{ done: false, value: 1 }, 2])
    queue.close()
    expect([await reader.read(), await reader.read()]).toEqual([
      { done: false, value: 2 },
      { done: false, value: 3 },
    ])
    expect(await reader.read()).toEqual({ done: true, value: undefined })
  })

  it("leaves the rest where it is when reading is cancelled, also while it waits", async () => {
    const queue = Queue.unbounded<number>()
    const reader = queue.toReadableStream().getReader()
    const reading = reader.read()
    await turn()
    expect(queue.takers).toBe(1)
    await reader.cancel("enough")
    expect([await reading, queue.takers]).toEqual([{ done: true, value: undefined }, 0])
    queue.tryOffer(1)
    expect(queue.size).toBe(1)
  })

  it("errors the stream with what it was failed with", async () => {
    const queue = Queue.unbounded<number, Error>()
    const error = new Error("broken")
    queue.fail(error)
    await expect(queue.toReadableStream().getReader().read()).rejects.toBe(error)
  })

  it("is written with back-pressure, and closed with the stream", async () => {
    const queue = Queue.bounded<number>(1)
    const writer = queue.toWritableStream().getWriter()
    await writer.write(1)
    let second = false
    const writing = writer.write(2).then(() => (second = true))
    await turn()
    expect([second, queue.producers]).toEqual([false, 1])
    expect(await queue.take()).toBe(1)
    await writing
    await writer.close()
    expect([queue.closed, queue.clear()]).toEqual([true, [2]])
  })

  it("fails with what the stream is aborted with, and a write that waits is given up", async () => {
    const queue = Queue.bounded<number, string>(1)
    const writer = queue.toWritableStream().getWriter()
    await writer.write(1)
    const waiting = writer.write(2)
    await turn()
    await Promise.all([writer.abort("enough"), expect(waiting).rejects.toBeDefined()])
    expect([queue.producers, await queue.take()]).toEqual([0, 1])
    expect(await queue.take().attempt()).toEqual({ status: "rejected", reason: "enough" })
  })

  it("pipes one into another", async () => {
    const [from, to] = [Queue.unbounded<number>(), Queue.bounded<number>(1)]
    await from.offerAll([1, 2, 3])
    from.close()
    const piping = from.toReadableStream().pipeTo(to.toWritableStream())
    const got: number[] = []
    for await (const item of to) got.push(item)
    await piping
    expect(got).toEqual([1, 2, 3])
  })
})
