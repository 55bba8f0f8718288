import {
  census,
  type FiberCore,
  fiberState,
  type FiberState,
  isCancelling,
  type Scheduler,
  tracer,
  waitPhrase,
} from "../fiber/index.ts"

/** A fiber at the moment of a dump. */
export interface FiberDump {
  readonly id: number
  readonly name: string
  readonly state: FiberState
  /** What it waits for, as a phrase: "a permit of a semaphore", "the end of worker". */
  readonly waitsFor?: string
  /** Milliseconds for which it has been waiting; known where the runtime is watched (`rapid-fiber/monitor`). */
  readonly since?: number
  /** It has been asked to stop. */
  readonly cancelling: boolean
  /** The tasks that wait for it to go on, innermost first; with traces on (`rapid-fiber/trace`). */
  readonly trace: readonly string[]
  readonly children: readonly FiberDump[]
}

/** What runs in a runtime, or in one fiber and its children. `String(dump)` is a tree of text. */
export interface Dump {
  readonly fibers: readonly FiberDump[]
  /** Sleepers that nobody holds: of those the runtime keeps nothing but what they do next. */
  readonly unheld: number
  /** There are more: see `limit`. */
  readonly partial: boolean
  toString(): string
}

export interface DumpOptions {
  /** How many fibers are looked at. An integer >= 1. Default 1000. */
  readonly limit?: number
}

/** What runs in a scheduler, or of it one fiber and its children. */
export function dump(scheduler: Scheduler, root: FiberCore | undefined, limit: number): Dump {
  const { fibers, loose, partial } = census(scheduler, limit, root)
  const now = scheduler.clock.now()
  const childrenOf = new Map<FiberCore | undefined, FiberCore[]>()
  for (const { fiber, parent } of fibers) list(childrenOf, parent).push(fiber)

  // Parents come before their children: made from the end, each finds its own ready.
  const made = new Map<FiberCore, FiberDump>()
  for (const { fiber } of fibers.toReversed()) {
    const own = (childrenOf.get(fiber) ?? []).map((child) => made.get(child) as FiberDump)
    made.set(fiber, dumpOf(fiber, own, now))
  }
  const roots = childrenOf.get(undefined) ?? []
  return new Tree(
    roots.map((fiber) => made.get(fiber) as FiberDump),
    loose,
    partial,
  )
}

function list(of: Map<FiberCore | undefined, FiberCore[]>, key: FiberCore | undefined): FiberCore[] {
  const found = of.get(key) ?? []
  of.set(key, found)
  return found
}

function dumpOf(fiber: FiberCore, children: readonly FiberDump[], now: number): FiberDump {
  const state = fiberState(fiber)
  const started = fiber.loop.watch?.since?.(fiber)
  return {
    id: fiber.id,
    name: fiber.name,
    state,
    ...(state === "ready" || state === "running" ? {} : { waitsFor: waitPhrase(fiber) }),
    ...(started === undefined ? {} : { since: now - started }),
    cancelling: isCancelling(fiber),
    trace: tracer.describe?.(fiber) ?? [],
    children,
  }
}

class Tree implements Dump {
  readonly fibers: readonly FiberDump[]
  readonly unheld: number
  readonly partial: boolean

  constructor(fibers: readonly FiberDump[], unheld: number, partial: boolean) {
    this.fibers = fibers
    this.unheld = unheld
    this.partial = partial
  }

  toString(): string {
    const lines: string[] = []
    // Not by recursion: a million fibers may be each other's only children.
    const left = this.fibers.map((fiber) => ({ fiber, indent: "" })).toReversed()
    for (let one = left.pop(); one !== undefined; one = left.pop()) {
      const { fiber, indent } = one
      lines.push(indent + lineOf(fiber), ...fiber.trace.map((frame) => `${indent}    at ${frame}`))
      // Deeper than this nobody reads the indentation.
      const next = indent.length < 80 ? `${indent}  ` : indent
      for (const child of fiber.children.toReversed()) left.push({ fiber: child, indent: next })
    }
    if (this.unheld > 0) lines.push(`${this.unheld} sleepers that nobody holds`)
    if (this.partial) lines.push("and more")
    return lines.length === 0 ? "no fibers" : lines.join("\n")
  }
}

function lineOf({ id, name, state, waitsFor, since, cancelling }: FiberDump): string {
  const called = name === `fiber-${id}` ? name : `${printable(name)} (fiber-${id})`
  const what = state === "ending" ? `ending: waits for ${waitsFor}` : `${state} for ${waitsFor}`
  const does = waitsFor === undefined || state === "sleeping" ? state : printable(what)
  return `${called} ${does}${since === undefined ? "" : `, ${Math.round(since)} ms`}${cancelling ? ", being cancelled" : ""}`
}

// oxlint-disable-next-line eslint/no-control-regex -- these are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g

/** A name with a line break in it must not look like a line. */
function printable(text: string): string {
  return text.replaceAll(CONTROL, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`)
}
