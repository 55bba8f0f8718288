/**
 * The order in which a test lets things run: in place of first-in first-out, somebody chooses. Two kinds of choice are
 * offered, and both are ones that production may make: which of those who are ready goes next, and whether the running
 * fiber gives way between two operations (its budget may be used up anywhere).
 */
import type { FiberCore, Pace, ReadyQueue, Scheduler } from "../fiber/index.ts"
import type { Task } from "../task/index.ts"
import * as Op from "../task/node.ts"

/** Whoever chooses. Zero and false are what production does most of the time. */
export interface Chooser {
  /** Which of the first `count` entries goes next. */
  pick(entries: ReadonlyArray<unknown>, from: number, count: number): number
  /** Whether `running` gives way before its next operation, to the first `count` entries. */
  preempt(running: object | undefined, entries: ReadonlyArray<unknown>, from: number, count: number): boolean
}

/** Told of what happens, operation by operation. */
export interface Watcher {
  /** An entry is ready. */
  queued(entry: unknown): void
  /** An entry has stopped. */
  left(): void
  /** The running fiber is about to go on with `next`. */
  stepping(running: FiberCore | undefined, next: Task<unknown, unknown> | undefined): void
}

/** Choosing among more than this would cost more than it finds. */
const WINDOW = 64
const COMPACT_AT = 1024

/** Where those who are ready wait to be chosen. */
export class ChosenQueue implements ReadyQueue {
  readonly entries: unknown[] = []
  from = 0
  readonly #chooser: Chooser
  readonly #watcher: Watcher

  constructor(chooser: Chooser, watcher: Watcher) {
    this.#chooser = chooser
    this.#watcher = watcher
  }

  get size(): number {
    return this.entries.length - this.from
  }

  /** How many are to choose among. */
  get count(): number {
    return Math.min(this.size, WINDOW)
  }

  push(entry: unknown): void {
    this.entries.push(entry)
    this.#watcher.queued(entry)
  }

  forEach(visit: (entry: unknown) => void): void {
    for (let at = this.from; at < this.entries.length; at++) visit(this.entries[at])
  }

  shift(): unknown {
    const { entries, size } = this
    if (size === 0) return undefined
    const { count } = this
    const chosen = this.from + (count === 1 ? 0 : this.#chooser.pick(entries, this.from, count))
    const entry = entries[chosen]
    entries.copyWithin(this.from + 1, this.from, chosen)
    entries[this.from++] = undefined
    if (this.from === COMPACT_AT) {
      entries.splice(0, this.from)
      this.from = 0
    }
    return entry
  }
}

/** Asks before every operation. */
export class SteppedPace implements Pace {
  open = false
  over = false
  /** Operations so far. */
  steps = 0
  /** Whose pace this is. */
  scheduler: Scheduler | undefined
  /** The entry has just begun: it makes one step at least, or it would never get on. */
  #fresh = true
  readonly #queue: ChosenQueue
  readonly #chooser: Chooser
  readonly #watcher: Watcher
  /** Operations in one turn of the host. */
  readonly #limit: number
  #stopAt: number

  constructor(queue: ChosenQueue, chooser: Chooser, watcher: Watcher, limit: number) {
    this.#queue = queue
    this.#chooser = chooser
    this.#watcher = watcher
    this.#limit = limit
    this.#stopAt = limit
  }

  /** More operations than may be in one turn. */
  get exceeded(): boolean {
    return this.steps >= this.#stopAt
  }

  begin(): void {
    this.open = true
    this.over = false
    this.#stopAt = this.steps + this.#limit
  }

  end(): void {
    this.open = false
    this.over = false
  }

  enter(): number {
    this.#fresh = true
    return 0
  }

  leave(): void {
    this.#watcher.left()
  }

  more(_left: number, othersWait: boolean, next: Task<unknown, unknown> | undefined): number {
    if (this.exceeded) this.over = true
    if (this.over) return 0
    const { entries, from, count } = this.#queue
    const running = this.scheduler?.current
    if (!this.#fresh && othersWait && this.#chooser.preempt(running, entries, from, count)) return 0
    this.#fresh = false
    this.steps++
    this.#watcher.stepping(running, next)
    // An outcome that is handed on needs an operation to become one again, and one to be handed on.
    return next !== undefined && (next.tag === Op.Pure || next.tag === Op.Fail || next.tag === Op.Stop) ? 2 : 1
  }
}
