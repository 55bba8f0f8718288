import type { FiberDetail, FiberPage, FiberQuery, FiberRow, Overview, Probe } from "../../src/monitor/view.ts"

/** A program that is not there: what it shows is set by hand. `asked` counts how often it was looked at. */
export class FakeProbe implements Probe {
  rows: FiberRow[]
  change: Partial<Overview> = {}
  asked = 0
  readonly cancelled: number[] = []
  time = 1_750_000_000_000
  uptime = 60_000

  constructor(rows: FiberRow[] = family()) {
    this.rows = rows
  }

  overview(): Overview {
    this.asked++
    this.time += 1000
    this.uptime += 1000
    const seconds = this.uptime / 1000
    return {
      time: this.time,
      uptime: this.uptime,
      fibers: { live: 1_000_205, ready: 12, sleeping: 1_000_000, outside: 193 },
      counts: {
        started: 2_000_000 + 5 * seconds,
        succeeded: 900_000 + 4 * seconds,
        failed: 100 + 2 * seconds,
        cancelled: 20,
        operations: 30_000_000 + 1_250_000 * seconds,
      },
      eventLoopDelay: { mean: 0.42, max: 7.5 },
      heap: 300 * 1024 * 1024,
      sleepers: [
        { upTo: 10, count: 1200 },
        { upTo: 1000, count: 98_800 },
        { upTo: null, count: 900_000 },
      ],
      groups: [
        { name: "sleeper", state: "sleeping", waitsFor: "sleep", count: 1_000_000, listed: true },
        { name: "worker", state: "waiting", waitsFor: "queue.take", count: 193, listed: true },
      ],
      primitives: [{ what: "semaphore(4)", waiters: 28 }],
      failures: [{ time: this.time, fiber: "worker", error: "Error: no such user\n    at load (app.ts:1:2)" }],
      partial: false,
      ...this.change,
    }
  }

  fibers(query: FiberQuery): FiberPage {
    const {
      name,
      waitsFor,
      parent,
      search = "",
      state,
      sort = "id",
      descending = false,
      offset = 0,
      limit = 100,
    } = query
    const wanted = search.toLowerCase()
    const found = this.rows.filter(
      (row) =>
        (parent === undefined || (row.parent ?? 0) === parent) &&
        (state === undefined || row.state === state) &&
        (name === undefined || row.name === name) &&
        (waitsFor === undefined || row.waitsFor === waitsFor) &&
        (String(row.id) === wanted || `${row.name} ${row.waitsFor ?? ""}`.toLowerCase().includes(wanted)),
    )
    const key = (row: FiberRow): number | string => row[sort] ?? 0
    const sorted = found.toSorted((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : a.id - b.id))
    const ordered = descending ? sorted.toReversed() : sorted
    return { rows: ordered.slice(offset, offset + limit), matching: found.length, partial: false }
  }

  fiber(id: number): FiberDetail | undefined {
    const row = this.rows.find((one) => one.id === id)
    if (row === undefined) return undefined
    const path: FiberRow[] = []
    for (let at = this.#parentOf(row); at !== undefined; at = this.#parentOf(at)) path.unshift(at)
    return { ...row, path, trace: ["<flatMap> loadUser (app.ts:12:5)", "<map> main (app.ts:40:1)"] }
  }

  cancel(id: number): boolean {
    if (!this.rows.some((row) => row.id === id)) return false
    this.cancelled.push(id)
    this.rows = this.rows.map((row) => (row.id === id ? { ...row, cancelling: true } : row))
    return true
  }

  #parentOf(row: FiberRow): FiberRow | undefined {
    return this.rows.find(({ id }) => id === row.parent)
  }
}

/** A server with three workers, the second of which has 150 children, and 300 sleepers: 455 fibers, 302 of them roots. */
export function family(): FiberRow[] {
  const base = { cancelling: false, children: 0 }
  const waiting = { ...base, state: "waiting", waitsFor: "queue.take", since: 1234 } as const
  return [
    { ...base, id: 1, name: "server", state: "waiting", waitsFor: "promise", since: 65_000, children: 3 },
    { ...waiting, id: 2, name: "worker-1", parent: 1 },
    { ...waiting, id: 3, name: "worker-2", parent: 1, children: 150 },
    { ...waiting, id: 4, name: "worker-3", parent: 1 },
    { ...base, id: 5, name: "ticker", state: "ready" },
    ...Array.from({ length: 150 }, (_, i) => ({ ...waiting, id: 100 + i, name: `job-${i}`, parent: 3 })),
    ...Array.from({ length: 300 }, (_, i) => ({
      ...base,
      id: 1000 + i,
      name: "sleeper",
      state: "sleeping" as const,
      waitsFor: "sleep",
      wakesIn: 10 * i,
    })),
  ]
}
