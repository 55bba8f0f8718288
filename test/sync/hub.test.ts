import { describe, expect, it } from "vitest"
import { ClosedError, type Fiber, Hub, Task } from "rapid-fiber"
import { turn } from "../watch.ts"

/** Lets it come as far as it gets. In an object, since a fiber is thenable. */
async function started<A, E>(task: Task<A, E>): Promise<{ readonly fiber: Fiber<A, E> }> {
  const fiber = task.run()
  await turn()
  return { fiber }
}

describe("a Hub", () => {
  it("gives each message to all who listen, in one order, from the subscription on", async () => {
    const hub = Hub.make<number>()
    await hub.publish(0)
    using a = await hub.subscribe()
    await hub.publish(1)
    using b = await hub.subscribe()
    await hub.publish(2)
    expect([hub.subscriptions, a.clear(), b.clear()]).toEqual([2, [1, 2], [2]])
  })

  it("makes publishers wait for one that is bounded and full, first in, first out", async () => {
    const hub = Hub.make<number>()
    using slow = await hub.subscribe({ capacity: 1 })
    using quick = await hub.subscribe({ policy: "unbounded" })
    await hub.publish(1)
    const { fiber: second } = await started(hub.publish(2))
    const { fiber: third } = await started(hub.publish(3))
    expect([hub.publishers, hub.tryPublish(4), quick.size]).toEqual([2, false, 1])
    expect(await slow.take()).toBe(1)
    await second
    expect([hub.publishers, quick.size, slow.poll()]).toEqual([1, 2, 2])
    await third
    expect(quick.clear()).toEqual([1, 2, 3])
  })

  it("has told nobody where a publisher is cancelled while it waits", async () => {
    const hub = Hub.make<number>()
    using slow = await hub.subscribe({ capacity: 1 })
    using quick = await hub.subscribe({ policy: "unbounded" })
    await hub.publish(1)
    const { fiber: waiting } = await started(hub.publish(2))
    await waiting.cancel()
    expect([hub.publishers, quick.clear(), slow.clear()]).toEqual([0, [1], [1]])
    expect(hub.tryPublish(3)).toBe(true)
  })

  it("lets each subscription say what happens when it is full", async () => {
    const hub = Hub.make<number>()
    using sliding = await hub.subscribe({ policy: "sliding", capacity: 2 })
    using dropping = await hub.subscribe({ policy: "dropping", capacity: 2 })
    using unbounded = await hub.subscribe({ policy: "unbounded" })
    for (const n of [1, 2, 3]) await hub.publish(n)
    expect([sliding.clear(), dropping.clear(), unbounded.clear()]).toEqual([
      [2, 3],
      [1, 2],
      [1, 2, 3],
    ])
  })

  it("lets publishers go on when the one they wait for leaves", async () => {
    const hub = Hub.make<number>()
    const slow = await hub.subscribe({ capacity: 1 })
    await hub.publish(1)
    const { fiber: waiting } = await started(hub.publish(2))
    slow.unsubscribe()
    await waiting
    expect([hub.subscriptions, slow.closed, slow.size]).toEqual([0, true, 0])
    expect(await slow.take().attempt()).toEqual({ status: "rejected", reason: new ClosedError("subscription") })
  })

  it("ends subscriptions with a scope, by any outcome", async () => {
    const hub = Hub.make<string>()
    const listen = Task.scoped((scope) => scope.use(hub.subscribe()).flatMap((heard) => heard.take()))
    const { fiber } = await started(listen)
    expect(hub.subscriptions).toBe(1)
    await hub.publish("hello")
    expect([await fiber, hub.subscriptions]).toEqual(["hello", 0])
    const { fiber: other } = await started(listen)
    await other.cancel()
    expect(hub.subscriptions).toBe(0)
  })

  it("ends: subscriptions give what they hold, publishers are refused, those who wait as well", async () => {
    const hub = Hub.make<number>()
    using heard = await hub.subscribe({ capacity: 1 })
    await hub.publish(1)
    const { fiber: waiting } = await started(hub.publish(2).attempt())
    expect([hub.close(), hub.close(), hub.closed]).toEqual([true, false, true])
    const refused = { status: "rejected", reason: new ClosedError("hub") }
    expect([await waiting, await hub.publish(3).attempt(), hub.tryPublish(4)]).toEqual([refused, refused, false])
    const got: number[] = []
    for await (const message of heard) got.push(message)
    expect(got).toEqual([1])
    using late = await hub.subscribe()
    expect([late.closed, hub.subscriptions]).toEqual([true, 0])
  })

  it("fails subscriptions with its failure", async () => {
    const hub = Hub.make<number, Error>()
    const error = new Error("broken")
    using heard = await hub.subscribe()
    const { fiber: waiting } = await started(heard.take().catch((reason) => Task.pure(reason)))
    hub.fail(error)
    expect(await waiting).toBe(error)
  })

  it("is read as a Web stream", async () => {
    const hub = Hub.make<number>()
    using heard = await hub.subscribe()
    await hub.publish(1)
    hub.close()
    const got: number[] = []
    for await (const message of heard.toReadableStream()) got.push(message)
    expect(got).toEqual([1])
  })

  it("refuses options out of their range", () => {
    const hub = Hub.make<number>()
    expect(() => hub.subscribe({ capacity: 0 })).toThrow("Expected `capacity` to be an integer >= 1, got 0.")
    expect(() => hub.subscribe({ policy: "newest" as never })).toThrow("Expected `policy` to be bounded, unbounded,")
    expect(() => hub.subscribe({ size: 1 } as never)).toThrow("got `size`")
  })
})

describe("a subscription that leaves", () => {
  it("fails takers that were told of a message and have not run yet, and counts none of them afterwards", async () => {
    const hub = Hub.make<number>()
    const heard = await hub.subscribe()
    const ends = [heard.take(), heard.takeUpTo(2)].map((task: Task<unknown, unknown>) => task.attempt().run())
    await turn()
    hub.tryPublish(1)
    hub.tryPublish(2)
    heard.unsubscribe()
    const refused = { status: "rejected", reason: new ClosedError("subscription") }
    expect(await Promise.all(ends)).toEqual([refused, refused])
    expect([heard.size, heard.takers, heard.poll()]).toEqual([0, 0, undefined])
    await heard.drained()
  })
})
