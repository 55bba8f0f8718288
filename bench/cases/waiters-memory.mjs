// @ts-check
import { setImmediate } from "node:timers/promises"
import { expectEqual } from "../harness/expect.mjs"
import { memoryInUse } from "../harness/heap.mjs"
import { loadRapid } from "../harness/library.mjs"
/** @import { About, Reading, Variant } from "../harness/types.d.ts" */

const COUNT = 1_000_000
/** Each who comes to wait looks through all who wait already: a million would take hours. */
const FEWER = 20_000

/**
 * All want the one permit of a semaphore that somebody else holds, and all handles are kept in an array. "Shared" is
 * one description for all; the others have a closure each, as work with an argument has. "Bare" is the promise of a
 * permit, with nobody who waits for it: what it is for would come on top.
 *
 * @type {About}
 */
export const about = {
  title:
    "bytes per fiber of 1M that wait for one semaphore, heap and typed arrays, after a forced collection; then all " +
    "are cancelled and their handles dropped, where that is possible (--expose-gc)",
  rows: () => [
    { name: "native", variant: "native" },
    { name: "rapid", variant: "rapid" },
    { name: "rapid, shared", variant: "rapidShared" },
    { name: "effect 20k", variant: "effect", options: { count: FEWER } },
    { name: "effect 20k, shared", variant: "effectShared", options: { count: FEWER } },
    { name: "asyncMutex", variant: "asyncMutex" },
    { name: "asyncMutex, bare", variant: "asyncMutexBare" },
    { name: "asyncSema", variant: "asyncSema" },
    { name: "asyncSema, bare", variant: "asyncSemaBare" },
    { name: "pLimit", variant: "pLimit" },
  ],
  unit: "B",
  once: true,
  forks: 1,
  flags: ["--expose-gc"],
  timeout: 300,
}

/** @type {Variant} */
export async function native() {
  const { Semaphore } = await import("../harness/by-hand.mjs")
  return () => {
    const semaphore = new Semaphore(1)
    void semaphore.run(forever)
    return weigh({ start: (i) => semaphore.run(() => done(i)), waiting: () => semaphore.waiting.length })
  }
}

/** @type {Variant} */
export async function rapid() {
  const { Semaphore, Task } = await loadRapid()
  return () => {
    const semaphore = Semaphore.make(1)
    semaphore.tryAcquire()
    return weigh({
      start: (i) => semaphore.withPermit(Task.sync(() => done(i))).run(),
      waiting: () => semaphore.waiting,
      cancel: abortAll,
    })
  }
}

/** @type {Variant} */
export async function rapidShared() {
  const { Semaphore, Task } = await loadRapid()
  return () => {
    const semaphore = Semaphore.make(1)
    semaphore.tryAcquire()
    const job = semaphore.withPermit(Task.sync(() => done(0)))
    return weigh({ start: () => job.run(), waiting: () => semaphore.waiting, cancel: abortAll })
  }
}

/** @param {readonly import("../../dist/index.js").Fiber<void>[]} fibers */
async function abortAll(fibers) {
  for (const fiber of fibers) fiber.abort()
  for (const fiber of fibers) {
    while (fiber.poll() === undefined) await setImmediate()
    expectEqual(fiber.poll()?.status, "cancelled", "the status")
  }
}

/** @type {Variant} */
export async function effect({ count }) {
  const Effect = await import("effect/Effect")
  const { semaphore, waiting, cancel } = await effectSemaphore()
  return () =>
    weigh({
      start: (i) => Effect.runFork(semaphore.withPermit(Effect.sync(() => done(i)))),
      waiting,
      cancel,
      count: Number(count),
    })
}

/** @type {Variant} */
export async function effectShared({ count }) {
  const Effect = await import("effect/Effect")
  const { semaphore, waiting, cancel } = await effectSemaphore()
  const job = semaphore.withPermit(Effect.sync(() => done(0)))
  return () => weigh({ start: () => Effect.runFork(job), waiting, cancel, count: Number(count) })
}

async function effectSemaphore() {
  const Effect = await import("effect/Effect")
  const Exit = await import("effect/Exit")
  const Fiber = await import("effect/Fiber")
  const Semaphore = await import("effect/Semaphore")
  const semaphore = Semaphore.makeUnsafe(1)
  await Effect.runPromise(semaphore.take(1))
  return {
    semaphore,
    // It does not tell; here is where they stand.
    waiting: () => /** @type {{ waiters: Set<unknown> }} */ (/** @type {unknown} */ (semaphore)).waiters.size,
    cancel: async (/** @type {readonly import("effect/Fiber").Fiber<void>[]} */ fibers) => {
      await Effect.runPromise(Fiber.interruptAll(fibers))
      for (const fiber of fibers) {
        const exit = fiber.pollUnsafe()
        expectEqual(exit !== undefined && Exit.hasInterrupts(exit), true, "the interruption")
      }
    },
  }
}

/** All who wait can be told to give up, together; one cannot. @type {Variant} */
export async function asyncMutex() {
  const { Semaphore } = await import("async-mutex")
  return async () => {
    const semaphore = new Semaphore(1)
    await semaphore.acquire()
    return weigh({
      start: (i) => semaphore.runExclusive(() => done(i)),
      cancel: (promises) => rejectAll(semaphore, promises),
    })
  }
}

/** @type {Variant} */
export async function asyncMutexBare() {
  const { Semaphore } = await import("async-mutex")
  return async () => {
    const semaphore = new Semaphore(1)
    await semaphore.acquire()
    return weigh({ start: () => semaphore.acquire(), cancel: (promises) => rejectAll(semaphore, promises) })
  }
}

/**
 * @param {import("async-mutex").Semaphore} semaphore
 * @param {readonly Promise<unknown>[]} promises
 */
async function rejectAll(semaphore, promises) {
  semaphore.cancel()
  for (const { status } of await Promise.allSettled(promises)) expectEqual(status, "rejected", "the status")
}

/** Its waiters cannot be cancelled. @type {Variant} */
export async function asyncSema() {
  const { Sema } = await import("async-sema")
  return async () => {
    const sema = new Sema(1)
    await sema.acquire()
    const job = async (/** @type {number} */ i) => {
      await sema.acquire()
      try {
        done(i)
      } finally {
        sema.release()
      }
    }
    return weigh({ start: job, waiting: () => sema.nrWaiting() })
  }
}

/** @type {Variant} */
export async function asyncSemaBare() {
  const { Sema } = await import("async-sema")
  return async () => {
    const sema = new Sema(1)
    await sema.acquire()
    return weigh({ start: () => sema.acquire(), waiting: () => sema.nrWaiting() })
  }
}

/** What is cleared from its queue never settles. @type {Variant} */
export async function pLimit() {
  const { default: limited } = await import("p-limit")
  return () => {
    const limit = limited(1)
    void limit(forever)
    return weigh({
      start: (i) => limit(() => done(i)),
      waiting: () => limit.pendingCount,
      cancel: async () => limit.clearQueue(),
    })
  }
}

/**
 * @template T
 * @param {{
 *   readonly start: (i: number) => T,
 *   readonly waiting?: () => number,
 *   readonly cancel?: (all: readonly T[]) => Promise<void>,
 *   readonly count?: number,
 * }} of
 * @returns {Promise<Reading>}
 */
async function weigh({ start, waiting, cancel, count = COUNT }) {
  const before = await memoryInUse()
  const all = Array.from({ length: count }, (_, i) => start(i))
  const asleep = await memoryInUse()
  if (waiting !== undefined) expectEqual(waiting(), count, "the number of those who wait")
  expectEqual(finished, 0, "the number of those who did not wait")
  const value = (asleep.heap - before.heap) / count
  const resident = { "resident bytes": (asleep.rss - before.rss) / count }
  if (cancel === undefined) return { value, details: resident }

  const started = performance.now()
  await cancel(all)
  const seconds = (performance.now() - started) / 1000
  if (waiting !== undefined) expectEqual(waiting(), 0, "the number of those who wait still")
  expectEqual(finished, 0, "the number of those who were not cancelled")
  all.length = 0
  const after = await memoryInUse()
  const left = (after.heap - before.heap) / 2 ** 20
  return { value, details: { ...resident, "s to cancel all": seconds, "MiB left of them": left } }
}

/** Holds the permit. */
const forever = () => /** @type {Promise<void>} */ (new Promise(() => {}))

let finished = 0

/** @param {number} i */
function done(i) {
  finished += i >= 0 ? 1 : 0
}
