import { describe, expect, it } from "vitest"
import fc from "fast-check"
import { type Fiber, FiberSet, Hub, Pool, Queue, Semaphore, Task } from "rapid-fiber"
import { explore } from "rapid-fiber/testing"
import { turn } from "../watch.ts"
import { growth } from "../heap.ts"

/**
 * What users of other libraries reported of semaphores, queues, pools and limits, as tests of this one. Each name ends with
 * where the shape was first seen.
 */
describe("an acquire that is interrupted", () => {
  it("leaks no permit, so that nobody waits for ever [effect#6910, effect#6081, effect#6638, effect#8391]", async () => {
    const found = await explore(
      (trial) => {
        const semaphore = Semaphore.make(1)
        trial.check(() => {
          if (semaphore.available !== 1) throw new Error(`Expected the permit back, got ${semaphore.available}.`)
        })
        const held = Task.bracket(
          (restore) => restore(semaphore.acquire()),
          () => Task.yield(),
          (permit) => permit.release(),
        )
        return Task.gen(function* () {
          const other = yield* held.startDetached()
          const victim = yield* held.attempt().startDetached({ name: "victim" })
          yield* victim.join().attempt()
          yield* other.join()
          // Waits for ever if the permit is gone.
          yield* held
        })
      },
      { runs: 3000, cancel: "victim" },
    )
    expect(found.runs).toBe(3000)
  })

  it("leaks no permit in a race or a time limit [effect#6638]", async () => {
    const semaphore = Semaphore.make(1)
    for (let i = 0; i < 200; i++) {
      const work = semaphore.withPermit(Task.sleep(i % 3))
      await Task.race([work, Task.sleep(1)])
      await work.timeout(1).attempt()
      await Task.all([work, Task.fail("no")]).attempt()
    }
    expect([semaphore.available, semaphore.waiting]).toEqual([1, 0])
  })
})

describe("a take that is interrupted", () => {
  it("loses no item [zio#9973, cats-effect#3000, cats-effect#2920, effect#716, effect#8373]", async () => {
    const found = await explore(
      (trial) => {
        const queue = Queue.unbounded<string>()
        const got: string[] = []
        trial.check(() => {
          const there = [...got, ...queue.clear()].toSorted().join("")
          if (there !== "ab") throw new Error(`Expected both items, got ${there}.`)
        })
        const take = queue.take().map((item) => void got.push(item))
        return Task.gen(function* () {
          const victim = yield* take.attempt().startDetached({ name: "victim" })
          const other = yield* take.startDetached()
          yield* queue.offer("a")
          yield* Task.yield()
          yield* queue.offer("b")
          yield* victim.join().attempt()
          yield* other.join()
        })
      },
      { runs: 3000, cancel: "victim" },
    )
    expect(found.runs).toBe(3000)
  })

  it("loses no item where a time limit ends it again and again [cats-effect#3000]", async () => {
    const queue = Queue.bounded<number>(2)
    const got: number[] = []
    const consumer = queue
      .take()
      .map((item) => void got.push(item))
      .timeout(1)
      .attempt()
      .repeat({ until: () => queue.closed && queue.size === 0 })
    const producer = Task.forEach(
      Array.from({ length: 200 }, (_, i) => i),
      (i) => queue.offer(i).delay(i % 3),
      {
        concurrency: 1,
      },
    )
    await Task.all([consumer, producer.finally(() => void queue.close())])
    expect(got).toEqual(Array.from({ length: 200 }, (_, i) => i))
  })
})

describe("waiting for a primitive that lives long", () => {
  it("leaves nothing in it when the wait is given up [zio#4135, zio#10199, fs2-kafka#1318]", async () => {
    const semaphore = Semaphore.make(1)
    const [queue, hub] = [Queue.bounded<number>(1), Hub.make<number>()]
    semaphore.tryAcquire()
    queue.tryOffer(0)
    const grown = await growth(async () => {
      for (let i = 0; i < 4000; i++) {
        await Task.race([semaphore.acquire(), Task.yield()])
        await Task.race([queue.offer(1), Task.yield()])
        await Task.race([
          Task.scoped((scope) => scope.use(hub.subscribe()).flatMap((heard) => heard.take())),
          Task.yield(),
        ])
      }
    })
    expect([semaphore.waiting, queue.producers, hub.subscriptions]).toEqual([0, 0, 0])
    expect(grown).toBeLessThan(1_200_000)
  })

  it("leaves nothing of fibers that have ended in what started them [effect#3440, effection#1080, zio#9002, zio#7235]", async () => {
    const set = FiberSet.make()
    const grown = await growth(async () => {
      for (let i = 0; i < 20_000; i++) await set.start(Task.unit).as(undefined)
      await set.empty()
    })
    expect(set.size).toBe(0)
    expect(grown).toBeLessThan(1_200_000)
  })
})

describe("ending what others wait for", () => {
  it("settles every one of them [p-queue#241, p-queue#239, p-queue#168, p-queue#219, p-limit#25]", async () => {
    const queue = Queue.bounded<number>(1)
    const empty = Queue.unbounded<number>()
    const pool = Pool.make({ create: Task.pure("resource"), max: 1 })
    const set = FiberSet.make({ limit: 1 })
    const semaphore = Semaphore.make(1)
    queue.tryOffer(0)
    const busy = pool.use(() => Task.never).run()
    await set.start(Task.never).as(undefined)
    const permit = semaphore.tryAcquire()
    const waiting: Fiber<unknown, unknown>[] = [
      ...Array.from({ length: 50 }, () => queue.offer(1).attempt().run()),
      ...Array.from({ length: 50 }, () => empty.take().attempt().run()),
      ...Array.from({ length: 50 }, () =>
        pool
          .use(() => Task.pure("used"))
          .attempt()
          .run(),
      ),
      ...Array.from({ length: 50 }, () => set.start(Task.unit).attempt().run()),
    ]
    const cancelled = Array.from({ length: 50 }, () => semaphore.withPermit(Task.unit).run())
    await turn()
    queue.close()
    empty.close()
    for (const fiber of cancelled) fiber.abort()
    const closing = Promise.all([pool.close().toPromise(), set.cancel().toPromise()])
    await busy.cancel()
    await closing
    await turn()
    expect(waiting.filter((fiber) => fiber.poll() === undefined)).toEqual([])
    expect(cancelled.filter((fiber) => fiber.poll()?.status !== "cancelled")).toEqual([])
    permit?.release()
    expect([semaphore.available, queue.producers, empty.takers]).toEqual([1, 0, 0])
  })
})

describe("a limit", () => {
  it("is never exceeded, and is reached [p-map#76, p-map#78, rxjs#71, rxjs#4423]", async () => {
    const loads = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(loads, fc.integer({ min: 1, max: 5 }), async (steps, limit) => {
        const semaphore = Semaphore.make(limit)
        let [running, most] = [0, 0]
        const job = (left: number): Task<void> =>
          Task.sync(() => {
            most = Math.max(most, ++running)
          })
            .andThen(Task.yield().repeat({ times: left }))
            .map(() => void running--)
        await Task.all(steps.map((left) => semaphore.withPermit(job(left))))
        expect(most).toBe(Math.min(limit, steps.length))
      }),
      { numRuns: 100 },
    )
  })

  it("makes a producer wait for a slow consumer: what is under way is bounded [rxjs#71, rxjs#4423]", async () => {
    const queue = Queue.bounded<number>(4)
    let [made, used, most] = [0, 0, 0]
    const items = function* () {
      while (made < 500) {
        most = Math.max(most, ++made - used)
        yield made
      }
    }
    const consumer = queue
      .take()
      .tap(() => Task.yield().map(() => void used++))
      .repeat({ until: () => used === 500 })
    await Task.all([queue.offerAll(items()), consumer])
    // The four of the queue, the one that the producer holds, and the one that the consumer holds.
    expect(most).toBe(6)
  })
})
