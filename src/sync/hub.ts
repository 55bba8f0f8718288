import { describe, LinkedList } from "../data/index.ts"
import { type FiberCore, handOver, perform, wait, Waiter } from "../fiber/index.ts"
import { mustKnow, Task } from "../task/index.ts"
import { ClosedError } from "./closed-error.ts"
import { mustBeCount } from "./count.ts"
import { HubSubscription, type SubscriptionOptions } from "./hub-subscription.ts"

type AnyTask = Task<unknown, unknown>
type AnySubscription = HubSubscription<unknown, unknown>

const POLICIES = ["bounded", "unbounded", "sliding", "dropping"]

/**
 * Messages for all who listen: each subscription gets every message that is published while it is there, in the same
 * order as all others. Each says itself what happens when it cannot keep up. Where one that is "bounded" is full,
 * publishers wait, first in, first out, and a message goes to all at once: who gives up waiting has told nobody.
 * Without subscriptions a message is gone.
 *
 * @example
 * ```ts
 * const hub = Hub.make<string>()
 * const heard = Task.gen(function* () {
 *   using all = yield* hub.subscribe()
 *   using last = yield* hub.subscribe({ policy: "sliding", capacity: 1 })
 *   for (const word of ["a", "b", "c"]) yield* hub.publish(word)
 *   return [all.clear(), last.clear()]
 * })
 * await heard // [["a", "b", "c"], ["c"]]
 * ```
 */
export class Hub<in out A, out E = never> {
  /** @internal */
  readonly what = "room in all subscriptions of a hub"
  readonly #subscriptions = new Set<AnySubscription>()
  /** Who waits to publish, each with the message. */
  readonly #publishers = new LinkedList<Waiter>()
  /** How many subscriptions must not miss a message and have no room for one. */
  #full = 0
  #end: { readonly reason: unknown } | undefined

  readonly #publish = (fiber: FiberCore, message: unknown): AnyTask => {
    if (this.#end !== undefined) return Task.fail(new ClosedError("hub"))
    if (this.#publishers.first === undefined && this.#full === 0) {
      this.#deliver(message)
      return Task.unit
    }
    const waiter = new Waiter(fiber, this, message, Task.unit)
    this.#publishers.push(waiter)
    return wait(waiter)
  }

  private constructor() {}

  /** Makes one that nobody listens to. */
  static make<A, E = never>(): Hub<A, E> {
    return new Hub<A, E>()
  }

  /** How many subscriptions there are. */
  get subscriptions(): number {
    return this.#subscriptions.size
  }

  /** How many wait to publish. */
  get publishers(): number {
    return this.#publishers.size
  }

  /** Nothing is published any more. */
  get closed(): boolean {
    return this.#end !== undefined
  }

  /**
   * Subscribes: from now on messages are kept for what this yields, until it is disposed of, by `using` or `scope.use`. To
   * a hub that is closed: a subscription at its end.
   *
   * @throws TypeError, RangeError for options out of their range.
   */
  subscribe(options: SubscriptionOptions = {}): Task<HubSubscription<A, E>> {
    mustKnow(options, ["policy", "capacity"], "hub.subscribe")
    const { policy = "bounded", capacity = 16 } = options
    if (!POLICIES.includes(policy)) {
      throw new RangeError(`Expected \`policy\` to be ${POLICIES.join(", ")}, got ${describe(policy)}.`)
    }
    mustBeCount(capacity, "capacity")
    const most = policy === "unbounded" ? Infinity : capacity
    return perform((fiber: FiberCore) => {
      const subscription = new HubSubscription<A, E>(this, policy, most)
      if (this.#end === undefined) this.#subscriptions.add(subscription)
      else subscription.finish(this.#end.reason)
      return handOver(fiber, subscription)
    }, undefined)
  }

  /**
   * Gives a message to every subscription; waits while one that is bounded is full. Cancelled before, it has given it to
   * none. Fails with `ClosedError` when the hub is closed, also while it waits.
   */
  publish(message: A): Task<void, ClosedError> {
    return perform(this.#publish as (fiber: FiberCore, message: A) => Task<void, ClosedError>, message)
  }

  /** Publishes at once; false where that would mean to wait, or when the hub is closed. */
  tryPublish(message: A): boolean {
    if (this.#end !== undefined || this.#publishers.first !== undefined || this.#full > 0) return false
    this.#deliver(message)
    return true
  }

  /**
   * Nothing is published any more, at once: publishers fail with `ClosedError`, those that wait as well. Subscriptions
   * give what they hold and end. False if it was closed before.
   */
  close(): boolean {
    return this.#close(new ClosedError("hub"))
  }

  /** As `close`, but subscriptions fail with `reason` when they are empty. */
  fail(reason: E): boolean {
    return this.#close(reason)
  }

  /** @internal */
  unsubscribe(subscription: AnySubscription): void {
    this.#subscriptions.delete(subscription)
  }

  /** @internal */
  filled(): void {
    this.#full++
  }

  /** @internal */
  roomMade(): void {
    this.#full--
    while (this.#publishers.first !== undefined && this.#full === 0) {
      const publisher = this.#publishers.shift() as Waiter
      this.#deliver(publisher.load)
      publisher.serve()
    }
  }

  /** @internal */
  left(waiter: Waiter, served: boolean): void {
    if (!served) this.#publishers.remove(waiter)
  }

  #deliver(message: unknown): void {
    for (const subscription of this.#subscriptions) subscription.deliver(message)
  }

  #close(reason: unknown): boolean {
    if (this.#end !== undefined) return false
    this.#end = { reason }
    const closed = Task.fail(new ClosedError("hub"))
    for (let one = this.#publishers.shift(); one !== undefined; one = this.#publishers.shift()) one.dismiss(closed)
    for (const subscription of this.#subscriptions) subscription.finish(reason)
    this.#subscriptions.clear()
    return true
  }
}
