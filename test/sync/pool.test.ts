import fc from "fast-check"
import { describe, expect, it, vi } from "vitest"
import {
  ClosedError,
  type Exit,
  type Fiber,
  type Lease,
  Pool,
  type PoolOptions,
  type Restore,
  Runtime,
  Task,
} from "rapid-fiber"
import { explore, taskTest, TestRuntime, type Trial } from "rapid-fiber/testing"
import { ended, failuresIn, turn } from "../watch.ts"

const fulfilled = <A>(value: A) => ({ status: "fulfilled", value })
const rejected = (reason: unknown) => ({ status: "rejected", reason })
const cancelled = (reason?: unknown) => ({ status: "cancelled", reason })

const joined = (fibers: readonly Fiber<unknown, unknown>[]) => Task.all(fibers.map((fiber) => fiber.join().attempt()))

const sorted = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)

interface Counted {
  made: number
  readonly destroyed: number[]
}

/** A pool of numbers, and what becomes of them. */
function numbered<E = never>(
  given: Partial<PoolOptions<number, E>> | ((state: Counted) => Partial<PoolOptions<number, E>>) = {},
) {
  const state: Counted = { made: 0, destroyed: [] }
  const pool = Pool.make<number, E>({
    create: Task.sync(() => ++state.made),
    destroy: (n) => void state.destroyed.push(n),
    max: 2,
    ...(typeof given === "function" ? given(state) : given),
  })
  /** Uses a resource for so long, and yields it. */
  const use = (ms = 10) => pool.use((n) => Task.sleep(ms).as(n))
  return { pool, state, use }
}

describe("a pool", () => {
  it(
    "makes nothing before it is asked to, then as many as are needed, and uses them again",
    taskTest(() => {
      const { pool, state, use } = numbered({ max: 3 })
      return Task.gen(function* () {
        yield* Task.sleep(1)
        expect([state.made, pool.size, pool.idle, pool.waiting]).toEqual([0, 0, 0, 0])
        expect([yield* use(), yield* use(), yield* use()]).toEqual([1, 1, 1])
        expect([pool.size, pool.idle]).toEqual([1, 1])
        expect(yield* Task.all([use(), use()])).toEqual([1, 2])
        expect([state.made, pool.size, pool.idle]).toEqual([2, 2, 2])
      })
    }),
  )

  it("needs no wait where nothing waits", () => {
    const { pool } = numbered()
    expect(pool.use((n) => Task.pure(n)).runSync()).toBe(1)
    using lease = pool.lease().runSync()
    expect(lease.resource).toBe(1)
  })

  it(
    "has at most `max`, and lets the others wait, first in, first out",
    taskTest(() => {
      const { pool, state } = numbered({ max: 2 })
      const order: number[] = []
      return Task.gen(function* () {
        const fibers: Fiber<unknown, unknown>[] = []
        for (let i = 0; i < 8; i++)
          fibers.push(yield* pool.use(() => Task.sync(() => void order.push(i)).andThen(Task.sleep(10))).start())
        yield* Task.sleep(1)
        expect([pool.size, pool.idle, pool.waiting]).toEqual([2, 0, 6])
        yield* Task.sleep(10)
        expect([pool.size, pool.idle, pool.waiting]).toEqual([2, 0, 4])
        yield* joined(fibers)
        expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
        expect([state.made, pool.size, pool.idle, pool.waiting]).toEqual([2, 2, 2, 0])
      })
    }),
  )

  it(
    "gives out first the one that came back last",
    taskTest(() => {
      const { pool } = numbered({ max: 3 })
      return Task.gen(function* () {
        const leases: Lease<number>[] = []
        for (let i = 0; i < 3; i++) leases.push(yield* pool.lease())
        for (const n of [1, 3, 2]) leases[n - 1].release()
        const again: number[] = []
        for (let i = 0; i < 3; i++) again.push((yield* pool.lease()).resource)
        expect(again).toEqual([2, 3, 1])
      })
    }),
  )

  it(
    "takes a resource back by whatever outcome: a failure, a throw, a cancellation, what is no Task",
    taskTest(() => {
      const { pool, state } = numbered({ max: 1 })
      return Task.gen(function* () {
        expect(yield* pool.use(() => Task.fail("down")).attempt()).toEqual(rejected("down"))
        const thrown = new Error("thrown")
        const throwing = pool.use((): Task<void> => {
          throw thrown
        })
        expect(yield* throwing.attempt()).toEqual(rejected(thrown))
        const noTask = pool.use(() => 1 as unknown as Task<number>)
        expect(yield* noTask.attempt()).toMatchObject({ reason: { message: expect.stringMatching(/a Task, got 1/) } })
        const running = yield* pool.use(() => Task.never).start()
        yield* Task.yield()
        expect(pool.idle).toBe(0)
        yield* running.cancel()
        expect([pool.size, pool.idle, state.made]).toEqual([1, 1, 1])
      })
    }),
  )

  it(
    "keeps a resource in use until the cleanups of its user are over",
    taskTest(() => {
      const { pool } = numbered({ max: 1 })
      const log: string[] = []
      return Task.gen(function* () {
        const first = yield* pool
          .use(() => Task.never.finally(() => Task.sleep(10).tap(() => log.push("cleaned up"))))
          .start()
        const second = yield* pool.use(() => Task.sync(() => log.push("second"))).start()
        yield* Task.yield()
        first.abort()
        yield* second.join()
        expect(log).toEqual(["cleaned up", "second"])
      })
    }),
  )

  it(
    "lets who waits leave the line, at the front and in the middle, and serves the others in their order",
    taskTest(() => {
      const { pool } = numbered({ max: 1 })
      const order: string[] = []
      return Task.gen(function* () {
        const fibers: Fiber<unknown, unknown>[] = []
        for (const name of ["a", "b", "c", "d", "e"])
          fibers.push(yield* pool.use(() => Task.sync(() => void order.push(name)).andThen(Task.sleep(10))).start())
        yield* Task.sleep(5)
        yield* fibers[1].cancel("left")
        yield* fibers[3].cancel()
        expect([fibers[1].poll(), yield* Task.now(), pool.waiting]).toEqual([cancelled("left"), 5, 2])
        yield* joined(fibers)
        expect(order).toEqual(["a", "c", "e"])
        expect(yield* Task.now()).toBe(30)
      })
    }),
  )

  it("p-map#76: never more than the limit at once", async () => {
    const job = fc.record({
      after: fc.nat({ max: 5 }),
      lasts: fc.nat({ max: 10 }),
      patience: fc.option(fc.nat({ max: 12 })),
    })
    const max = fc.integer({ min: 1, max: 4 })
    const jobs = fc.array(job, { maxLength: 30 })
    const property = fc.asyncProperty(max, jobs, fc.option(fc.nat()), async (max, jobs, seed) => {
      const test = TestRuntime.make(seed === null ? {} : { seed })
      const busy = new Set<object>()
      let [alive, most, served] = [0, 0, 0]
      const pool = Pool.make({
        create: Task.sync(() => {
          most = Math.max(most, ++alive)
          return {}
        }).tap(() => Task.sleep(2)),
        destroy: () => Task.sleep(3).tap(() => alive--),
        check: () => ++served % 3 !== 0,
        max,
      })
      const program = Task.gen(function* () {
        const fibers: Fiber<unknown, unknown>[] = []
        for (const { after, lasts, patience } of jobs) {
          yield* Task.sleep(after)
          const use = pool.use((resource) => {
            const begin = Task.sync(() => {
              if (busy.has(resource)) throw new Error("Expected a resource to be used by one, got two.")
              busy.add(resource)
              if (busy.size > max) throw new Error(`Expected at most ${max} at once, got ${busy.size}.`)
            })
            return Task.bracket(
              begin,
              () => Task.sleep(lasts),
              () => void busy.delete(resource),
            )
          })
          const fiber = yield* use.startDetached()
          fibers.push(fiber)
          if (patience !== null)
            yield* Task.sleep(patience)
              .tap(() => fiber.abort())
              .startDetached()
        }
        yield* joined(fibers)
        for (const fiber of fibers) {
          const exit = fiber.poll()
          if (exit?.status === "rejected") throw exit.reason
        }
        expect([pool.waiting, pool.size]).toEqual([0, pool.idle])
        yield* pool.close()
      })
      await test.run(program)
      await test.runAll()
      expect(most).toBeLessThanOrEqual(max)
      expect([alive, busy.size, pool.size, pool.idle, pool.waiting]).toEqual([0, 0, 0, 0, 0])
      expect([test.sleepers, test.waiting]).toEqual([[], []])
    })
    await fc.assert(property, { numRuns: 100 })
  })
})

describe("making a resource", () => {
  it(
    "fails who asked as it fails itself, leaves nothing behind, and is tried again by the next",
    taskTest(() => {
      let tries = 0
      const create = Task.sleep(1).andThen(Task.defer(() => (++tries < 3 ? Task.fail(`try ${tries}`) : Task.pure(7))))
      const { pool } = numbered<string>({ max: 1, create })
      return Task.gen(function* () {
        const call = pool.use((n) => Task.pure(n)).attempt()
        expect(yield* Task.all([call, call, call, call])).toEqual([
          rejected("try 1"),
          rejected("try 2"),
          fulfilled(7),
          fulfilled(7),
        ])
        expect([pool.size, pool.idle, tries]).toEqual([1, 1, 3])
      })
    }),
  )

  it(
    "that throws fails who asked, and leaves nothing behind",
    taskTest(() => {
      const thrown = new Error("thrown")
      const create = (): Task<number> => {
        throw thrown
      }
      const { pool } = numbered({ max: 1, create })
      return Task.gen(function* () {
        for (const ask of [pool.lease(), pool.use(() => Task.unit), pool.lease()]) {
          expect(yield* ask.attempt()).toEqual(rejected(thrown))
          expect([pool.size, pool.idle, pool.waiting]).toEqual([0, 0, 0])
        }
      })
    }),
  )

  const forms: [string, (pool: Pool<number>) => Task<unknown, unknown>][] = [
    ["use", (pool) => pool.use(() => Task.unit)],
    // The cancellation comes under the mask and is delivered at the end of it: the Lease must be there by then.
    ["lease", (pool) => pool.lease()],
  ]

  it.each(forms)(
    "counts from its beginning, and is not interrupted: who is cancelled meanwhile loses nothing (%s)",
    (_, ask) =>
      taskTest(() => {
        const { pool, state } = numbered((state) => ({ max: 1, create: Task.sleep(10).map(() => ++state.made) }))
        return Task.gen(function* () {
          const fiber = yield* ask(pool).startDetached()
          yield* Task.sleep(5)
          expect([pool.size, pool.idle]).toEqual([1, 0])
          yield* fiber.cancel()
          expect([yield* Task.now(), fiber.poll()]).toEqual([10, cancelled()])
          // It is idle, or it has been destroyed, once.
          expect(pool.size).toBe(pool.idle)
          expect(state.made - state.destroyed.length).toBe(pool.size)
          yield* pool.use(() => Task.unit).timeout(1000)
        })
      })(),
  )

  it(
    "leaves at once when it is cancelled where a function of `restore` says so; the next makes one anew",
    taskTest(() => {
      let tries = 0
      const create = (restore: Restore) =>
        restore(Task.sync(() => ++tries).flatMap((n) => (n < 3 ? Task.never : Task.pure(n))))
      const { pool } = numbered({ max: 1, create })
      return Task.gen(function* () {
        for (const ask of [pool.use(() => Task.unit), pool.lease()]) {
          const fiber = yield* ask.startDetached()
          yield* Task.sleep(5)
          expect(pool.size).toBe(1)
          yield* fiber.cancel()
          expect([pool.size, pool.idle, pool.waiting]).toEqual([0, 0, 0])
        }
        expect(yield* Task.now()).toBe(10)
        expect(yield* pool.use((n) => Task.pure(n))).toBe(3)
      })
    }),
  )

  it(
    "goes on for several who ask at once, side by side",
    taskTest(() => {
      const { pool } = numbered({ max: 3, create: Task.sleep(10).as(1) })
      return Task.all([1, 2, 3].map(() => pool.use(() => Task.unit)))
        .andThen(Task.now())
        .tap((now) => expect(now).toBe(10))
    }),
  )

  it(
    "takes undefined, and the same value twice, as any other",
    taskTest(() => {
      const destroy = vi.fn()
      const pool = Pool.make({ create: Task.pure(undefined), destroy, max: 2 })
      const use = pool.use(() => Task.sleep(1))
      return Task.gen(function* () {
        yield* Task.all([use, use, use])
        expect([pool.size, pool.idle]).toEqual([2, 2])
        yield* pool.close()
        expect(destroy.mock.calls).toEqual([[undefined], [undefined]])
      })
    }),
  )
})

describe("a check", () => {
  const checks: [string, (ok: () => boolean) => NonNullable<PoolOptions<number>["check"]>][] = [
    ["a function", (ok) => () => ok()],
    ["a Task", (ok) => () => Task.sleep(1).map(ok)],
    [
      "a function that throws",
      (ok) => () => {
        if (!ok()) throw new Error("check")
        return true
      },
    ],
    ["a Task that fails", (ok) => () => (ok() ? Task.pure(true) : Task.fail("check").delay(1))],
  ]

  it.each(checks)(
    "that is %s is asked before one is used again; where it says no, another takes its place",
    (_, make) =>
      taskTest(() => {
        let ok = true
        const check = vi.fn(make(() => ok))
        const { pool, state, use } = numbered({ check })
        return Task.gen(function* () {
          expect(yield* use()).toBe(1)
          expect(check).not.toHaveBeenCalled()
          expect(yield* use()).toBe(1)
          expect(check.mock.calls).toEqual([[1]])
          ok = false
          expect(yield* use()).toBe(2)
          expect(check.mock.calls).toEqual([[1], [1]])
          expect(state.destroyed).toEqual([1])
          expect([pool.size, pool.idle]).toEqual([1, 1])
        })
      })(),
  )

  it(
    "goes through all that are idle, and destroys those that do not serve any more",
    taskTest(() => {
      const bad = new Set<number>()
      const { pool, state, use } = numbered({ max: 3, check: (n) => !bad.has(n) })
      return Task.gen(function* () {
        yield* Task.all([use(), use(), use()])
        for (const n of [1, 3]) bad.add(n)
        const got = yield* Task.all([use(), use(), use()])
        expect(sorted(got)).toEqual([2, 4, 5])
        expect(sorted(state.destroyed)).toEqual([1, 3])
        expect([pool.size, pool.idle]).toEqual([3, 3])
      })
    }),
  )

  it(
    "has its no carried out before another is made: there are never more than `max`",
    taskTest(() => {
      const log: string[] = []
      const { use } = numbered({
        max: 1,
        create: Task.sync(() => log.push("made")),
        destroy: () => Task.sleep(10).tap(() => log.push("destroyed")),
        check: () => false,
      })
      return Task.gen(function* () {
        yield* use()
        yield* use()
        expect(log).toEqual(["made", "destroyed", "made"])
      })
    }),
  )

  it(
    "that says no where no other can be made fails who asked, and leaves nothing behind",
    taskTest(() => {
      let tries = 0
      const { pool, state } = numbered<string>({
        create: Task.defer(() => (++tries === 2 ? Task.fail("down") : Task.pure(tries))),
        check: () => false,
      })
      return Task.gen(function* () {
        yield* pool.use(() => Task.unit)
        expect(yield* pool.use(() => Task.unit).attempt()).toEqual(rejected("down"))
        expect([state.destroyed, pool.size, pool.idle]).toEqual([[1], 0, 0])
        expect(yield* pool.use((n) => Task.pure(n))).toBe(3)
      })
    }),
  )

  const forms: [string, (pool: Pool<number>) => Task<unknown, unknown>][] = [
    ["use", (pool) => pool.use(() => Task.unit)],
    ["lease", (pool) => pool.lease()],
  ]

  it.each(forms)("during which who asked is cancelled loses nothing (%s)", (_, ask) =>
    taskTest(() => {
      const { pool, state } = numbered({ max: 1, check: () => Task.sleep(10).as(true) })
      return Task.gen(function* () {
        yield* pool.use(() => Task.unit)
        const fiber = yield* ask(pool).startDetached()
        yield* Task.sleep(5)
        yield* fiber.cancel()
        expect([pool.size, pool.idle]).toEqual([1 - state.destroyed.length, 1 - state.destroyed.length])
        yield* pool.close().timeout(1000)
        expect(state.destroyed).toEqual([1])
      })
    })(),
  )

  // It is out of the idle ones when the TypeError is thrown.
  it(
    "that answers no boolean fails who asked, and loses no resource",
    taskTest(() => {
      const check = () => Promise.resolve(true) as unknown as boolean
      const { pool, state } = numbered({ max: 1, check })
      return Task.gen(function* () {
        yield* pool.use(() => Task.unit)
        expect(yield* pool.use(() => Task.unit).attempt()).toMatchObject({ reason: { name: "TypeError" } })
        expect(pool.size).toBe(pool.idle)
        yield* pool.close()
        expect([state.destroyed, pool.size]).toEqual([[1], 0])
      })
    }),
  )

  it("whose no is carried out by a destroy that fails serves who asked all the same, and is reported", async () => {
    const reported: unknown[] = []
    const test = TestRuntime.make({ onUnhandled: (reason) => void reported.push(reason) })
    const { pool, use } = numbered({ destroy: () => Task.fail("stuck"), check: () => false })
    expect(await test.run(use().zip(use()))).toEqual([1, 2])
    expect(await test.run(use())).toBe(3)
    expect(pool.size).toBe(1)
    await test.close()
    expect(reported).toEqual(["stuck", "stuck"])
  })
})

describe("idle resources", () => {
  it(
    "are destroyed when they have been idle for longer than idleTimeout, and not before",
    taskTest((test) => {
      const { pool, state, use } = numbered({ idleTimeout: 100 })
      return Task.gen(function* () {
        yield* use()
        yield* Task.sleep(99)
        expect(pool.idle).toBe(1)
        yield* Task.sleep(2)
        expect([state.destroyed, pool.size, pool.idle]).toEqual([[1], 0, 0])
        yield* Task.sleep(1000)
        expect(test.sleepers).toEqual([])
      })
    }),
  )

  it(
    "count from when they came back last",
    taskTest(() => {
      const { pool, state, use } = numbered({ idleTimeout: 100 })
      return Task.gen(function* () {
        for (let i = 0; i < 10; i++) {
          yield* use()
          yield* Task.sleep(90)
        }
        expect([state.made, state.destroyed, pool.idle]).toEqual([1, [], 1])
        yield* pool.close()
      })
    }),
  )

  it(
    "are not destroyed while they are used, however long",
    taskTest(() => {
      const { pool, state } = numbered({ idleTimeout: 100 })
      return Task.gen(function* () {
        yield* Task.all([pool.use(() => Task.sleep(1)), pool.use(() => Task.sleep(10_000))])
        expect(state.destroyed).toEqual([1])
        yield* Task.sleep(101)
        expect(state.destroyed).toEqual([1, 2])
      })
    }),
  )

  it(
    "go one after the other as their time comes, those first that came back first",
    taskTest(() => {
      const destroyed: [number, number][] = []
      const { pool } = numbered({
        max: 3,
        idleTimeout: 100,
        destroy: (n) => Task.now().tap((now) => void destroyed.push([n, now])),
      })
      return Task.gen(function* () {
        yield* Task.all([30, 10, 20].map((ms) => pool.use(() => Task.sleep(ms))))
        yield* Task.sleep(200)
        expect(destroyed.map(([n]) => n)).toEqual([2, 3, 1])
        for (const [i, [, now]] of destroyed.entries()) {
          expect(now).toBeGreaterThanOrEqual(110 + 10 * i)
          expect(now).toBeLessThanOrEqual(111 + 10 * i)
        }
      })
    }),
  )

  it(
    "are kept where there are no more than `min`",
    taskTest((test) => {
      const { pool, state, use } = numbered({ max: 4, min: 2, idleTimeout: 100 })
      return Task.gen(function* () {
        yield* Task.all([use(10), use(10), use(10), use(10)])
        yield* Task.sleep(10_000)
        expect([state.destroyed.length, pool.size, pool.idle]).toEqual([2, 2, 2])
        yield* Task.all([use(10), use(10), use(10)])
        yield* Task.sleep(10_000)
        expect([state.destroyed.length, pool.size, pool.idle]).toEqual([3, 2, 2])
        yield* pool.close()
        expect(test.sleepers).toEqual([])
      })
    }),
  )

  it(
    "serve who asks in the moment in which they grow too old, or are destroyed: never both",
    taskTest(() => {
      const { pool, state } = numbered((state) => ({
        max: 1,
        idleTimeout: 100,
        destroy: (n) => Task.sleep(5).tap(() => state.destroyed.push(n)),
      }))
      return Task.gen(function* () {
        for (let i = 95; i < 110; i++) {
          yield* pool.use((n) => {
            if (state.destroyed.includes(n)) throw new Error("Expected one that serves, got one that is destroyed.")
            return Task.unit
          })
          yield* Task.sleep(i)
        }
        yield* pool.close()
        expect(state.destroyed).toEqual(Array.from({ length: state.made }, (_, i) => i + 1))
      })
    }),
  )

  it("keep no process alive: what waits to destroy them has no timer that counts", async () => {
    const test = TestRuntime.make()
    const { pool, use } = numbered({ idleTimeout: 100 })
    await test.run(use(10))
    const now = test.now
    await test.runAll()
    expect([test.now, pool.idle]).toEqual([now, 1])
    await test.advance(101)
    expect(pool.idle).toBe(0)
    await test.close()
  })

  it("that cannot be destroyed are reported, once each, and are gone", async () => {
    const reported: unknown[] = []
    const test = TestRuntime.make({ onUnhandled: (reason) => void reported.push(reason) })
    const { pool, use } = numbered({ idleTimeout: 100, destroy: (n) => Task.fail(`stuck ${n}`) })
    await test.run(Task.all([use(10), use(20)]))
    await test.advance(500)
    expect([pool.size, pool.idle]).toEqual([0, 0])
    await test.run(use(1))
    await test.advance(500)
    expect(reported).toEqual(["stuck 1", "stuck 2", "stuck 3"])
    await test.run(pool.close())
    await test.close()
  })
})

describe("warming", () => {
  it(
    "makes as many as `min`, side by side, and no more the second time",
    taskTest(() => {
      const { pool, state } = numbered((state) => ({ max: 5, min: 3, create: Task.sleep(10).map(() => ++state.made) }))
      return Task.gen(function* () {
        expect(yield* pool.warm()).toBeUndefined()
        expect([yield* Task.now(), state.made, pool.size, pool.idle]).toEqual([10, 3, 3, 3])
        yield* pool.warm()
        expect([yield* Task.now(), state.made]).toEqual([10, 3])
      })
    }),
  )

  it(
    "makes no more than are missing: those in use and those being made are there",
    taskTest(() => {
      const { pool, state, use } = numbered((state) => ({
        max: 5,
        min: 3,
        create: Task.sleep(10).map(() => ++state.made),
      }))
      return Task.gen(function* () {
        const busy = yield* use(100).start()
        yield* Task.sleep(5)
        const warming = [yield* pool.warm().start(), yield* pool.warm().start()]
        yield* joined(warming)
        yield* busy.join()
        expect([state.made, pool.size, pool.idle]).toEqual([3, 3, 3])
      })
    }),
  )

  it(
    "makes nothing where `min` is 0, and works where it is `max`",
    taskTest(() => {
      const [none, all] = [numbered(), numbered({ min: 2 })]
      return Task.gen(function* () {
        yield* none.pool.warm()
        expect(none.state.made).toBe(0)
        yield* all.pool.warm()
        expect(all.pool.idle).toBe(2)
      })
    }),
  )

  it(
    "ends at once where there are `min` already, also when all are in use",
    taskTest(() => {
      const { pool } = numbered({ min: 2 })
      return Task.gen(function* () {
        const leases = [yield* pool.lease(), yield* pool.lease()]
        expect((yield* pool.warm().timeout(1000).attempt()).status).toBe("fulfilled")
        for (const lease of leases) lease.release()
      })
    }),
  )

  it(
    "fails as making does, keeps what was made, and can be tried again",
    taskTest(() => {
      let tries = 0
      const create = Task.sync(() => ++tries).flatMap((n) =>
        n === 2 ? Task.fail("down").delay(5) : Task.sleep(n).as(n),
      )
      const { pool, state } = numbered<string>({ max: 4, min: 3, create })
      return Task.gen(function* () {
        expect(yield* pool.warm().attempt()).toEqual(rejected("down"))
        expect(pool.size).toBe(pool.idle)
        expect(pool.size + state.destroyed.length).toBeGreaterThan(0)
        yield* pool.warm()
        expect([pool.size, pool.idle]).toEqual([3, 3])
      })
    }),
  )

  it(
    "that is cancelled leaves nothing half made",
    taskTest(() => {
      const { pool, state } = numbered((state) => ({ max: 4, min: 3, create: Task.sleep(10).map(() => ++state.made) }))
      return Task.gen(function* () {
        const warming = yield* pool.warm().startDetached()
        yield* Task.sleep(5)
        yield* warming.cancel()
        expect(pool.size).toBe(pool.idle)
        expect(state.made - state.destroyed.length).toBe(pool.size)
        yield* pool.warm()
        expect(pool.idle).toBe(3)
      })
    }),
  )

  it(
    "fails once the pool is closed",
    taskTest(() => {
      const { pool, state } = numbered({ min: 1 })
      return Task.gen(function* () {
        yield* pool.close()
        expect(yield* pool.warm().attempt()).toMatchObject({ reason: { name: "ClosedError", what: "pool" } })
        expect(state.made).toBe(0)
      })
    }),
  )

  it(
    "fails once the pool is closed, also where there is nothing to make",
    taskTest(() => {
      const { pool } = numbered()
      return Task.gen(function* () {
        yield* pool.close()
        expect(yield* pool.warm().attempt()).toMatchObject({ reason: { name: "ClosedError", what: "pool" } })
      })
    }),
  )

  it("waits for nobody who holds one for ever, in whatever order those run who make them", async () => {
    const program = (trial: Trial) => {
      const pool = watched(trial, { max: 2, min: 2 })
      return Task.gen(function* () {
        const lease = yield* pool.lease()
        yield* pool.warm()
        expect([pool.size, pool.idle]).toEqual([2, 1])
        lease.release()
        yield* pool.close()
      })
    }
    expect(await explore(program, { strategy: "exhaustive", runs: 20_000 })).toMatchObject({ complete: true })
  })
})

describe("a lease", () => {
  it(
    "is a resource until it is released, by hand, once: a second release does nothing",
    taskTest(() => {
      const { pool } = numbered({ max: 1 })
      return Task.gen(function* () {
        const first = yield* pool.lease()
        expect([first.resource, pool.size, pool.idle]).toEqual([1, 1, 0])
        first.release()
        expect(pool.idle).toBe(1)
        const second = yield* pool.lease()
        first.release()
        first[Symbol.dispose]()
        yield* Task.promise(() => first[Symbol.asyncDispose]())
        // It is the second one's still.
        expect([pool.size, pool.idle]).toEqual([1, 0])
        expect((yield* pool.lease().timeout(5).attempt()).status).toBe("rejected")
        second.release()
        expect([pool.size, pool.idle]).toEqual([1, 1])
      })
    }),
  )

  it(
    "is released by `using`: at the end of a generator, on a failure and on a cancellation",
    taskTest(() => {
      const { pool } = numbered({ max: 1 })
      const holding = (then: Task<unknown, unknown>) =>
        Task.gen(function* () {
          using lease = yield* pool.lease()
          yield* then
          return lease.resource
        })
      return Task.gen(function* () {
        expect(yield* holding(Task.unit)).toBe(1)
        expect(pool.idle).toBe(1)
        expect(yield* holding(Task.fail("down")).attempt()).toEqual(rejected("down"))
        expect(pool.idle).toBe(1)
        const fiber = yield* holding(Task.never).startDetached()
        yield* Task.yield()
        expect(pool.idle).toBe(0)
        yield* fiber.cancel()
        expect(pool.idle).toBe(1)
      })
    }),
  )

  it(
    "is released by a scope, and by `await using` at the edge",
    taskTest(() => {
      const { pool } = numbered({ max: 1 })
      const block = async () => {
        await using lease = await pool.lease()
        return lease.resource
      }
      return Task.gen(function* () {
        const used = Task.scoped((scope) => scope.use(pool.lease()).map(({ resource }) => [resource, pool.idle]))
        expect(yield* used).toEqual([1, 0])
        expect(pool.idle).toBe(1)
        expect(yield* Task.promise(block)).toBe(1)
        expect(pool.idle).toBe(1)
      })
    }),
  )

  it(
    "that is released in a plain callback, outside of any fiber, serves who waits",
    taskTest(() => {
      const { pool } = numbered({ max: 1 })
      return Task.gen(function* () {
        const lease = yield* pool.lease()
        const waiting = yield* pool.use((n) => Task.pure(n)).start()
        yield* Task.promise(() => Promise.resolve().then(() => lease.release()))
        expect(yield* waiting.join()).toBe(1)
      })
    }),
  )

  const forms: [string, (pool: Pool<number>) => Task<unknown, unknown>][] = [
    [
      "using in a generator",
      (pool) =>
        Task.gen(function* () {
          using lease = yield* pool.lease()
          yield* Task.yield()
          return lease.resource
        }),
    ],
    [
      "a scope, the wait restored",
      (pool) => Task.scoped((scope) => scope.use((restore) => restore(pool.lease())).andThen(Task.yield())),
    ],
    ["a scope", (pool) => Task.scoped((scope) => scope.use(pool.lease()).andThen(Task.yield()))],
    [
      "a bracket, the wait restored",
      (pool) =>
        Task.bracket(
          (restore) => restore(pool.lease()),
          () => Task.yield(),
          (lease) => lease.release(),
        ),
    ],
    ["use", (pool) => pool.use(() => Task.yield())],
  ]

  it.each(forms)("effect#6910: an interrupted acquire leaks no permit (%s)", async (_, form) => {
    const program = (trial: Trial) => {
      const pool = watched(trial, { max: 1 })
      return Task.gen(function* () {
        const fibers: Fiber<unknown, unknown>[] = []
        for (const name of ["first", "second", "third"]) fibers.push(yield* form(pool).startDetached({ name }))
        yield* joined(fibers)
        // A permit that is lost makes this wait for ever.
        yield* pool.use(() => Task.unit)
        yield* pool.close()
      })
    }
    const found = await explore(program, { cancel: ["first", "second", "third"], runs: 600 })
    expect(found).toMatchObject({ runs: 600 })
  })

  it("effect#6910: an interrupted acquire leaks no permit, where it waits for a check and a destroy", async () => {
    const program = (trial: Trial) => {
      const pool = watched(trial, { max: 2, check: (n) => Task.yield().as(n % 2 === 0) })
      const holding = Task.gen(function* () {
        using lease = yield* pool.lease()
        yield* Task.yield()
        return lease.resource
      })
      return Task.gen(function* () {
        const fibers: Fiber<unknown, unknown>[] = []
        for (const name of ["first", "second", "third", "fourth"])
          fibers.push(yield* holding.repeat({ times: 1 }).startDetached({ name }))
        yield* joined(fibers)
        const all = Task.all([pool.use(() => Task.yield()), pool.use(() => Task.yield())])
        yield* all
        yield* pool.close()
      })
    }
    const found = await explore(program, { cancel: ["first", "second", "third"], runs: 1000 })
    expect(found).toMatchObject({ runs: 1000 })
  })
})

/** A pool in a trial: each resource is destroyed once, and no two use one. */
function watched(trial: Trial, options: Partial<PoolOptions<number>> & { readonly max: number }): Pool<number> {
  let made = 0
  let alive = 0
  const destroyed = new Map<number, () => void>()
  const count = () => {
    if (++alive > options.max) throw new Error(`Expected at most ${options.max}, got ${alive}.`)
  }
  const pool = Pool.make({
    create: Task.yield().map(() => {
      count()
      destroyed.set(++made, trial.resource(`resource ${made}`))
      return made
    }),
    destroy: (n) =>
      Task.yield().andThen(
        Task.sync(() => {
          alive--
          destroyed.get(n)?.()
        }),
      ),
    ...options,
  })
  trial.check(() => {
    const { size, idle, waiting } = pool
    if (size !== idle || waiting !== 0 || size !== alive)
      throw new Error(
        `Expected nothing in use, got ${size} of which ${idle} are idle, ${alive} alive, ${waiting} wait.`,
      )
  })
  return pool
}

describe("closing a pool", () => {
  it(
    "refuses who asks from then on, serves who waits already, and destroys all when they have come back",
    taskTest(() => {
      const { pool, state, use } = numbered({ max: 1 })
      return Task.gen(function* () {
        const fibers = [yield* use().startDetached(), yield* use().startDetached(), yield* use().startDetached()]
        yield* Task.sleep(5)
        const closing = yield* pool.close().startDetached()
        yield* Task.yield()
        for (const late of [use(), pool.lease(), pool.warm()]) {
          const error = yield* (late as Task<unknown, ClosedError>).catch(ClosedError, (reason) => Task.pure(reason))
          expect(error).toBeInstanceOf(ClosedError)
          expect(error).toMatchObject({ name: "ClosedError", what: "pool" })
        }
        yield* Task.sleep(20)
        expect([closing.poll(), state.destroyed]).toEqual([undefined, []])
        yield* closing.join()
        expect([yield* Task.now(), state.destroyed, pool.size, pool.idle]).toEqual([30, [1], 0, 0])
        expect(yield* joined(fibers)).toEqual([fulfilled(1), fulfilled(1), fulfilled(1)])
      })
    }),
  )

  it(
    "of an empty one makes nothing and destroys nothing",
    taskTest(() => {
      const { pool, state } = numbered({ min: 2 })
      return Task.gen(function* () {
        expect(yield* pool.close()).toBeUndefined()
        expect([state.made, state.destroyed]).toEqual([0, []])
      })
    }),
  )

  it(
    "waits for leases, and for those that are being made",
    taskTest(() => {
      const { pool, state } = numbered((state) => ({ create: Task.sleep(10).map(() => ++state.made) }))
      return Task.gen(function* () {
        const lease = yield* pool.lease()
        const making = yield* pool.use(() => Task.unit).startDetached()
        yield* Task.sleep(5)
        const closing = yield* pool.close().startDetached()
        yield* Task.sleep(100)
        expect([making.poll(), closing.poll()]).toEqual([fulfilled(undefined), undefined])
        lease.release()
        yield* closing.join()
        expect(sorted(state.destroyed)).toEqual([1, 2])
        lease.release()
        expect([pool.size, pool.idle]).toEqual([0, 0])
      })
    }),
  )

  it(
    "is not held up by one whose making fails",
    taskTest(() => {
      const { pool } = numbered<string>({ max: 1, create: Task.fail("down").delay(10) })
      return Task.gen(function* () {
        const ask = pool.lease().attempt().startDetached()
        const fibers = [yield* ask, yield* ask]
        yield* Task.sleep(5)
        yield* pool.close()
        expect((yield* joined(fibers)).map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"])
        expect(fibers.map((fiber) => fiber.poll())).toEqual(Array(2).fill(fulfilled(rejected("down"))))
        expect(yield* Task.now()).toBe(20)
      })
    }),
  )

  it("destroys all, though some cannot be, and fails with all that has failed", async () => {
    const tried: number[] = []
    const { pool, use } = numbered({
      max: 4,
      destroy: (n) => {
        tried.push(n)
        if (n === 1) throw "thrown 1"
        return n === 3 ? Task.fail("failed 3").delay(5) : Task.sleep(5)
      },
    })
    const program = Task.all([use(), use(), use(), use()]).andThen(pool.close()).as(undefined)
    const test = TestRuntime.make()
    const fiber = program.run({ runtime: test })
    await test.runAll()
    const exit: Exit<undefined> = await ended(fiber)
    expect(exit.status).toBe("rejected")
    expect(new Set(failuresIn(exit))).toEqual(new Set(["failed 3", "thrown 1"]))
    expect(sorted(tried)).toEqual([1, 2, 3, 4])
    expect([pool.size, pool.idle]).toEqual([0, 0])
    await test.close()
  })

  it(
    "a second time, meanwhile and later, destroys nothing a second time",
    taskTest(() => {
      const { pool, state, use } = numbered((state) => ({
        destroy: (n) => Task.sleep(10).tap(() => state.destroyed.push(n)),
      }))
      return Task.gen(function* () {
        yield* Task.all([use(), use()])
        const ends = Task.all([pool.close().andThen(Task.now()), pool.close().andThen(Task.now())])
        const times = yield* ends
        expect(times[1]).toBe(times[0])
        yield* pool.close()
        expect(sorted(state.destroyed)).toEqual([1, 2])
      })
    }),
  )

  it(
    "cancelled while it waits leaves it closed; another close goes on",
    taskTest(() => {
      const { pool, state, use } = numbered({ max: 2 })
      return Task.gen(function* () {
        const fibers = [10, 20, 30, 40].map((ms) => use(ms).startDetached())
        const started = yield* Task.all(fibers)
        yield* Task.sleep(5)
        const closing = yield* pool.close().startDetached()
        yield* Task.sleep(10)
        yield* closing.cancel()
        expect([yield* Task.now(), closing.poll()]).toEqual([15, cancelled()])
        expect((yield* use().attempt()).status).toBe("rejected")
        yield* pool.close()
        expect((yield* joined(started)).map(({ status }) => status)).toEqual(Array(4).fill("fulfilled"))
        expect([sorted(state.destroyed), pool.size, pool.waiting]).toEqual([[1, 2], 0, 0])
      })
    }),
  )

  it(
    "cancelled while it destroys destroys all, once",
    taskTest(() => {
      const { pool, state, use } = numbered((state) => ({
        destroy: (n) => Task.sleep(10).tap(() => state.destroyed.push(n)),
      }))
      return Task.gen(function* () {
        yield* Task.all([use(), use()])
        const closing = yield* pool.close().startDetached()
        yield* Task.sleep(5)
        yield* closing.cancel()
        yield* pool.close()
        expect([sorted(state.destroyed), pool.size, pool.idle]).toEqual([[1, 2], 0, 0])
      })
    }),
  )

  it(
    "is no wait for a resource",
    taskTest(() => {
      const { pool, use } = numbered({ max: 1 })
      return Task.gen(function* () {
        const busy = yield* use(10).startDetached()
        yield* Task.yield()
        const closing = yield* pool.close().startDetached()
        yield* Task.yield()
        expect(pool.waiting).toBe(0)
        yield* joined([busy, closing])
      })
    }),
  )

  it(
    "keeps nothing alive: no timer, no fiber",
    taskTest((test) => {
      const { pool, use } = numbered({ max: 4, min: 1, idleTimeout: 1000 })
      return Task.gen(function* () {
        yield* pool.warm()
        yield* Task.all([use(), use(), use()])
        expect(test.sleepers.length).toBeGreaterThan(0)
        yield* pool.close()
        expect(test.sleepers).toEqual([])
        // This one.
        expect(test.waiting).toHaveLength(1)
      })
    }),
  )

  it("is what `await using` does at the end of the block, and it throws what close fails with", async () => {
    const { pool, state } = numbered({ max: 1 })
    const block = async () => {
      await using held = pool
      expect(await held.use((n) => Task.pure(n))).toBe(1)
    }
    await block()
    expect(state.destroyed).toEqual([1])
    const stuck = numbered({ destroy: () => Task.fail("stuck") }).pool
    const failing = async () => {
      await using held = stuck
      await held.use(() => Task.unit)
    }
    await expect(failing()).rejects.toBe("stuck")
  })

  it("lets the process end: after it nothing of the host's is held", async () => {
    const runtime = Runtime.make()
    const { pool } = numbered({ idleTimeout: { hours: 1 } })
    await pool.use(() => Task.unit).toPromise({ runtime })
    await pool.close().toPromise({ runtime })
    await turn()
    const closing = runtime.close()
    await expect(closing).resolves.toBeUndefined()
  })

  it("p-queue#241 / p-limit#25: every queued waiter settles when it is closed or cancelled", async () => {
    const program = (trial: Trial) => {
      const pool = watched(trial, { max: 1, idleTimeout: 5, min: 0 })
      return Task.gen(function* () {
        const fibers: Fiber<unknown, unknown>[] = []
        for (const name of ["first", "second", "third"])
          fibers.push(yield* pool.use(() => Task.sleep(1)).startDetached({ name }))
        yield* Task.sleep(1)
        fibers.push(yield* pool.close().startDetached({ name: "closer" }))
        fibers.push(yield* pool.use(() => Task.unit).startDetached({ name: "late" }))
        yield* joined(fibers)
        yield* pool.close()
      })
    }
    const found = await explore(program, { cancel: ["first", "second", "closer"], runs: 1000 })
    expect(found).toMatchObject({ runs: 1000 })
  })

  // What stands in the line behind who closes must not be made.
  it(
    "ends what is being warmed: nothing is made in a closed pool",
    taskTest(() => {
      const { pool, state } = numbered((state) => ({ max: 3, min: 3, create: Task.sleep(10).map(() => ++state.made) }))
      return Task.gen(function* () {
        const warming = yield* pool.warm().startDetached()
        yield* Task.sleep(5)
        yield* pool.close()
        yield* warming.join().attempt()
        expect([pool.size, pool.idle]).toEqual([0, 0])
        expect(state.destroyed).toHaveLength(state.made)
      })
    }),
  )

  // Whether it is open must be asked in the step that takes a permit: who gives way in between would make a resource in a pool
  // that has been closed and emptied meanwhile, and nobody would destroy it.
  const asking: [string, (pool: Pool<number>) => Task<unknown, unknown>][] = [
    ["use", (pool) => pool.use(() => Task.unit)],
    ["lease", (pool) => pool.lease().tap((lease) => lease.release())],
    ["warm", (pool) => pool.warm()],
  ]

  it.each(asking)(
    "in the moment in which somebody asks refuses it or serves it: nothing is made afterwards (%s)",
    async (_, ask) => {
      const program = (trial: Trial) => {
        const pool = watched(trial, { max: 2, min: 1 })
        return Task.gen(function* () {
          const fiber = yield* ask(pool).startDetached()
          yield* pool.close()
          yield* fiber.join().catch(ClosedError, () => Task.unit)
          expect([pool.size, pool.idle]).toEqual([0, 0])
        })
      }
      expect(await explore(program, { strategy: "exhaustive", runs: 20_000 })).toMatchObject({ complete: true })
    },
  )

  it("loses nothing while idle ones are destroyed, whoever is cancelled when", async () => {
    const program = (trial: Trial) => {
      const pool = watched(trial, { max: 2, min: 1, idleTimeout: 3 })
      const user = pool
        .use(() => Task.sleep(1))
        .delay(3)
        .repeat({ times: 2 })
      return Task.gen(function* () {
        const fibers: Fiber<unknown, unknown>[] = [yield* pool.warm().startDetached({ name: "warming" })]
        for (const name of ["first", "second"]) fibers.push(yield* user.startDetached({ name }))
        yield* joined(fibers)
        yield* Task.sleep(4)
        yield* Task.all([pool.use(() => Task.yield()), pool.use(() => Task.yield())])
        yield* pool.close()
      })
    }
    const found = await explore(program, { cancel: ["warming", "first", "second"], runs: 1000 })
    expect(found).toMatchObject({ runs: 1000 })
  })
})

describe("a pool that outlives a runtime", () => {
  it("takes a lease back after its runtime has closed", async () => {
    const test = TestRuntime.make()
    const { pool } = numbered({ max: 1, idleTimeout: 100 })
    const lease = await test.run(pool.lease())
    await test.close()
    lease.release()
    expect([pool.size, pool.idle]).toEqual([1, 1])
    expect(pool.use((n) => Task.pure(n)).runSync()).toBe(1)
  })

  // What destroys them is cancelled with the runtime on which it runs.
  it("goes on to destroy those that are idle for too long", async () => {
    const { pool, use } = numbered({ idleTimeout: 100 })
    for (let i = 0; i < 2; i++) {
      const test = TestRuntime.make()
      await test.run(use(10))
      await test.close()
    }
    const test = TestRuntime.make()
    await test.run(use(10))
    await test.advance(200)
    expect(pool.idle).toBe(0)
    await test.close()
  })
})

describe("what a pool refuses", () => {
  const make = (options: unknown) => () => Pool.make(options as PoolOptions<number>)
  const create = Task.pure(1)

  it("refuses a create that is neither a Task nor a function, and a destroy and a check that are no functions", () => {
    expect(make({ create: 1, max: 1 })).toThrow(/^Expected .*create.* a Task or a function, got 1\./)
    expect(make({ max: 1 })).toThrow(/^Expected .*create.* a Task or a function, got undefined\./)
    expect(make({ create, max: 1, destroy: 2 })).toThrow(/^Expected .*destroy.* function, got 2\./)
    expect(make({ create, max: 1, check: true })).toThrow(/^Expected .*check.* function, got true\./)
  })

  it.each([0, -1, 1.5, Number.NaN, Infinity, undefined])("refuses a max of %s", (max) => {
    expect(make({ create, max })).toThrow(RangeError)
    expect(make({ create, max })).toThrow(`Expected \`max\` to be an integer >= 1, got ${max}.`)
  })

  it.each([-1, 1.5, Number.NaN, 3])("refuses a min of %s where the max is 2", (min) => {
    expect(make({ create, max: 2, min })).toThrow(RangeError)
    expect(make({ create, max: 2, min })).toThrow(`Expected \`min\` to be an integer from 0 to 2, got ${min}.`)
  })

  it("refuses an idleTimeout that is no duration", () => {
    expect(make({ create, max: 1, idleTimeout: -1 })).toThrow(/^Expected `idleTimeout` to be .+, got -1\./)
    expect(make({ create, max: 1, idleTimeout: "1s" })).toThrow(/^Expected `idleTimeout` to be .+, got "1s"\./)
    expect(make({ create, max: 1, idleTimeout: Infinity })).not.toThrow()
  })

  it("refuses an option that it does not know, and to use with what is no function", () => {
    expect(make({ create, max: 1, idle: 1 })).toThrow(/^Expected the options of .+ to be among .+, got `idle`\.$/)
    const notAFunction = Task.unit as unknown as () => Task<void>
    expect(() => Pool.make({ create, max: 1 }).use(notAFunction)).toThrow(/^Expected .+ function, got a Task\./)
  })
})
