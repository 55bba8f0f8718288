import { Duplex, PassThrough, Readable } from "node:stream"
import { describe, expect, it } from "vitest"
import { Stream, Task } from "rapid-fiber"
import { fromReadable } from "rapid-fiber/node"
import { ended, exitOf, turn } from "../watch.ts"
import { concat, pattern } from "./folder.ts"
import { listenersOf } from "./listeners.ts"

interface Watched {
  readonly made: Readable[]
  readonly make: () => Readable
  /** Numbers that have been pushed. */
  pushed: number
}

/** Numbers in object mode, each pushed when it is read; closing takes a turn. */
function numbers(end: number, highWaterMark = 4): Watched {
  const watched: Watched = {
    made: [],
    pushed: 0,
    make: () => {
      let n = 0
      const readable = new Readable({
        objectMode: true,
        highWaterMark,
        read() {
          watched.pushed++
          this.push(n < end ? n++ : null)
        },
        destroy: (error, callback) => void setImmediate(() => callback(error)),
      })
      watched.made.push(readable)
      return readable
    },
  }
  return watched
}

const expectClosed = (readable: Readable): void => {
  expect([readable.destroyed, readable.closed]).toEqual([true, true])
  expect(listenersOf(readable)).toEqual({})
}

describe("fromReadable", () => {
  it("gives the elements of a Readable, made at each run", async () => {
    const { make, made } = numbers(10)
    const stream = fromReadable<number>(make)
    expect(made).toHaveLength(0)
    const all = Array.from({ length: 10 }, (_, i) => i)
    expect(await stream.toArray()).toEqual(all)
    expect(await stream.toArray()).toEqual(all)
    expect(made).toHaveLength(2)
    for (const readable of made) expectClosed(readable)
  })

  it("gives bytes, whatever the pieces, and strings after setEncoding", async () => {
    const bytes = pattern(200_000)
    const pieces = Stream.range(0, 200).map((i) => bytes.slice(i * 1000, (i + 1) * 1000))
    const make = (): Readable => Readable.from(pieces, { objectMode: false })
    expect(Buffer.compare(concat(await fromReadable(make).toArray()), bytes)).toBe(0)
    const text = fromReadable<string>(() =>
      Readable.from([Buffer.from("é")], { objectMode: false }).setEncoding("utf8"),
    )
    expect(await text.text()).toBe("é")
  })

  it("waits for what comes later", async () => {
    const through = new PassThrough()
    const fiber = fromReadable(() => through)
      .decode()
      .text()
      .run()
    await turn()
    through.write("one ")
    await turn()
    through.end("two")
    expect(await fiber).toBe("one two")
  })

  it("is not read ahead beyond its highWaterMark", async () => {
    const watched = numbers(1000, 4)
    let taken = 0
    const slowly = fromReadable<number>(watched.make).tap(() =>
      Task.promise(turn).tap(() => {
        taken++
        expect(watched.pushed).toBeLessThanOrEqual(taken + 4 + 1)
      }),
    )
    expect(await slowly.take(20).count()).toBe(20)
  })

  it("destroys it after an early end and a loop that is left, and waits for its close", async () => {
    const { make, made } = numbers(1000)
    expect(await fromReadable<number>(make).take(3).toArray()).toEqual([0, 1, 2])
    for await (const n of fromReadable<number>(make)) if (n === 5) break
    expect(made).toHaveLength(2)
    for (const readable of made) expectClosed(readable)
  })

  it("destroys it when it is cancelled, and waits for its close", async () => {
    const through = new PassThrough()
    const fiber = fromReadable(() => through)
      .drain()
      .run()
    await turn()
    expect(through.destroyed).toBe(false)
    await fiber.cancel()
    expectClosed(through)
    for (let turns = 0; turns < 10; turns++) {
      const { make, made } = numbers(1000)
      const running = fromReadable(make).drain().run()
      for (let i = 0; i < turns; i++) await new Promise(setImmediate)
      await running.cancel()
      for (const readable of made) expectClosed(readable)
    }
  })

  it("fails with the error that it emits, the very object, and leaves no listener", async () => {
    const error = new Error("broken pipe")
    const through = new PassThrough()
    const seen: string[] = []
    const fiber = fromReadable(() => through)
      .decode()
      .forEach((text) => void seen.push(text))
      .run()
    through.write("one")
    await turn()
    through.destroy(error)
    expect(await ended(fiber)).toEqual({ status: "rejected", reason: error })
    expect(seen).toEqual(["one"])
    expectClosed(through)
  })

  it("fails where it closes before its end, and for one that is destroyed already", async () => {
    const through = new PassThrough()
    const fiber = fromReadable(() => through)
      .drain()
      .run()
    await turn()
    through.destroy()
    expect(await ended(fiber)).toMatchObject({ reason: { code: "ERR_STREAM_PREMATURE_CLOSE" } })
    const again = await exitOf(fromReadable(() => through).drain())
    expect(again).toMatchObject({ reason: { code: "ERR_STREAM_PREMATURE_CLOSE" } })
    expect(listenersOf(through)).toEqual({})
  })

  it("fails with what the function throws, and with what closing fails with", async () => {
    const error = new Error("no")
    const throwing = fromReadable(() => {
      throw error
    })
    expect(await exitOf(throwing.drain())).toEqual({ status: "rejected", reason: error })
    const badly = (): Readable =>
      new Readable({
        read() {
          this.push("x")
        },
        destroy: (_, callback) => callback(error),
      })
    expect(await exitOf(fromReadable(badly).take(1).drain())).toEqual({ status: "rejected", reason: error })
  })

  it("ends with one that never says that it is closed", async () => {
    const make = (): Readable => Readable.from(["a", "b"], { emitClose: false })
    expect(await fromReadable(make).toArray()).toEqual(["a", "b"])
    expect(await fromReadable(make).take(1).toArray()).toEqual(["a"])
  })

  it("reads the readable side of a Duplex, and destroys the whole", async () => {
    const duplex = new Duplex({ objectMode: true, read() {}, write: (_chunk, _encoding, done) => done() })
    duplex.push("a")
    duplex.push(null)
    expect(await fromReadable(() => duplex).toArray()).toEqual(["a"])
    expectClosed(duplex)
  })

  it("says what is wrong with an argument", async () => {
    expect(() => fromReadable(new PassThrough() as never)).toThrow(
      "Expected fromReadable to get a function, got a PassThrough. Make the Readable at each run: fromReadable(() => …).",
    )
    expect(await exitOf(fromReadable(() => ({}) as never).drain())).toMatchObject({
      reason: {
        message:
          "Expected the function of fromReadable to return a Readable, got {}. " +
          "Of an older stream: new Readable().wrap(stream).",
      },
    })
  })
})
