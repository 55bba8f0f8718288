import { afterEach, describe, expect, it } from "vitest"
import { Queue, Runtime, Semaphore, Task } from "rapid-fiber"
import { type LivePage, monitor, StatsMonitor } from "rapid-fiber/monitor"
import { captureContext } from "../../src/clock/index.ts"
import type { FiberDetail, FiberGroup, FiberPage, FiberRow, Overview } from "../../src/monitor/view.ts"
import { turn } from "../watch.ts"

let page: LivePage | undefined
let runtime: Runtime
afterEach(async () => {
  await page?.close()
  page = undefined
  await runtime.close()
})

/** A page of a runtime of its own in which these run. */
async function live(...tasks: readonly Task<unknown, unknown>[]): Promise<void> {
  runtime = Runtime.make({ onUnhandled: () => {} })
  page = await monitor.listen({ runtime, actions: true })
  tasks.forEach((task, i) => void task.run({ runtime, name: `root-${i}` }))
  await turn()
}

async function get<T>(path: string): Promise<T> {
  const answer = await fetch(`${page?.url}api/${path}`)
  expect(answer.status).toBe(200)
  return (await answer.json()) as T
}

const overview = (): Promise<Overview> => get<Overview>("overview")
const rows = async (query: string): Promise<readonly FiberRow[]> => (await get<FiberPage>(`fibers?${query}`)).rows
const names = async (query: string): Promise<string[]> => (await rows(query)).map(({ name }) => name)

// Where an async context is always there, as under this runner on some hosts, a sleeper is a fiber that carries it.
const hasContext = captureContext() !== undefined
const unheld = (count: number): FiberGroup => ({
  name: hasContext ? "fiber" : "held by nobody",
  state: "sleeping",
  waitsFor: "sleep",
  count,
  listed: hasContext,
})

describe("the live page of a runtime", () => {
  it("counts what there is and what there has been", async () => {
    await live(
      Task.never,
      Task.sleep(60_000),
      Task.promise(() => new Promise(() => {})),
      Task.fail(new Error("broken", { cause: "rust" })),
    )
    const { fibers, counts, failures, sleepers, uptime, heap, partial } = await overview()
    expect(fibers).toEqual({ live: 3, ready: 0, sleeping: 1, outside: 1 })
    expect(counts).toMatchObject({ started: 4, succeeded: 0, failed: 1, cancelled: 0 })
    expect(failures.map(({ fiber }) => fiber)).toEqual(["root-3"])
    expect(failures[0]?.error).toMatch(/^Error: broken\n[^]*caused by rust$/)
    expect(sleepers.reduce((sum, { count }) => sum + count, 0)).toBe(1)
    expect(sleepers.find(({ count }) => count === 1)?.upTo).toBe(60_000)
    expect(uptime).toBeGreaterThan(0)
    expect(heap).toBeGreaterThan(1_000_000)
    expect(partial).toBe(false)
  })

  it("groups fibers that look the same, and lists the lines of primitives", async () => {
    const permits = Semaphore.make(1)
    const queue = Queue.bounded<number>(1)
    const hold = permits.withPermits(1, Task.never)
    const many = (count: number, task: Task<unknown, unknown>, name: string): Task<unknown, unknown> =>
      Task.gen(function* () {
        for (let i = 0; i < count; i++) yield* task.start({ name })
        yield* Task.never
      })
    await live(many(6, hold, "holder"), many(3, queue.take(), "taker"))
    for (let i = 0; i < 100; i++) Task.sleep(60_000).runAndForget({ runtime })
    const { groups, primitives } = await overview()
    expect(groups[0]).toEqual(unheld(100))
    expect(groups[1]).toEqual({
      name: "holder",
      state: "waiting",
      waitsFor: "a permit of a semaphore",
      count: 5,
      listed: true,
    })
    expect(groups).toContainEqual({
      name: "taker",
      state: "waiting",
      waitsFor: "an item of a queue",
      count: 3,
      listed: true,
    })
    expect(primitives).toEqual([
      { what: "a permit of a semaphore", waiters: 5 },
      { what: "an item of a queue", waiters: 3 },
    ])
  })

  it("is a tree: roots, children, path", async () => {
    await live(Task.never.start({ name: "leaf" }).andThen(Task.never).start({ name: "inner" }).andThen(Task.never))
    expect(await names("parent=0")).toEqual(["root-0"])
    const root = (await rows("parent=0"))[0]
    expect(root.children).toBe(1)
    const inner = (await rows(`parent=${root.id}`))[0]
    expect([inner.name, inner.parent]).toEqual(["inner", root.id])
    const leaf = (await rows(`parent=${inner.id}`))[0]
    const detail = await get<FiberDetail>(`fibers/${leaf.id}`)
    expect(detail.path.map(({ name }) => name)).toEqual(["root-0", "inner"])
    expect(detail).toMatchObject({ name: "leaf", state: "waiting", waitsFor: "never", children: 0, trace: [] })
    expect(detail.since).toBeGreaterThanOrEqual(0)
  })

  it("searches, filters, sorts and pages", async () => {
    await live(Task.never, Task.sleep(60_000), Task.never, Task.sleep(60_000))
    expect(await names("search=ROOT-2")).toEqual(["root-2"])
    expect((await names("search=sleep")).toSorted()).toEqual(["root-1", "root-3"])
    expect(await names("state=sleeping&sort=name&descending=true")).toEqual(["root-3", "root-1"])
    expect(await names("sort=name&offset=1&limit=2")).toEqual(["root-1", "root-2"])
    const found = await get<FiberPage>("fibers?state=waiting&limit=1")
    expect([found.rows.length, found.matching, found.partial]).toEqual([1, 2, false])
    const id = (await rows("search=root-1"))[0]?.id
    expect(await names(`search=${id}`)).toContain("root-1")
    expect((await rows("search=root-1"))[0]?.wakesIn).toBeGreaterThan(50_000)
  })

  it("cancels a fiber that it has shown", async () => {
    await live(Task.never)
    const { id } = (await rows(""))[0]
    const cancel = (which: number): Promise<Response> =>
      fetch(`${page?.url}api/fibers/${which}/cancel`, {
        method: "POST",
        headers: { origin: page?.url.slice(0, -1) ?? "" },
      })
    expect((await cancel(id)).ok).toBe(true)
    await turn()
    expect(await rows("")).toEqual([])
    expect((await overview()).counts.cancelled).toBe(1)
    expect((await cancel(id)).status).toBe(404)
    expect((await cancel(123_456_789)).status).toBe(404)
  })

  it("finds a fiber by the number that it has from elsewhere", async () => {
    await live()
    const fiber = Task.never.run({ runtime, name: "logged" })
    await turn()
    expect(await get<FiberDetail>(`fibers/${fiber.id}`)).toMatchObject({ name: "logged" })
    expect((await fetch(`${page?.url}api/fibers/999999`)).status).toBe(404)
  })

  it("sends no more of an error than can be read, and looks at nothing twice", async () => {
    await live(Task.fail(new Error("long ".repeat(100_000))))
    const [first, second] = [await overview(), await overview()]
    expect(first.failures[0]?.error.length).toBeLessThan(10_000)
    expect(first.failures[0]?.error).toMatch(/^Error: long long/)
    expect(second.eventLoopDelay.max).toBeGreaterThanOrEqual(first.eventLoopDelay.max / 2)
  })

  it("of very many fibers looks at a part, and says so", async () => {
    const count = 100_000
    await live(Task.all(Array.from({ length: count }, () => Task.sleep(60_000))))
    while ((await overview()).fibers.sleeping < count) await turn()
    const { groups, partial, sleepers } = await overview()
    expect(partial).toBe(true)
    const asleep = groups.filter(({ state }) => state === "sleeping")
    expect(asleep.map(({ name }) => name)).toEqual(["not looked at", "fiber"])
    expect(asleep.reduce((sum, { count: n }) => sum + n, 0)).toBeLessThanOrEqual(count)
    expect(asleep[0]?.count).toBeGreaterThan(count * 0.9)
    expect(sleepers.reduce((sum, { count: n }) => sum + n, 0)).toBe(count)
    const found = await get<FiberPage>("fibers?state=sleeping&limit=1000&offset=5000")
    expect([found.rows.length, found.partial]).toEqual([1000, true])
  })

  it("of very many sleepers that nobody holds says how many there are", async () => {
    await live()
    for (let i = 0; i < 20_000; i++) Task.sleep(60_000).runAndForget({ runtime })
    const { groups } = await overview()
    if (hasContext) expect(groups.map(({ name }) => name)).toEqual(["not looked at", "fiber"])
    else expect(groups).toEqual([unheld(20_000)])
  })

  it("lists exactly what is in a group", async () => {
    await live(
      Task.never
        .start({ name: "a" })
        .andThen(Task.never.start({ name: "ab" }))
        .andThen(Task.sleep(60_000)),
    )
    expect(await names("name=a&waitsFor=never&state=waiting")).toEqual(["a"])
    expect(await names("name=a&waitsFor=sleep")).toEqual([])
    expect((await rows("name=root-0"))[0]?.children).toBe(2)
  })

  it("leaves nothing behind: the runtime is not watched any more", async () => {
    await live(Task.never)
    await page?.close()
    await page?.close()
    using stats = StatsMonitor.attach(runtime)
    await Task.unit.toPromise({ runtime })
    expect(stats.stats().started).toBe(1)
  })

  it("a page that cannot start leaves nothing behind, either", async () => {
    await live()
    const taken = await monitor.listen({ runtime, port: page?.port ?? 0 }).attempt()
    expect(taken.status).toBe("rejected")
    await page?.close()
    using stats = StatsMonitor.attach(runtime)
    expect(stats.stats().started).toBe(0)
  })

  it("refuses bad options at the call", () => {
    expect(() => monitor.listen({ port: -1 })).toThrow(/^Expected `port` of monitor\.listen to be an integer/)
    expect(() => monitor.listen({ host: "0.0.0.0" })).toThrow(/^Expected a `token`/)
    expect(() => monitor.listen({ runtime: {} as Runtime })).toThrow(/^Expected `runtime` to come from Runtime\.make/)
    runtime = Runtime.make()
  })
})
