import type { SubscriptionPolicy } from "rapid-fiber"
import { DequeueModel } from "./dequeue-model.ts"
import { type Body, Foreseen, type ModelFiber, type ModelRuntime, takeOut, wait } from "./reference.ts"

interface Publisher {
  readonly fiber: ModelFiber
  readonly message: number
  published: boolean | undefined
}

export class SubscriptionModel extends DequeueModel {
  readonly policy: SubscriptionPolicy
  readonly #hub: HubModel

  constructor(runtime: ModelRuntime, hub: HubModel, policy: SubscriptionPolicy, capacity: number) {
    super(runtime, policy === "unbounded" ? Infinity : capacity)
    this.policy = policy
    this.#hub = hub
  }

  deliver(message: number): void {
    if (this.full && this.policy === "dropping") return
    if (this.full && this.policy === "sliding") this.items.shift()
    this.items.push(message)
    this.serveTakers()
  }

  /** What it holds is dropped. */
  unsubscribe(): void {
    this.#hub.leave(this)
    this.items.length = 0
    if (!this.end("closed subscription")) this.goOn()
  }

  protected override roomMade(): void {
    this.#hub.roomMade()
  }
}

export class HubModel {
  readonly subscriptions: SubscriptionModel[] = []
  readonly publishers: Publisher[] = []
  ended: string | undefined
  readonly #runtime: ModelRuntime

  constructor(runtime: ModelRuntime) {
    this.#runtime = runtime
  }

  subscribe(policy: SubscriptionPolicy, capacity: number): SubscriptionModel {
    const subscription = new SubscriptionModel(this.#runtime, this, policy, capacity)
    if (this.ended === undefined) this.subscriptions.push(subscription)
    else subscription.end(this.ended)
    return subscription
  }

  tryPublish(message: number): boolean {
    if (this.ended !== undefined || this.#blocked) return false
    for (const subscription of this.subscriptions) subscription.deliver(message)
    return true
  }

  *publish(fiber: ModelFiber, message: number): Body<void> {
    if (this.ended !== undefined) throw new Foreseen("closed hub")
    if (this.tryPublish(message)) return
    const publisher: Publisher = { fiber, message, published: undefined }
    this.publishers.push(publisher)
    yield* wait(fiber, () => {
      if (publisher.published === undefined) takeOut(this.publishers, publisher)
    })
    if (publisher.published !== true) throw new Foreseen("closed hub")
  }

  end(reason: string): boolean {
    if (this.ended !== undefined) return false
    this.ended = reason
    for (const publisher of this.publishers.splice(0)) {
      publisher.published = false
      this.#runtime.wake(publisher.fiber)
    }
    for (const subscription of this.subscriptions.splice(0)) subscription.end(reason)
    return true
  }

  leave(subscription: SubscriptionModel): void {
    if (!this.subscriptions.includes(subscription)) return
    takeOut(this.subscriptions, subscription)
    this.roomMade()
  }

  roomMade(): void {
    while (this.publishers.length > 0 && !this.#blocked) {
      const [publisher] = this.publishers.splice(0, 1)
      for (const subscription of this.subscriptions) subscription.deliver(publisher.message)
      publisher.published = true
      this.#runtime.wake(publisher.fiber)
    }
  }

  get #blocked(): boolean {
    return this.subscriptions.some(({ policy, full }) => policy === "bounded" && full)
  }
}
