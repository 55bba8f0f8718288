import { CancelledError, suppress } from "../../data/index.ts"
import { type FiberCore, perform } from "../../fiber/index.ts"
import { Task } from "../../task/index.ts"
import { closed, failedCleanup, inTurn, isOfCleanup, stopped } from "../closing.ts"
import { type AnyTask, NONE, type Plan, type Pull, Run } from "../pull.ts"
import { Bell } from "../bell.ts"

/**
 * Fibers that share one source: each asks for an element, does with it what `f` says, and asks again. One asks at a time;
 * who finds another asking, or the gate shut, waits in line. A worker is started when an element has been taken and all
 * others are busy, so that there are no more than there is work for.
 */
export class Workers<A> {
  /** What the first one has failed with. */
  #failure: { readonly reason: unknown } | undefined
  readonly #f: (element: A) => AnyTask | undefined
  readonly #concurrency: number
  readonly #gate: () => boolean
  readonly #turn = new Bell("its turn to ask a stream")
  readonly #done = new Bell("the workers of a stream")
  readonly #work: AnyTask
  #source: Source<A> | undefined
  #asking = false
  #over = false
  #workers = 0

  constructor(f: (element: A) => AnyTask | undefined, concurrency: number, gate: () => boolean) {
    this.#f = f
    this.#concurrency = concurrency
    this.#gate = gate
    this.#work = Task.defer(this.#again).catch((reason) => this.#failed(reason))
  }

  readonly #again = (): AnyTask => this.#go()
  readonly #free = (): boolean => this.#over || (!this.#asking && this.#gate())
  readonly #asked = (value: unknown): AnyTask => {
    if (this.#source !== undefined) this.#source.run.value = value
    this.#asking = false
    return this.#go()
  }

  /** Runs them on a source: fails as the first that fails, after the others have been cancelled. Closes the source. */
  on(from: Plan<A>): AnyTask {
    // Their parent is a fiber of its own: when that has ended, they have, and the source can be closed.
    const all = perform((fiber: FiberCore) => {
      const run = new Run(fiber)
      this.#source = { fiber, run, pull: from.open(run) }
      this.#hire()
      const ready = (): boolean => this.#workers === 0 || this.#failure !== undefined
      return this.#done
        .until(ready)
        .flatMap(() => (this.#failure === undefined ? Task.unit : Task.fail(this.#failure.reason)))
    }, undefined)
    return Task.uncancelable((restore) =>
      perform((outer: FiberCore) => {
        const fiber = new Run(outer).start(all, "stream workers")
        const close = Task.defer(() => closed(() => this.#source?.pull.close?.()))
        return restore(fiber.join()).finally(({ status }) => {
          // A failure that is on its way would give way to a cancellation; that of a cleanup must not.
          const unheard = status === "fulfilled" ? undefined : this.#cleanup
          const ended = inTurn(
            stopped(fiber, () => status === "fulfilled"),
            unheard,
          )
          return inTurn(ended, close) ?? Task.unit
        })
      }, undefined),
    )
  }

  /** Fails with what a cleanup has failed with. */
  readonly #cleanup = Task.defer(() => (this.#failure === undefined ? Task.unit : failedCleanup(this.#failure.reason)))

  /** The gate may have opened. */
  opened(): void {
    if (this.#turn.waiting > 0 && this.#free()) this.#turn.one()
  }

  #go(): AnyTask {
    const { run, pull } = this.#source as Source<A>
    for (;;) {
      if (this.#over) return this.#leave()
      if (!this.#free()) return this.#turn.until(this.#free).flatMap(this.#again)
      // What is the user's may throw, and then nobody asks again.
      this.#asking = true
      const element = pull.next()
      if (element === NONE) {
        if (run.wait !== undefined) return run.wait.flatMap(this.#asked)
        this.#over = true
        this.#turn.all()
        continue
      }
      this.#asking = false
      const task = this.#f(element)
      if (task === undefined) continue
      // While this one works, another may ask.
      if (this.#turn.waiting > 0) this.opened()
      else if (this.#workers < this.#concurrency) this.#hire()
      return task.flatMap(this.#again)
    }
  }

  #hire(): void {
    const { fiber } = this.#source as Source<A>
    this.#workers++
    const worker = fiber.loop.start(fiber, this.#work, { name: "stream worker", detached: false })
    worker.onExit((exit) => {
      if (exit.status === "cancelled") void this.#failed(new CancelledError(exit.reason))
    })
  }

  /** What the source has started in this worker is this one's child: all end together. */
  #leave(): AnyTask {
    if (--this.#workers === 0) this.#done.all()
    return this.#done.until(() => this.#workers === 0)
  }

  #failed(reason: unknown): AnyTask {
    if (this.#failure === undefined) this.#failure = { reason }
    else if (isOfCleanup(reason)) this.#failure = { reason: suppress(reason, this.#failure.reason) }
    this.#over = true
    this.#done.all()
    return Task.unit
  }
}

/** What they share. */
interface Source<A> {
  /** Their parent. */
  readonly fiber: FiberCore
  readonly run: Run
  readonly pull: Pull<A>
}

const always = (): boolean => true

/** Runs `f` for the elements of a stream, for so many at once. Where it returns nothing, there is nothing to wait for. */
export function forEachOf<A>(from: Plan<A>, f: (element: A) => AnyTask | undefined, concurrency: number): AnyTask {
  return Task.defer(() => new Workers(f, concurrency, always).on(from))
}
