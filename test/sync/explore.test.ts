import { describe } from "vitest"
import {
  Actor,
  Cache,
  CircuitBreaker,
  ClosedError,
  CyclicBarrier,
  FiberSet,
  Hub,
  KeyedLock,
  Latch,
  Mutex,
  Pool,
  Queue,
  RateLimiter,
  Ref,
  Semaphore,
  Task,
} from "rapid-fiber"
import type { Trial } from "rapid-fiber/testing"
import { itHolds, must, Room, together } from "./exploring.ts"

/**
 * Every primitive under 10,000 schedules, with somebody cancelled before every step in turn: nothing is lost or taken
 * twice, no permit and nobody in line is left, nobody waits for ever. (A deadlock, a leak, and what fails unobserved are
 * found by `explore` itself.)
 */
describe("under every schedule, with cancellation at every step,", () => {
  itHolds(
    "a Completable settles once, and everybody who waits",
    (trial) => {
      const { task, resolve, reject, poll } = Task.withResolvers<string, string>()
      const won: boolean[] = []
      trial.check(() => must(won.filter(Boolean).length === 1 && poll() !== undefined, "one who was first"))
      const bring = (settle: () => boolean): Task<void> => Task.yield().map(() => void won.push(settle()))
      return together({
        a: task,
        b: task,
        first: bring(() => resolve("value")),
        second: bring(() => reject("failure")),
      })
    },
    ["a", "b"],
  )

  itHolds(
    "a Ref loses no update, and a cancelled one changes nothing",
    (trial) => {
      const ref = Ref.make(0)
      let done = 0
      const slow = ref.update((n) => Task.yield().as(n + 1)).map(() => void done++)
      const quick = ref.modify((n) => [n, n + 1] as const).map(() => void done++)
      const failing = ref.update(() => Task.yield().andThen(Task.fail("no")))
      trial.check(() => must(ref.value === done || ref.value === done + 1, `${done} changes, got ${ref.value}`))
      return together({ a: slow, b: failing, c: quick, d: slow })
    },
    ["a", "c", "d"],
  )

  itHolds(
    "a Semaphore keeps its permits, whatever the weights",
    (trial) => {
      const semaphore = Semaphore.make(2)
      const room = new Room(2)
      trial.check(() =>
        must(semaphore.available === 2 && semaphore.waiting === 0 && room.inside === 0, "all permits back"),
      )
      const byHand = Task.gen(function* () {
        using permit = yield* semaphore.acquire(2)
        yield* room.visit(permit.permits)
      })
      return together({
        a: semaphore.withPermit(room.visit()),
        b: byHand,
        c: semaphore.withPermits(2, room.visit(2)),
        d: Task.scoped((scope) => scope.use((restore) => restore(semaphore.acquire())).andThen(room.visit())),
      })
    },
    ["a", "b", "c", "d"],
  )

  itHolds(
    "a Mutex lets one in, and is free at the end",
    (trial) => {
      const mutex = Mutex.make()
      const room = new Room(1)
      trial.check(() => must(!mutex.locked && mutex.waiting === 0, "a free lock"))
      const byHand = Task.gen(function* () {
        using _permit = yield* mutex.acquire()
        yield* room.visit()
      })
      const trying = Task.gen(function* () {
        yield* Task.yield()
        using permit = mutex.tryAcquire()
        if (permit !== undefined) yield* room.visit()
      })
      return together({ a: mutex.withLock(room.visit()), b: byHand, c: mutex.withLock(room.visit()), d: trying })
    },
    ["a", "b", "c"],
  )

  itHolds(
    "a KeyedLock lets one in for each key, and keeps no key",
    (trial) => {
      const lock = KeyedLock.make<string>()
      const [x, y] = [new Room(1), new Room(1)]
      trial.check(() => must(lock.size === 0, `no key, got ${lock.size}`))
      return together({
        a: lock.withLock("x", x.visit()),
        b: lock.withLock("x", lock.withLock("y", y.visit())),
        c: lock.withLock("y", y.visit()),
        d: lock.withLock("x", x.visit()),
      })
    },
    ["a", "b", "c", "d"],
  )

  itHolds(
    "a Latch opens for all",
    (trial) => {
      const latch = Latch.make(2)
      let passed = 0
      const pass = latch
        .wait()
        .map(() => must(latch.count === 0, "an open latch before anybody passes"))
        .map(() => passed++)
      const count = Task.yield().map(() => latch.countDown())
      trial.check(() => must(latch.count === 0 && latch.waiting === 0 && passed >= 1, "everybody through"))
      return together({ a: pass, b: pass, first: count, second: count })
    },
    ["a", "b"],
  )

  itHolds(
    "a CyclicBarrier lets all go together, round after round",
    (trial) => {
      const barrier = CyclicBarrier.make(2)
      let [came, went] = [0, 0]
      const meet = Task.sync(() => void came++)
        .andThen(barrier.wait())
        .map(() => {
          went++
          // Two come for each that goes: those who were cancelled have come, too, and do not count.
          must(went <= came, "nobody to go before enough have come")
        })
      const four = together({ a: meet, b: meet, c: meet, d: meet })
      trial.check(() => must(barrier.waiting === 0, "nobody left at the barrier"))
      // One who was cancelled is missed: somebody comes in its place.
      const rest = Task.defer(() => (barrier.waiting === 0 ? Task.unit : meet))
      return Task.gen(function* () {
        const all = yield* four.startDetached()
        for (let i = 0; i < 8; i++) yield* Task.sleep(1)
        yield* rest
        yield* all.join()
      })
    },
    ["a", "b", "c", "d"],
  )

  const passing = (make: () => Queue<number>) => (trial: Trial) => {
    const queue = make()
    const [got, sent]: [number[], number[]] = [[], []]
    const consume = queue.take().map((item) => void got.push(item))
    const produce = (from: number): Task<unknown, unknown> =>
      Task.forEach([from, from + 1], (item) => queue.offer(item).map(() => void sent.push(item)), { concurrency: 1 })
    trial.check(() => {
      const there = [...got, ...queue.clear()]
      must(new Set(there).size === there.length, `no item twice, got ${there.join()}`)
      for (const item of sent) must(there.includes(item), `item ${item} to be there, got ${there.join()}`)
      must(queue.takers === 0 && queue.producers === 0, "nobody in line")
    })
    return Task.gen(function* () {
      const all = yield* together({
        a: consume.repeat({ times: 1 }),
        b: queue.takeUpTo(2).map((items) => void got.push(...items)),
        c: produce(0),
        d: produce(10),
      }).startDetached()
      yield* Task.sleep(1)
      queue.close()
      yield* all.join()
      // What is left is there to be taken; then it is the end.
      while (queue.size > 0) got.push(yield* queue.take())
      const end = yield* queue.take().attempt()
      must(end.status === "rejected" && end.reason instanceof ClosedError, "the end")
      yield* queue.drained()
    })
  }
  const compare = (x: number, y: number): number => y - x

  itHolds(
    "a bounded Queue loses no item and takes none twice",
    passing(() => Queue.bounded(1)),
    ["a", "b", "c", "d"],
  )
  itHolds(
    "an unbounded Queue loses no item and takes none twice",
    passing(() => Queue.unbounded()),
    ["a", "b", "c", "d"],
  )
  itHolds(
    "a priority Queue loses no item and takes none twice",
    passing(() => Queue.priority({ compare, capacity: 2 })),
    ["a", "b", "c", "d"],
  )

  const lossy = { sliding: () => Queue.sliding<number>(2), dropping: () => Queue.dropping<number>(2) }
  for (const [kind, make] of Object.entries(lossy)) {
    itHolds(
      `a ${kind} Queue takes no item twice, and each in its order`,
      (trial) => {
        const queue = make()
        const got: number[] = []
        const consume = queue.take().map((item) => void got.push(item))
        trial.check(() => {
          const there = [...got, ...queue.clear()]
          must(
            there.every((item, i) => i === 0 || item > there[i - 1]),
            `the order, got ${there.join()}`,
          )
          must(queue.takers === 0, "nobody in line")
        })
        return Task.gen(function* () {
          const all = yield* together({ a: consume, b: consume, c: queue.offerAll([1, 2, 3, 4]) }).startDetached()
          yield* Task.sleep(1)
          queue.close()
          yield* all.join()
        })
      },
      ["a", "b", "c"],
    )
  }

  itHolds(
    "a Hub tells everybody the same in the same order",
    (trial) => {
      const hub = Hub.make<string>()
      const heard: string[][] = []
      const listen = Task.gen(function* () {
        using subscription = yield* hub.subscribe({ capacity: 1 })
        const words: string[] = []
        heard.push(words)
        for (;;) words.push(yield* subscription.take())
      })
      trial.check(() => {
        must(hub.subscriptions === 0 && hub.publishers === 0, "nobody left")
        const [one = [], other = []] = heard
        const common = (words: string[], of: string[]): string => words.filter((word) => of.includes(word)).join("")
        must(common(one, other) === common(other, one), `one order, got ${one.join("")} and ${other.join("")}`)
      })
      const tell = (a: string, b: string): Task<unknown, unknown> => hub.publish(a).andThen(hub.publish(b))
      return Task.gen(function* () {
        const all = yield* together({ a: listen, b: listen, c: tell("1", "2"), d: tell("3", "4") }).startDetached()
        yield* Task.sleep(1)
        hub.close()
        yield* all.join()
      })
    },
    ["a", "b", "c", "d"],
  )

  for (const algorithm of ["token-bucket", "sliding-window"] as const) {
    itHolds(
      `a RateLimiter (${algorithm}) serves all who are not cancelled, and leaves nobody in line`,
      (trial) => {
        const limiter = RateLimiter.make({ limit: 2, interval: 10, algorithm })
        let [started, served] = [0, 0]
        const call = (weight: number): Task<unknown, unknown> => {
          started++
          return limiter
            .take(weight)
            .elapsed()
            .map(() => served++)
        }
        trial.check(() => must(limiter.waiting === 0 && served >= started - 1, "nobody left in line"))
        return together({ a: call(1), b: call(2), c: call(1), d: call(2) })
      },
      ["a", "b", "c", "d"],
    )
  }

  itHolds(
    "a CircuitBreaker lets one trial through at a time, and never gets stuck",
    (trial) => {
      const breaker = CircuitBreaker.make({ failures: 1, resetAfter: 1 })
      const trials = new Room(1)
      trial.check(() => must(trials.inside === 0, "nobody on trial"))
      const call = breaker.protect(Task.defer(() => (breaker.state === "half-open" ? trials.visit() : Task.yield())))
      return Task.gen(function* () {
        yield* breaker.protect(Task.fail("down")).attempt()
        must(breaker.state === "open", "an open circuit")
        yield* Task.sleep(1)
        yield* together({ a: call, b: call, c: call })
        yield* call
        must(breaker.state === "closed", `a closed circuit, got ${breaker.state}`)
      })
    },
    ["a", "b", "c"],
  )

  itHolds(
    "a Pool makes no more than it may, and destroys each once",
    (trial) => {
      let [alive, made] = [0, 0]
      const pool = Pool.make({
        max: 2,
        idleTimeout: 5,
        create: Task.yield().map(() => {
          must(++alive <= 2, "at most two resources")
          return { id: ++made, end: trial.resource("a resource"), room: new Room(1) }
        }),
        destroy: (resource) => {
          must(resource.room.inside === 0, "a resource to be idle when it is destroyed")
          alive--
          resource.end()
          return Task.yield()
        },
        check: (resource) => resource.id % 3 !== 0,
      })
      const work = pool.use((resource) => resource.room.visit())
      const byHand = Task.gen(function* () {
        using lease = yield* pool.lease()
        yield* lease.resource.room.visit()
      })
      trial.check(() => must(pool.size === 0 && pool.idle === 0 && pool.waiting === 0 && alive === 0, "an empty pool"))
      return together({ a: work, b: byHand, c: work, d: byHand }).andThen(pool.close())
    },
    ["a", "b", "c", "d"],
  )

  itHolds(
    "a Cache loads once for all who wait",
    (trial) => {
      const room = new Room(1)
      const cache = Cache.make({ max: 1, load: (key: string) => room.visit().map(() => `${key}${room.entered}`) })
      trial.check(() => must(room.inside === 0 && cache.size <= 1, "nothing left running"))
      return Task.gen(function* () {
        yield* together({ a: cache.get("k"), b: cache.get("k"), c: cache.get("k") })
        const value = yield* cache.get("k")
        must(value === `k${room.entered}` && cache.size === 1, `the last value to be kept, got ${value}`)
      })
    },
    ["a", "b", "c"],
  )

  itHolds(
    "a FiberSet keeps its limit and ends with nobody left",
    (trial) => {
      const set = FiberSet.make({ limit: 2, restart: { times: 1 } })
      const room = new Room(2)
      trial.check(() => must(set.size === 0 && set.waiting === 0 && room.inside === 0, "an empty set"))
      let failed = false
      const flaky = Task.defer(() => (failed ? room.visit() : ((failed = true), Task.fail("once"))))
      return together({
        a: set.start(room.visit()),
        b: set.start(flaky, { name: "flaky" }),
        c: set.start(room.visit()),
        d: set.start(room.visit()),
      }).andThen(set.drain())
    },
    ["a", "b", "c", "d"],
  )

  itHolds(
    "an Actor serves one at a time, and ends its resource last",
    (trial) => {
      const room = new Room(1)
      const actor = Actor.make({
        create: Task.yield().map(() => trial.resource("the resource")),
        destroy: (end) => {
          must(room.inside === 0, "nobody inside at the end")
          end()
        },
      })
      trial.check(() => must(actor.waiting === 0, "nobody in line"))
      const ask = actor.ask(() => room.visit())
      return together({ a: ask, b: ask, c: ask, d: actor.close() }).andThen(actor.close())
    },
    ["a", "b", "c", "d"],
  )
})
