import { describe } from "../data/index.ts"
import {
  census,
  type Census,
  childrenOf,
  type Counted,
  DONE,
  type FiberCore,
  fiberState,
  type FiberState,
  isCancelling,
  lineOf,
  type Scheduler,
  tracer,
  waitsFor,
} from "../fiber/index.ts"
import type { Deadlines } from "./deadlines.ts"
import { LoopDelay } from "./loop-delay.ts"
import type {
  Failure,
  FiberDetail,
  FiberGroup,
  FiberPage,
  FiberQuery,
  FiberRow,
  Overview,
  Probe,
  WaitedFor,
} from "./view.ts"
import { Watched } from "./watched.ts"

/** So many fibers are looked at for an overview, and for a list: a look must not hold the program up. */
const GLANCE = 5000
const LOOK = 8000
/** Fibers that were shown last are found by their number. */
const KNOWN = 20_000
const MOST_CHILDREN = 1000
const MOST_GROUPS = 50
const MOST_ROWS = 1000
/** Characters of an error, of which fifty are sent with each look. */
const LONGEST_TEXT = 5000
/** Milliseconds. */
const BOUNDS = [1000, 5000, 10_000, 60_000, 600_000, 3_600_000]

/** Looks at the fibers of one scheduler. */
export class RuntimeProbe implements Probe {
  readonly #watched: Watched
  readonly #deadlines: Deadlines | undefined
  readonly #scheduler: Scheduler
  readonly #delay = new LoopDelay()
  readonly #known = new Map<number, WeakRef<FiberCore>>()

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
    this.#watched = Watched.of(scheduler)
    this.#deadlines = this.#watched.watchSleepers()
  }

  stop(): void {
    this.#delay.stop()
    this.#watched.leave()
  }

  overview(): Overview {
    const { started, succeeded, failed, cancelled, operations, failures, began } = this.#watched
    const { clock, live, ready, outside } = this.#scheduler
    const seen = census(this.#scheduler, GLANCE)
    const counts = this.#deadlines?.counts(BOUNDS) ?? []
    return {
      time: clock.wall(),
      uptime: clock.now() - began,
      fibers: { live: Math.max(this.#watched.live, live), ready: ready.size, sleeping: clock.keeping, outside },
      counts: { started, succeeded, failed, cancelled, operations },
      eventLoopDelay: this.#delay.read(),
      heap: heapUsed(),
      sleepers: counts.map((count, i) => ({ upTo: BOUNDS[i] ?? null, count })),
      groups: groupsOf(seen, clock.keeping),
      primitives: linesOf(seen),
      failures: failures.toReversed().map(({ time, fiber, error }): Failure => ({
        time,
        fiber: fiber?.name ?? "held by nobody",
        error: textOf(error),
      })),
      partial: seen.partial,
    }
  }

  fibers(query: FiberQuery): FiberPage {
    const { fibers, partial } = this.#among(query.parent)
    const matching = fibers.filter(matcher(query))
    const sorted = query.sort === undefined ? matching : matching.toSorted(this.#by(query.sort))
    if (query.descending === true) sorted.reverse()
    const from = query.offset ?? 0
    const rows = sorted.slice(from, from + Math.min(query.limit ?? 100, MOST_ROWS))
    return { rows: rows.map((one) => this.#row(one)), matching: matching.length, partial }
  }

  fiber(id: number): FiberDetail | undefined {
    const fiber = this.#find(id)
    if (fiber === undefined) return undefined
    const parents = new Map(census(this.#scheduler, LOOK).fibers.map((one) => [one.fiber, one.parent]))
    if (!parents.has(fiber)) return undefined
    const path: FiberRow[] = []
    for (let one = parents.get(fiber); one !== undefined; one = parents.get(one)) {
      path.unshift(this.#row({ fiber: one, parent: parents.get(one) }))
    }
    return { ...this.#row({ fiber, parent: parents.get(fiber) }), path, trace: tracer.describe?.(fiber) ?? [] }
  }

  cancel(id: number): boolean {
    const fiber = this.#find(id)
    if (fiber === undefined || fiber.state & DONE) return false
    fiber.abort(new Error("Cancelled on the live page."))
    return true
  }

  /** One that has been shown, or that has got its number elsewhere: from a log, say. */
  #find(id: number): FiberCore | undefined {
    return (
      this.#known.get(id)?.deref() ??
      census(this.#scheduler, LOOK).fibers.find(({ fiber }) => fiber.side?.id === id)?.fiber
    )
  }

  get #now(): number {
    return this.#scheduler.clock.now()
  }

  /** Who may match: the children of one, the roots, or all. */
  #among(parent: number | undefined): Pick<Census, "fibers" | "partial"> {
    if (parent === undefined || parent === 0) {
      const { fibers, partial } = census(this.#scheduler, LOOK)
      return { fibers: parent === 0 ? fibers.filter((one) => one.parent === undefined) : fibers, partial }
    }
    const fiber = this.#known.get(parent)?.deref()
    const children = fiber === undefined ? [] : childrenOf(fiber, LOOK)
    return { fibers: children.map((child) => ({ fiber: child, parent: fiber })), partial: children.length === LOOK }
  }

  #waited(fiber: FiberCore): number | undefined {
    const since = this.#watched.since(fiber)
    return since === undefined ? undefined : this.#now - since
  }

  #by(sort: NonNullable<FiberQuery["sort"]>): (a: Counted, b: Counted) => number {
    // Those without a name and a number get none for being compared.
    if (sort === "name") return (a, b) => compare(groupName(a.fiber), groupName(b.fiber))
    if (sort === "state") return (a, b) => compare(fiberState(a.fiber), fiberState(b.fiber))
    const key = {
      id: ({ fiber }: Counted) => fiber.side?.id || Number.MAX_SAFE_INTEGER,
      since: ({ fiber }: Counted) => this.#waited(fiber) ?? -1,
      children: ({ fiber }: Counted) => childrenOf(fiber, MOST_CHILDREN).length,
    }[sort]
    return (a, b) => key(a) - key(b)
  }

  #row({ fiber, parent }: Counted): FiberRow {
    this.#remember(fiber)
    const state = fiberState(fiber)
    const what = waitsFor(fiber)
    const since = this.#waited(fiber)
    const wakesIn = typeof fiber.cur === "number" ? this.#deadlines?.left(fiber.cur) : undefined
    return {
      id: fiber.id,
      name: fiber.name,
      state,
      ...(what === undefined ? {} : { waitsFor: what }),
      ...(since === undefined ? {} : { since }),
      ...(state === "sleeping" && wakesIn !== undefined ? { wakesIn } : {}),
      children: childrenOf(fiber, MOST_CHILDREN).length,
      ...(parent === undefined ? {} : { parent: parent.id }),
      cancelling: isCancelling(fiber),
    }
  }

  #remember(fiber: FiberCore): void {
    if (this.#known.delete(fiber.id)) return void this.#known.set(fiber.id, new WeakRef(fiber))
    this.#known.set(fiber.id, new WeakRef(fiber))
    if (this.#known.size > KNOWN) this.#known.delete(this.#known.keys().next().value as number)
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function matcher({ search, state, name, waitsFor: what }: FiberQuery): (one: Counted) => boolean {
  const wanted = search?.trim().toLowerCase() ?? ""
  return ({ fiber }) =>
    (state === undefined || fiberState(fiber) === state) &&
    (name === undefined || groupName(fiber) === name) &&
    (what === undefined || waitsFor(fiber) === what) &&
    (wanted === "" ||
      (fiber.side?.id !== undefined && [String(fiber.side.id), `fiber-${fiber.side.id}`].includes(wanted)) ||
      groupName(fiber).toLowerCase().includes(wanted) ||
      (waitsFor(fiber)?.toLowerCase().includes(wanted) ?? false))
}

/** Those without a name are alike; to number them would only make them larger. */
function groupName(fiber: FiberCore): string {
  return fiber.side?.name ?? "fiber"
}

/** Of too many sleepers a part is looked at: the clock knows how many the others are. */
function groupsOf({ fibers, loose, sleepers, partial }: Census, sleeping: number): FiberGroup[] {
  const groups = new Map<string, { name: string; state: FiberState; waitsFor?: string; count: number }>()
  for (const { fiber } of fibers) {
    const [name, state, what] = [groupName(fiber), fiberState(fiber), waitsFor(fiber)]
    const key = [name, state, what].join("\n")
    const group = groups.get(key) ?? { name, state, ...(what === undefined ? {} : { waitsFor: what }), count: 0 }
    group.count++
    groups.set(key, group)
  }
  const found = [...groups.values()].map((group) => ({ ...group, listed: true }))
  const more = partial && sleepers > 0 ? Math.max(sleeping - sleepers, 0) : 0
  // Where the sample has nothing but what nobody holds, so will the rest be.
  const alike = loose === sleepers ? more : 0
  const unlisted = { state: "sleeping", waitsFor: "sleep", listed: false } as const
  if (loose > 0) found.push({ name: "held by nobody", ...unlisted, count: loose + alike })
  if (more > alike) found.push({ name: "not looked at", ...unlisted, count: more - alike })
  return found.toSorted((a, b) => b.count - a.count).slice(0, MOST_GROUPS)
}

/** The lines in which fibers wait. */
function linesOf({ fibers }: Census): WaitedFor[] {
  const lines = new Map<unknown, { what: string; waiters: number }>()
  for (const { fiber } of fibers) {
    const owner = lineOf(fiber)
    if (owner === undefined) continue
    const line = lines.get(owner) ?? { what: owner.what, waiters: 0 }
    line.waiters++
    lines.set(owner, line)
  }
  return [...lines.values()].toSorted((a, b) => b.waiters - a.waiters).slice(0, MOST_GROUPS)
}

/** Bytes; 0 where the host does not say. */
function heapUsed(): number {
  const host = (globalThis as unknown as { process?: { memoryUsage?: () => { readonly heapUsed: number } } }).process
  return host?.memoryUsage?.().heapUsed ?? 0
}

/** With its stack and those of its causes. Never fails itself. */
function textOf(error: unknown): string {
  try {
    const texts: string[] = []
    for (
      let one: unknown = error;
      one !== undefined && texts.length < 10;
      one = one instanceof Error ? one.cause : undefined
    ) {
      texts.push(one instanceof Error ? (one.stack ?? one.message) : typeof one === "string" ? one : describe(one))
    }
    const text = texts.join("\ncaused by ")
    return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text
  } catch {
    return "a failure that cannot be read"
  }
}
