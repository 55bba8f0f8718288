import { describe, expect, it } from "vitest"
import { Stream, Task } from "rapid-fiber"
import { ended, exitOf, turn } from "../watch.ts"

/** A ReadableStream that says what was done to it. */
const body = <A>(items: readonly A[], end?: { readonly failure?: unknown; readonly endless?: boolean }) => {
  const log: unknown[] = []
  let at = 0
  const readable = new ReadableStream<A>(
    {
      pull(controller) {
        log.push("pull")
        if (at < items.length) return controller.enqueue(items[at++])
        if (end?.failure !== undefined) return controller.error(end.failure)
        return end?.endless === true ? undefined : controller.close()
      },
      cancel(reason) {
        log.push(["cancel", reason])
        return turn().then(() => void log.push("cancelled"))
      },
    },
    { highWaterMark: 0 },
  )
  return { readable, log }
}

/** A WritableStream that keeps what it was told. */
const sink = <A>(write: (chunk: A) => unknown = () => {}) => {
  const log: unknown[] = []
  const writable = new WritableStream<A>({
    write: async (chunk) => {
      log.push(chunk)
      await write(chunk)
    },
    close: () => void log.push("close"),
    abort: (reason) => void log.push(["abort", reason]),
  })
  return { writable, log }
}

const counting = () => {
  const counts = { made: 0, ended: 0 }
  const stream = Stream.range(0)
    .map((n) => (counts.made++, n))
    .finally(() => Task.yield().map(() => void counts.ended++))
  return { stream, counts }
}

describe("Stream.from(readable)", () => {
  it("gives its chunks, and leaves it unlocked", async () => {
    const { readable, log } = body(["a", "b"])
    const stream = Stream.from(readable)
    await turn()
    expect([log, readable.locked]).toEqual([[], false])
    expect(await stream.toArray()).toEqual(["a", "b"])
    expect([log, readable.locked]).toEqual([["pull", "pull", "pull"], false])
  })

  it("reads no further than it is asked, and cancels it and waits for that on an early end", async () => {
    const { readable, log } = body(["a", "b", "c"])
    expect(await Stream.from(readable).take(1).toArray()).toEqual(["a"])
    expect([log.filter((entry) => entry === "pull").length, log.at(-1), readable.locked]).toEqual([
      1,
      "cancelled",
      false,
    ])
  })

  it("fails as it does, after what came before, and leaves it unlocked", async () => {
    const failure = new Error("reset")
    const { readable } = body(["a"], { failure })
    const seen: string[] = []
    expect(await exitOf(Stream.from(readable).forEach((chunk) => void seen.push(chunk)))).toEqual({
      status: "rejected",
      reason: failure,
    })
    expect([seen, readable.locked]).toEqual([["a"], false])
  })

  it("that fails can be caught", async () => {
    const { readable } = body(["a"], { failure: new Error("reset") })
    const caught = Stream.from(readable).catch((error) => [(error as Error).message])
    expect(await exitOf(caught.toArray())).toEqual({ status: "fulfilled", value: ["a", "reset"] })
    expect(readable.locked).toBe(false)
  })

  it("cancels it and unlocks it when it is cancelled in the middle of a read", async () => {
    const { readable, log } = body(["a"], { endless: true })
    const fiber = Stream.from(readable).drain().run()
    await turn()
    expect(readable.locked).toBe(true)
    await fiber.cancel()
    expect([log.at(-1), readable.locked]).toEqual(["cancelled", false])
  })

  it("refuses one that is locked, and one that was used before", async () => {
    const locked = body(["a"]).readable
    locked.getReader()
    expect(await exitOf(Stream.from(locked).drain())).toMatchObject({
      status: "rejected",
      reason: expect.any(TypeError),
    })
    const once = Stream.from(body(["a"]).readable)
    expect(await once.toArray()).toEqual(["a"])
    expect(await exitOf(once.toArray())).toMatchObject({ status: "rejected", reason: expect.any(TypeError) })
  })

  it("keeps a failure of the source's cancel", async () => {
    const readable = new ReadableStream<number>({
      pull: (controller) => controller.enqueue(1),
      cancel: () => Promise.reject(new Error("cancel failed")),
    })
    const exit = await exitOf(Stream.from(readable).take(1).toArray())
    expect(exit).toMatchObject({ status: "rejected", reason: { message: "cancel failed" } })
    expect(readable.locked).toBe(false)
  })

  it("goes there and back", async () => {
    const there = Stream.range(0, 100).toReadableStream()
    const back = Stream.from(
      Stream.from(there)
        .map((n) => n * 2)
        .toReadableStream(),
    )
    expect(await back.reduce((a, b) => a + b)).toBe(9900)
  })
})

describe("pipeTo", () => {
  it("writes all, closes the destination and leaves it unlocked", async () => {
    const { writable, log } = sink<number>()
    await Stream.range(0, 3).pipeTo(writable)
    expect([log, writable.locked]).toEqual([[0, 1, 2, "close"], false])
  })

  it("touches nothing before it runs, and makes an element when the one before has been taken in", async () => {
    const { stream, counts } = counting()
    const made: number[] = []
    const { writable, log } = sink<number>(() => turn().then(() => made.push(counts.made)))
    const pipe = stream.take(4).pipeTo(writable)
    await turn()
    expect([counts.made, writable.locked, log]).toEqual([0, false, []])
    await pipe
    expect([made, counts.ended]).toEqual([[1, 2, 3, 4], 1])
  })

  it("leaves the destination open with preventClose, and not aborted with preventAbort", async () => {
    const { writable, log } = sink<number>()
    await Stream.of(1).pipeTo(writable, { preventClose: true })
    await exitOf(Stream.of(2).concat(Stream.fail("no")).pipeTo(writable, { preventAbort: true }))
    await Stream.of(3).pipeTo(writable)
    expect(log).toEqual([1, 2, 3, "close"])
  })

  it("aborts the destination with the failure of the stream, the very object", async () => {
    const { writable, log } = sink<number>()
    const failure = new Error("source")
    const exit = await exitOf(Stream.of(1).concat(Stream.fail(failure)).pipeTo(writable))
    expect(exit).toEqual({ status: "rejected", reason: failure })
    expect([log, writable.locked]).toEqual([[1, ["abort", failure]], false])
  })

  it("fails as the destination does, and closes the source", async () => {
    const failure = new Error("destination")
    const { stream, counts } = counting()
    const { writable } = sink<number>((n) => (n === 1 ? Promise.reject(failure) : undefined))
    expect(await exitOf(stream.pipeTo(writable))).toEqual({ status: "rejected", reason: failure })
    expect([counts.ended, writable.locked]).toEqual([1, false])
    const closing = new WritableStream<number>({ close: () => Promise.reject(failure) })
    expect(await exitOf(Stream.of(1).pipeTo(closing))).toEqual({ status: "rejected", reason: failure })
    expect(closing.locked).toBe(false)
  })

  it("fails when the destination fails while the source has nothing to write", async () => {
    const failure = new Error("gone")
    let controller: WritableStreamDefaultController | undefined
    const writable = new WritableStream<number>({ start: (given) => void (controller = given) })
    let closed = 0
    const exit = exitOf(
      Stream.from(Task.never)
        .finally(() => void closed++)
        .pipeTo(writable),
    )
    await turn()
    controller?.error(failure)
    expect(await exit).toEqual({ status: "rejected", reason: failure })
    expect(closed).toBe(1)
  })

  it("that is cancelled aborts the destination, closes the source and unlocks, with its reason", async () => {
    const { writable, log } = sink<number>()
    let closed = 0
    const fiber = Stream.of(1)
      .concat(Stream.from(Task.never))
      .finally(() => void closed++)
      .pipeTo(writable)
      .run()
    await turn()
    await fiber.cancel("stop")
    expect([log, closed, writable.locked]).toEqual([[1, ["abort", "stop"]], 1, false])
  })

  it("fails with a locked destination, and leaves that alone", async () => {
    const { writable, log } = sink<number>()
    const { stream, counts } = counting()
    const writer = writable.getWriter()
    expect(await exitOf(stream.pipeTo(writable))).toMatchObject({ status: "rejected", reason: expect.any(TypeError) })
    await writer.write(1)
    expect([log, counts.made]).toEqual([[1], 0])
  })
})

describe("pipeThrough", () => {
  const doubling = (): TransformStream<number, number> =>
    new TransformStream({
      transform(n, controller) {
        controller.enqueue(n)
        controller.enqueue(n * 10)
      },
      flush: (controller) => controller.enqueue(-1),
    })

  it("gives what comes out, and leaves both ends unlocked", async () => {
    const pair = doubling()
    const stream = Stream.range(1, 4).pipeThrough(pair)
    await turn()
    expect([pair.readable.locked, pair.writable.locked]).toEqual([false, false])
    expect(await stream.toArray()).toEqual([1, 10, 2, 20, 3, 30, -1])
    expect([pair.readable.locked, pair.writable.locked]).toEqual([false, false])
  })

  it("compresses and decompresses, and decodes text", async () => {
    const text = "straße ".repeat(5000)
    const pieces = Array.from({ length: 50 }, (_, i) => text.slice(i * 700, (i + 1) * 700))
    const packed = Stream.from(pieces).encode().pipeThrough(new CompressionStream("gzip"))
    const bytes = await packed.toArray()
    expect(bytes.reduce((sum, chunk) => sum + chunk.byteLength, 0)).toBeLessThan(2000)
    const unpacked = Stream.from(bytes)
      .pipeThrough(new DecompressionStream("gzip"))
      .pipeThrough(new TextDecoderStream())
    expect(await unpacked.text()).toBe(text)
  })

  it("fails as the transform does, and closes the source", async () => {
    const failure = new Error("transform")
    const { stream, counts } = counting()
    const pair = new TransformStream<number, number>({
      transform(n, controller) {
        if (n === 2) throw failure
        controller.enqueue(n)
      },
    })
    const seen: number[] = []
    expect(await exitOf(stream.pipeThrough(pair).forEach((n) => void seen.push(n)))).toEqual({
      status: "rejected",
      reason: failure,
    })
    expect([seen, counts.ended, pair.readable.locked, pair.writable.locked]).toEqual([[0, 1], 1, false, false])
  })

  it("fails as the source does, with the very object, after what came before", async () => {
    const failure = new Error("source")
    const seen: unknown[] = []
    const failing = Stream.of(1, 2).concat(Stream.from(Task.yield().andThen(Task.fail(failure))))
    const exit = await exitOf(failing.pipeThrough(doubling()).forEach((n) => void seen.push(n)))
    expect(exit).toEqual({ status: "rejected", reason: failure })
    const bytes = Stream.of("text").encode().concat(Stream.fail(failure))
    const packed = await exitOf(bytes.pipeThrough(new CompressionStream("gzip")).drain())
    expect(packed).toEqual({ status: "rejected", reason: failure })
  })

  it("fails as the source does, also where what comes out knows nothing of it", async () => {
    const pair = { writable: new WritableStream<number>(), readable: body<number>([], { endless: true }).readable }
    const exit = await exitOf(Stream.of(1).concat(Stream.fail("source")).pipeThrough(pair).drain())
    expect(exit).toEqual({ status: "rejected", reason: "source" })
  })

  it("closes the source and both ends on an early end, and when the transform ends early", async () => {
    const { stream, counts } = counting()
    const early = doubling()
    expect(await stream.pipeThrough(early).take(3).toArray()).toEqual([0, 0, 1])
    expect([counts.ended, early.readable.locked, early.writable.locked]).toEqual([1, false, false])
    expect(counts.made).toBeLessThan(8)
  })

  it("ends when the transform ends early, and closes the source and both ends", async () => {
    const { stream, counts } = counting()
    const terminating = new TransformStream<number, number>({
      transform(n, controller) {
        if (n === 3) controller.terminate()
        else controller.enqueue(n)
      },
    })
    expect(await stream.pipeThrough(terminating).toArray()).toEqual([0, 1, 2])
    expect([counts.ended, terminating.readable.locked, terminating.writable.locked]).toEqual([1, false, false])
  })

  it("that is cancelled closes the source and both ends", async () => {
    const pair = doubling()
    let closed = 0
    const fiber = Stream.of(1)
      .concat(Stream.from(Task.never))
      .finally(() => void closed++)
      .pipeThrough(pair)
      .drain()
      .run()
    await turn()
    expect([pair.readable.locked, pair.writable.locked]).toEqual([true, true])
    await fiber.cancel()
    expect(await ended(fiber)).toMatchObject({ status: "cancelled" })
    expect([closed, pair.readable.locked, pair.writable.locked]).toEqual([1, false, false])
  })

  it("refuses a pair that was used before", async () => {
    const stream = Stream.range(1, 4).pipeThrough(doubling())
    await stream.drain()
    expect(await exitOf(stream.toArray())).toMatchObject({ status: "rejected", reason: expect.any(TypeError) })
  })

  it("of a failing transform can be caught", async () => {
    const pair = new TransformStream<number, number>({ transform: () => Promise.reject(new Error("odd")) })
    const caught = Stream.range(0)
      .pipeThrough(pair)
      .catch((error) => [(error as Error).message])
    expect(await exitOf(caught.toArray())).toEqual({ status: "fulfilled", value: ["odd"] })
  })
})
