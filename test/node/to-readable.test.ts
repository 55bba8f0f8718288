import { PassThrough, type Readable } from "node:stream"
import { buffer, text } from "node:stream/consumers"
import { pipeline } from "node:stream/promises"
import { describe, expect, it } from "vitest"
import { CancelledError, Runtime, Stream, Task } from "rapid-fiber"
import { toReadable } from "rapid-fiber/node"
import { turn } from "../watch.ts"
import { listenersOf } from "./listeners.ts"

/** Resolves when it is closed, with the error that it has emitted. */
const closed = (readable: Readable): Promise<unknown> =>
  new Promise((resolve) => {
    let failure: unknown
    readable.on("error", (error) => (failure = error))
    readable.on("close", () => resolve(failure))
  })

describe("toReadable", () => {
  it("gives bytes and text", async () => {
    expect(await text(toReadable(Stream.of("é", "", "b")))).toBe("éb")
    const bytes = Stream.range(0, 1000).map((n) => Uint8Array.of(n % 256, 1))
    expect(await buffer(toReadable(bytes))).toHaveLength(2000)
    expect(await text(toReadable(Stream.empty))).toBe("")
  })

  it("gives elements of any type in object mode", async () => {
    const elements = [0, "", false, { a: 1 }]
    const readable = toReadable(
      Stream.from(elements).tap(() => Task.sleep(1)),
      { objectMode: true },
    )
    expect(await readable.toArray()).toEqual(elements)
  })

  it("runs when it is first read, and makes no more ahead than its highWaterMark", async () => {
    let made = 0
    const stream = Stream.range(0).tap(() => void made++)
    const readable = toReadable(stream, { objectMode: true, highWaterMark: 3 })
    await turn()
    expect(made).toBe(0)
    for (let read = 1; read <= 20; read++) {
      while (readable.read() === null) await turn()
      await turn()
      expect(made).toBeLessThanOrEqual(read + 3)
    }
    readable.destroy()
    await closed(readable)
  })

  it("makes nothing ahead of what is not read by bytes either", async () => {
    let made = 0
    const readable = toReadable(
      Stream.range(0).map(() => (made++, new Uint8Array(100))),
      { highWaterMark: 250 },
    )
    readable.once("readable", () => {})
    await turn()
    expect(made).toBe(3)
    readable.destroy()
    await closed(readable)
  })

  it("is destroyed by a failure, with the very object", async () => {
    const error = new Error("no more")
    const readable = toReadable(Stream.of("a").concat(Stream.fail(error)))
    const failed = closed(readable)
    readable.resume()
    expect(await failed).toBe(error)
    const undef = toReadable(Stream.fail(undefined))
    const message = closed(undef)
    undef.resume()
    expect(await message).toMatchObject({ message: "The stream failed with undefined", cause: undefined })
  })

  it("closes the stream when it is destroyed, before it is closed itself", async () => {
    const log: string[] = []
    const stream = Stream.of("a")
      .concat(Task.never as Task<string>)
      .finally(() => Task.sleep(2).tap(() => void log.push("stream")))
    const readable = toReadable(stream)
    readable.once("data", () => readable.destroy())
    readable.on("close", () => log.push("readable"))
    expect(await closed(readable)).toBeUndefined()
    expect(log).toEqual(["stream", "readable"])
  })

  it("runs nothing when it is destroyed before it is read", async () => {
    let made = 0
    const readable = toReadable(Stream.of("a").tap(() => void made++))
    readable.destroy()
    await closed(readable)
    expect(made).toBe(0)
  })

  it("tells a failure of closing", async () => {
    const [broken, reason] = [new Error("cannot close"), new Error("given up")]
    const make = (): Readable =>
      toReadable(
        Stream.of("a")
          .concat(Task.never as Task<string>)
          .finally(Task.fail(broken)),
      )
    const readable = make()
    readable.once("data", () => readable.destroy())
    expect(await closed(readable)).toMatchObject({
      name: "SuppressedError",
      error: broken,
      suppressed: { cause: undefined },
    })
    const other = make()
    other.once("data", () => other.destroy(reason))
    expect(await closed(other)).toMatchObject({ name: "SuppressedError", error: broken, suppressed: { cause: reason } })
  })

  it("is destroyed when the run is cancelled from outside", async () => {
    const controller = new AbortController()
    const readable = toReadable(Stream.from(Task.never as Task<string>), { signal: controller.signal, name: "body" })
    const failed = closed(readable)
    readable.resume()
    controller.abort("shutdown")
    expect(await failed).toSatisfy((error) => error instanceof CancelledError && error.cause === "shutdown")
    await using runtime = Runtime.make()
    const other = toReadable(Stream.from(Task.never as Task<string>), { runtime })
    const stopped = closed(other)
    other.resume()
    await turn()
    await runtime.close()
    expect(await stopped).toBeInstanceOf(CancelledError)
  })

  it("is destroyed by a stream that destroys it while it begins", async () => {
    const log: string[] = []
    const stream: Stream<string> = Stream.defer(() => {
      readable.destroy()
      return Stream.from(Task.never as Task<string>).finally(() => void log.push("closed"))
    })
    const readable = toReadable(stream)
    readable.resume()
    await closed(readable)
    await turn()
    expect(log).toEqual(["closed"])
  })

  it("goes through a pipeline and a loop, and leaves no listener there", async () => {
    const through = new PassThrough()
    const [, whole] = await Promise.all([pipeline(toReadable(Stream.of("a", "b")), through), text(through)])
    expect(whole).toBe("ab")
    let open = 0
    const stream = Stream.range(0)
      .tap(() => void (open = 1))
      .finally(() => void (open = 0))
    const readable = toReadable(stream, { objectMode: true })
    for await (const n of readable) if (n === 3) break
    await (readable.closed ? undefined : closed(readable))
    expect(open).toBe(0)
    expect(listenersOf(through)["drain"] ?? 0).toBe(0)
  })

  it("refuses elements that Node cannot take, and says what would do", async () => {
    const message = async (readable: Readable): Promise<unknown> => {
      const failed = closed(readable)
      readable.resume()
      return ((await failed) as Error).message
    }
    expect(await message(toReadable(Stream.of(1) as never))).toBe(
      "Expected the elements of toReadable to be strings or bytes, got 1. " +
        "For elements of any type: { objectMode: true }.",
    )
    expect(await message(toReadable(Stream.of(1, null), { objectMode: true }))).toBe(
      "Expected the elements of toReadable not to be null or undefined, got null. Filter them out.",
    )
  })

  it("says at the call what is wrong with an argument", () => {
    expect(() => toReadable(["a"] as never)).toThrow(
      "Expected toReadable to get a Stream, got a Array. Of an iterable: Stream.from(…).",
    )
    expect(() => toReadable(Stream.of("a"), { encoding: "utf8" } as never)).toThrow(
      "Expected the options of toReadable to be among objectMode, highWaterMark, name, signal, runtime, got `encoding`.",
    )
    // @ts-expect-error -- numbers need object mode
    toReadable(Stream.of(1))
  })
})
