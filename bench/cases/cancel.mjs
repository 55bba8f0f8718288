// @ts-check
import { setImmediate } from "node:timers/promises"
import { fasterThan } from "../harness/budget.mjs"
import { expectEqual } from "../harness/expect.mjs"
import { loadFp4ts } from "../harness/fp4ts.mjs"
import { loadFunfix } from "../harness/funfix.mjs"
import { loadRapid } from "../harness/library.mjs"
import { rowsFor } from "../harness/rows.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const COUNT = 1_000_000
const MINUTE = 60_000

/**
 * Where cancelling is synchronous there is nothing to await.
 *
 * @type {About}
 */
export const about = {
  title: "1M sleepers started, held in an array, cancelled, and awaited; the floor is setTimeout and clearTimeout",
  rows: () =>
    rowsFor({
      variants: [
        ...["native", "rapid", "effect"],
        ...["effect3", "fp4ts", "funfix", "bluebird", "fluture", "effection", "rxjs"],
      ],
      floor: "native",
      reduced: { effection: 50_000 },
      budgets: [fasterThan("effect")],
    }),
}

/** @type {Variant} */
export async function native() {
  return () => {
    let fired = 0
    const timers = []
    for (let i = 0; i < COUNT; i++) timers.push(setTimeout(() => fired++, MINUTE))
    for (const timer of timers) clearTimeout(timer)
    expectEqual(fired, 0, "the number of timers that fired")
  }
}

/** @type {Variant} */
export async function rapid() {
  const { Task } = await loadRapid()
  return async () => {
    const fibers = []
    for (let i = 0; i < COUNT; i++) fibers.push(Task.sleep(MINUTE).run())
    for (const fiber of fibers) fiber.abort()
    for (const fiber of fibers) {
      while (fiber.poll() === undefined) await setImmediate()
      expectEqual(fiber.poll()?.status, "cancelled", "the status")
    }
  }
}

/** @type {Variant} */
export async function effect() {
  const Effect = await import("effect/Effect")
  const Exit = await import("effect/Exit")
  const Fiber = await import("effect/Fiber")
  return async () => {
    const fibers = []
    for (let i = 0; i < COUNT; i++) fibers.push(Effect.runFork(Effect.sleep(MINUTE)))
    await Effect.runPromise(Fiber.interruptAll(fibers))
    for (const fiber of fibers) {
      const exit = fiber.pollUnsafe()
      expectEqual(exit !== undefined && Exit.hasInterrupts(exit), true, "the interruption")
    }
  }
}

/** A million of its fibers exhaust the heap. @type {Variant} */
export async function effect3() {
  const Effect = await import("effect3/Effect")
  const Exit = await import("effect3/Exit")
  const Fiber = await import("effect3/Fiber")
  return async () => {
    const fibers = []
    for (let i = 0; i < COUNT; i++) fibers.push(Effect.runFork(Effect.sleep(MINUTE)))
    await Effect.runPromise(Fiber.interruptAll(fibers))
    for (const fiber of fibers) {
      const exit = fiber.unsafePoll()
      expectEqual(exit !== null && Exit.isInterrupted(exit), true, "the interruption")
    }
  }
}

/** A million of its fibers exhaust the heap. @type {Variant} */
export async function fp4ts() {
  const { IO } = await loadFp4ts()
  return async () => {
    let woken = 0
    /** @type {import("@fp4ts/effect").IOFiber<void>[]} */
    const fibers = []
    const sleeper = IO.sleep(MINUTE).map(() => void woken++)
    /** @type {(i: number) => import("@fp4ts/effect").IO<void>} */
    const start = (i) =>
      i === COUNT
        ? IO.unit
        : sleeper.fork.flatMap((fiber) => {
            fibers.push(fiber)
            return start(i + 1)
          })
    /** @type {(i: number) => import("@fp4ts/effect").IO<void>} */
    const cancel = (i) => (i === COUNT ? IO.unit : fibers[i].cancel.flatMap(() => cancel(i + 1)))
    await start(0)
      .flatMap(() => cancel(0))
      .unsafeRunToPromise()
    expectEqual(fibers.length, COUNT, "the number of fibers")
    expectEqual(woken, 0, "the number of sleepers that woke")
  }
}

/** @type {Variant} */
export async function funfix() {
  const { IO, scheduler } = await loadFunfix()
  return () => {
    let woken = 0
    const sleeper = IO.delayedTick(MINUTE).map(() => woken++)
    const futures = []
    for (let i = 0; i < COUNT; i++) futures.push(sleeper.run(scheduler))
    for (const future of futures) future.cancel()
    expectEqual(woken, 0, "the number of sleepers that woke")
  }
}

/** @type {Variant} */
export async function bluebird() {
  const { default: Bluebird } = await import("bluebird")
  Bluebird.config({ cancellation: true })
  return async () => {
    const promises = []
    for (let i = 0; i < COUNT; i++) promises.push(Bluebird.delay(MINUTE))
    for (const promise of promises) promise.cancel()
    await setImmediate()
    for (const promise of promises) expectEqual(promise.isCancelled(), true, "the cancellation")
  }
}

/** @type {Variant} */
export async function fluture() {
  const { after, value } = await import("fluture")
  return () => {
    let woken = 0
    const start = value(() => woken++)
    const cancels = []
    for (let i = 0; i < COUNT; i++) cancels.push(start(after(MINUTE)(undefined)))
    for (const cancel of cancels) cancel()
    expectEqual(woken, 0, "the number of sleepers that woke")
  }
}

/** @type {Variant} */
export async function effection({ count }) {
  const { run, sleep, spawn } = await import("effection")
  const times = Number(count)
  return async () => {
    let woken = 0
    await run(function* () {
      const tasks = []
      for (let i = 0; i < times; i++) {
        const task = yield* spawn(function* () {
          yield* sleep(MINUTE)
          woken++
        })
        tasks.push(task)
      }
      // It starts them in a turn of their own.
      yield* sleep(0)
      for (const task of tasks) yield* task.halt()
    })
    expectEqual(woken, 0, "the number of sleepers that woke")
  }
}

/** @type {Variant} */
export async function rxjs() {
  const { timer } = await import("rxjs")
  return () => {
    let woken = 0
    const subscriptions = []
    for (let i = 0; i < COUNT; i++) subscriptions.push(timer(MINUTE).subscribe(() => woken++))
    for (const subscription of subscriptions) subscription.unsubscribe()
    for (const subscription of subscriptions) expectEqual(subscription.closed, true, "the end")
    expectEqual(woken, 0, "the number of sleepers that woke")
  }
}
