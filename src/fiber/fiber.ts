/**
 * A fiber at rest: eight fields, since programs hold millions of them. Who owns which, and when:
 *
 *     state    flags and masks (state.ts); the interpreter while it runs, otherwise whoever wakes or aborts it
 *     cur      queued: the Task to continue as · suspended: what it waits for (a clock ticket, an Observer, a
 *              Registration, a Group, a Waiter, or undefined for ever) · closing: the body's value or reason · done: the value or reason
 *     frames   suspended or queued: its continuation. Nothing, the function of a map, one frame, or an array
 *     parent   the fiber that it is a child of; it ends before its parent does
 *     prev     siblings under the parent, or the scheduler's other listed roots; one list only, since a
 *     next     child is never a root
 *     side     what few fibers have (side.ts)
 *
 * Ending is never recursive: a parent whose last child has ended is queued and completes from the loop, so that a million
 * nested fibers end on a flat stack.
 */
import { CancelledError, type Exit, suppress } from "../data/index.ts"
import { type Fiber, Task } from "../task/index.ts"
import * as Op from "../task/node.ts"
import * as family from "./family.ts"
import { Group } from "./group.ts"
import { Observer } from "./observer.ts"
import { Registration } from "./registration.ts"
import type { Scheduler } from "./scheduler.ts"
import { Side } from "./side.ts"
import type { Frame } from "./stack.ts"
import {
  CANCELLED,
  CANCELLING,
  CLOSING,
  DONE,
  FULFILL,
  HELD,
  LISTED,
  MASKED,
  type Mode,
  OBSERVED,
  QUEUED,
  REJECT,
  REJECTED,
  STOPPED,
  SUSPENDED,
} from "./state.ts"

type AnyTask = Task<unknown, unknown>

let ids = 0
/** Those that were settled by hand and have not told all who wait. */
const settled: FiberCore[] = []

/** What a fiber can wait for beside the clock, a callback and a group. */
export interface Wait {
  /** In the words of the API, or as a phrase. */
  readonly what: string
  /** The fiber was cancelled: it does not wait any more. */
  leave(): void
}

/** Who is told that a fiber has ended: the fiber it is a child of, or its place in a group. */
export interface Parent {
  disown(child: FiberCore, how: Mode, value: unknown): void
}

export class FiberCore implements Fiber<any, unknown> {
  readonly loop: Scheduler
  state = 0
  cur: any
  frames: Frame | Frame[] | undefined = undefined
  parent: Parent | undefined
  prev: FiberCore | undefined
  next: FiberCore | undefined
  side: Side | undefined

  constructor(loop: Scheduler, task: AnyTask, parent: Parent | undefined) {
    this.loop = loop
    this.cur = task
    this.parent = parent
  }

  // --- the handle ----------------------------------------------------------------------------------------------------

  get id(): number {
    return (this.ownSide().id ||= ++ids)
  }

  get name(): string {
    return this.side?.name ?? `fiber-${this.id}`
  }

  join(): Task<any, unknown> {
    return new Task(Op.Join, this)
  }

  cancel(reason?: unknown): Task<void> {
    return Task.self().flatMap((self) => {
      this.abort(reason)
      return (self as unknown) === this ? Task.unit : this.afterwards()
    })
  }

  abort(reason?: unknown): void {
    if (this.state & (DONE | CLOSING | CANCELLING)) return
    if (reason !== undefined) this.ownSide().reason = reason
    this.#interrupt()
  }

  poll(): Exit<any> | undefined {
    if (!(this.state & DONE)) return undefined
    this.state |= OBSERVED
    return this.exit()
  }

  onExit(callback: (exit: Exit<any>) => void): () => void {
    if (this.state & DONE) {
      this.state |= OBSERVED
      this.loop.tell(callback, this.exit())
      return () => {}
    }
    const observer = new Observer(this, undefined, callback)
    return () => observer.leave()
  }

  toPromise(): Promise<any> {
    return new Promise((resolve, reject) => {
      const settle = (exit: Exit<any>): void => {
        if (exit.status === "fulfilled") resolve(exit.value)
        else reject(exit.status === "rejected" ? exit.reason : new CancelledError(exit.reason))
      }
      this.onExit(settle)
    })
  }

  then<B, C>(
    onFulfilled?: ((value: any) => B | PromiseLike<B>) | null,
    onRejected?: ((reason: unknown) => C | PromiseLike<C>) | null,
  ): Promise<B | C> {
    return this.toPromise().then(onFulfilled, onRejected)
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.abort()
    return new Promise((resolve) => {
      this.whenEnded(() => resolve())
    })
  }

  // --- the machine ---------------------------------------------------------------------------------------------------

  /** The side object, made now if need be. */
  ownSide(): Side {
    return (this.side ??= new Side())
  }

  /** Calls back when the fiber has ended, without heeding how: its failure stays unobserved. Returns the undo. */
  whenEnded(callback: () => void): () => void {
    if (this.state & DONE) {
      callback()
      return () => {}
    }
    const observer = new Observer(this, undefined, callback, false)
    return () => observer.leave()
  }

  /** Waits for its end, whatever that is. */
  afterwards(): Task<void> {
    return new Task<void>(Op.Join, this, true)
  }

  exit(): Exit<any> {
    if (this.state & REJECTED) return { status: "rejected", reason: this.cur }
    if (this.state & CANCELLED) return { status: "cancelled", reason: this.cur }
    return { status: "fulfilled", value: this.cur }
  }

  /** What a joiner of this finished fiber continues as. */
  exitTask(): AnyTask {
    if (this.state & REJECTED) return Task.fail<unknown>(this.cur)
    if (this.state & CANCELLED) return Task.fail<unknown>(new CancelledError(this.cur))
    return Task.pure<unknown>(this.cur)
  }

  /** Cancellation is to be delivered: requested, and no mask is up. */
  get stopping(): boolean {
    return (this.state & (CANCELLING | MASKED)) === CANCELLING
  }

  /** Cancellation has been delivered. */
  get stopped(): boolean {
    return (this.state & STOPPED) !== 0
  }

  /** Ends a suspension with what to continue as. The way in for all that happens inside the loop: joins, groups, yields. */
  wake(task: AnyTask): void {
    this.#goOnAs(task)
    this.loop.enqueue(this)
  }

  /** The same for who is given what the running fiber had. */
  follow(task: AnyTask): void {
    this.#goOnAs(task)
    this.loop.follow(this)
  }

  /** The same for callbacks and promises, which come from outside the loop: the fiber may run at once. */
  resume(task: AnyTask): void {
    this.loop.outside--
    this.#goOnAs(task)
    this.loop.resume(this)
  }

  /** The clock has put this sleeper among those who are ready. */
  awake(): void {
    this.#goOnAs(Task.unit)
  }

  #goOnAs(task: AnyTask): void {
    this.cur = task
    this.state = (this.state & ~SUSPENDED) | QUEUED
  }

  /** Waits, for something that calls `wake`. A cancellation requested while it registered interrupts it at once. */
  suspend(wait: unknown): void {
    this.cur = wait
    this.state |= SUSPENDED
    if (this.parent === undefined && typeof wait !== "number") this.loop.list(this)
    if (this.stopping) this.#interrupt()
  }

  /** Requests cancellation. A suspended fiber leaves what it waits for at once, unless masked. */
  #interrupt(): void {
    this.state |= CANCELLING
    if (this.loop.current === this) this.loop.attend()
    if (!(this.state & SUSPENDED) || this.state & MASKED) return
    const wait: unknown = this.cur
    if (wait instanceof Group) return wait.abort()
    if (wait instanceof Registration) {
      // Its cleanup is the user's code: the loop runs it, in the fiber's own slice.
      wait.settled = true
      this.loop.outside--
      this.cur = new Task(
        Op.Stop,
        Task.defer(() => wait.undo(this.reason)),
      )
    } else {
      if (typeof wait === "number") this.loop.clock.cancel(wait)
      else (wait as Wait | undefined)?.leave()
      this.cur = undefined
    }
    this.wake(this.cur)
  }

  /** The body has ended: children are cancelled and awaited, then the fiber completes. */
  end(mode: Mode, value: unknown): void {
    const side = this.side
    if (side === undefined || side.children === undefined) return this.#complete(mode, value)
    this.state |= CLOSING
    this.cur = value
    side.ended = mode
    if (this.parent === undefined) this.loop.list(this)
    family.abort(side, this.reason)
  }

  /** Ends by hand a fiber that has no body: what others wait for. False if it has ended before. */
  settle(how: Mode, value: unknown): boolean {
    if (this.state & DONE) return false
    this.#finish(how, value)
    if (this.side === undefined) return true
    // Who is told may settle the next one: they are told one after the other, on a flat stack.
    if (settled.push(this) > 1) return true
    try {
      for (const fiber of settled) fiber.#notify(fiber.ownSide())
    } finally {
      settled.length = 0
    }
    return true
  }

  #finish(how: Mode, value: unknown): void {
    this.state = (this.state & (HELD | OBSERVED | LISTED)) | DONE
    if (how !== FULFILL) this.state |= how === REJECT ? REJECTED : CANCELLED
    this.cur = value
    this.frames = undefined
  }

  /** From the loop: the last child of a closing fiber has ended. */
  close(): void {
    this.#complete(this.ownSide().ended, this.cur)
  }

  #complete(mode: Mode, value: unknown): void {
    const side = this.side
    let how = mode
    let what = value
    if (side !== undefined && side.childFailure !== undefined) {
      what = mode === REJECT ? suppress(value, side.childFailure.reason) : side.childFailure.reason
      how = REJECT
    }
    this.#finish(how, what)
    this.loop.watch?.ended(this, how, what)
    if (this.parent !== undefined) this.parent.disown(this, how, what)
    else this.loop.rootEnded(this)
    if (side !== undefined) {
      // Of all that, nothing is needed by who still holds the handle.
      side.context = undefined
      side.locals = undefined
      side.mask = undefined
      side.reason = undefined
      side.childFailure = undefined
      this.#notify(side)
    }
    if (how === REJECT && this.parent === undefined && !(this.state & OBSERVED)) this.loop.unhandled.add(this)
    this.parent = undefined
  }

  #notify(side: Side): void {
    side.unlisten?.()
    side.unlisten = undefined
    let forJoiners: AnyTask | undefined
    for (;;) {
      const observer = side.firstObserver
      if (observer === undefined) return
      observer.leave()
      if (observer.heeds) this.state |= OBSERVED
      observer.joiner?.wake(observer.heeds ? (forJoiners ??= this.exitTask()) : Task.unit)
      if (observer.callback !== undefined) this.loop.tell(observer.callback, this.exit() as Exit<never>)
    }
  }

  // --- children ------------------------------------------------------------------------------------------------------

  adopt(child: FiberCore): void {
    family.join(this.ownSide(), child)
  }

  disown(child: FiberCore, how: Mode, value: unknown): void {
    const side = this.ownSide()
    family.leave(side, child)
    if (how === REJECT) this.#childFailed(side, value)
    if (side.children === undefined && this.state & CLOSING) this.wake(this.cur)
  }

  /** A child's failure becomes this fiber's, after it has cancelled the body and the siblings. */
  #childFailed(side: Side, reason: unknown): void {
    if (this.state & CLOSING) {
      this.cur = side.ended === REJECT ? suppress(reason, this.cur) : reason
      side.ended = REJECT
    } else if (side.childFailure !== undefined) {
      side.childFailure.reason = suppress(reason, side.childFailure.reason)
    } else {
      side.childFailure = { reason }
      family.abort(side)
      if (!(this.state & CANCELLING)) this.#interrupt()
    }
  }

  /** What keeps the fiber waiting, in the words of the API; through joins and children, what keeps those waiting. */
  suspendedOn(): string | undefined {
    // A set is gone through in the order of adding, with what is added meanwhile: a circle ends where it began.
    const chain = new Set<FiberCore>([this])
    let fiber: FiberCore = this
    for (fiber of chain) if (fiber.#waitsFor !== undefined) chain.add(fiber.#waitsFor)
    const wait: unknown = fiber.cur
    if (!(fiber.state & SUSPENDED)) return fiber === this ? undefined : "join"
    return typeof wait === "number" ? "sleep" : ((wait as Partial<Wait> | undefined)?.what ?? "never")
  }

  /** The fiber whose end this one waits for. */
  get #waitsFor(): FiberCore | undefined {
    if (this.state & CLOSING) return this.side?.children
    if (!(this.state & SUSPENDED)) return undefined
    if (this.cur instanceof Group) return this.cur.children
    return this.cur instanceof Observer ? this.cur.target : undefined
  }

  /** Why it is cancelled, for those who are told. */
  get reason(): unknown {
    return this.side?.reason
  }
}
