/**
 * The side of a queue that takes: what queues and subscriptions have in common.
 *
 * An item passes through the buffer, never straight to a taker. A taker that waits is told that there is one more than have
 * been promised; it takes the first one when it runs. So items leave in their order, and a taker that is cancelled in
 * between has nothing to lose: its promise passes to the next. Who finds an item that nobody was promised takes it at once.
 *
 *     items     a b c          promised 2: two takers have been woken, and will take a and b
 *                   ^ c is for whoever comes now
 */
import { LinkedList } from "../data/index.ts"
import { type FiberCore, handOver, perform, wait, Waiter } from "../fiber/index.ts"
import { Task } from "../task/index.ts"
import { iteratorOf } from "./async-iterator.ts"
import type { ClosedError } from "./closed-error.ts"
import { mustBeCountOrInfinity } from "./count.ts"
import { readableOf } from "./web-streams.ts"

type AnyTask = Task<unknown, unknown>

/** Where items lie: in the order of their coming, or in another one. */
export interface Items<A> {
  readonly size: number
  push(item: A): void
  shift(): A | undefined
}

/** Several at once. */
interface Many {
  readonly from: Dequeue<unknown, unknown>
  readonly most: number
}

/**
 * What items can be taken from: a Queue, or a Subscription to a Hub. Takers are served first in, first out. An item is
 * taken once; a taker that is cancelled takes none.
 */
export abstract class Dequeue<out A, out E = never> implements AsyncIterable<A> {
  /** @internal */
  readonly what = "an item of a queue"
  readonly #items: Items<unknown>
  readonly #takers = new LinkedList<Waiter>()
  /** Items that belong to takers who have been woken and have not run yet. */
  #promised = 0
  /** What a take comes to when nothing is left and nothing will come. */
  #end: AnyTask | undefined
  readonly #emptied = new LinkedList<Waiter>()
  readonly #takeOne: Task<A, E | ClosedError> = perform(takeOne, this as Dequeue<unknown, unknown>) as Task<A, E>
  readonly #takePromised: AnyTask = perform(takePromised, this as Dequeue<unknown, unknown>)

  /** @internal */
  constructor(items: Items<unknown>) {
    this.#items = items
  }

  /** How many items may be taken. */
  get size(): number {
    const free = this.#items.size - this.#promised
    return free > 0 ? free : 0
  }

  /** Nothing is added any more. What is left can be taken. */
  get closed(): boolean {
    return this.#end !== undefined
  }

  /** How many wait for an item. */
  get takers(): number {
    return this.#takers.size
  }

  /**
   * Takes the next item; waits for one where there is none. Fails when it is closed and empty: with `ClosedError`, or with
   * what it was failed with. The item is yours in the step that takes it: a cancellation before that leaves it to others.
   */
  take(): Task<A, E | ClosedError> {
    return this.#takeOne
  }

  /**
   * Waits for an item, as `take` does, and takes as many as are there, at most `most`: one at least.
   *
   * @throws RangeError for a `most` that is no integer >= 1 or Infinity.
   */
  takeUpTo(most: number): Task<A[], E | ClosedError> {
    mustBeCountOrInfinity(most, "most")
    return perform(takeMany, { from: this, most }) as Task<A[], E>
  }

  /** The next item, at once; undefined where there is none. */
  poll(): A | undefined {
    if (this.size <= 0) return undefined
    const item = this.#items.shift()
    this.#settle()
    return item as A
  }

  /** Takes all that is there, at once. */
  clear(): A[] {
    return this.#shift(this.size) as A[]
  }

  /** Waits until it is closed and everything in it has been taken. Never fails. */
  drained(): Task<void> {
    return perform((fiber: FiberCore): Task<void> => {
      if (this.#over) return Task.unit
      const left = (waiter: Waiter, served: boolean): void => {
        if (!served) this.#emptied.remove(waiter)
      }
      const waiter = new Waiter(fiber, { what: "the end of a queue", left }, undefined, Task.unit)
      this.#emptied.push(waiter)
      return wait(waiter)
    }, undefined)
  }

  /**
   * `for await` takes item after item, and ends when it is closed and empty; it throws what it was failed with. Leaving the
   * loop early leaves the rest where it is.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<A, undefined> {
    return iteratorOf(this.take())
  }

  /**
   * A ReadableStream of the items: each is taken when the stream is pulled. It ends as the iteration does; cancelling it
   * leaves the rest where it is.
   */
  toReadableStream(): ReadableStream<A> {
    return readableOf(this.take())
  }

  // --- for those who add ---------------------------------------------------------------------------------------------

  /** @internal How many items lie here, promised ones included. */
  protected get held(): number {
    return this.#items.size
  }

  /** @internal */
  protected push(item: unknown): void {
    this.#items.push(item)
    this.#promise()
  }

  /** @internal Drops all, also what was promised: who was promised one finds the end. */
  protected empty(): void {
    while (this.#items.size > 0) void this.#items.shift()
    this.#settle()
  }

  /** @internal Drops the oldest item: those who were promised one get the next. */
  protected drop(): void {
    void this.#items.shift()
  }

  /** @internal Nothing will be added any more. False if that was said before. */
  protected end(reason: unknown): boolean {
    if (this.#end !== undefined) return false
    this.#end = Task.fail(reason)
    this.#settle()
    return true
  }

  /** @internal There is room that was not there before. */
  protected abstract roomMade(): void

  /** @internal */
  left(waiter: Waiter, served: boolean): void {
    if (served) {
      this.#promised--
      this.#settle()
    } else {
      this.#takers.remove(waiter)
    }
  }

  // --- for those who take --------------------------------------------------------------------------------------------

  /** @internal */
  takeNow(fiber: FiberCore): AnyTask {
    if (this.size > 0) {
      const item = this.#items.shift()
      this.#settle()
      return handOver(fiber, item)
    }
    return this.#over ? (this.#end as AnyTask) : this.#wait(fiber, this.#takePromised)
  }

  /** @internal */
  takeAll(fiber: FiberCore, most: number): AnyTask {
    if (this.size > 0) return handOver(fiber, this.#shift(Math.min(most, this.size)))
    if (this.#over) return this.#end as AnyTask
    const then = perform((running: FiberCore) => {
      if (this.#over) return this.#end as AnyTask
      this.#promised--
      return handOver(running, this.#shift(Math.min(most, this.size)))
    }, undefined)
    return this.#wait(fiber, then)
  }

  /** @internal Where all has been dropped meanwhile, it is `left` that takes the promise back. */
  takePromised(fiber: FiberCore): AnyTask {
    if (this.#over) return this.#end as AnyTask
    const item = this.#items.shift()
    this.#promised--
    this.#settle()
    return handOver(fiber, item)
  }

  #shift(count: number): unknown[] {
    const items = Array.from({ length: count }, () => this.#items.shift())
    this.#settle()
    return items
  }

  #wait(fiber: FiberCore, then: AnyTask): AnyTask {
    const waiter = new Waiter(fiber, this, undefined, then)
    this.#takers.push(waiter)
    return wait(waiter)
  }

  /** Nothing is left, and nothing will come. */
  get #over(): boolean {
    return this.#end !== undefined && this.#items.size === 0
  }

  /** Tells takers of the items that nobody has been promised. */
  #promise(): void {
    while (this.#takers.first !== undefined && this.#items.size > this.#promised) {
      this.#promised++
      ;(this.#takers.shift() as Waiter).serve()
    }
  }

  /** After something has been taken, a promise given up, or the end: everybody who can go on does. */
  #settle(): void {
    if (this.#end === undefined) this.roomMade()
    this.#promise()
    if (!this.#over) return
    for (let taker = this.#takers.shift(); taker !== undefined; taker = this.#takers.shift()) {
      taker.dismiss(this.#end as AnyTask)
    }
    for (let waiter = this.#emptied.shift(); waiter !== undefined; waiter = this.#emptied.shift()) waiter.serve()
  }
}

function takeOne(fiber: FiberCore, from: Dequeue<unknown, unknown>): AnyTask {
  return from.takeNow(fiber)
}

function takePromised(fiber: FiberCore, from: Dequeue<unknown, unknown>): AnyTask {
  return from.takePromised(fiber)
}

function takeMany(fiber: FiberCore, { from, most }: Many): AnyTask {
  return from.takeAll(fiber, most)
}
