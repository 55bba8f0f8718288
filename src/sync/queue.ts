import { Heap, LinkedList, RingBuffer } from "../data/index.ts"
import { type FiberCore, type Owner, perform, wait, Waiter } from "../fiber/index.ts"
import { mustBeFunction, Task } from "../task/index.ts"
import { ClosedError } from "./closed-error.ts"
import { mustBeCount, mustBeCountOrInfinity } from "./count.ts"
import { Dequeue, type Items } from "./dequeue.ts"
import { writableOf } from "./web-streams.ts"

type AnyTask = Task<unknown, unknown>

/** What a full queue does with one more item: lets the producer wait, drops the oldest item, or drops the new one. */
type Overflow = "wait" | "slide" | "drop"

/** What `Queue.priority` may be told. */
export interface PriorityOptions<in A> {
  /** Negative where `a` is to leave before `b`, as for `Array.sort`. Equal ones leave in the order of their coming. */
  readonly compare: (a: A, b: A) => number
  /** How many items it holds; producers wait when it is full. An integer >= 1. Default Infinity. */
  readonly capacity?: number
}

const TRUE = Task.pure(true)
const FALSE = Task.pure(false)

/**
 * Items on their way from producers to consumers, in order. A bounded one makes producers wait while it is full, so that
 * they go no faster than the consumers: back-pressure. Both sides are served first in, first out; no item is lost or taken
 * twice, whoever is cancelled when.
 *
 * @example
 * ```ts
 * const queue = Queue.bounded<number>(2)
 * const producer = queue.offerAll([1, 2, 3, 4]).tap(() => void queue.close())
 * const sum = Task.gen(function* () {
 *   yield* producer.start()
 *   let total = 0
 *   while (!(queue.closed && queue.size === 0)) total += yield* queue.take()
 *   return total
 * })
 * await sum // 10
 * ```
 */
export class Queue<in out A, out E = never> extends Dequeue<A, E> {
  /** How many items it holds at most. */
  readonly capacity: number
  /** @internal */
  protected readonly kind = "queue"
  readonly #overflow: Overflow
  /** Producers that wait for room, each with its item. */
  readonly #producers = new LinkedList<Waiter>()
  readonly #offering: Owner = {
    what: "room in a queue",
    left: (waiter, served) => {
      // Served: the item is in the queue, and stays there.
      if (!served) this.#producers.remove(waiter)
    },
  }
  readonly #offer = (fiber: FiberCore, item: A): AnyTask => {
    if (this.closed) return Task.fail(new ClosedError(this.kind))
    if (this.#hasRoom) this.push(item)
    else if (this.#overflow === "wait") return this.#wait(fiber, item)
    else if (this.#overflow === "drop") return FALSE
    else this.#slide(item)
    return TRUE
  }

  private constructor(items: Items<A>, capacity: number, overflow: Overflow) {
    super(items)
    this.capacity = capacity
    this.#overflow = overflow
  }

  /**
   * Holds at most `capacity` items; producers wait while it is full.
   *
   * @throws RangeError for a `capacity` that is no integer >= 1.
   */
  static bounded<A, E = never>(capacity: number): Queue<A, E> {
    mustBeCount(capacity, "capacity")
    return new Queue<A, E>(new RingBuffer<A>(), capacity, "wait")
  }

  /** Holds what it is given: producers never wait. Bound them otherwise. */
  static unbounded<A, E = never>(): Queue<A, E> {
    return new Queue<A, E>(new RingBuffer<A>(), Infinity, "wait")
  }

  /**
   * Holds the last `capacity` items: one more drops the oldest.
   *
   * @throws RangeError for a `capacity` that is no integer >= 1.
   */
  static sliding<A, E = never>(capacity: number): Queue<A, E> {
    mustBeCount(capacity, "capacity")
    return new Queue<A, E>(new RingBuffer<A>(), capacity, "slide")
  }

  /**
   * Holds the first `capacity` items: what is offered while it is full is dropped, and `offer` yields false.
   *
   * @throws RangeError for a `capacity` that is no integer >= 1.
   */
  static dropping<A, E = never>(capacity: number): Queue<A, E> {
    mustBeCount(capacity, "capacity")
    return new Queue<A, E>(new RingBuffer<A>(), capacity, "drop")
  }

  /**
   * The smallest item leaves first, by `compare`.
   *
   * @throws TypeError, RangeError for options out of their range.
   */
  static priority<A, E = never>(options: PriorityOptions<A>): Queue<A, E> {
    mustBeFunction(options?.compare, "Queue.priority (compare)")
    const { compare, capacity = Infinity } = options
    mustBeCountOrInfinity(capacity, "capacity")
    return new Queue<A, E>(new Heap<A>(compare), capacity, "wait")
  }

  /** How many producers wait for room. */
  get producers(): number {
    return this.#producers.size
  }

  /**
   * Adds an item at the end. Yields true, or false where it was dropped. Where a bounded queue is full it waits for its
   * turn; a wait that is cancelled has added nothing, unless its turn had come. Fails with `ClosedError` when the queue is
   * closed, also while it waits: the item has not been added then.
   */
  offer(item: A): Task<boolean, ClosedError> {
    return perform(this.#offer as (fiber: FiberCore, item: A) => Task<boolean, ClosedError>, item)
  }

  /** Adds an item at once; false where that would mean to wait, and where it was dropped or the queue is closed. */
  tryOffer(item: A): boolean {
    if (this.closed) return false
    if (this.#hasRoom) this.push(item)
    else if (this.#overflow !== "slide") return false
    else this.#slide(item)
    return true
  }

  /** Offers one item after the other, and yields how many were added. */
  offerAll(items: Iterable<A>): Task<number, ClosedError> {
    return Task.defer(() => {
      const iterator = items[Symbol.iterator]() as Iterator<A, unknown>
      let added = 0
      const rest = Task.defer((): Task<number, ClosedError> => {
        for (;;) {
          const next = iterator.next()
          if (next.done) return Task.pure(added)
          if (this.tryOffer(next.value)) added++
          else return this.offer(next.value).flatMap((taken) => ((added += Number(taken)), rest))
        }
      })
      return rest.finally(({ status }) => {
        if (status !== "fulfilled") iterator.return?.()
      })
    })
  }

  /**
   * Nothing is added any more, at once: producers fail with `ClosedError`, those that wait as well. What is in it can be
   * taken; then takers fail with `ClosedError`, and `for await` ends. False if it was closed before.
   */
  close(): boolean {
    return this.#close(new ClosedError(this.kind))
  }

  /** As `close`, but when it is empty takers fail with `reason`. */
  fail(reason: E): boolean {
    return this.#close(reason)
  }

  /** A WritableStream into this queue: writing waits for room, closing closes it, aborting fails it. */
  toWritableStream(): WritableStream<A> {
    return writableOf<A>(this)
  }

  /** @internal */
  protected roomMade(): void {
    while (this.#producers.first !== undefined && this.#hasRoom) {
      const producer = this.#producers.shift() as Waiter
      try {
        this.push(producer.load)
      } catch (error) {
        // An item that cannot be compared is its producer's failure, not that of who has made room.
        producer.dismiss(Task.fail(error))
        continue
      }
      producer.serve()
    }
  }

  get #hasRoom(): boolean {
    return this.held < this.capacity
  }

  #slide(item: A): void {
    this.drop()
    this.push(item)
  }

  #wait(fiber: FiberCore, item: A): AnyTask {
    const waiter = new Waiter(fiber, this.#offering, item, TRUE)
    this.#producers.push(waiter)
    return wait(waiter)
  }

  #close(reason: unknown): boolean {
    if (!this.end(reason)) return false
    const closed = Task.fail(new ClosedError(this.kind))
    for (let one = this.#producers.shift(); one !== undefined; one = this.#producers.shift()) one.dismiss(closed)
    return true
  }
}
