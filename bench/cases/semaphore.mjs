// @ts-check
import { fasterThan } from "../harness/budget.mjs"
import { Calls } from "../harness/calls.mjs"
import { expectEqual } from "../harness/expect.mjs"
import { loadRapid } from "../harness/library.mjs"
import { rowsFor } from "../harness/rows.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const COUNT = 1_000_000
const expected = (COUNT * (COUNT - 1)) / 2
const PERMITS = 4

const JOBS = 100_000
const FIBERS = 64

const variants = ["native", "rapid", "effect", "asyncMutex", "asyncSema", "pLimit", "pQueue"]
const acquired = ["rapidAcquired", "effectAcquired", "asyncMutexAcquired", "asyncSema"]

/**
 * Without contention each of a million pieces of work finds a free permit. Three forms: what is run with a permit is
 * made anew each time, which all can; it is made once, as a description can be and a promise cannot; the permit is
 * acquired and released by hand. Under contention permits are handed over: 64 fibers want 4. What a permit is held over
 * there is a callback, which each library waits for in its way, or the least that there is: a yield, an `await` of nothing.
 *
 * @type {About}
 */
export const about = {
  title:
    "1M × with one of 4 permits, in one fiber, never waiting; and 100k jobs of 64 fibers that share 4 permits, a " +
    "callback in a microtask each, or let the others go first; the floor is a counter and an array of promises to resolve, by hand",
  rows: () => [
    ...rowsFor({ variants, floor: "native", budgets: [fasterThan("effect", "asyncMutex")] }),
    { name: "rapid, made once", variant: "rapidOnce", floor: "native", rival: "effect, made once" },
    { name: "effect, made once", variant: "effectOnce", floor: "native" },
    ...acquired.map((variant) => ({
      name: `${variant.replace("Acquired", "")}, acquired`,
      variant,
      floor: "native",
      ...(variant === "rapidAcquired" && { rival: "effect, acquired" }),
    })),
    ...rowsFor({
      variants,
      floor: "native, 64 fibers",
      form: ", 64 fibers",
      options: { contended: true },
      budgets: [fasterThan("effect, 64 fibers", "asyncMutex, 64 fibers", "pLimit, 64 fibers")],
    }),
    ...rowsFor({
      variants,
      floor: "native, over a yield",
      form: ", over a yield",
      options: { contended: true, yielding: true },
      budgets: [fasterThan("effect, over a yield", "asyncMutex, over a yield", "pLimit, over a yield")],
    }),
  ],
}

/** @type {Variant} */
export async function native({ contended, yielding }) {
  const { Semaphore } = await import("../harness/by-hand.mjs")
  return () => {
    const semaphore = new Semaphore(PERMITS)
    return contended === true
      ? together(yielding, (job) => semaphore.run(job))
      : alone((i) => semaphore.run(() => i))
  }
}

/** @type {Variant} */
export async function rapid({ contended, yielding }) {
  const { Semaphore, Task } = await loadRapid()
  if (contended === true) {
    return async () => {
      const calls = new Calls(JOBS, PERMITS)
      const semaphore = Semaphore.make(PERMITS)
      /** @type {(item: number) => import("../../dist/index.js").Task<number>} */
      const one = (item) =>
        yielding === true
          ? Task.defer(() => {
              calls.begin()
              return Task.yield().map(() => calls.end(item))
            })
          : Task.async((resume) => calls.call(item, (value) => resume(Task.pure(value))))
      /** @type {number[]} */
      const values = []
      let next = 0
      const worker = Task.gen(function* () {
        while (next < JOBS) {
          const at = next++
          values[at] = yield* semaphore.withPermit(one(at))
        }
      })
      await Task.all(Array.from({ length: FIBERS }, () => worker))
      return calls.verify(values)
    }
  }
  const semaphore = Semaphore.make(PERMITS)
  const program = Task.gen(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) sum += yield* semaphore.withPermit(Task.sync(() => i))
    return sum
  })
  return async () => expectEqual(await program, expected, "the sum")
}

/** @type {Variant} */
export async function rapidOnce() {
  const { Semaphore, Task } = await loadRapid()
  const semaphore = Semaphore.make(PERMITS)
  let sum = 0
  let i = 0
  const one = semaphore.withPermit(Task.sync(() => void (sum += i)))
  const program = Task.gen(function* () {
    for (i = 0; i < COUNT; i++) yield* one
  })
  return async () => {
    sum = 0
    await program
    expectEqual(sum, expected, "the sum")
  }
}

/** By `using` where there is that word; here as it is without. @type {Variant} */
export async function rapidAcquired() {
  const { Semaphore, Task } = await loadRapid()
  const semaphore = Semaphore.make(PERMITS)
  const program = Task.gen(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) {
      const permit = yield* semaphore.acquire()
      try {
        sum += i
      } finally {
        permit.release()
      }
    }
    return sum
  })
  return async () => {
    expectEqual(await program, expected, "the sum")
    expectEqual(semaphore.available, PERMITS, "the number of free permits")
  }
}

/** @type {Variant} */
export async function effect({ contended, yielding }) {
  const Effect = await import("effect/Effect")
  const Semaphore = await import("effect/Semaphore")
  if (contended === true) {
    return async () => {
      const calls = new Calls(JOBS, PERMITS)
      const semaphore = Semaphore.makeUnsafe(PERMITS)
      const one = (/** @type {number} */ item) =>
        yielding === true
          ? Effect.suspend(() => {
              calls.begin()
              return Effect.map(Effect.yieldNow, () => calls.end(item))
            })
          : Effect.callback((/** @type {(effect: import("effect/Effect").Effect<number>) => void} */ resume) =>
              calls.call(item, (value) => resume(Effect.succeed(value))),
            )
      /** @type {number[]} */
      const values = []
      let next = 0
      const worker = Effect.gen(function* () {
        while (next < JOBS) {
          const at = next++
          values[at] = yield* semaphore.withPermit(one(at))
        }
      })
      const workers = Array.from({ length: FIBERS }, () => worker)
      await Effect.runPromise(Effect.all(workers, { concurrency: "unbounded", discard: true }))
      return calls.verify(values)
    }
  }
  const semaphore = Semaphore.makeUnsafe(PERMITS)
  const program = Effect.gen(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) sum += yield* semaphore.withPermit(Effect.sync(() => i))
    return sum
  })
  return async () => expectEqual(await Effect.runPromise(program), expected, "the sum")
}

/** @type {Variant} */
export async function effectOnce() {
  const Effect = await import("effect/Effect")
  const Semaphore = await import("effect/Semaphore")
  const semaphore = Semaphore.makeUnsafe(PERMITS)
  let sum = 0
  let i = 0
  const one = semaphore.withPermit(Effect.sync(() => void (sum += i)))
  const program = Effect.gen(function* () {
    for (i = 0; i < COUNT; i++) yield* one
  })
  return async () => {
    sum = 0
    await Effect.runPromise(program)
    expectEqual(sum, expected, "the sum")
  }
}

/** An interruption between the two would lose the permit: `withPermit` is what it is for. @type {Variant} */
export async function effectAcquired() {
  const Effect = await import("effect/Effect")
  const Semaphore = await import("effect/Semaphore")
  const semaphore = Semaphore.makeUnsafe(PERMITS)
  const program = Effect.gen(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) {
      yield* semaphore.take(1)
      sum += i
      yield* semaphore.release(1)
    }
    return sum
  })
  return async () => expectEqual(await Effect.runPromise(program), expected, "the sum")
}

/** @type {Variant} */
export async function asyncMutex({ contended, yielding }) {
  const { Semaphore } = await import("async-mutex")
  return () => {
    const semaphore = new Semaphore(PERMITS)
    return contended === true
      ? together(yielding, (job) => semaphore.runExclusive(job))
      : alone((i) => semaphore.runExclusive(() => i))
  }
}

/** @type {Variant} */
export async function asyncMutexAcquired() {
  const { Semaphore } = await import("async-mutex")
  const semaphore = new Semaphore(PERMITS)
  return async () => {
    let sum = 0
    for (let i = 0; i < COUNT; i++) {
      const [, release] = await semaphore.acquire()
      try {
        sum += i
      } finally {
        release()
      }
    }
    expectEqual(sum, expected, "the sum")
  }
}

/** It has no form but this. @type {Variant} */
export async function asyncSema({ contended, yielding }) {
  const { Sema } = await import("async-sema")
  if (contended === true) {
    return () => {
      const sema = new Sema(PERMITS, { capacity: FIBERS })
      return together(yielding, async (job) => {
        await sema.acquire()
        try {
          return await job()
        } finally {
          sema.release()
        }
      })
    }
  }
  return async () => {
    const sema = new Sema(PERMITS)
    let sum = 0
    for (let i = 0; i < COUNT; i++) {
      await sema.acquire()
      try {
        sum += i
      } finally {
        sema.release()
      }
    }
    expectEqual(sum, expected, "the sum")
  }
}

/** @type {Variant} */
export async function pLimit({ contended, yielding }) {
  const { default: limited } = await import("p-limit")
  return () => {
    const limit = limited(PERMITS)
    return contended === true
      ? together(yielding, (job) => limit(job))
      : alone((i) => limit(() => i))
  }
}

/** @type {Variant} */
export async function pQueue({ contended, yielding }) {
  const { default: Queue } = await import("p-queue")
  return () => {
    const queue = new Queue({ concurrency: PERMITS })
    return contended === true
      ? together(yielding, (job) => queue.add(job))
      : alone((i) => queue.add(() => i))
  }
}

/** @param {(i: number) => Promise<number>} one */
async function alone(one) {
  let sum = 0
  for (let i = 0; i < COUNT; i++) sum += await one(i)
  expectEqual(sum, expected, "the sum")
}

/**
 * 64 async functions in place of the fibers.
 *
 * @param {unknown} yielding
 * @param {(job: () => Promise<number>) => Promise<number>} withPermit
 */
async function together(yielding, withPermit) {
  const calls = new Calls(JOBS, PERMITS)
  const job = yielding === true ? yielded : promised
  /** @type {number[]} */
  const values = []
  let next = 0
  const work = async () => {
    while (next < JOBS) {
      const at = next++
      values[at] = await withPermit(() => job(calls, at))
    }
  }
  await Promise.all(Array.from({ length: FIBERS }, work))
  return calls.verify(values)
}

/**
 * @param {Calls} calls
 * @param {number} item
 * @returns {Promise<number>}
 */
const promised = (calls, item) => new Promise((resolve) => calls.call(item, resolve))

/**
 * @param {Calls} calls
 * @param {number} item
 */
async function yielded(calls, item) {
  calls.begin()
  await undefined
  return calls.end(item)
}
