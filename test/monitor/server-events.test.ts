import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { Events } from "../../src/monitor/server/events.ts"
import { makeApp } from "../../src/monitor/server/app.ts"
import { listenOf } from "../../src/monitor/server/options.ts"
import { FakeProbe } from "./fake-probe.ts"

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const opened = (events: Events, drop?: () => void): ReadableStreamDefaultReader<Uint8Array> => {
  const stream = events.open(drop)
  if (stream === undefined) throw new Error("Expected a stream")
  return stream.getReader()
}
const next = async (reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> => {
  const { value } = await reader.read()
  return value === undefined ? "the end" : new TextDecoder().decode(value)
}
/** The greeting and the first overview. */
const skipStart = async (reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> => {
  await next(reader)
  await next(reader)
}

describe("an event stream", () => {
  it("greets, gives an overview at once and then one each interval", async () => {
    const probe = new FakeProbe()
    const reader = opened(new Events(probe, 500, { actions: false, interval: 500 }))
    expect(await next(reader)).toBe('event: hello\ndata: {"actions":false,"interval":500}\n\n')
    expect(await next(reader)).toMatch(/^event: overview\ndata: \{.*"uptime":61000.*\}\n\n$/)
    vi.advanceTimersByTime(499)
    expect(probe.asked).toBe(1)
    vi.advanceTimersByTime(1)
    expect(await next(reader)).toContain('"uptime":62000')
    await reader.cancel()
  })

  it("is one line per event, whatever the program's texts hold", async () => {
    const probe = new FakeProbe()
    probe.change = { failures: [{ time: 0, fiber: "a\n\nevent: overview\ndata: {}\r\n\u2028", error: "\n\n" }] }
    const reader = opened(new Events(probe, 500, {}))
    await next(reader)
    expect((await next(reader)).split(/\r\n|\n|\r/)).toHaveLength(4)
    await reader.cancel()
  })

  it("has the program looked at once for all, and not at all while nobody watches", async () => {
    const probe = new FakeProbe()
    const events = new Events(probe, 100, {})
    vi.advanceTimersByTime(1000)
    expect(probe.asked).toBe(0)
    const readers = [opened(events), opened(events), opened(events)]
    expect(probe.asked).toBe(3)
    vi.advanceTimersByTime(100)
    expect(probe.asked).toBe(4)
    await Promise.all(readers.map((reader) => reader.cancel()))
    expect([events.size, vi.getTimerCount()]).toEqual([0, 0])
    const again = opened(events)
    vi.advanceTimersByTime(100)
    expect(probe.asked).toBe(6)
    await again.cancel()
  })

  it("keeps at most a few events for a client that does not read, and gives it a fresh one when it does", async () => {
    const probe = new FakeProbe()
    const reader = opened(new Events(probe, 1000, {}))
    vi.advanceTimersByTime(20_000)
    expect(probe.asked).toBe(21)
    await skipStart(reader)
    expect(await next(reader)).toContain('"uptime":62000')
    vi.advanceTimersByTime(1000)
    expect(await next(reader)).toContain('"uptime":82000')
    await reader.cancel()
  })

  it("is dropped when its client has not read for half a minute, and harms no other", async () => {
    const events = new Events(new FakeProbe(), 1000, {})
    const drop = vi.fn()
    opened(events, drop)
    const reading = opened(events)
    await skipStart(reading)
    for (let second = 0; second < 30; second++) {
      vi.advanceTimersByTime(1000)
      await next(reading)
    }
    expect([drop.mock.calls.length, events.size]).toEqual([0, 2])
    vi.advanceTimersByTime(1000)
    expect([drop.mock.calls.length, events.size]).toEqual([1, 1])
    expect(await next(reading)).toMatch(/^event: overview/)
    await reading.cancel()
  })

  it("is not dropped if its client reads now and then", async () => {
    const events = new Events(new FakeProbe(), 1000, {})
    const drop = vi.fn()
    const slow = opened(events, drop)
    await skipStart(slow)
    for (let read = 0; read < 5; read++) {
      vi.advanceTimersByTime(29_000)
      for (let held = 0; held < 3; held++) await next(slow)
    }
    expect([drop.mock.calls.length, events.size]).toEqual([0, 1])
    await slow.cancel()
  })

  it("fails where the host cannot drop the connection", async () => {
    const events = new Events(new FakeProbe(), 1000, {})
    const reader = opened(events)
    vi.advanceTimersByTime(60_000)
    await expect(skipStart(reader)).rejects.toThrow("does not read")
    expect(vi.getTimerCount()).toBe(0)
  })

  it("tells a failure of the probe, and goes on", async () => {
    const probe = new FakeProbe()
    const reader = opened(new Events(probe, 100, {}))
    await skipStart(reader)
    const before = probe.overview.bind(probe)
    probe.overview = () => {
      throw new Error("out of order")
    }
    vi.advanceTimersByTime(100)
    expect(await next(reader)).toBe('event: failure\ndata: {"message":"Error: out of order"}\n\n')
    probe.overview = before
    vi.advanceTimersByTime(100)
    expect(await next(reader)).toMatch(/^event: overview/)
    await reader.cancel()
  })

  it("is refused beyond sixteen, until one is given back", async () => {
    const app = makeApp(new FakeProbe(), listenOf({}, "test"))
    const ask = async () => app.fetch(new Request("http://localhost/events"))
    const open = await Promise.all(Array.from({ length: 16 }, ask))
    expect(open.map(({ status }) => status)).toEqual(Array.from({ length: 16 }, () => 200))
    const refused = await ask()
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"])
    await open[3].body?.cancel()
    expect((await ask()).status).toBe(200)
    app.close()
  })

  it("ends when all is closed, with the timer, and none is opened after", async () => {
    const events = new Events(new FakeProbe(), 1000, {})
    const readers = [opened(events), opened(events)]
    events.close()
    events.close()
    for (const reader of readers) {
      await skipStart(reader)
      expect(await next(reader)).toBe("the end")
    }
    expect([events.size, vi.getTimerCount(), events.open()]).toEqual([0, 0, undefined])
  })
})
