import { RingBuffer } from "../data/index.ts"
import { ClosedError } from "./closed-error.ts"
import { Dequeue } from "./dequeue.ts"

/** What a subscription does with a message when it is full: the words of Queue. */
export type SubscriptionPolicy = "bounded" | "unbounded" | "sliding" | "dropping"

/** What `hub.subscribe` may be told. */
export interface SubscriptionOptions {
  /**
   * What happens while it is full: publishers wait ("bounded"), the oldest message is dropped ("sliding"), or the new one
   * ("dropping"); "unbounded" is never full. Default "bounded".
   */
  readonly policy?: SubscriptionPolicy
  /** How many messages it holds. An integer >= 1. Default 16. */
  readonly capacity?: number
}

/** What a subscription asks of its hub. */
export interface Publisher {
  unsubscribe(subscription: HubSubscription<unknown, unknown>): void
  /** One that must not miss a message has no room for one. */
  filled(): void
  /** It has room again, or has left. */
  roomMade(): void
}

/**
 * A hub's messages for one who listens: those published from the subscription on, in order. It takes as a Queue does, with
 * `take`, `takeUpTo`, `poll`, `for await`, and ends with the hub. Dispose of it to leave: what it holds is dropped.
 */
export class HubSubscription<out A, out E = never> extends Dequeue<A, E> implements Disposable, AsyncDisposable {
  /** @internal */
  protected readonly kind = "subscription"
  readonly policy: SubscriptionPolicy
  /** How many messages it holds at most. */
  readonly capacity: number
  readonly #hub: Publisher
  /** The hub counts it among those that publishers wait for. */
  #full = false

  /** @internal */
  constructor(hub: Publisher, policy: SubscriptionPolicy, capacity: number) {
    super(new RingBuffer<unknown>())
    this.#hub = hub
    this.policy = policy
    this.capacity = capacity
  }

  /** Leaves the hub, at once: who waits for a message fails with `ClosedError`. */
  unsubscribe(): void {
    this.#hub.unsubscribe(this)
    if (this.#full) this.#emptied()
    this.end(new ClosedError(this.kind))
    this.empty()
  }

  /** For `using`: unsubscribes. */
  [Symbol.dispose](): void {
    this.unsubscribe()
  }

  /** For `await using` and `scope.use`: unsubscribes. */
  [Symbol.asyncDispose](): Promise<void> {
    this.unsubscribe()
    return Promise.resolve()
  }

  /** @internal */
  deliver(message: unknown): void {
    if (this.held >= this.capacity) {
      if (this.policy === "dropping") return
      if (this.policy === "sliding") this.drop()
    }
    this.push(message)
    if (this.policy !== "bounded" || this.held < this.capacity || this.#full) return
    this.#full = true
    this.#hub.filled()
  }

  /** @internal No more messages: what it holds can be taken, then `reason` is the end. */
  finish(reason: unknown): void {
    this.end(reason)
  }

  /** @internal */
  protected roomMade(): void {
    if (this.#full && this.held < this.capacity) this.#emptied()
  }

  /** Nobody has to wait for this one any more. */
  #emptied(): void {
    this.#full = false
    this.#hub.roomMade()
  }
}
