/**
 * One run of a program under one schedule: nothing of the host's is armed, the explorer drives, and at the end it looks at
 * what is left behind.
 */
import type { Host } from "../clock/index.ts"
import { CancelledError, type Exit, isThenable } from "../data/index.ts"
import { FiberCore, fibersOf, reportOf, Scheduler } from "../fiber/index.ts"
import { mustBeTask, type Runtime, type Task } from "../task/index.ts"
import { Recorded, type Choices } from "./choosers.ts"
import { ChosenQueue, type Chooser, SteppedPace, type Watcher } from "./order.ts"
import { Random } from "./random.ts"
import { Names, reasonOf, type Slice, Trace } from "./trace.ts"
import { VirtualClock } from "./virtual-clock.ts"

type AnyTask = Task<unknown, unknown>

/** What an explored program may tell the explorer: a new one for each run. */
export interface Trial {
  /** The runtime of this run, for `task.run({ runtime })`. What is run elsewhere is not explored. */
  readonly runtime: Runtime
  /** Calls `f` when the program has ended, however it has: what it throws is a failure. The place for invariants. */
  check(f: () => void): void
  /**
   * Declares something that must be given back once: call what is returned. Never given back is a leak, given back twice
   * a failure.
   */
  resource(name: string): () => void
  /** Adds a word to the schedule that is printed. */
  note(text: string): void
}

/** What is run: a Task, or a function that makes one, with fresh state, for each run. */
export type Program = AnyTask | ((trial: Trial) => AnyTask)

/** What was found: a failure, fibers that wait for ever, something left behind, or a run without end. */
export type Finding = {
  readonly kind: "failure" | "deadlock" | "leak" | "divergence"
  readonly message: string
  readonly cause?: unknown
}

/** The step before which somebody is cancelled, and who: a fiber by name. */
export interface Injection {
  readonly step: number
  readonly fiber: string
}

export interface TrialOptions {
  /** What gives the world outside its turns. */
  readonly host: Host
  readonly maxSteps: number
  /** Turns of the host that something from outside may take. */
  readonly patience: number
  readonly injection: Injection | undefined
  readonly trace: boolean
}

export interface TrialResult {
  readonly finding: Finding | undefined
  readonly choices: Choices
  readonly steps: number
  /** Somebody was cancelled as asked. */
  readonly injected: boolean
  /** Each fiber that there was, and the name that it was given. */
  readonly fibers: ReadonlyArray<readonly [name: string, given: string | undefined]>
  readonly slices: ReadonlyArray<Slice>
}

export const MAIN = "main"

/** Runs a program once. */
export async function runTrial(program: Program, chooser: Chooser, options: TrialOptions): Promise<TrialResult> {
  const run = new Run(chooser, options)
  const finding = await run.drive(program)
  const result = {
    finding,
    choices: new Map(run.recorded.choices),
    steps: run.pace.steps,
    injected: run.injected,
    fibers: run.fibers,
    slices: run.schedule,
  }
  await run.stop()
  return result
}

class Run implements Watcher {
  readonly recorded: Recorded
  readonly pace: SteppedPace
  readonly trace: Trace | undefined
  readonly #names = new Names()
  readonly #queue: ChosenQueue
  readonly #clock = new VirtualClock(0)
  readonly #scheduler: Scheduler
  readonly #options: TrialOptions
  readonly #checks: (() => void)[] = []
  readonly #resources = new Map<object, string>()
  /** Failures that nobody observes, and misuse of a resource. */
  #trouble: Finding | undefined
  injected = false

  constructor(chooser: Chooser, options: TrialOptions) {
    this.#options = options
    this.recorded = new Recorded(chooser)
    this.trace = options.trace ? new Trace(this.#names) : undefined
    this.#queue = new ChosenQueue(this.recorded, this)
    this.pace = new SteppedPace(this.#queue, this.recorded, this, options.maxSteps)
    this.#scheduler = this.pace.scheduler = new Scheduler({
      clock: this.#clock,
      host: NO_HOST,
      budget: 1,
      slice: Infinity,
      random: new Random(0).next,
      onUnhandled: (reason, fiber) => {
        if (this.injected && isCancellation(reason)) return
        const who = fiber === undefined ? "Something" : this.#names.of(fiber as FiberCore)
        this.#found("failure", `${who} failed, and nobody observed it: ${reasonOf(reason)}`, reason)
      },
      ready: this.#queue,
      pace: this.pace,
    })
  }

  // --- what the program sees -----------------------------------------------------------------------------------------

  #trial(): Trial {
    return {
      runtime: { scheduler: this.#scheduler, close: refused, [Symbol.asyncDispose]: refused } as unknown as Runtime,
      check: (f) => void this.#checks.push(f),
      note: (text) => this.trace?.note(text),
      resource: (name) => {
        const key = {}
        this.#resources.set(key, name)
        const release = (): void => {
          if (this.#resources.delete(key)) return
          const error = new Error(`Expected ${name} to be given back once, got a second time.`)
          this.#found("failure", error.message, error)
          throw error
        }
        // So that the schedule says what is given back.
        return Object.defineProperty(release, "name", { value: `give back ${name}` })
      },
    }
  }

  get fibers(): ReadonlyArray<readonly [name: string, given: string | undefined]> {
    return this.#names.all
  }

  /** What has run so far. */
  get schedule(): ReadonlyArray<Slice> {
    this.trace?.close()
    return [...(this.trace?.slices ?? [])]
  }

  // --- driving -------------------------------------------------------------------------------------------------------

  /** Until the program has ended, or cannot. */
  async drive(program: Program): Promise<Finding | undefined> {
    const task = typeof program === "function" ? program(this.#trial()) : program
    mustBeTask(task, "what explore runs")
    const main = new FiberCore(this.#scheduler, task, undefined)
    main.ownSide().name = MAIN
    this.#scheduler.run(main)
    let idle = 0
    while (main.poll() === undefined) {
      this.#scheduler.drain()
      if (main.poll() !== undefined) break
      if (this.pace.exceeded || this.pace.steps >= this.#options.maxSteps) return this.#divergence()
      // Whoever wanted to observe a failure has had the time for it.
      this.#scheduler.unhandled.check()
      if (await this.#outside()) idle = 0
      else if (this.#clock.size > 0) this.#clock.moveTo(this.#clock.next())
      else if (this.#scheduler.outside === 0 || idle++ === this.#options.patience) return this.#deadlock()
    }
    const left = await this.#leftBehind()
    return this.#outcome(main.exit()) ?? left
  }

  /** Gives what comes from outside its turn; true if something came. */
  async #outside(): Promise<boolean> {
    if (this.#scheduler.outside > 0) await this.#hostTurn()
    return this.#queue.size > 0
  }

  /** What comes meanwhile is queued, so that its order can be chosen. */
  async #hostTurn(): Promise<void> {
    this.pace.over = true
    await new Promise<void>((resolve) => this.#options.host.macrotask(resolve))
    this.pace.over = false
  }

  queued(entry: unknown): void {
    if (entry instanceof FiberCore) this.#names.of(entry)
  }

  left(): void {
    this.trace?.left()
  }

  stepping(running: FiberCore | undefined, next: AnyTask | undefined): void {
    if (running !== undefined) this.#names.of(running)
    this.trace?.stepping(running, next)
    const { injection } = this.#options
    if (injection === undefined || this.injected || this.pace.steps < injection.step) return
    const target = this.#names.find(injection.fiber)
    if (target === undefined || target.poll() !== undefined) return
    this.injected = true
    this.trace?.note(`here ${injection.fiber} is cancelled`)
    target.abort(new Error("cancelled by explore"))
  }

  // --- judging -------------------------------------------------------------------------------------------------------

  #found(kind: Finding["kind"], message: string, cause?: unknown): void {
    this.#trouble ??= { kind, message, cause }
  }

  #outcome(exit: Exit<unknown>): Finding | undefined {
    if (exit.status === "rejected" && !(this.injected && isCancellation(exit.reason))) {
      return { kind: "failure", message: `The program failed: ${reasonOf(exit.reason)}`, cause: exit.reason }
    }
    if (exit.status === "cancelled" && !this.injected) {
      return { kind: "failure", message: "The program was cancelled, and not by explore." }
    }
    return undefined
  }

  #divergence(): Finding {
    const steps = this.#options.maxSteps.toLocaleString("en-US")
    // It may be housekeeping alone that goes on, while main waits for ever.
    const fibers = fibersOf(this.#scheduler)
    const waits = fibers.length === 0 ? "" : `\nFibers wait:\n${String(reportOf(fibers, this.#names.of))}`
    return { kind: "divergence", message: `The program has not ended after ${steps} steps.${waits}` }
  }

  #deadlock(): Finding {
    const report = reportOf(fibersOf(this.#scheduler), this.#names.of)
    const outside =
      this.#scheduler.outside === 0
        ? ""
        : `\nWhat comes from outside had ${this.#options.patience} turns of the event loop: see the option \`patience\`.`
    const message = `Nothing is ready, nothing is scheduled, and fibers wait:\n${String(report)}${outside}`
    return { kind: "deadlock", message }
  }

  /** The program has ended: whatever it has started must have, too. */
  async #leftBehind(): Promise<Finding | undefined> {
    this.#scheduler.drain()
    for (let turns = 0; this.#scheduler.outside > 0 && turns < this.#options.patience; turns++) {
      await this.#hostTurn()
      this.#scheduler.drain()
    }
    this.#scheduler.unhandled.check()
    for (const check of this.#checks) {
      try {
        const returned: unknown = check()
        if (isThenable(returned)) throw notAwaited()
      } catch (error) {
        this.#found("failure", `A check failed: ${reasonOf(error)}`, error)
      }
    }
    if (this.#trouble !== undefined) return this.#trouble
    const names = [...this.#resources.values()]
    if (names.length > 0) return { kind: "leak", message: `Not given back: ${names.join(", ")}.` }
    const { live } = this.#scheduler
    if (live > 0) {
      const fibers = fibersOf(this.#scheduler)
      const report =
        fibers.length === 0
          ? `${live} ${live === 1 ? "fiber" : "fibers"} that nobody holds`
          : reportOf(fibers, this.#names.of)
      return { kind: "leak", message: `The program has ended, but has left behind:\n${String(report)}` }
    }
    if (this.#clock.size > 0) return { kind: "leak", message: `${this.#clock.size} timers are left behind.` }
    return undefined
  }

  /** Ends what is left, so that it lets go of what it holds outside. */
  async stop(): Promise<void> {
    const scheduler = this.#scheduler
    if (scheduler.live === 0) return
    scheduler.closed = true
    this.pace.begin()
    for (const fiber of fibersOf(scheduler)) fiber.abort()
    scheduler.drain()
    if (scheduler.outside > 0) await this.#hostTurn()
  }
}

/** Nothing but cancellation: what a cleanup has failed with is no part of it. */
function isCancellation(reason: unknown): boolean {
  const left = [reason]
  for (const one of left) {
    if (one instanceof CancelledError) continue
    const joined = one as { readonly name?: unknown; readonly error: unknown; readonly suppressed: unknown } | null
    if (!(one instanceof Error) || joined?.name !== "SuppressedError") return false
    left.push(joined.error, joined.suppressed)
  }
  return true
}

/** The explorer drives: nothing is armed. */
const NO_HOST: Host = { now: () => 0, microtask: () => {}, macrotask: () => {} }

function notAwaited(): TypeError {
  return new TypeError("Expected a check to be synchronous, got one that returns a promise. Await in the program.")
}

function refused(): never {
  throw new Error("Expected the runtime of a trial to be left to the explorer, got a close.")
}
