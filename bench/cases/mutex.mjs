// @ts-check
import { fasterThan } from "../harness/budget.mjs"
import { expectEqual } from "../harness/expect.mjs"
import { loadRapid } from "../harness/library.mjs"
import { rowsFor } from "../harness/rows.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const COUNT = 200_000
const FIBERS = 10

/**
 * Each lock is held over a callback, so that the nine others stand in line and the lock is handed over every time. What
 * is done with the lock is described once per fiber: the first call of a generator function that was made just before
 * costs V8 2 µs, more than all the rest, and the async function of the others is made once, too.
 *
 * @type {About}
 */
export const about = {
  title:
    "200k times a lock is handed over among 10 fibers, each holding it over a callback in a microtask; the floor is " +
    "an array of promises to resolve, by hand",
  rows: () =>
    rowsFor({
      variants: ["native", "rapid", "effect", "asyncMutex", "asyncSema", "pLimit", "pQueue"],
      floor: "native",
      budgets: [fasterThan("effect", "asyncMutex")],
    }),
}

/** @type {Variant} */
export async function native() {
  const { Semaphore } = await import("../harness/by-hand.mjs")
  return () => {
    const semaphore = new Semaphore(1)
    return promises((section) => semaphore.run(section))
  }
}

/** @type {Variant} */
export async function rapid() {
  const { Mutex, Task } = await loadRapid()
  return async () => {
    const account = new Account()
    const mutex = Mutex.make()
    /** @type {import("../../dist/index.js").Task<void>} */
    const called = Task.async((resume) => queueMicrotask(() => resume(Task.unit)))
    const worker = (/** @type {number} */ who) => {
      const section = Task.gen(function* () {
        account.enter(who)
        yield* called
        account.leave()
      })
      return Task.gen(function* () {
        for (let i = 0; i < COUNT / FIBERS; i++) yield* mutex.withLock(section)
      })
    }
    await Task.all(Array.from({ length: FIBERS }, (_, who) => worker(who)))
    return account.verify()
  }
}

/** @type {Variant} */
export async function effect() {
  const Effect = await import("effect/Effect")
  const Semaphore = await import("effect/Semaphore")
  return async () => {
    const account = new Account()
    const mutex = Semaphore.makeUnsafe(1)
    const called = Effect.callback((/** @type {(effect: import("effect/Effect").Effect<void>) => void} */ resume) =>
      queueMicrotask(() => resume(Effect.void)),
    )
    const worker = (/** @type {number} */ who) => {
      const section = Effect.gen(function* () {
        account.enter(who)
        yield* called
        account.leave()
      })
      return Effect.gen(function* () {
        for (let i = 0; i < COUNT / FIBERS; i++) yield* mutex.withPermit(section)
      })
    }
    const workers = Array.from({ length: FIBERS }, (_, who) => worker(who))
    await Effect.runPromise(Effect.all(workers, { concurrency: "unbounded", discard: true }))
    return account.verify()
  }
}

/** @type {Variant} */
export async function asyncMutex() {
  const { Mutex } = await import("async-mutex")
  return () => {
    const mutex = new Mutex()
    return promises((section) => mutex.runExclusive(section))
  }
}

/** @type {Variant} */
export async function asyncSema() {
  const { Sema } = await import("async-sema")
  return () => {
    const sema = new Sema(1, { capacity: FIBERS })
    return promises(async (section) => {
      await sema.acquire()
      try {
        await section()
      } finally {
        sema.release()
      }
    })
  }
}

/** @type {Variant} */
export async function pLimit() {
  const { default: limited } = await import("p-limit")
  return () => promises(limited(1))
}

/** @type {Variant} */
export async function pQueue() {
  const { default: Queue } = await import("p-queue")
  return () => {
    const queue = new Queue({ concurrency: 1 })
    return promises((section) => queue.add(section))
  }
}

/** @param {(section: () => Promise<void>) => Promise<void>} locked */
async function promises(locked) {
  const account = new Account()
  const section = async (/** @type {number} */ who) => {
    account.enter(who)
    await /** @type {Promise<void>} */ (new Promise((resolve) => queueMicrotask(resolve)))
    account.leave()
  }
  const work = async (/** @type {number} */ who) => {
    for (let i = 0; i < COUNT / FIBERS; i++) await locked(() => section(who))
  }
  await Promise.all(Array.from({ length: FIBERS }, (_, who) => work(who)))
  return account.verify()
}

/** What must not be read and written by two at once, and who held it before whom. */
class Account {
  balance = 0
  read = 0
  last = -1
  handedOver = 0

  /** @param {number} who */
  enter(who) {
    this.read = this.balance
    if (who !== this.last) this.handedOver++
    this.last = who
  }

  leave() {
    this.balance = this.read + 1
  }

  verify() {
    expectEqual(this.balance, COUNT, "the balance")
    // Who is alone in the end hands it over to nobody.
    if (this.handedOver < COUNT * 0.99) throw new Error(`Expected the lock to go round, got ${this.handedOver} changes`)
    return { details: { "handed over": this.handedOver } }
  }
}
