/** What ran, in which order: the lines of a schedule that a person reads. */
import { CLOSING, DONE, FiberCore, QUEUED, SUSPENDED, waitOf } from "../fiber/index.ts"
import { describe, type SuppressedError } from "../data/index.ts"
import type { StartSpec, Task } from "../task/index.ts"
import * as Op from "../task/node.ts"
import type { Watcher } from "./order.ts"

/** One stretch that a fiber ran without a break. */
export interface Slice {
  readonly fiber: string
  /** Its operations, as far as they are worth a word, and what the program noted. */
  readonly did: ReadonlyArray<string>
  /** How the stretch ended. */
  readonly then: string
}

type AnyTask = Task<unknown, unknown>

const STOPS = "stops"

/** Fibers by name; those without one by the order of their coming, so that it is the same whenever the same is chosen. */
export class Names {
  readonly #names = new Map<FiberCore, string>()
  readonly #fibers = new Map<string, FiberCore>()
  readonly #used = new Map<string, number>()

  readonly of = (fiber: FiberCore): string => {
    const known = this.#names.get(fiber)
    if (known !== undefined) return known
    const given = fiber.side?.name ?? "fiber"
    const count = (this.#used.get(given) ?? 0) + 1
    this.#used.set(given, count)
    const name = fiber.side?.name === undefined || count > 1 ? `${given}-${count}` : given
    this.#names.set(fiber, name)
    this.#fibers.set(name, fiber)
    return name
  }

  /** Each name, and the one that the program has given, which several may share. */
  get all(): ReadonlyArray<readonly [name: string, given: string | undefined]> {
    return [...this.#names].map(([fiber, name]) => [name, fiber.side?.name])
  }

  /** The fiber of that name, if it has come. */
  find(name: string): FiberCore | undefined {
    return this.#fibers.get(name)
  }
}

/** Writes a schedule down. */
export class Trace implements Watcher {
  readonly slices: Slice[] = []
  readonly names: Names
  #fiber: FiberCore | undefined
  #did: string[] = []

  constructor(names = new Names()) {
    this.names = names
  }

  queued(entry: unknown): void {
    if (entry instanceof FiberCore) this.names.of(entry)
  }

  left(): void {
    this.close()
  }

  stepping(running: FiberCore | undefined, next: AnyTask | undefined): void {
    if (running !== this.#fiber) this.close()
    if (running === undefined) return
    this.names.of(running)
    this.#fiber = running
    const word = next === undefined ? undefined : wordFor(next, this.names)
    if (word !== undefined) this.#did.push(word)
  }

  note(text: string): void {
    this.#did.push(`“${text}”`)
  }

  /** The stretch under way is over. */
  close(): void {
    const fiber = this.#fiber
    if (fiber === undefined) return
    this.slices.push({ fiber: this.names.of(fiber), did: this.#did, then: endOf(fiber, this.names) })
    this.#fiber = undefined
    this.#did = []
  }
}

/** Slices as lines, the middle left out where there are too many. */
export function linesOf(slices: ReadonlyArray<Slice>, most = 40): string[] {
  const width = slices.reduce((widest, { fiber }) => Math.max(widest, fiber.length), 0)
  const texts = slices.map(({ fiber, did, then }) => `${fiber.padEnd(width)}  ${[...squeezed(did), then].join(" · ")}`)
  const lines = runsOf(texts).map(
    ({ item, from, count }) => `${String(from + 1).padStart(3)}  ${item}${count === 1 ? "" : `  (${count} times)`}`,
  )
  if (lines.length <= most) return lines
  const half = most / 2
  return [...lines.slice(0, half), `  …  ${lines.length - most} more`, ...lines.slice(-half)]
}

function squeezed(words: ReadonlyArray<string>): string[] {
  return runsOf(words).map(({ item, count }) => (count === 1 || item === STOPS ? item : `${count} × ${item}`))
}

/** Equal neighbours as one. */
function runsOf(items: ReadonlyArray<string>): { readonly item: string; readonly from: number; count: number }[] {
  const runs: { readonly item: string; readonly from: number; count: number }[] = []
  for (const [from, item] of items.entries()) {
    const last = runs.at(-1)
    if (last?.item === item) last.count++
    else runs.push({ item, from, count: 1 })
  }
  return runs
}

function endOf(fiber: FiberCore, names: Names): string {
  if (fiber.state & DONE) {
    const exit = fiber.exit()
    return exit.status === "rejected" ? `fails: ${short(reasonOf(exit.reason))}` : exit.status
  }
  if (fiber.state & QUEUED) return "gives way"
  if (fiber.state & (SUSPENDED | CLOSING)) return `waits for ${waitOf(fiber, names.of).on}`
  return "runs"
}

/** A word for an operation; none for those that only hand a value on. */
function wordFor(task: AnyTask, names: Names): string | undefined {
  switch (task.tag) {
    case Op.Sync:
      return sourceOf(task.a)
    case Op.Sleep:
      return `sleep ${String(task.a)} ms`
    case Op.Start:
      return `start ${(task.b as StartSpec).name ?? "a fiber"}`
    case Op.Join:
      return task.b === undefined ? undefined : `await the end of ${names.of(task.a as FiberCore)}`
    case Op.Stop:
      return STOPS
    case Op.Yield:
      return "yield"
  }
  return undefined
}

/** What a function is called, or what it says. */
function sourceOf(f: unknown): string {
  const { name } = f as { readonly name: string }
  if (name !== "") return name
  const text = String(f)
    .replaceAll(/\s+/g, " ")
    .replace(/^\(\) => /, "")
  return text.includes("[native code]") ? "a function" : short(text)
}

/** A failure in words; of two that were joined, both. */
export function reasonOf(reason: unknown): string {
  if (!(reason instanceof Error)) return describe(reason)
  if (reason.name !== "SuppressedError") return `${reason.name}: ${reason.message}`
  const { error, suppressed } = reason as SuppressedError
  return `${reasonOf(error)}, after ${reasonOf(suppressed)}`
}

function short(text: string): string {
  const line = text.replaceAll("\n", " ")
  return line.length > 60 ? `${line.slice(0, 59)}…` : line
}
