import { PassThrough, Writable } from "node:stream"
import { describe, expect, it } from "vitest"
import { CancelledError, Stream, Task } from "rapid-fiber"
import { fromReadable, pipeInto } from "rapid-fiber/node"
import { ended, exitOf, turn } from "../watch.ts"
import { listenersOf } from "./listeners.ts"

interface Sink {
  readonly made: Writable[]
  readonly make: () => Writable
  readonly written: unknown[]
  finals: number
}

/** Takes an element in each turn; closing takes a turn. */
function sink(options: { fails?: Error; highWaterMark?: number } = {}): Sink {
  const its: Sink = {
    made: [],
    written: [],
    finals: 0,
    make: () => {
      const writable = new Writable({
        objectMode: true,
        highWaterMark: options.highWaterMark ?? 2,
        write(chunk, _encoding, done) {
          its.written.push(chunk)
          setImmediate(() => done(chunk === 3 ? options.fails : undefined))
        },
        final(done) {
          its.finals++
          done()
        },
        destroy: (error, callback) => void setImmediate(() => callback(error)),
      })
      its.made.push(writable)
      return writable
    },
  }
  return its
}

const expectClosed = (writable: Writable): void => {
  expect([writable.destroyed, writable.closed]).toEqual([true, true])
  expect(listenersOf(writable)).toEqual({})
}

describe("pipeInto", () => {
  it("writes all elements, ends the Writable and waits until it is closed, anew at each run", async () => {
    const its = sink()
    const pipe = pipeInto(Stream.range(0, 10), its.make)
    expect(its.made).toHaveLength(0)
    await pipe
    await pipe
    expect(its.written).toEqual([...Array(10).keys(), ...Array(10).keys()])
    expect(its.finals).toBe(2)
    for (const writable of its.made) expectClosed(writable)
    await pipeInto(Stream.empty, its.make)
    expect(its.finals).toBe(3)
  })

  it("waits for drain before it asks for more", async () => {
    let taken = 0
    let asked = 0
    let most = 0
    const writable = new Writable({
      objectMode: true,
      highWaterMark: 3,
      write(_chunk, _encoding, done) {
        setImmediate(() => {
          taken++
          done()
        })
      },
    })
    await pipeInto(
      Stream.range(0, 50).tap(() => void (most = Math.max(most, ++asked - taken))),
      () => writable,
    )
    expect(taken).toBe(50)
    expect(most).toBeLessThanOrEqual(3)
  })

  it("destroys the Writable with the failure of the stream, and waits for its close", async () => {
    const its = sink()
    const error = new Error("no more")
    const pipe = pipeInto(Stream.of(1, 2).concat(Stream.fail(error)), its.make)
    expect(await exitOf(pipe)).toEqual({ status: "rejected", reason: error })
    expect(its.finals).toBe(0)
    expect(its.made[0].errored).toBe(error)
    expectClosed(its.made[0])
  })

  it("destroys it when it is cancelled, wherever it is", async () => {
    for (let turns = 0; turns < 10; turns++) {
      const its = sink()
      const fiber = pipeInto(Stream.range(0), its.make).run()
      for (let i = 0; i < turns; i++) await new Promise(setImmediate)
      fiber.abort("enough")
      expect(await ended(fiber)).toEqual({ status: "cancelled", reason: "enough" })
      for (const writable of its.made) {
        expect(writable.errored).toBeInstanceOf(CancelledError)
        expectClosed(writable)
      }
    }
  })

  it("fails with the error of the Writable, the very object, and closes the stream", async () => {
    const error = new Error("disk full")
    const its = sink({ fails: error })
    let closed = 0
    const pipe = pipeInto(
      Stream.range(0).finally(() => void closed++),
      its.make,
    )
    expect(await exitOf(pipe)).toEqual({ status: "rejected", reason: error })
    expect(closed).toBe(1)
    expectClosed(its.made[0])
  })

  it("fails at once when the Writable does, though the stream has nothing to write", async () => {
    const error = new Error("connection reset")
    const through = new PassThrough()
    let closed = 0
    const waiting = Stream.from(Task.never as Task<string>).finally(() => void closed++)
    const fiber = pipeInto(waiting, () => through).run()
    await turn()
    through.destroy(error)
    expect(await ended(fiber)).toEqual({ status: "rejected", reason: error })
    expect(closed).toBe(1)
    const other = new PassThrough()
    const second = pipeInto(waiting, () => other).run()
    await turn()
    other.destroy()
    expect(await ended(second)).toMatchObject({ reason: { code: "ERR_STREAM_PREMATURE_CLOSE" } })
    for (const writable of [through, other]) expectClosed(writable)
  })

  it("fails where somebody else ends the Writable", async () => {
    const through = new PassThrough()
    through.resume()
    const ending = Stream.of("a", "b").tap(() =>
      Task.async<void>((resume) => {
        through.end(() => resume(Task.unit))
      }),
    )
    const exit = await exitOf(pipeInto(ending, () => through))
    expect(exit).toMatchObject({ status: "rejected" })
    expect(String((exit as { reason: unknown }).reason)).toContain("one that somebody else has ended")
  })

  it("leaves the Writable open with `end: false`, whatever the outcome, and has written all by then", async () => {
    const its = sink()
    const writable = its.make()
    const before = listenersOf(writable)
    await pipeInto(Stream.of(0, 1, 2), () => writable, { end: false })
    expect(its.written).toEqual([0, 1, 2])
    expect(writable.writableLength).toBe(0)
    await exitOf(pipeInto(Stream.of(5).concat(Stream.fail("no")), () => writable, { end: false }))
    await pipeInto(Stream.from(Task.never), () => writable, { end: false })
      .run()
      .cancel()
    expect([writable.destroyed, writable.writableEnded]).toEqual([false, false])
    expect(listenersOf(writable)).toEqual(before)
    writable.destroy()
  })

  it("goes from a Readable to a Writable", async () => {
    const its = sink()
    const [from, to] = [new PassThrough(), its.make()]
    const fiber = pipeInto(
      fromReadable(() => from)
        .decode()
        .lines(),
      () => to,
    ).run()
    from.write("one\ntw")
    from.end("o\n")
    await fiber
    expect(its.written).toEqual(["one", "two"])
  })

  it("fails with what Node says of an element that it cannot take, and destroys", async () => {
    const through = new PassThrough()
    const exit = await exitOf(pipeInto(Stream.of(7), () => through))
    expect(exit).toMatchObject({ status: "rejected", reason: { code: "ERR_INVALID_ARG_TYPE" } })
    expectClosed(through)
  })

  it("says what is wrong with an argument", async () => {
    expect(() => pipeInto([1] as never, () => new PassThrough())).toThrow("Expected pipeInto to get a Stream")
    expect(() => pipeInto(Stream.of("a"), new PassThrough() as never)).toThrow(
      "Expected pipeInto to get a function, got a PassThrough. " +
        "Make the Writable at each run: pipeInto(stream, () => …).",
    )
    expect(() => pipeInto(Stream.of("a"), () => new PassThrough(), { close: false } as never)).toThrow(
      "Expected the options of pipeInto to be among end, got `close`.",
    )
    const web = (): never => new WritableStream() as never
    expect(await exitOf(pipeInto(Stream.of("a"), web))).toMatchObject({
      reason: {
        message:
          "Expected the function of pipeInto to return a Writable, got a WritableStream. " +
          "Of a Web stream: stream.pipeTo(…).",
      },
    })
  })
})
