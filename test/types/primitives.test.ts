import { describe, expect, expectTypeOf, it } from "vitest"
import {
  Actor,
  Cache,
  CircuitBreaker,
  type CircuitOpenError,
  type ClosedError,
  type Fiber,
  FiberSet,
  Hub,
  type HubSubscription,
  KeyedLock,
  type MailboxFullError,
  Mutex,
  Pool,
  Queue,
  Ref,
  Semaphore,
  Task,
} from "rapid-fiber"

/** Checked by `tsc -p test`; run by vitest only so that they are counted. */
class Broken extends Error {
  override readonly name = "Broken"
}
const task: Task<number, Broken> = Task.pure(1)

describe("types of", () => {
  it("locks: what the task yields and how it fails", () => {
    expectTypeOf(Semaphore.make(1).withPermit(task)).toEqualTypeOf<Task<number, Broken>>()
    expectTypeOf(Mutex.make().withLock(task)).toEqualTypeOf<Task<number, Broken>>()
    expectTypeOf(KeyedLock.make<string>().withLock("key", task)).toEqualTypeOf<Task<number, Broken>>()
    // @ts-expect-error -- another kind of key
    expect(KeyedLock.make<string>().locked(1)).toBe(false)
  })

  it("queues: items, and how they end", () => {
    const queue = Queue.bounded<number, Broken>(1)
    expectTypeOf(queue.take()).toEqualTypeOf<Task<number, Broken | ClosedError>>()
    expectTypeOf(queue.takeUpTo(2)).toEqualTypeOf<Task<number[], Broken | ClosedError>>()
    expectTypeOf(queue.offer(1)).toEqualTypeOf<Task<boolean, ClosedError>>()
    expectTypeOf(queue.poll()).toEqualTypeOf<number | undefined>()
    expectTypeOf(queue.toReadableStream()).toEqualTypeOf<ReadableStream<number>>()
    expectTypeOf(Queue.priority({ compare: (a: string, b: string) => a.length - b.length }).take()).toEqualTypeOf<
      Task<string, ClosedError>
    >()
    // @ts-expect-error -- no failure is declared
    expect(Queue.unbounded<number>().fail("no")).toBe(true)
  })

  it("hubs: what a subscription gives", () => {
    const hub = Hub.make<string, Broken>()
    expectTypeOf(hub.subscribe()).toEqualTypeOf<Task<HubSubscription<string, Broken>>>()
    expectTypeOf(hub.publish("")).toEqualTypeOf<Task<void, ClosedError>>()
  })

  it("pools, caches, actors: the failures of both sides", () => {
    const pool = Pool.make({ create: task, max: 1 })
    expectTypeOf(pool.use((n) => Task.pure(String(n)))).toEqualTypeOf<Task<string, Broken | ClosedError>>()
    const cache = Cache.make({ load: (_key: string) => task, max: 1 })
    expectTypeOf(cache.get("")).toEqualTypeOf<Task<number, Broken>>()
    const actor = Actor.make({ create: task })
    expectTypeOf(actor.ask((n) => n > 0)).toEqualTypeOf<Task<boolean, Broken | ClosedError | MailboxFullError>>()
    expectTypeOf(actor.ask(() => Task.fail("no"))).toEqualTypeOf<
      Task<never, "no" | Broken | ClosedError | MailboxFullError>
    >()
    expectTypeOf(CircuitBreaker.make().protect(task)).toEqualTypeOf<Task<number, Broken | CircuitOpenError>>()
    expectTypeOf(FiberSet.make().start(task)).toEqualTypeOf<Task<Fiber<number, Broken>, ClosedError>>()
  })

  it("a Ref: changes of its own kind, with a value or a Task of one", () => {
    const ref = Ref.make<number>(0)
    expectTypeOf(ref.update((n) => n + 1)).toEqualTypeOf<Task<number>>()
    expectTypeOf(ref.update(() => task)).toEqualTypeOf<Task<number, Broken>>()
    expectTypeOf(ref.modify((n) => [String(n), n])).toEqualTypeOf<Task<string>>()
    // @ts-expect-error -- another kind of value
    expect(() => ref.update(() => "text")).not.toThrow()
  })
})
