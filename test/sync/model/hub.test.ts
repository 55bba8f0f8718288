import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Hub, type HubSubscription, Task } from "rapid-fiber"
import { HubModel, type SubscriptionModel } from "./hub-model.ts"
import { type Body, type ModelFiber, World } from "./reference.ts"

/**
 * Hubs against arrays: publishers and listeners of every policy come and go, wait, and are cancelled, with and without
 * a turn of the host between two commands.
 */
const POLICIES = ["bounded", "unbounded", "sliding", "dropping"] as const
const n = fc.nat({ max: 50 })
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ op: fc.constant("publish" as const) }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant("take" as const), n }) },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant("takeUpTo" as const), n, most: fc.constantFrom(1, 2, Infinity) }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("drained" as const), n }) },
)
const command = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("subscribe" as const),
      policy: fc.constantFrom(...POLICIES),
      capacity: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 9,
    arbitrary: fc.record({
      type: fc.constant("run" as const),
      steps: fc.array(step, { minLength: 1, maxLength: 3 }),
      masked: fc.nat({ max: 7 }).map((n) => n === 7),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("tryPublish" as const) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("poll" as const), n }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("clear" as const), n }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("unsubscribe" as const), n }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant("abort" as const), n }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant("settle" as const) }) },
)
const end = fc.record({ type: fc.constantFrom("close" as const, "fail" as const) })
const commands = fc
  .tuple(
    fc.array(command, { maxLength: 30, size: "max" }),
    fc.array(end, { maxLength: 2 }),
    fc.array(command, { maxLength: 8, size: "max" }),
  )
  .map((parts) => parts.flat())
/** One subscription of each kind that is listed is there from the beginning. */
const scenario = fc.record({ first: fc.subarray([...POLICIES]), commands })

type Of<A> = A extends fc.Arbitrary<infer T> ? T : never
type Step = Of<typeof step>
type Command = Of<typeof commands>[number]

interface Listener {
  readonly real: HubSubscription<number, string>
  readonly model: SubscriptionModel
}

class Run {
  readonly #world = new World()
  readonly #hub = Hub.make<number, string>()
  readonly #model = new HubModel(this.#world.model)
  readonly #listeners: Listener[] = []
  #messages = 0

  async perform(first: readonly (typeof POLICIES)[number][], commands: readonly Command[]): Promise<void> {
    for (const policy of first) this.#subscribe(policy, 1)
    for (const next of commands) {
      // What a taker has been promised and has not taken yet may be dropped or not: that is a test of its own.
      if (next.type === "settle" || next.type === "unsubscribe") await this.#settle()
      if (next.type !== "settle") this.#perform(next)
      this.#compare()
    }
    await this.#settle()
    expect(this.#hub.close()).toBe(this.#model.end("closed hub"))
    await this.#settle()
    for (const { real, model } of this.#listeners) expect(real.clear()).toEqual(model.remove(Infinity))
    await this.#settle()
    for (const { real } of this.#listeners) expect([real.size, real.takers, real.closed]).toEqual([0, 0, true])
    expect([this.#hub.publishers, this.#hub.closed]).toEqual([0, true])
    await this.#world.end()
  }

  #perform(next: Exclude<Command, { type: "settle" }>): void {
    const [hub, model] = [this.#hub, this.#model]
    switch (next.type) {
      case "subscribe":
        return this.#subscribe(next.policy, next.capacity)
      case "run":
        return this.#run(next.steps, next.masked)
      case "tryPublish": {
        const message = ++this.#messages
        return expect(hub.tryPublish(message)).toBe(model.tryPublish(message))
      }
      case "poll": {
        const listener = this.#listener(next.n)
        return expect(listener?.real.poll()).toBe(listener?.model.remove(1)[0])
      }
      case "clear": {
        const listener = this.#listener(next.n)
        return expect(listener?.real.clear()).toEqual(listener?.model.remove(Infinity))
      }
      case "unsubscribe": {
        const listener = this.#listener(next.n)
        listener?.real.unsubscribe()
        return listener?.model.unsubscribe()
      }
      case "close":
        return expect(hub.close()).toBe(model.end("closed hub"))
      case "fail":
        return expect(hub.fail("broken")).toBe(model.end("broken"))
      case "abort":
        return this.#world.abort(this.#world.pick(next.n))
    }
  }

  #listener(n: number): Listener | undefined {
    return this.#listeners.length === 0 ? undefined : this.#listeners[n % this.#listeners.length]
  }

  #subscribe(policy: (typeof POLICIES)[number], capacity: number): void {
    const real = this.#hub.subscribe({ policy, capacity }).runSync()
    const model = this.#model.subscribe(policy, capacity)
    expect([real.policy, real.capacity]).toEqual([policy, model.capacity])
    this.#listeners.push({ real, model })
  }

  #run(steps: readonly Step[], masked: boolean): void {
    const [hub, hubModel] = [this.#hub, this.#model]
    const given = steps.map((step) => ({
      step,
      message: step.op === "publish" ? ++this.#messages : 0,
      listener: step.op === "publish" ? undefined : this.#listener(step.n),
    }))
    const task = (log: unknown[]) =>
      Task.gen(function* () {
        for (const { step, message, listener } of given) {
          if (step.op === "publish") log.push(yield* hub.publish(message))
          else if (listener === undefined) continue
          else if (step.op === "take") log.push([yield* listener.real.take()])
          else if (step.op === "takeUpTo") log.push(yield* listener.real.takeUpTo(step.most))
          else log.push(yield* listener.real.drained())
        }
      })
    const body = function* (self: ModelFiber, log: unknown[]): Body<void> {
      for (const { step, message, listener } of given) {
        if (step.op === "publish") log.push(yield* hubModel.publish(self, message))
        else if (listener === undefined) continue
        else if (step.op === "take") log.push(yield* listener.model.take(self, 1))
        else if (step.op === "takeUpTo") log.push(yield* listener.model.take(self, step.most))
        else log.push(yield* listener.model.drained(self))
      }
    }
    this.#world.run(task, body, masked)
  }

  async #settle(): Promise<void> {
    await this.#world.settle()
    this.#world.compare()
    this.#compare()
  }

  #compare(): void {
    const { publishers, closed, subscriptions } = this.#hub
    expect({ publishers, closed }).toEqual({
      publishers: this.#model.publishers.length,
      closed: this.#model.ended !== undefined,
    })
    // How many there are after the end is not said.
    if (!closed) expect(subscriptions).toBe(this.#model.subscriptions.length)
    const real = this.#listeners.map(({ real: { size, takers, closed } }) => ({ size, takers, closed }))
    expect(real).toEqual(
      this.#listeners.map(({ model: { size, takers, ended } }) => ({
        size,
        takers: takers.length,
        closed: ended !== undefined,
      })),
    )
  }
}

describe("a hub", () => {
  it("does what arrays do, whoever publishes, listens, leaves and is cancelled when", async () => {
    await fc.assert(
      fc.asyncProperty(scenario, ({ first, commands }) => new Run().perform(first, commands)),
      { numRuns: 1000 },
    )
  })
})
