import { type Host, PlatformHost } from "../clock/index.ts"
import { describe, type Duration, toMillis } from "../data/index.ts"
import {
  close,
  FiberCore,
  fibersOf,
  Group,
  type OnUnhandled,
  rejectUnhandled,
  Scheduler,
  type SchedulerOptions,
  type Waiting,
  waitOf,
} from "../fiber/index.ts"
import { mustBeTask, type Runtime, type RunOptions, type Task } from "../task/index.ts"
import { inOrder, Uniform } from "./choosers.ts"
import { ChosenQueue, SteppedPace, type Watcher } from "./order.ts"
import { Random } from "./random.ts"
import { linesOf, Trace } from "./trace.ts"
import { VirtualClock } from "./virtual-clock.ts"

/** What `TestRuntime.make` may be told. Everything has a default. */
export interface TestRuntimeOptions {
  /**
   * An integer. With it, who of those that are ready goes next, in which order sleepers with one deadline go on, and where
   * a fiber gives way between two operations are chosen at random from the seed: the same seed gives the same run, on
   * every platform. Without: first come, first served, as in production. Jitter and the like draw from it, too.
   */
  readonly seed?: number
  /** The time of day at the start: a Date, or milliseconds since 1970. Default 0. */
  readonly startAt?: Date | number
  /** Keeps a trace, for `trace`. Default false. */
  readonly trace?: boolean
  /** As of `Runtime.make`. Default: the host's report of an unhandled rejection. */
  readonly onUnhandled?: OnUnhandled
}

/** Somebody who sleeps. */
export interface Sleeper {
  /** The name of the fiber; undefined where nothing is left of it but what it will do. */
  readonly fiber: string | undefined
  /** The runtime's time, in milliseconds, at which the sleep is over. */
  readonly due: number
}

/** Operations in one turn of the host. */
const TURN = 1 << 16
/** How often the giving way is tried where there is a seed. */
const GIVES_WAY = 0.2
/** More moves of the time than this are taken for a program without end. */
const MOST_MOVES = 10_000_000
/** Turns of the host that something from outside may take when nobody sleeps: some seconds. */
const PATIENCE = 1_000_000
/** And that what is not from outside may take: for those who are told of ends. */
const FEW = 3
/** And moves of the time for those alone who sleep with `ref: false`: they may be what is waited for, or go on for ever. */
const LOOSE = 100_000
/** Moves of the time without a look at anything else. */
const MOVES = 1024

/** A scheduler that notices when somebody outside of all fibers has been told of an end: who then may start more. */
class ToldScheduler extends Scheduler {
  told = false

  override tell<A>(...args: Parameters<typeof Scheduler.prototype.tell<A>>): void {
    this.told = true
    super.tell(...args)
  }
}

/**
 * A runtime for tests: its time stands still until the test moves it, so hours of timeouts pass in a millisecond, and its
 * randomness, and with a seed also its schedule, can be repeated. All the rest is what production runs.
 *
 * It knows of promises and callbacks that fibers wait for, and gives the host its turns until they have had the chance to
 * come; real timers and real input and output take real time, which it does not wait for.
 *
 * @example
 * ```ts
 * import { TestRuntime } from "rapid-fiber/testing"
 * const test = TestRuntime.make()
 * const fiber = Task.sleep({ hours: 1 }).as("done").run({ runtime: test })
 * await test.advance({ minutes: 59 })
 * fiber.poll() // undefined
 * await test.advance({ minutes: 1 })
 * fiber.poll() // { status: "fulfilled", value: "done" }
 * await test.close()
 * ```
 */
export class TestRuntime implements Runtime {
  /** @internal */
  readonly scheduler: ToldScheduler
  readonly #clock: VirtualClock
  readonly #host: PlatformHost
  readonly #trace: Trace | undefined
  /** Moves of the time are made one after the other. */
  #moving: Promise<unknown> = Promise.resolve()
  #closing: Promise<void> | undefined

  /**
   * Makes one; it holds nothing of the host until a task runs on it.
   *
   * @throws RangeError for an option out of its range.
   */
  static make(options: TestRuntimeOptions = {}): TestRuntime {
    return new TestRuntime(options)
  }

  private constructor(options: TestRuntimeOptions) {
    const { seed } = options
    if (seed !== undefined && !Number.isSafeInteger(seed)) {
      throw new RangeError(`Expected \`seed\` to be an integer, got ${describe(seed)}.`)
    }
    this.#clock = new VirtualClock(timeOf(options.startAt ?? 0, "startAt"))
    this.#host = new PlatformHost()
    this.#trace = options.trace ? new Trace() : undefined
    // Its time does not move: the turns of the host come after so many operations, in every run the same.
    const host: Host = {
      now: () => 0,
      microtask: (f) => this.#host.microtask(f),
      macrotask: (f) => this.#host.macrotask(f),
    }
    const order = orderOf(seed, this.#trace)
    this.scheduler = new ToldScheduler({
      clock: this.#clock,
      host,
      budget: 1024,
      slice: 1,
      random: new Random(seed ?? 0).next,
      onUnhandled: options.onUnhandled ?? rejectUnhandled,
      ...order,
    })
    if (order.pace !== undefined) order.pace.scheduler = this.scheduler
  }

  /** Milliseconds since the runtime was made, by its own time. */
  get now(): number {
    return this.#clock.now()
  }

  /** Sets the time of day, as an operator or a time server does: sleeps are not touched; `at` and cron look again within a minute. */
  setDate(time: Date | number): void {
    this.#clock.setWall(timeOf(time, "time"))
  }

  /** Who sleeps, those who are due first in front. */
  get sleepers(): ReadonlyArray<Sleeper> {
    return this.#clock.held().map(({ sleeper, due }) => ({ fiber: nameOf(sleeper), due }))
  }

  /** The fibers that wait, and for what: after the end of a program, what it has left behind. */
  get waiting(): ReadonlyArray<Waiting> {
    return fibersOf(this.scheduler).map((fiber) => waitOf(fiber))
  }

  /** What has run, in order, a line for each stretch of a fiber; empty without the option `trace`. */
  get trace(): ReadonlyArray<string> {
    this.#trace?.close()
    return linesOf(this.#trace?.slices ?? [], Infinity)
  }

  /**
   * Moves the time by a duration, from one deadline to the next, and resolves when all that is due by then has run as far
   * as it gets.
   *
   * @throws RangeError, TypeError for what is no duration, and for Infinity: that is `runAll`.
   */
  advance(duration: Duration): Promise<void> {
    const ms = toMillis(duration, "duration")
    if (ms === Infinity) throw new RangeError("Expected `duration` to be finite, got Infinity. Use runAll().")
    return this.#inTurn(async () => {
      const target = this.now + ms
      await this.#rest()
      for (let moves = 1; this.#clock.next() <= target; moves++) {
        const pause = this.#moveOn(moves)
        if (pause !== undefined) await pause
      }
      this.#clock.moveTo(target)
      await this.#rest()
    })
  }

  /**
   * Moves the time until nobody sleeps any more, but for those with `ref: false`. Fails after ten million moves: a program
   * that repeats for ever has no such time.
   */
  runAll(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#rest()
      for (let left = MOST_MOVES; this.#clock.keeping > 0; left--) {
        if (left === 0)
          throw new Error("Expected runAll() to come to an end, got a program that sleeps on. Use advance().")
        const pause = this.#moveOn(left)
        if (pause !== undefined) await pause
      }
    })
  }

  /** Runs a task, moving the time whenever nothing else is to be done, and gives its value. */
  async run<A>(task: Task<A, unknown>, options?: Omit<RunOptions, "runtime">): Promise<A> {
    mustBeTask(task, "the argument of run")
    return this.settle(task.run({ ...options, runtime: this }))
  }

  /**
   * Moves the time, whenever nothing else is to be done, until a promise (a fiber, for example) settles; the same outcome.
   * Rejects where it cannot settle any more: nothing is ready, nobody sleeps (or only housekeeping goes on, with
   * `ref: false`), and what fibers wait for from outside does not come.
   */
  async settle<A>(promise: PromiseLike<A>): Promise<A> {
    const waiting = { on: true }
    const outcome = Promise.resolve(promise)
    const end = (): void => {
      waiting.on = false
    }
    outcome.then(end, end)
    await this.#hostTurn()
    for (let idle = 0, before = 0; waiting.on;) {
      // Bit by bit, since the program may call `advance`, too.
      const moved = await this.#inTurn(() => this.#onwards(waiting))
      const left = this.#patience()
      // Whatever has come has a few turns to make itself felt.
      idle = moved || left !== before ? 0 : idle + 1
      before = left
      if (idle > left) throw standstill(this)
    }
    return outcome
  }

  /** How long to go on when nothing moves: by what is still to come. */
  #patience(): number {
    if (this.scheduler.outside > 0) return PATIENCE + this.scheduler.outside
    return this.#clock.size > 0 ? LOOSE : FEW
  }

  /** Lets run what is ready, then moves the time; false if nobody sleeps but with `ref: false`. */
  async #onwards(waiting: { readonly on: boolean }): Promise<boolean> {
    await this.#rest(waiting)
    if (!waiting.on) return true
    await this.#hostTurn()
    if (this.#clock.keeping === 0) {
      if (this.#clock.size > 0) this.#move()
      return false
    }
    for (let left = MOVES; left > 0 && this.#clock.keeping > 0; left--) if (this.#move()) break
    return true
  }

  /** Cancels all fibers and resolves when they have ended; the time is moved as far as their cleanups need. */
  close(): Promise<void> {
    return (this.#closing ??= this.settle(close(this.scheduler)))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #inTurn<A>(move: () => Promise<A>): Promise<A> {
    const turn = this.#moving.then(move)
    this.#moving = turn.catch(() => {})
    return turn
  }

  /** Moves the time once, and gives the host its turn where it may need one, or now and then. */
  #moveOn(moves: number): Promise<void> | undefined {
    if (this.#move()) return this.#rest()
    return moves % MOVES === 0 ? this.#hostTurn() : undefined
  }

  /** Moves the time to the next deadline. False if that concerned fibers alone: then nobody outside has anything to do. */
  #move(): boolean {
    const { scheduler } = this
    // Whoever wanted to observe a failure has had the time for it.
    scheduler.unhandled.check()
    this.#clock.moveTo(this.#clock.next())
    return scheduler.ready.size > 0 || scheduler.outside > 0 || scheduler.told
  }

  /**
   * Until all that is ready has run, and those outside who were told of something have had their turn; or until what is
   * waited for has come, since something may go on for ever.
   */
  async #rest(waiting: { readonly on: boolean } = { on: true }): Promise<void> {
    const { scheduler } = this
    do {
      scheduler.told = false
      scheduler.drain()
      if (scheduler.ready.size > 0 || scheduler.outside > 0 || scheduler.told) await this.#hostTurn()
    } while (waiting.on && (scheduler.ready.size > 0 || scheduler.told))
  }

  #hostTurn(): Promise<void> {
    return new Promise((resolve) => this.#host.macrotask(resolve))
  }
}

const NOBODY: Watcher = { queued() {}, left() {}, stepping() {} }

function orderOf(
  seed: number | undefined,
  trace: Trace | undefined,
): Pick<SchedulerOptions, "ready"> & { pace?: SteppedPace } {
  if (seed === undefined && trace === undefined) return {}
  const chooser = seed === undefined ? inOrder : new Uniform(new Random(seed), GIVES_WAY)
  const watcher = trace ?? NOBODY
  const ready = new ChosenQueue(chooser, watcher)
  return { ready, pace: new SteppedPace(ready, chooser, watcher, TURN) }
}

function nameOf(sleeper: unknown): string | undefined {
  if (sleeper instanceof Group) return sleeper.fiber.name
  // What a fiber that nobody holds has left of itself is a function or a Task.
  return sleeper instanceof FiberCore ? sleeper.name : undefined
}

function timeOf(given: Date | number, name: string): number {
  const time = given instanceof Date ? given.getTime() : given
  if (typeof time === "number" && Number.isFinite(time)) return time
  throw new RangeError(`Expected \`${name}\` to be a Date or milliseconds since 1970, got ${describe(given)}.`)
}

function standstill(runtime: TestRuntime): Error {
  const list = runtime.waiting.map(({ fiber, on }) => `${fiber} waits for ${on}`).join("\n")
  return new Error(
    `Expected what is awaited to settle, got a standstill: nothing is ready and nobody sleeps.\n${list || "No fiber is left."}`,
  )
}
