/**
 * Fibers that a combinator runs side by side, and the fiber that waits for them: the parent is suspended on the group.
 *
 *     parent ──suspends on──▶ Group ──▶ fiber ──▶ Member        the group lists the fibers (family.ts); a fiber's parent is
 *                               │  └────▶ fiber ──▶ Member        its Member, which tells the group how it ended
 *                               └─ crew: which, how many, what their ends amount to (task/crew.ts)
 *
 * Starting. A group is an entry of the scheduler like a fiber: each time it is its turn it starts one member and puts
 * itself behind it, before anybody else. So a member has had its first say before the next is made, a race whose first
 * member settles at once makes no second one, and groups in groups nest on the scheduler's list, not on the JS stack. A
 * member that is a value already needs no fiber; where all are, the parent does not even suspend.
 *
 * Ending. The first decision stands: the crew's, the timer's, the signal's, or the parent's cancellation. The members that
 * still run are then cancelled; when the last has ended, the parent goes on. What a cleanup fails with then is added to the
 * outcome: it is joined to the member's cancellation. A member that had failed before has lost, and so has its failure.
 */
import { CancelledError, holdsCancellation, onAbort, suppress } from "../data/index.ts"
import { type Crew, Task } from "../task/index.ts"
import * as Op from "../task/node.ts"
import * as family from "./family.ts"
import type { FiberCore } from "./fiber.ts"
import { CANCEL, FULFILL, type Mode, REJECT } from "./state.ts"

type AnyTask = Task<unknown, unknown>

/** A place in a group: a fiber's parent. */
class Member {
  readonly #group: Group
  readonly #index: number

  constructor(group: Group, index: number) {
    this.#group = group
    this.#index = index
  }

  disown(fiber: FiberCore, how: Mode, value: unknown): void {
    this.#group.left(fiber, this.#index, how, value)
  }
}

export class Group implements family.Family {
  readonly fiber: FiberCore
  /** The members that still run, the last one first. */
  children: FiberCore | undefined = undefined
  readonly #crew: Crew
  /** When the first member began that did not end on the spot. */
  #began = 0
  #started = 0
  #running = 0
  /** No more members are to be started. */
  #full = false
  /** It is among the scheduler's entries. */
  #queued = false
  #ticket = -1
  /** Takes the listener off the signal. */
  #unlisten: (() => void) | undefined = undefined
  #late = false
  /** The parent is cancelled. */
  #cancelled = false
  #closed = false
  #outcome: AnyTask | undefined = undefined
  /** What failed in cleanups, boxed since anything may be thrown. */
  #trouble: { reason: unknown } | undefined = undefined

  constructor(fiber: FiberCore, crew: Crew) {
    this.fiber = fiber
    this.#crew = crew
  }

  /** From the interpreter, before the parent suspends: what to continue as, if that is known on the spot. */
  begin(): AnyTask | undefined {
    const signal = this.#crew.signal
    if (signal !== undefined) {
      if (signal.aborted) this.#decide(Task.fail<unknown>(signal.reason))
      else this.#unlisten = onAbort(signal, () => this.#aborted(signal.reason))
    }
    return this.#tend()
  }

  /** From the scheduler: this entry's turn. */
  run(): void {
    this.#queued = false
    if (this.#closed) return
    const outcome = this.#tend()
    if (outcome !== undefined) this.fiber.wake(this.#cancelled ? new Task(Op.Stop, outcome) : outcome)
  }

  /** Does what is to be done; the outcome, if that was the last of it. */
  #tend(): AnyTask | undefined {
    if (this.#cancelled) this.#abortAll(this.fiber.reason)
    else if (this.#late) this.#decide(this.#crew.late?.())
    else if (!this.#full) this.#start()
    return this.#running === 0 && this.#full ? this.#end() : undefined
  }

  /** From the clock: the time is up. */
  rang(): void {
    this.#ticket = -1
    this.#late = true
    this.#queued = true
  }

  #aborted(reason: unknown): void {
    this.#decide(Task.fail<unknown>(reason))
    this.#comeBack()
  }

  /**
   * From the parent, which is cancelled. The members are told from the loop, since groups may be nested without end; at
   * once, whatever place the group has in the queue already, since the innermost may be making more of them. The older
   * entry will find nothing to do.
   */
  abort(): void {
    this.#cancelled = true
    this.#full = true
    this.#queued = true
    this.fiber.loop.soon(this)
  }

  left(fiber: FiberCore, index: number, how: Mode, value: unknown): void {
    this.#running--
    family.leave(this, fiber)
    if (this.#outcome === undefined && !this.#cancelled) {
      const outcome = this.#crew.settled(index, how === FULFILL, how === CANCEL ? new CancelledError(value) : value)
      if (outcome !== undefined) this.#decide(outcome)
    } else if (how === REJECT && holdsCancellation(value)) {
      this.#failed(value)
    }
    if (this.#running === 0 || !this.#full) this.#comeBack()
  }

  /** Comes back as soon as what runs now has stopped. */
  #comeBack(): void {
    if (this.#queued || this.#closed) return
    this.#queued = true
    this.fiber.loop.soon(this)
  }

  /** Starts one member, after those that have ended before they began. */
  #start(): void {
    const { loop } = this.fiber
    while (this.#running < this.#crew.limit) {
      const program = this.#ask()
      if (this.#full) break
      if (program.tag !== Op.Pure) return this.#fork(program)
      const outcome = this.#crew.settled(this.#started++, true, program.a)
      if (outcome !== undefined) return this.#decide(outcome)
      if (--loop.ops < 0) return this.#comeBack()
    }
    this.#watch()
  }

  /** The program of the next member; when there is none, no more are to be started. */
  #ask(): AnyTask {
    try {
      const program = this.#crew.next(this.#started)
      if (program !== undefined) return program
      this.#full = true
    } catch (thrown) {
      this.#decide(Task.fail<unknown>(thrown))
    }
    return Task.unit
  }

  #fork(program: AnyTask): void {
    const { loop } = this.fiber
    if (this.#crew.timeout !== undefined && this.#running === 0) this.#began = loop.clock.now()
    const fiber = loop.fork(this.fiber, program, new Member(this, this.#started++))
    this.#running++
    family.join(this, fiber)
    this.#comeBack()
    loop.soon(fiber)
  }

  /** The time limit is set when the members have had their first say: many need no timer at all. */
  #watch(): void {
    const { timeout } = this.#crew
    if (timeout === undefined || this.#running === 0 || this.#ticket !== -1) return
    const clock = this.fiber.loop.clock
    const left = this.#began + timeout - clock.now()
    if (left <= 0) return this.#decide(this.#crew.late?.())
    try {
      this.#ticket = clock.add(left, this, true)
    } catch (refused) {
      this.#decide(Task.fail<unknown>(refused))
    }
  }

  #decide(outcome: AnyTask | undefined): void {
    if (this.#outcome !== undefined || this.#cancelled) return
    this.#outcome = outcome
    this.#full = true
    this.#abortAll(outcome?.tag === Op.Fail ? outcome.a : undefined)
  }

  #abortAll(reason: unknown): void {
    family.abort(this, reason)
  }

  /** Nothing of the group is left behind; the outcome, or undefined if there is none to come but from outside. */
  #end(): AnyTask | undefined {
    const crew = this.#crew
    const outcome = this.#cancelled ? Task.unit : (this.#outcome ?? crew.ended())
    if (outcome === undefined) return undefined
    this.#closed = true
    if (this.#ticket !== -1) this.fiber.loop.clock.cancel(this.#ticket)
    this.#unlisten?.()
    try {
      crew.close?.()
    } catch (thrown) {
      this.#failed(thrown)
    }
    return this.#trouble === undefined ? outcome : withTrouble(outcome, this.#trouble.reason)
  }

  /** Something failed in a cleanup. */
  #failed(reason: unknown): void {
    this.#trouble = { reason: this.#trouble === undefined ? reason : suppress(reason, this.#trouble.reason) }
  }
}

function withTrouble(outcome: AnyTask, reason: unknown): AnyTask {
  return Task.fail<unknown>(outcome.tag === Op.Fail ? suppress(reason, outcome.a) : reason)
}
