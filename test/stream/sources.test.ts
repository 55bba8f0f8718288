import { describe, expect, it } from "vitest"
import { Hub, Queue, Stream, Task } from "rapid-fiber"
import { taskTest } from "rapid-fiber/testing"
import { exitOf, turn } from "../watch.ts"
import { itHolds, must } from "../sync/exploring.ts"

/** An iterator that says what was asked of it. */
class Watched implements IterableIterator<number> {
  readonly log: string[] = []
  #at = 0
  readonly #count: number

  constructor(count = Infinity) {
    this.#count = count
  }

  next(): IteratorResult<number, undefined> {
    this.log.push("next")
    return this.#at < this.#count ? { done: false, value: this.#at++ } : { done: true, value: undefined }
  }

  return(): IteratorResult<number, undefined> {
    this.log.push("return")
    return { done: true, value: undefined }
  }

  [Symbol.iterator](): this {
    this.log.push("iterator")
    return this
  }
}

const messageOf = async (task: Task<unknown, unknown>): Promise<string> => {
  const exit = await exitOf(task)
  return exit.status === "rejected" ? String(exit.reason) : exit.status
}

describe("Stream.from", () => {
  it("takes whatever has items, or a value", async () => {
    const generator = function* (): Generator<number> {
      yield 1
      yield 2
    }
    const asynchronous = async function* (): AsyncGenerator<number> {
      yield 1
      yield 2
    }
    const queue = Queue.unbounded<number>()
    queue.tryOffer(1)
    queue.tryOffer(2)
    queue.close()
    const sources = [
      [1, 2],
      new Set([1, 2]),
      new Map([
        [1, 0],
        [2, 0],
      ]).keys(),
      new Uint8Array([1, 2]),
      generator(),
      asynchronous(),
      { [Symbol.iterator]: generator },
      { [Symbol.asyncIterator]: asynchronous },
      new Blob([new Uint8Array([1, 2])]).stream().pipeThrough(
        new TransformStream<Uint8Array, number>({
          transform: (bytes, controller) => bytes.forEach((byte) => controller.enqueue(byte)),
        }),
      ),
      queue,
      Stream.of(1, 2),
      Stream.of(1, 2).toReadableStream(),
      Stream.of(1, 2)[Symbol.asyncIterator](),
    ]
    for (const source of sources) expect(await Stream.from<number, unknown>(source).toArray()).toEqual([1, 2])
    expect(await Stream.from("añ😀").toArray()).toEqual(["a", "ñ", "😀"])
    expect(await Stream.from(Task.sleep(1).as("value")).toArray()).toEqual(["value"])
    expect(await Stream.from([undefined, null]).toArray()).toEqual([undefined, null])
    const stream = Stream.of(1)
    expect(Stream.from(stream)).toBe(stream)
  })

  it("touches nothing before it runs, and asks for no more than is taken", async () => {
    const watched = new Watched()
    const stream = Stream.from(watched)
      .map((n) => n + 1)
      .take(3)
    await turn()
    expect(watched.log).toEqual([])
    expect(await stream.toArray()).toEqual([1, 2, 3])
    expect(watched.log).toEqual(["iterator", "next", "next", "next", "return"])
    let touched = 0
    const lazy = [
      Stream.defer(() => (touched++, [])),
      Stream.from({ [Symbol.iterator]: () => (touched++, [].values()) }),
      Stream.unfold(0, () => (touched++, undefined)),
      Stream.from(Task.sync(() => touched++)),
      Stream.paginate(0, () => (touched++, [[], undefined])),
      Stream.using(
        Task.sync(() => touched++),
        () => [],
        () => {},
      ),
    ]
    await turn()
    expect([lazy.length, touched]).toEqual([6, 0])
  })

  it("returns an iterator once on an early end, and not one that has ended or thrown", async () => {
    const ended = new Watched(2)
    await Stream.from(ended).drain()
    const exact = new Watched(2)
    await Stream.from(exact).take(2).drain()
    const failed = new Watched()
    await exitOf(
      Stream.from(failed)
        .map(() => {
          throw new Error("no")
        })
        .drain(),
    )
    const cancelled = new Watched()
    const fiber = Stream.from(cancelled)
      .forEach(() => Task.never)
      .run()
    await turn()
    await fiber.cancel()
    const returns = [ended, exact, failed, cancelled].map(({ log }) => log.filter((entry) => entry === "return").length)
    expect(returns).toEqual([0, 1, 1, 1])
    const thrown = new Error("next")
    const throwing = Object.assign(new Watched(), {
      next: () => {
        throw thrown
      },
    })
    expect(await exitOf(Stream.from(throwing).drain())).toEqual({ status: "rejected", reason: thrown })
    expect(throwing.log).toEqual(["iterator"])
  })

  it("runs a generator's finally once, whatever ends it", async () => {
    let ended = 0
    const numbers = function* (): Generator<number> {
      try {
        for (let n = 0; ; n++) yield n
      } finally {
        ended++
      }
    }
    await Stream.defer(numbers).take(2).drain()
    await exitOf(Stream.defer(numbers).forEach((n) => (n === 3 ? Task.fail("no") : undefined)))
    await Stream.defer(numbers).zip(Stream.range(0, 2)).drain()
    await Stream.defer(numbers)
      .mapTask((n) => Task.pure(n), { concurrency: 2 })
      .first()
    expect(ended).toBe(4)
  })

  it("refuses an iterator that was used before, and says how to make it anew", async () => {
    const asynchronous = async function* (): AsyncGenerator<number> {
      yield 1
    }
    for (const stream of [Stream.from([1].values()), Stream.from(asynchronous())]) {
      expect(await stream.toArray()).toEqual([1])
      expect(await messageOf(stream.toArray())).toMatch(
        /Expected the source of Stream\.from.*got an iterator.*Stream\.defer/,
      )
    }
    expect(await Promise.all([1, 2].map(() => messageOf(Stream.defer(() => [1].values()).drain())))).toEqual([
      "fulfilled",
      "fulfilled",
    ])
  })

  it("refuses what has no items, and says what to do with a promise", () => {
    const refused = [undefined, null, 5, {}, () => [], Symbol("s")] as unknown as Iterable<number>[]
    for (const source of refused)
      expect(() => Stream.from(source)).toThrow(/Expected the source of Stream\.from to be a Stream/)
    expect(() => Stream.from(Promise.resolve([]) as unknown as Iterable<number>)).toThrow(/Task\.promise/)
  })
})

describe("an async generator", () => {
  const busy = () => {
    const state = { ended: 0, asked: 0, gate: Task.withResolvers<void>() }
    const numbers = async function* (): AsyncGenerator<number> {
      try {
        for (let n = 0; ; n++) {
          state.asked++
          if (n === 1) await state.gate.task
          yield n
        }
      } finally {
        await turn()
        state.ended++
      }
    }
    return { state, numbers }
  }

  it("is awaited on an early end, its finally included", async () => {
    const { state, numbers } = busy()
    expect(await Stream.defer(numbers).first()).toBe(0)
    expect([state.asked, state.ended]).toEqual([1, 1])
  })

  it("that is busy when it is cancelled holds nobody up, and ends once when it can", async () => {
    const { state, numbers } = busy()
    const fiber = Stream.defer(numbers).drain().run()
    await turn()
    await fiber.cancel()
    expect([state.asked, state.ended]).toEqual([2, 0])
    state.gate.resolve()
    await turn()
    await turn()
    expect([state.asked, state.ended]).toEqual([2, 1])
  })

  it("fails as it throws, also in its finally", async () => {
    const thrown = new Error("thrown")
    const throws = async function* (): AsyncGenerator<number> {
      yield 1
      throw thrown
    }
    expect(
      await Stream.defer(throws)
        .catch((error) => [error])
        .toArray(),
    ).toEqual([1, thrown])
    const cleanup = async function* (): AsyncGenerator<number> {
      try {
        for (;;) yield 1
      } finally {
        await turn()
        // oxlint-disable-next-line no-unsafe-finally -- this is what is tested
        throw thrown
      }
    }
    expect(await exitOf(Stream.defer(cleanup).first())).toEqual({ status: "rejected", reason: thrown })
  })
})

describe("a Queue or a Subscription", () => {
  const kinds = {
    "a Queue": () => Queue.bounded<number>(2),
    "an unbounded Queue": () => Queue.unbounded<number>(),
  }
  for (const [kind, make] of Object.entries(kinds)) {
    itHolds(
      `${kind}, read by streams that are cancelled, loses no item and gives none twice`,
      (trial) => {
        const queue = make()
        const got: number[] = []
        trial.check(() => {
          const there = [...got, ...queue.clear()].toSorted((a, b) => a - b)
          must(there.join() === "0,1,2", `all items once, got ${there.join()}`)
          must(queue.takers === 0, "nobody in line")
        })
        const read = Stream.from(queue).forEach((n) => void got.push(n))
        return Task.gen(function* () {
          const victim = yield* read.attempt().startDetached({ name: "victim" })
          const other = yield* Stream.from(queue)
            .timeout(2)
            .forEach((n) => void got.push(n))
            .attempt()
            .startDetached({ name: "other" })
          yield* queue.offer(0)
          yield* Task.yield()
          yield* queue.offerAll([1, 2])
          yield* Task.sleep(3)
          queue.close()
          yield* victim.join().attempt()
          yield* other.join().attempt()
        })
      },
      ["victim"],
    )
  }

  it(
    "ends as it is closed, after what it holds, and fails as it fails",
    taskTest(() =>
      Task.gen(function* () {
        const hub = Hub.make<number, string>()
        const heard: unknown[] = []
        using one = yield* hub.subscribe()
        using other = yield* hub.subscribe({ policy: "sliding", capacity: 1 })
        const all = yield* Stream.from(one).toArray().startDetached()
        yield* hub.publish(1)
        yield* hub.publish(2)
        yield* Task.yield()
        hub.close()
        expect(yield* all.join()).toEqual([1, 2])
        expect(yield* Stream.from(other).toArray()).toEqual([2])
        const queue = Queue.unbounded<number, string>()
        queue.tryOffer(1)
        queue.fail("down")
        const exit = yield* Stream.from(queue)
          .forEach((n) => void heard.push(n))
          .attempt()
        expect([heard, exit]).toEqual([[1], { status: "rejected", reason: "down" }])
      }),
    ),
  )
})

describe("Stream.range", () => {
  it("goes up to its end, which is not among them, by any step", async () => {
    const list = (...args: [number, number?, number?]): Promise<number[]> =>
      Stream.range(...args)
        .take(5)
        .toArray()
        .toPromise()
    expect(await list(3)).toEqual([3, 4, 5, 6, 7])
    expect(await list(0, 3)).toEqual([0, 1, 2])
    expect(await list(0, 2.5)).toEqual([0, 1, 2])
    expect(await list(5, 0, -2)).toEqual([5, 3, 1])
    expect(await list(0, -Infinity, -1)).toEqual([0, -1, -2, -3, -4])
    expect(await list(3, 3)).toEqual([])
    expect(await list(0, 5, -1)).toEqual([])
    expect(await list(0, Infinity, -1)).toEqual([])
    expect(await list(0, 1, 0.25)).toEqual([0, 0.25, 0.5, 0.75])
    expect(await Stream.range(0, 1, 0.1).last()).toBe(0.9)
    expect(await Stream.range(0, 1e9).drop(2e4).first()).toBe(20_000)
  })

  it("never gives its end, whatever rounding does", async () => {
    for (const [start, end, step] of [
      [1, 1.3, 0.1],
      [0, 0.3, 0.1],
      [0, 0.7, 0.1],
      [2, 2.6, 0.2],
      [1.1, 1.4, 0.1],
    ] as const) {
      const all = await Stream.range(start, end, step).toArray()
      expect(all.filter((n) => n >= end)).toEqual([])
      expect(all.length).toBe(Math.round((end - start) / step))
    }
  })

  it("refuses what is no number, and a step of 0", () => {
    for (const bad of [NaN, "1", undefined, 1n, null] as number[]) {
      if (bad !== undefined) expect(() => Stream.range(0, bad)).toThrow(/`end`.*a number, got/)
      expect(() => Stream.range(bad)).toThrow(/`start`.*a number, got/)
    }
    for (const step of [0, NaN, Infinity]) expect(() => Stream.range(0, 1, step)).toThrow(RangeError)
    expect(() => Stream.range(Infinity)).toThrow(RangeError)
  })
})

describe("Stream.unfold and Stream.paginate", () => {
  it("go on until there is nothing to go on from, by values or Tasks", async () => {
    expect(await Stream.unfold(1, (n) => (n > 3 ? undefined : ([n, n + 1] as const))).toArray()).toEqual([1, 2, 3])
    expect(await Stream.unfold(1, (n) => Task.yield().as(n > 3 ? undefined : ([n, n + 1] as const))).toArray()).toEqual(
      [1, 2, 3],
    )
    expect(
      await Stream.unfold(0, (n) => [undefined, n] as const)
        .take(2)
        .toArray(),
    ).toEqual([undefined, undefined])
    expect(await Stream.unfold(0, (n) => (n < 50_000 ? ([n, n + 1] as const) : undefined)).count()).toBe(50_000)
    const pages = Stream.paginate(0, (n) => [[n, n * 10], n < 2 ? n + 1 : undefined] as const)
    expect(await pages.toArray()).toEqual([0, 0, 1, 10, 2, 20])
    expect(await Stream.paginate(0, (n) => [[], n < 20_000 ? n + 1 : undefined] as const).count()).toBe(0)
  })

  it("begin with a seed that is undefined, as with any other", async () => {
    const cursors = Stream.paginate(
      undefined as string | undefined,
      (cursor) => [[cursor ?? "first"], cursor === undefined ? "second" : undefined] as const,
    )
    expect(await cursors.toArray()).toEqual(["first", "second"])
    expect(
      await Stream.unfold(undefined as number | undefined, (n) =>
        n === 1 ? undefined : (["one", 1] as const),
      ).toArray(),
    ).toEqual(["one"])
  })

  it(
    "close each page before the next is asked for",
    taskTest(() => {
      const log: string[] = []
      const pages = Stream.paginate(0, (n) =>
        Task.sync(() => {
          log.push(`ask ${n}`)
          return [Stream.of(n).finally(() => Task.sleep(1).map(() => void log.push(`close ${n}`))), n + 1] as const
        }),
      )
      return pages
        .take(2)
        .toArray()
        .map((all) => {
          expect(all).toEqual([0, 1])
          expect(log).toEqual(["ask 0", "close 0", "ask 1", "close 1"])
        })
    }),
  )
})

describe("Stream.using and Stream.defer", () => {
  itHolds(
    "release what was acquired, once, whenever they are cancelled",
    (trial) =>
      Stream.using(
        (restore) =>
          restore(Task.yield())
            .andThen(Task.yield())
            .map(() => trial.resource("outer")),
        () =>
          Stream.using(
            Task.yield().map(() => trial.resource("inner")),
            () => Stream.from(Task.yield()),
            (end) => Task.yield().map(end),
          ),
        (end) => end(),
      ).drain(),
    ["main"],
  )

  it("release after what is inside is closed, also where `use` throws or a close fails", async () => {
    const log: string[] = []
    const resource = (use: () => Stream<number, unknown>): Stream<number, unknown> =>
      Stream.using(
        Task.sync(() => log.push("acquire")),
        use,
        () => void log.push("release"),
      )
    await resource(() => Stream.of(1).finally(() => void log.push("inner"))).drain()
    expect(log.splice(0)).toEqual(["acquire", "inner", "release"])
    expect(
      await messageOf(
        resource(() => {
          throw new Error("use")
        }).drain(),
      ),
    ).toBe("Error: use")
    expect(log.splice(0)).toEqual(["acquire", "release"])
    expect(await messageOf(resource(() => Stream.of(1).finally(Task.fail("close"))).drain())).toBe("close")
    expect(log.splice(0)).toEqual(["acquire", "release"])
    expect(await messageOf(resource(() => 5 as unknown as Stream<number>).drain())).toMatch(
      /Stream\.using returns to be a Stream/,
    )
    expect(log.splice(0)).toEqual(["acquire", "release"])
    expect(
      await Stream.using(
        Task.fail("acquire"),
        () => [1],
        () => void log.push("release"),
      )
        .catch((e) => [e])
        .toArray(),
    ).toEqual(["acquire"])
    expect(log).toEqual([])
  })

  it("keep a state for each run", async () => {
    const counted = Stream.defer(() => {
      let n = 0
      return Stream.of("a", "b").map((name) => `${name}${n++}`)
    })
    expect([await counted.toArray(), await counted.toArray()]).toEqual([
      ["a0", "b1"],
      ["a0", "b1"],
    ])
    const down = (n: number): Stream<number> =>
      Stream.of(n).concat(Stream.defer(() => (n === 0 ? Stream.empty : down(n - 1))))
    expect(await down(20_000).count()).toBe(20_001)
    expect(await messageOf(Stream.defer(() => 5 as unknown as Stream<number>).drain())).toMatch(
      /function of Stream\.defer returns/,
    )
  })
})
