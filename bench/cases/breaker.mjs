// @ts-check
import { fasterThan } from "../harness/budget.mjs"
import { expectEqual, expectRejection } from "../harness/expect.mjs"
import { loadRapid } from "../harness/library.mjs"
import { rowsFor } from "../harness/rows.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const CALLS = 500_000
const TIMED_CALLS = 100_000
const FAILURES = 5
const RESET_AFTER = 30_000
const TIME_OUT = 3_000

const variants = ["native", "rapid", "effect", "opossum"]

/**
 * Opossum times each call out unless it is told not to, and keeps statistics of the last ten seconds; hence the second
 * form, in which all do. Each variant first lets a circuit open, for one that never opens would be the fastest of all.
 *
 * @type {About}
 */
export const about = {
  title:
    "500k calls through a closed circuit breaker, in one fiber; and 100k with a time-out of 3 s each; the floor is " +
    "a counter of failures, by hand",
  rows: () => [
    ...rowsFor({ variants, floor: "native", budgets: [fasterThan("effect", "opossum")] }),
    ...rowsFor({
      variants,
      floor: "native, timed",
      form: ", timed",
      options: { timed: true },
      budgets: [fasterThan("effect, timed", "opossum, timed")],
    }),
  ],
}

/** @type {Variant} */
export async function native({ timed }) {
  /** @type {<A>(promise: Promise<A>) => Promise<A>} */
  const timeout = async (promise) => {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer
    const late = /** @type {Promise<never>} */ (
      new Promise((_, reject) => (timer = setTimeout(() => reject(new Error("too late")), TIME_OUT)))
    )
    try {
      return await Promise.race([promise, late])
    } finally {
      clearTimeout(timer)
    }
  }
  /** @type {(action: (i: number) => Promise<number>) => (i: number) => Promise<number>} */
  const protect = (action) => {
    let failures = 0
    let openUntil = 0
    return async (i) => {
      if (failures >= FAILURES && performance.now() < openUntil) throw new Error("open")
      try {
        const value = await (timed === true ? timeout(action(i)) : action(i))
        failures = 0
        return value
      } catch (error) {
        if (++failures >= FAILURES) openUntil = performance.now() + RESET_AFTER
        throw error
      }
    }
  }
  await mustOpen(protect)
  const call = protect(async (i) => i)
  return () => sum(call, timed === true)
}

/** @type {Variant} */
export async function rapid({ timed }) {
  const { CircuitBreaker, Task } = await loadRapid()
  const options = { failures: FAILURES, resetAfter: RESET_AFTER }
  const broken = CircuitBreaker.make(options)
  for (let i = 0; i < FAILURES; i++) await broken.protect(Task.fail("broken")).attempt()
  expectEqual(broken.state, "open", "the state of a circuit that has failed")

  const breaker = CircuitBreaker.make(options)
  const count = timed === true ? TIMED_CALLS : CALLS
  const program = Task.gen(function* () {
    let total = 0
    for (let i = 0; i < count; i++) {
      const task = Task.sync(() => i)
      total += yield* breaker.protect(timed === true ? task.timeout(TIME_OUT) : task)
    }
    return total
  })
  return async () => {
    expectEqual(await program, (count * (count - 1)) / 2, "the sum")
    expectEqual(breaker.state, "closed", "the state")
  }
}

/** Its circuits have keys, and lie in a store; here the one in memory. @type {Variant} */
export async function effect({ timed }) {
  const Effect = await import("effect/Effect")
  const CircuitBreaker = await import("effect/persistence/CircuitBreaker")
  const make = CircuitBreaker.make({
    tripPolicy: CircuitBreaker.consecutive(FAILURES),
    openDuration: RESET_AFTER,
  })
  const count = timed === true ? TIMED_CALLS : CALLS
  const program = Effect.gen(function* () {
    const breaker = yield* make
    const broken = breaker.execute({ key: "broken" })
    for (let i = 0; i < FAILURES; i++) yield* Effect.flip(broken(Effect.fail("broken")))
    const { _tag: state } = yield* breaker.state("broken")
    expectEqual(state, "Open", "the state of a circuit that has failed")

    const protect = breaker.execute({ key: "working" })
    let total = 0
    for (let i = 0; i < count; i++) {
      const task = Effect.sync(() => i)
      total += yield* protect(timed === true ? Effect.timeout(task, TIME_OUT) : task)
    }
    return total
  })
  const ready = program.pipe(Effect.scoped, Effect.provide(CircuitBreaker.layerStoreMemory()))
  return async () => expectEqual(await Effect.runPromise(ready), (count * (count - 1)) / 2, "the sum")
}

/** @type {Variant} */
export async function opossum({ timed }) {
  // @ts-expect-error It has no types of its own.
  const { default: CircuitBreaker } = await import("opossum")
  const options = { timeout: timed === true ? TIME_OUT : false, resetTimeout: RESET_AFTER }
  await mustOpen((action) => {
    const breaker = new CircuitBreaker(action, options)
    return (i) => breaker.fire(i)
  })
  return async () => {
    const breaker = new CircuitBreaker(async (/** @type {number} */ i) => i, options)
    await sum((i) => breaker.fire(i), timed === true)
    expectEqual(breaker.closed, true, "the state")
    // It keeps timers, and the time that each call took.
    breaker.shutdown()
  }
}

/** @param {(action: (i: number) => Promise<number>) => (i: number) => Promise<number>} protect */
async function mustOpen(protect) {
  let calls = 0
  const call = protect(async () => {
    calls++
    throw new Error("broken")
  })
  for (let i = 0; i < 2 * FAILURES; i++) await expectRejection(call(i), "a call that is broken")
  if (calls > FAILURES) throw new Error(`Expected the circuit to open after ${FAILURES} failures, got ${calls}`)
}

/**
 * @param {(i: number) => Promise<number>} call
 * @param {boolean} timed
 */
async function sum(call, timed) {
  const count = timed ? TIMED_CALLS : CALLS
  let total = 0
  for (let i = 0; i < count; i++) total += await call(i)
  expectEqual(total, (count * (count - 1)) / 2, "the sum")
}
