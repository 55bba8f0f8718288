/**
 * The scheduler of one runtime: who runs next.
 *
 * The gateway is `enqueue`, `drain` and the claim between them. Whoever makes a fiber runnable enqueues it first and then
 * sees to it that somebody runs; one flag says whether somebody does. Since JavaScript runs one callback at a time, "queue,
 * then look at the flag" cannot lose a wakeup: either the runner is in `drain` and will come to the new entry, or nobody
 * is and a drain is armed. The time that a runner may take is the business of `Turn`.
 *
 * Wakes within a turn of the host are batched in one microtask. One macrotask is armed per turn, when the turn opens: it
 * closes the turn, looks for failures that nobody observed, and goes on with what is ready.
 */
import { captureContext, type Clock, type Host, type Woken } from "../clock/index.ts"
import { RingBuffer } from "../data/index.ts"
import { drive, type Driver, type StartSpec, Task } from "../task/index.ts"
import * as family from "./family.ts"
import { FiberCore, type Parent } from "./fiber.ts"
import { Group } from "./group.ts"
import { advance } from "./interpreter.ts"
import type { Pace, ReadyQueue, Watch } from "./seams.ts"
import type { Frame } from "./stack.ts"
import { CLOSING, DONE, HELD, LISTED, type Mode, QUEUED } from "./state.ts"
import { Turn } from "./turn.ts"
import { type OnUnhandled, Unhandled } from "./unhandled.ts"

type AnyTask = Task<unknown, unknown>

/** What is ready to run: a fiber, a group that has something to do, or what a clock kept of a fiber that nobody holds. */
export type Ready = FiberCore | Group | AnyTask | ((value: void) => unknown)

export interface SchedulerOptions {
  readonly clock: Clock
  readonly host: Host
  /** Operations that a fiber may run while others wait. */
  readonly budget: number
  /** Milliseconds of a host turn; Infinity never gives the host its turn. */
  readonly slice: number
  /** A number from 0 to less than 1. */
  readonly random: () => number
  readonly onUnhandled: OnUnhandled
  /** Where detached fibers go, if not here. */
  readonly forDetached?: () => Scheduler
  /** A test's order of running, in place of first-in first-out and of `budget` and `slice`. */
  readonly ready?: ReadyQueue
  readonly pace?: Pace
}

export class Scheduler implements Driver {
  readonly clock: Clock
  readonly random: () => number
  readonly unhandled: Unhandled
  /** Operations left until the next look at time, budget and cancellation. The interpreter counts it down. */
  ops = 0
  /** The continuation stack that the running fiber borrows (interpreter.ts). */
  stack: Frame[] = []
  current: FiberCore | undefined
  /** Roots that have been started and have not ended. */
  live = 0
  /** Those of them that wait, for whoever closes the scheduler (close.ts). Sleepers are found through the clock. */
  readonly roots: family.Family = { children: undefined }
  /** Nothing is to be started any more. */
  closed = false
  /** Called whenever the last root has ended. */
  onIdle: () => void = () => {}
  /** Called when a turn has ended and nothing is ready. */
  onQuiet: (() => void) | undefined = undefined

  /** Fibers that wait for a callback or a promise: for what comes from outside. */
  outside = 0

  readonly ready: ReadyQueue
  /** Who watches, and what runs a fiber: who watches may put itself around it. */
  watch: Watch | undefined = undefined
  advance = advance
  /** Entries that go on what is left of the running one's grant, the last one first. */
  readonly #soon: Ready[] = []
  readonly #woken: Woken
  readonly #host: Host
  readonly #turn: Pace
  readonly #forDetached: (() => Scheduler) | undefined
  #running = false
  #entering = false
  #lending = false
  #microtaskArmed = false
  #macrotaskArmed = false
  /** The clock may have sleepers that are due. */
  #due = false
  #spare: FiberCore | undefined

  constructor(options: SchedulerOptions) {
    this.clock = options.clock
    this.random = options.random
    this.#host = options.host
    this.ready = options.ready ?? new RingBuffer<unknown>()
    this.#turn = options.pace ?? new Turn(options.host, options.budget, options.slice)
    this.#forDetached = options.forDetached
    this.unhandled = new Unhandled(options.onUnhandled)
    this.#woken = new WokenSleepers(this.ready)
    this.clock.connect((stepped) => this.#wakeSleepers(stepped))
  }

  // --- the gateway ---------------------------------------------------------------------------------------------------

  /** Makes `entry` runnable, then sees to it that somebody runs. */
  enqueue(entry: Ready): void {
    this.ready.push(entry)
    if (!this.#running) this.#armMicrotask()
  }

  /** Makes `entry` run right after what runs now, on the rest of its budget: for what belongs to it. */
  soon(entry: Ready): void {
    if (this.#running) this.#soon.push(entry)
    else this.enqueue(entry)
  }

  /**
   * Makes `entry` runnable, who has been given what the running one had: in a callback, if nobody else waits, on what is
   * left of its budget, since a microtask of our own would cost more.
   */
  follow(entry: Ready): void {
    if (this.#lending && this.ready.size + this.#soon.length === 0) this.soon(entry)
    else this.enqueue(entry)
  }

  /** Becomes the runner, unless there is one, until nothing is ready or the turn is over. */
  drain(): void {
    if (this.#running) return
    this.#openTurn()
    const outer = this.#claim()
    try {
      if (this.#due) this.#due = this.clock.take(this.#woken)
      while (!this.#turn.over && this.#refill()) this.#step(this.ready.shift() as Ready)
    } finally {
      this.#release(outer)
    }
  }

  /** Runs a new root now if nobody is running, for one budget at most; queues it otherwise. */
  #enter(fiber: FiberCore): void {
    fiber.state |= QUEUED
    const context = captureContext()
    if (context !== undefined) fiber.ownSide().context = context
    if (!this.#running) this.#openTurn()
    this.live++
    if (this.#running) this.enqueue(fiber)
    else this.#runNow(fiber)
  }

  /**
   * Runs `fiber` for one budget at most: somebody outside is waiting for us to return. Alone, or lending what is left to
   * who follows it.
   */
  #runNow(fiber: FiberCore): void {
    const outer = this.#claim()
    try {
      this.#entering = true
      this.#step(fiber)
    } finally {
      this.#entering = this.#lending = false
      this.#release(outer)
    }
    if (this.ready.size > 0) this.#armMicrotask()
  }

  /**
   * The outside world resumes `fiber`. It runs at once, as a callback does, where nobody runs, nobody waits, and no async
   * context of the caller's would show in it; in its turn otherwise.
   */
  resume(fiber: FiberCore): void {
    const bare = captureContext() === undefined
    const inTurn = this.#running || this.#turn.over || this.ready.size > 0
    if (inTurn || !(bare || fiber.side?.context) || !this.#opensTurn()) return this.enqueue(fiber)
    this.#lending = bare
    this.#runNow(fiber)
  }

  /** Fails, and changes nothing, if the host refuses the macrotask: some do while a module is loaded. */
  #openTurn(): void {
    if (this.#turn.open) return
    this.#armMacrotask()
    this.#turn.begin()
  }

  #opensTurn(): boolean {
    if (this.#turn.open) return true
    try {
      this.#openTurn()
      return true
    } catch {
      // The next who has to run the loop will hear of it.
      return false
    }
  }

  #claim(): Driver | undefined {
    this.#running = true
    const outer = drive.driver
    drive.driver = undefined
    return outer
  }

  /** Also when something got past the interpreter (a stack overflow of the caller's): the next one can run. */
  #release(outer: Driver | undefined): void {
    while (this.#soon.length > 0) this.ready.push(this.#soon.pop())
    this.#running = false
    this.current = undefined
    drive.driver = outer
  }

  // --- one entry -----------------------------------------------------------------------------------------------------

  #step(first: Ready): void {
    let entry: Ready | undefined = first
    this.ops = this.#turn.enter()
    do {
      if (entry instanceof FiberCore) this.#resume(entry)
      else if (typeof entry === "function") this.#callDetached(entry)
      else if (entry instanceof Group) this.#call(entry)
      else this.#resumeDetached(entry)
      entry = this.#turn.over ? undefined : this.#soon.pop()
    } while (entry !== undefined)
    this.#turn.leave(this.ops)
  }

  /** A group starts its next member, or ends: one operation, in the context of the fiber that waits for it. */
  #call(group: Group): void {
    if (--this.ops < 0 && this.mustGiveWay()) return this.enqueue(group)
    const context = group.fiber.side?.context
    if (context === undefined) group.run()
    else context.runInAsyncScope(() => group.run(), undefined)
  }

  #resume(fiber: FiberCore): void {
    fiber.state &= ~QUEUED
    this.current = fiber
    const context = fiber.side?.context
    if (fiber.state & CLOSING) fiber.close()
    else if (context === undefined) this.advance(fiber)
    else context.runInAsyncScope(this.advance, undefined, fiber)
    this.current = undefined
  }

  /** A sleeper that nobody holds woke, and all that it has left to do is one function. */
  #callDetached(f: (value: void) => unknown): void {
    this.tell(f, undefined)
    this.rootEnded(undefined)
  }

  #resumeDetached(frame: AnyTask): void {
    const fiber = this.#fresh(Task.unit)
    fiber.frames = frame
    this.#resume(fiber)
    this.#recycleIfDone(fiber)
  }

  /** From the interpreter, when the count has run out: true if the running fiber must give way. */
  mustGiveWay(next?: AnyTask): boolean {
    const othersWait = this.#entering || this.#due || this.ready.size + this.#soon.length > 0
    this.ops = this.#turn.more(this.ops, othersWait, next)
    // The operation that asked is the first of the new grant.
    return this.ops-- === 0
  }

  /** Makes the running fiber look at its state at its next operation. */
  attend(): void {
    this.ops = 0
  }

  spend(): boolean {
    return --this.ops >= 0
  }

  // --- the host ------------------------------------------------------------------------------------------------------

  readonly #onMicrotask = (): void => {
    this.#microtaskArmed = false
    if (!this.#turn.over) this.drain()
  }

  readonly #onMacrotask = (): void => {
    this.#macrotaskArmed = false
    this.#turn.end()
    this.unhandled.check()
    if (this.#due || this.ready.size > 0) this.drain()
    else this.onQuiet?.()
  }

  /** Once the turn is over its macrotask takes care of what is ready. */
  #armMicrotask(): void {
    if (this.#microtaskArmed || this.#turn.over) return
    this.#host.microtask(this.#onMicrotask)
    this.#microtaskArmed = true
  }

  #armMacrotask(): void {
    if (this.#macrotaskArmed) return
    this.#host.macrotask(this.#onMacrotask)
    this.#macrotaskArmed = true
  }

  /** From the clock, in a callback of the host's: sleepers are due. What is left of the turn is theirs. */
  #wakeSleepers(stepped: boolean): void {
    this.#due = true
    if (this.#running) return
    if (stepped) this.#turn.end()
    if (!this.#turn.over) this.drain()
  }

  /** True if something is ready, after taking due sleepers where nothing was. */
  #refill(): boolean {
    while (this.ready.size === 0 && this.#due) this.#due = this.clock.take(this.#woken)
    return this.ready.size > 0
  }

  // --- starting and ending fibers ------------------------------------------------------------------------------------

  /** Starts a root that somebody holds. */
  run(fiber: FiberCore): void {
    fiber.state |= HELD
    this.#enter(fiber)
  }

  /** Starts a root that nobody holds. */
  forget(task: AnyTask): void {
    const fiber = this.#fresh(task)
    this.#enter(fiber)
    this.#recycleIfDone(fiber)
  }

  start(starter: FiberCore, task: AnyTask, spec: StartSpec): FiberCore {
    const away = spec.detached && spec.here !== true ? this.#forDetached : undefined
    if (away !== undefined) return away().start(starter, task, { ...spec, here: true })
    const parent = spec.detached ? undefined : ((spec.parent as FiberCore | undefined) ?? starter)
    const child = this.fork(starter, task, parent)
    if (spec.name !== undefined) child.ownSide().name = spec.name
    if (parent !== undefined) parent.adopt(child)
    else this.live++
    if (parent === undefined && this.closed) child.abort()
    this.enqueue(child)
    return child
  }

  /** Makes a fiber that inherits from `origin`; whoever calls makes it run. */
  fork(origin: FiberCore, task: AnyTask, parent: Parent | undefined): FiberCore {
    const fiber = new FiberCore(this, task, parent)
    fiber.state = HELD | QUEUED
    const side = origin.side
    if (side !== undefined && (side.context ?? side.locals) !== undefined) {
      const own = fiber.ownSide()
      own.context = side.context
      own.locals = side.locals
    }
    return fiber
  }

  /** True for a root that nobody holds and that has nothing but its continuation: a clock may keep that alone. */
  isPlain(fiber: FiberCore): boolean {
    return fiber.state === 0 && fiber.side === undefined
  }

  /** A plain fiber has handed its continuation to the clock; the object serves again. */
  recycle(fiber: FiberCore): void {
    fiber.state = 0
    fiber.cur = undefined
    fiber.frames = undefined
    this.#spare = fiber
  }

  #recycleIfDone(fiber: FiberCore): void {
    if (fiber.state === DONE && fiber.side === undefined) this.recycle(fiber)
  }

  #fresh(task: AnyTask): FiberCore {
    const spare = this.#spare
    if (spare === undefined) return new FiberCore(this, task, undefined)
    this.#spare = undefined
    spare.cur = task
    return spare
  }

  /** Keeps a suspended root where closing finds it. */
  list(root: FiberCore): void {
    if (root.state & LISTED) return
    root.state |= LISTED
    family.join(this.roots, root)
  }

  /** Without a root: a sleeper that nobody held. How it ended is for who watches. */
  rootEnded(root: FiberCore | undefined, _how?: Mode): void {
    if (root !== undefined && root.state & LISTED) family.leave(this.roots, root)
    if (--this.live === 0) this.onIdle()
  }

  /** Calls somebody's callback; what it throws is reported and harms no one. */
  tell<A>(callback: (news: A) => unknown, news: A): void {
    try {
      callback(news)
    } catch (error) {
      this.unhandled.report(error, undefined)
    }
  }
}

/** Where the clock puts due sleepers: a fiber among them has no ticket any more. */
class WokenSleepers implements Woken {
  readonly #ready: ReadyQueue

  constructor(ready: ReadyQueue) {
    this.#ready = ready
  }

  push(sleeper: unknown): void {
    if (sleeper instanceof FiberCore) sleeper.awake()
    else if (typeof sleeper !== "function" && sleeper instanceof Group) sleeper.rang()
    this.#ready.push(sleeper)
  }
}
