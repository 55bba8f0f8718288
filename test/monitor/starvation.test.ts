import { describe, expect, it, vi } from "vitest"
import { Runtime, Task } from "rapid-fiber"
import { type Starvation, type StarvationWatch, watchStarvation } from "rapid-fiber/monitor"
import { disableTraces, enableTraces } from "rapid-fiber/trace"

/** Holds the loop. */
function crunch(ms = 40): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

const spin = (ms: number): Task<void> => Task.sync(() => crunch(ms))

describe("watchStarvation", () => {
  it("names the fiber that held the loop, and for how long", async () => {
    await using runtime = Runtime.make()
    const reports: Starvation[] = []
    using watch = watchStarvation({ threshold: 20, runtime, onStarvation: (report) => void reports.push(report) })
    await spin(1).run({ runtime, name: "quick" })
    await spin(40).run({ runtime, name: "slow" })
    expect(reports.map(({ fiber }) => fiber?.name)).toEqual(["slow"])
    expect(reports[0]?.ms).toBeGreaterThanOrEqual(40)
    expect(String(reports[0])).toMatch(/^slow held the event loop for \d+ ms/)
    watch.stop()
    await spin(40).run({ runtime, name: "unwatched" })
    expect(reports).toHaveLength(1)
  })

  it("names the function that took so long, and with traces where its task was made", async () => {
    await using runtime = Runtime.make()
    const reports: Starvation[] = []
    using watch = watchStarvation({
      threshold: 20,
      every: 0,
      runtime,
      onStarvation: (report) => void reports.push(report),
    })
    const load = (): Task<void> =>
      Task.sleep(1)
        .map(() => 40)
        .map(crunch)
    await load().run({ runtime, name: "loader" })
    enableTraces()
    await load().run({ runtime, name: "loader" })
    disableTraces()
    expect(reports.map(({ callback }) => callback)).toEqual([
      "crunch, <map>",
      // On Bun, a function that returns what it calls is not on the stack.
      expect.stringMatching(/^crunch, <map> (?:load )?\(.*starvation\.test\.ts[^)]*:\d+:\d+\)$/),
    ])
    expect(String(reports[0])).toMatch(/^loader held the event loop for \d+ ms, in crunch, <map>\.$/)
    const untraced = await Task.fail(new Error("untraced")).catch((error) => Task.pure(error as Error))
    expect(untraced.stack).not.toMatch(/<fail>/)
    watch.stop()
  })

  it("is one of several, which do not need each other, and leaves the user's traces alone", async () => {
    await using runtime = Runtime.make()
    const seen: string[] = []
    const watch = (name: string): StarvationWatch =>
      watchStarvation({
        threshold: 20,
        every: 0,
        runtime,
        onStarvation: ({ callback }) => void seen.push(`${name} ${callback?.split(",")[0]}`),
      })
    const work = (): Promise<void> => Task.sync(crunch).toPromise({ runtime })
    const [first, second] = [watch("first"), watch("second")]
    await work()
    second.stop()
    await work()
    enableTraces()
    first.stop()
    const third = watch("third")
    third.stop()
    const traced = await Task.fail(new Error("traced")).catch((error) => Task.pure(error as Error))
    disableTraces()
    expect(seen).toEqual(["first crunch", "second crunch", "first crunch"])
    expect(traced.stack).toMatch(/<fail>/)
  })

  it("without callbacks names the fiber alone", async () => {
    await using runtime = Runtime.make()
    const reports: Starvation[] = []
    using watch = watchStarvation({
      threshold: 20,
      callbacks: false,
      runtime,
      onStarvation: (report) => void reports.push(report),
    })
    await spin(40).run({ runtime, name: "slow" })
    expect(reports.map(({ fiber, callback }) => [fiber?.name, callback])).toEqual([["slow", undefined]])
    watch.stop()
  })

  it("sees a function that nobody holds, and none of another runtime's", async () => {
    await using runtime = Runtime.make()
    await using other = Runtime.make()
    const reports: Starvation[] = []
    using watch = watchStarvation({
      threshold: 20,
      every: 0,
      runtime,
      onStarvation: (report) => void reports.push(report),
    })
    Task.sleep(1)
      .map(() => crunch())
      .runAndForget({ runtime })
    await Task.sleep(60)
    await Task.sync(crunch).toPromise({ runtime: other })
    await spin(40).run({ runtime, name: "mine" })
    expect(reports.map(({ fiber }) => fiber?.name)).toEqual([expect.stringMatching(/^fiber-|^undefined/), "mine"])
    expect(reports[1]?.callback).not.toMatch(/crunch/)
    watch.stop()
  })

  it("reports once in a while, with the number of those that it left out", async () => {
    await using runtime = Runtime.make()
    const reports: Starvation[] = []
    using watch = watchStarvation({
      threshold: 5,
      every: 60,
      runtime,
      onStarvation: (report) => void reports.push(report),
    })
    for (let i = 0; i < 3; i++) await spin(10).toPromise({ runtime })
    await Task.sleep(80).toPromise({ runtime })
    await spin(10).toPromise({ runtime })
    expect(reports.map(({ others }) => others)).toEqual([0, 2])
    expect(String(reports[1])).toMatch(/\(and 2 more since the last report\)\.$/)
    watch.stop()
  })

  it("warns on the console by default", async () => {
    await using runtime = Runtime.make()
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {})
    using watch = watchStarvation({ threshold: 5, runtime })
    await spin(20).run({ runtime, name: "busy" })
    expect(warn).toHaveBeenCalledWith(expect.stringMatching(/^busy held the event loop for \d+ ms/))
    warn.mockRestore()
    watch.stop()
  })

  it("goes on when who is told throws: it is reported", async () => {
    const unhandled: unknown[] = []
    await using runtime = Runtime.make({ onUnhandled: (reason) => void unhandled.push(reason) })
    const thrown = new Error("told")
    using watch = watchStarvation({
      threshold: 5,
      runtime,
      onStarvation: () => {
        throw thrown
      },
    })
    expect(await spin(20).as("done").toPromise({ runtime })).toBe("done")
    expect(unhandled).toEqual([thrown])
    watch.stop()
  })

  it("refuses bad options at the call", () => {
    expect(() => watchStarvation({ threshold: -1 })).toThrow(/^Expected `threshold` to be/)
    expect(() => watchStarvation({ limit: 1 } as never)).toThrow(/^Expected the options of watchStarvation to be among/)
    expect(() => watchStarvation({ callbacks: "on" as never })).toThrow(
      /^Expected `callbacks` to be a boolean, got "on"/,
    )
    expect(() => watchStarvation({ onStarvation: 1 as never })).toThrow(
      /^Expected `onStarvation` to be a function, got 1/,
    )
  })
})
