/**
 * What is counted of one scheduler while somebody watches. Of who watches the loop knows one field (`watch`: who hears of the
 * fibers that end); the rest is put around the methods of this one scheduler and its clock, and taken off again. So it
 * costs nothing where nobody watches, and watching changes nothing that a program can see but its speed.
 */
// oxlint-disable typescript/unbound-method -- methods are taken off and put back as they were
import { type FiberCore, FULFILL, REJECT, type Scheduler, SUSPENDED, type Watch } from "../fiber/index.ts"
import { Deadlines } from "./deadlines.ts"

/** A failure, as it was met. */
export interface Met {
  /** Milliseconds since 1970. */
  readonly time: number
  readonly fiber: FiberCore
  readonly error: unknown
}

/** A fiber had the loop for so long in one go. */
export type OnSlice = (fiber: FiberCore, ms: number) => void

/** So many failures are kept. */
const FAILURES = 50

const watched = new WeakMap<Scheduler, Watched>()

export class Watched implements Watch {
  started = 0
  succeeded = 0
  failed = 0
  cancelled = 0
  /** Operations of the interpreter. */
  operations = 0
  /** The last ones, the newest last. */
  readonly failures: Met[] = []
  /** By the clock. */
  readonly began: number
  /** Roots that were there before. */
  readonly #before: number
  readonly scheduler: Scheduler
  readonly deadlines: Deadlines | undefined
  readonly #slices = new Set<OnSlice>()
  readonly #undo: () => void
  #watchers = 0

  private constructor(scheduler: Scheduler) {
    this.scheduler = scheduler
    this.began = scheduler.clock.now()
    this.#before = scheduler.live
    this.deadlines = Deadlines.around(scheduler.clock)
    this.#undo = this.#putAround(scheduler)
  }

  /** Who watches the same scheduler shares one. Each who has asked leaves once. */
  static of(scheduler: Scheduler): Watched {
    const found = watched.get(scheduler) ?? new Watched(scheduler)
    watched.set(scheduler, found)
    found.#watchers++
    return found
  }

  leave(): void {
    if (--this.#watchers > 0) return
    watched.delete(this.scheduler)
    this.deadlines?.stop()
    this.#undo()
  }

  /** Calls back after each slice, with how long it was: from then on the time is read. Returns the undo. */
  onSlice(callback: OnSlice): () => void {
    this.#slices.add(callback)
    return () => void this.#slices.delete(callback)
  }

  ended(fiber: FiberCore, how: number, value: unknown): void {
    if (how === FULFILL) {
      this.succeeded++
    } else if (how === REJECT) {
      this.failed++
      // On its way through the parents it is the same one.
      if (this.failures.at(-1)?.error === value) return
      this.failures.push({ time: this.scheduler.clock.wall(), fiber, error: value })
      if (this.failures.length > FAILURES) this.failures.shift()
    } else {
      this.cancelled++
    }
  }

  /** Fibers that have not ended, children included; of those from before only the roots. */
  get live(): number {
    return this.#before + this.started - this.succeeded - this.failed - this.cancelled
  }

  since(fiber: FiberCore): number | undefined {
    return fiber.state & SUSPENDED && typeof fiber.cur !== "number" ? fiber.side?.since : undefined
  }

  #putAround(scheduler: Scheduler): () => void {
    const { run, forget, fork, rootEnded, mustGiveWay, advance } = scheduler
    let before = 0
    scheduler.watch = this
    scheduler.run = (fiber) => {
      this.started++
      run.call(scheduler, fiber)
    }
    scheduler.forget = (task) => {
      this.started++
      forget.call(scheduler, task)
    }
    scheduler.fork = (origin, task, parent) => {
      this.started++
      return fork.call(scheduler, origin, task, parent)
    }
    // Of a sleeper that nobody holds there is no fiber to end.
    scheduler.rootEnded = (root) => {
      if (root === undefined) this.succeeded++
      rootEnded.call(scheduler, root)
    }
    scheduler.mustGiveWay = (next) => {
      this.operations += before - Math.max(scheduler.ops, 0)
      const gives = mustGiveWay.call(scheduler, next)
      before = Math.max(scheduler.ops, 0)
      return gives
    }
    scheduler.advance = (fiber) => {
      before = scheduler.ops
      if (this.#slices.size === 0) advance(fiber)
      else this.#timed(advance, fiber)
      this.operations += before - Math.max(scheduler.ops, 0)
      // Of a sleeper the clock knows.
      if (fiber.state & SUSPENDED && typeof fiber.cur !== "number") fiber.ownSide().since = scheduler.clock.now()
    }
    return () => {
      scheduler.watch = undefined
      Object.assign(scheduler, { run, forget, fork, rootEnded, mustGiveWay, advance })
    }
  }

  #timed(advance: (fiber: FiberCore) => void, fiber: FiberCore): void {
    const began = performance.now()
    advance(fiber)
    const took = performance.now() - began
    for (const tell of this.#slices) tell(fiber, took)
  }
}
