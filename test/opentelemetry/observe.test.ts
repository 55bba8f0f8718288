import { metrics } from "@opentelemetry/api"
import { type DataPoint, MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics"
import { afterEach, describe, expect, it, vi } from "vitest"
import { Runtime, Task } from "rapid-fiber"
import { observe } from "rapid-fiber/opentelemetry"
import { TestRuntime } from "rapid-fiber/testing"
import { turn } from "../watch.ts"

/** Collects when it is told to. */
class Reader extends MetricReader {
  protected async onForceFlush(): Promise<void> {}
  protected async onShutdown(): Promise<void> {}
}

interface Metric {
  readonly unit: string
  readonly points: readonly DataPoint<number>[]
}

const readers: MetricReader[] = []

function provider(): { readonly meters: MeterProvider; readonly collected: () => Promise<Record<string, Metric>> } {
  const reader = new Reader()
  readers.push(reader)
  const meters = new MeterProvider({ readers: [reader] })
  const collected = async (): Promise<Record<string, Metric>> => {
    const { resourceMetrics, errors } = await reader.collect()
    expect(errors).toEqual([])
    const all = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)
    return Object.fromEntries(
      all
        .filter(({ dataPoints }) => dataPoints.length > 0)
        .map(({ descriptor, dataPoints }) => [
          descriptor.name,
          { unit: descriptor.unit, points: dataPoints as DataPoint<number>[] },
        ]),
    )
  }
  return { meters, collected }
}

function values(of: Record<string, Metric>): Record<string, number> {
  const fibers = Object.entries(of).filter(([name]) => name.startsWith("rapid_fiber."))
  return Object.fromEntries(
    fibers.map(([name, { points }]) => [name.replace("rapid_fiber.fibers.", ""), points[0].value]),
  )
}

describe("observe", () => {
  const runtimes: Runtime[] = []
  afterEach(async () => {
    metrics.disable()
    await Promise.all(readers.splice(0).map((reader) => reader.shutdown()))
    await Promise.all(runtimes.splice(0).map((runtime) => runtime.close()))
  })

  it("tells how many fibers there are and what they do, at each collection", async () => {
    const { meters, collected } = provider()
    const runtime = TestRuntime.make()
    runtimes.push(runtime)
    const observation = observe(runtime, { meter: meters.getMeter("test"), eventLoop: false })
    expect(values(await collected())).toEqual({ live: 0, ready: 0, sleeping: 0, outside: 0 })
    for (let i = 0; i < 3; i++) Task.sleep(10).run({ runtime })
    Task.promise(() => new Promise(() => {})).run({ runtime })
    const busy = Task.yield()
      .repeat({ until: () => false })
      .run({ runtime })
    Task.sleep(10, { ref: false }).run({ runtime })
    expect(values(await collected())).toEqual({ live: 6, ready: 1, sleeping: 3, outside: 1 })
    busy.abort()
    await runtime.advance(10)
    expect(values(await collected())).toEqual({ live: 1, ready: 0, sleeping: 0, outside: 1 })
    observation.stop()
  })

  // Deno has the function, and measures nothing.
  it.skipIf("Deno" in globalThis)(
    "gives units, and the delay of the event loop in seconds since the last collection",
    async () => {
      const { meters, collected } = provider()
      const observation = observe(undefined, { meter: meters.getMeter("test") })
      const block = async (ms: number): Promise<Record<string, Metric>> => {
        await new Promise((resolve) => setTimeout(resolve, 30))
        const until = performance.now() + ms
        while (performance.now() < until);
        await new Promise((resolve) => setTimeout(resolve, 30))
        return collected()
      }
      const slow = await block(300)
      expect(Object.entries(slow).map(([name, { unit }]) => [name, unit])).toEqual([
        ...["live", "ready", "sleeping", "outside"].map((name) => [`rapid_fiber.fibers.${name}`, "{fiber}"]),
        ...["min", "max", "mean", "stddev", "p50", "p90", "p99"].map((name) => [`nodejs.eventloop.delay.${name}`, "s"]),
      ])
      const max = slow["nodejs.eventloop.delay.max"].points[0].value
      expect(max).toBeGreaterThan(0.25)
      expect(max).toBeLessThan(30)
      const [p50, p99] = ["p50", "p99"].map((name) => slow[`nodejs.eventloop.delay.${name}`].points[0].value)
      expect(p50).toBeLessThanOrEqual(p99)
      // The reading before was the last to know of the long block.
      const quick = await block(0)
      expect(quick["nodejs.eventloop.delay.max"].points[0].value).toBeLessThan(max)
      observation.stop()
    },
  )

  it("reads nothing any more when it is stopped, by a call or by `using`", async () => {
    const { meters, collected } = provider()
    const meter = meters.getMeter("test")
    const added = vi.spyOn(meter, "addBatchObservableCallback")
    const removed = vi.spyOn(meter, "removeBatchObservableCallback")
    const runtime = Runtime.make()
    runtimes.push(runtime)
    const live = async (): Promise<number> => values(await collected())["live"]
    const observation = observe(runtime, { meter })
    expect(await live()).toBe(0)
    observation.stop()
    observation.stop()
    Task.never.run({ runtime })
    // The SDK repeats what it was told last.
    expect(await live()).toBe(0)
    {
      using _observation = observe(runtime, { meter })
      expect(await live()).toBe(1)
    }
    Task.never.run({ runtime })
    expect(await live()).toBe(1)
    expect(added.mock.calls).toHaveLength(4)
    expect(removed.mock.calls).toEqual(added.mock.calls)
  })

  it("tells runtimes apart by their attributes", async () => {
    const { meters, collected } = provider()
    metrics.setGlobalMeterProvider(meters)
    const [first, second] = [Runtime.make(), Runtime.make()]
    runtimes.push(first, second)
    const options = (name: string) => ({ attributes: { "rapid_fiber.runtime": name }, eventLoop: false })
    const observations = [observe(first, options("first")), observe(second, options("second"))]
    Task.never.run({ runtime: second })
    const { points } = (await collected())["rapid_fiber.fibers.live"]
    const byName = points.map(({ attributes, value }) => [attributes["rapid_fiber.runtime"], value])
    expect(Object.fromEntries(byName)).toEqual({ first: 0, second: 1 })
    for (const observation of observations) observation.stop()
  })

  it("does without a provider", async () => {
    const observation = observe()
    await turn()
    observation.stop()
    expect(observation).toHaveProperty("stop")
  })

  it("says at the call what is wrong", async () => {
    const call = observe as (...args: unknown[]) => unknown
    expect(() => call({})).toThrow(new TypeError("Expected `runtime` to come from Runtime.make, got {}."))
    expect(() => call(null)).toThrow(new TypeError("Expected `runtime` to come from Runtime.make, got null."))
    expect(() => call(undefined, { meters: 1 })).toThrow(
      "Expected the options of observe to be among meter, attributes, eventLoop, got `meters`.",
    )
    expect(() => call(undefined, { meter: "shop" })).toThrow(
      'Expected `meter` of observe to be a Meter, got "shop". Take one of metrics.getMeter(name).',
    )
    expect(() => call(undefined, { eventLoop: 1 })).toThrow("Expected `eventLoop` of observe to be a boolean, got 1.")
    const closed = Runtime.make()
    await closed.close()
    expect(() => observe(closed)).toThrow("Expected an open runtime, got a closed one.")
  })
})
