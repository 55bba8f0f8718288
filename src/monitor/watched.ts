/**
 * What is counted of one scheduler while somebody watches. Of who watches the loop knows one field (`watch`: who hears of the
 * fibers that end); the rest is put around the methods of this one scheduler and its clock, and taken off again. So it
 * costs nothing where nobody watches, and watching changes nothing that a program can see but its speed.
 */
// oxlint-disable typescript/unbound-method -- methods are taken off and put back as they were
import { CANCEL, type FiberCore, FULFILL, REJECT, type Scheduler, SUSPENDED, type Watch } from "../fiber/index.ts"
import { Deadlines } from "./deadlines.ts"

/** A failure, as it was met. */
export interface Met {
  /** Milliseconds since 1970. */
  readonly time: number
  /** Undefined: it was nobody's any more. */
  readonly fiber: FiberCore | undefined
  readonly error: unknown
}

/** Who is told how long a fiber has the loop in one go. */
export interface Slices {
  began(): void
  /** `fiber` is undefined for a sleeper that nobody held: of it there was nothing left but a function. */
  ended(fiber: FiberCore | undefined, ms: number): void
}

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
  #deadlines: Deadlines | undefined
  readonly #slices = new Set<Slices>()
  /** What a callback outside all fibers has thrown. */
  #thrown: { readonly error: unknown } | undefined
  readonly #undo: () => void
  #watchers = 0

  private constructor(scheduler: Scheduler) {
    this.scheduler = scheduler
    this.began = scheduler.clock.now()
    this.#before = scheduler.live
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
    this.#deadlines?.stop()
    this.#undo()
  }

  /** Tells of each slice: from then on the time is read. Returns the undo. */
  onSlice(slices: Slices): () => void {
    this.#slices.add(slices)
    return () => void this.#slices.delete(slices)
  }

  ended(fiber: FiberCore, how: number, value: unknown): void {
    if (how === FULFILL) this.succeeded++
    else if (how === REJECT) this.#failedWith(value, fiber)
    else this.cancelled++
  }

  #failedWith(error: unknown, fiber: FiberCore | undefined): void {
    this.failed++
    // On its way through the parents it is the same one.
    if (typeof error === "object" && this.failures.some((failure) => failure.error === error)) return
    this.failures.push({ time: this.scheduler.clock.wall(), fiber, error })
    if (this.failures.length > FAILURES) this.failures.shift()
  }

  /** From now on it is kept when sleepers wake; undefined where the clock does not let itself be watched. */
  watchSleepers(): Deadlines | undefined {
    return (this.#deadlines ??= Deadlines.around(this.scheduler.clock))
  }

  /** Fibers that have not ended, children included; of those from before only the roots. */
  get live(): number {
    return this.#before + this.started - this.succeeded - this.failed - this.cancelled
  }

  since(fiber: FiberCore): number | undefined {
    const since = fiber.state & SUSPENDED && typeof fiber.cur !== "number" ? fiber.side?.since : undefined
    // Of an earlier watch it may be that of another wait.
    return since !== undefined && since >= this.began ? since : undefined
  }

  #putAround(scheduler: Scheduler): () => void {
    const { run, forget, fork, rootEnded, mustGiveWay, advance, tell, unhandled } = scheduler
    const { report } = unhandled
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
    // Of a sleeper that nobody holds there is no fiber to end: its function is told that it is time, and the root has ended.
    scheduler.tell = (callback, news) => {
      this.#thrown = undefined
      if (this.#slices.size === 0 || scheduler.current !== undefined)
        tell.call(scheduler, callback as never, news as never)
      else this.#timed(undefined, () => tell.call(scheduler, callback as never, news as never))
    }
    unhandled.report = (error, fiber) => {
      if (fiber === undefined) this.#thrown = { error }
      report.call(unhandled, error, fiber)
    }
    scheduler.rootEnded = (root, how) => {
      if (root === undefined) {
        if (this.#thrown !== undefined) this.#failedWith(this.#thrown.error, undefined)
        else if (how === CANCEL) this.cancelled++
        else this.succeeded++
        this.#thrown = undefined
      }
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
      else this.#timed(fiber, () => advance(fiber))
      this.operations += before - Math.max(scheduler.ops, 0)
      // Of a sleeper the clock knows.
      if (fiber.state & SUSPENDED && typeof fiber.cur !== "number") fiber.ownSide().since = scheduler.clock.now()
    }
    return () => {
      scheduler.watch = undefined
      Object.assign(scheduler, { run, forget, fork, rootEnded, mustGiveWay, advance, tell })
      unhandled.report = report
    }
  }

  #timed(fiber: FiberCore | undefined, run: () => void): void {
    for (const slices of this.#slices) slices.began()
    const began = performance.now()
    run()
    const took = performance.now() - began
    for (const slices of this.#slices) slices.ended(fiber, took)
  }
}
