import { Actor, Cache, Hub, KeyedLock, Latch, Pool, Queue, RateLimiter, Semaphore, Task } from "rapid-fiber"
import { type Shape, SOME } from "../shape.ts"

/** Something that a race ends in the middle of its wait. */
const givenUp = (wait: Task<unknown, unknown>): Task<unknown, unknown> => Task.race([wait, Task.yield()])

/** Semaphores, queues, pools and their like that live long, and rounds that wait for them, use them, give up. */
export const primitives: readonly Shape[] = [
  {
    name: "semaphore-given-up",
    origin: "effect#6910",
    rounds: SOME,
    open: (watch) => {
      const semaphore = Semaphore.make(1)
      semaphore.tryAcquire()
      return { round: () => givenUp(watch.counted(semaphore.withPermit(Task.unit))) }
    },
  },
  {
    name: "semaphore-handed-over",
    origin: "effect#8391",
    rounds: SOME,
    open: (watch) => {
      const semaphore = Semaphore.make(1)
      const job = watch.counted(semaphore.withPermit(Task.yield()))
      return { round: () => Task.all([job, job]) }
    },
  },
  {
    name: "keyed-lock-new-key",
    origin: "cats-effect#4065",
    rounds: SOME,
    open: (watch) => {
      const lock = KeyedLock.make<object>()
      return { round: () => Task.defer(() => lock.withLock(watch.dropped({}), Task.yield())) }
    },
  },
  {
    name: "latch-given-up",
    origin: "zio#10199",
    rounds: SOME,
    open: (watch) => {
      const latch = Latch.make()
      return { round: () => givenUp(watch.counted(latch.wait())) }
    },
  },
  {
    name: "queue-given-up",
    origin: "zio#9973",
    rounds: SOME,
    open: (watch) => {
      const [empty, full] = [Queue.unbounded<object>(), Queue.bounded<object>(1)]
      full.tryOffer({})
      return {
        round: () =>
          givenUp(watch.counted(empty.take())).andThen(
            Task.defer(() => givenUp(watch.counted(full.offer(watch.dropped({}))))),
          ),
      }
    },
  },
  {
    name: "queue-passed-on",
    origin: "cats-effect#3000",
    rounds: SOME,
    open: (watch) => {
      const queue = Queue.bounded<object>(4)
      return { round: () => Task.defer(() => queue.offer(watch.dropped({})).andThen(queue.take())) }
    },
  },
  {
    name: "hub-subscribed",
    origin: "rxjs#5034",
    rounds: SOME,
    open: (watch) => {
      const hub = Hub.make<object>()
      const listen = Task.scoped((scope) =>
        scope
          .use(hub.subscribe())
          .flatMap((heard) => Task.defer(() => hub.publish(watch.dropped({}))).andThen(heard.take())),
      )
      return { round: () => listen }
    },
  },
  {
    name: "pool-used-and-given-up",
    origin: "effect#6081",
    rounds: SOME,
    open: (watch) => {
      const pool = Pool.make({ create: Task.sync(() => ({})), max: 1 })
      const use = pool.use(() => Task.yield())
      return { round: () => Task.all([use, givenUp(watch.counted(use))]) }
    },
  },
  {
    name: "cache-pushed-out",
    origin: "effect#3440",
    rounds: SOME,
    open: () => {
      let key = 0
      const cache = Cache.make({ load: () => Task.sync(() => ({})).delay(0), max: 4 })
      return { round: () => Task.defer(() => cache.get(key++)) }
    },
  },
  {
    name: "cache-load-given-up",
    origin: "p-queue#241",
    rounds: SOME,
    open: (watch) => {
      let key = 0
      const cache = Cache.make<number, never>({ load: () => watch.counted(Task.never), max: 4 })
      return { round: () => Task.defer(() => givenUp(cache.get(key++))) }
    },
  },
  {
    name: "rate-limiter-given-up",
    origin: "p-queue#239",
    rounds: SOME,
    open: (watch) => {
      const limiter = RateLimiter.make({ limit: 1, interval: { hours: 1 } })
      return { round: () => givenUp(watch.counted(limiter.take())) }
    },
  },
  {
    name: "actor-asked",
    origin: "zio#7235",
    rounds: SOME,
    open: (watch) => {
      const actor = Actor.make({ create: Task.pure("resource") })
      const ask = watch.counted(actor.ask(() => Task.yield()))
      return { round: () => Task.all([ask, givenUp(ask)]) }
    },
  },
]
