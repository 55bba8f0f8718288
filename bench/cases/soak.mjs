// @ts-check
import { atMost } from "../harness/budget.mjs"
import { expectEqual } from "../harness/expect.mjs"
import { Growth } from "../harness/growth.mjs"
import { loadRapid } from "../harness/library.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */
/** @import { Task as Task_ } from "../../dist/index.js" */

const MILLION = 1_000_000
const MINUTE = 60_000

/** Every export but this is a shape that has leaked somewhere. @type {About} */
export const about = {
  title: "bytes by which each of 1M rounds makes the heap grow, in one fiber (repeat, retryLong: 10M; --expose-gc)",
  rows: () =>
    [
      "race",
      "raceJoinFirst",
      "scope",
      "timeout",
      "abortOn",
      "repeat",
      "retry",
      "retryLong",
      "memoize",
      "memoizePending",
      "all",
    ].map((shape) => ({ name: shape, variant: shape, budgets: [atMost(0.5, "bytes/round")] })),
  unit: "bytes/round",
  once: true,
  forks: 1,
  flags: ["--expose-gc"],
  timeout: 300,
}

/** Against a fiber that lives on. @type {Variant} */
export async function race() {
  const { Task } = await loadRapid()
  const long = Task.never.run()
  return rounds(() => Task.race([Task.unit, long.join()]).as(1))
}

/** The same, but here the join is under way when the other ends. @type {Variant} */
export async function raceJoinFirst() {
  const { Task } = await loadRapid()
  const long = Task.never.run()
  return rounds(() => Task.race([long.join(), Task.unit]).as(1))
}

/** Fibers started in a scope that lives on. @type {Variant} */
export async function scope() {
  const { Task, Scope } = await loadRapid()
  const scoped = Scope.make()
  return rounds(() => scoped.start(Task.pure(1)).flatMap((fiber) => fiber.join()))
}

/** A timer set and cleared in each round. @type {Variant} */
export async function timeout() {
  const { Task } = await loadRapid()
  return rounds(() => Task.yield().timeout(MINUTE).as(1))
}

/** A listener on a signal that lives on. @type {Variant} */
export async function abortOn() {
  const { Task } = await loadRapid()
  const { signal } = new AbortController()
  return rounds(() => Task.yield().abortOn(signal).as(1))
}

/** One repetition, many rounds. @type {Variant} */
export async function repeat() {
  return again((task, times) => task.repeat({ times }), false)
}

/** Each succeeds at its second try. @type {Variant} */
export async function retry() {
  const { Task } = await loadRapid()
  const failure = new Error("not yet")
  return rounds(() => {
    let tries = 0
    return Task.defer(() => (++tries < 2 ? Task.fail(failure) : Task.pure(1))).retry({ times: 1 })
  })
}

/** One retrial, many rounds. @type {Variant} */
export async function retryLong() {
  return again((task, times) => task.retry({ times }), true)
}

/** Each runs once and is read twice. @type {Variant} */
export async function memoize() {
  const { Task } = await loadRapid()
  let runs = 0
  return rounds((round) => {
    const shared = Task.sync(() => ++runs).memoize()
    return shared.flatMap((first) => shared.map((second) => (first === second && runs === round ? 1 : 0)))
  })
}

/** Callers that give up on a run that goes on. @type {Variant} */
export async function memoizePending() {
  const { Task } = await loadRapid()
  const shared = Task.never.memoize()
  shared.runAndForget()
  return rounds(() => Task.race([shared, Task.unit]).as(1))
}

/** One member is there at once, one must wait. @type {Variant} */
export async function all() {
  const { Task } = await loadRapid()
  return rounds(() => Task.all([Task.pure(1), Task.yield().as(2)]).map(([one, two]) => two - one))
}

/**
 * A million rounds in one fiber. Samples are taken inside it: what it keeps for itself counts.
 *
 * @param {(round: number) => Task_<number, unknown>} round yields 1
 */
async function rounds(round) {
  const { Task } = await loadRapid()
  const growth = new Growth(MILLION)
  const sample = Task.promise(() => growth.sample())
  const program = Task.gen(function* () {
    let sum = 0
    for (let i = 1; i <= MILLION; i++) {
      sum += yield* round(i)
      if (i % growth.every === 0) yield* sample
    }
    return sum
  })
  return async () => {
    expectEqual(await program, MILLION, "the sum of the rounds")
    return growth.report()
  }
}

/**
 * Ten million runs of one task by one policy.
 *
 * @param {(task: Task_<number, Error>, times: number) => Task_<number, Error>} policy
 * @param {boolean} failing whether all but the last fail
 */
async function again(policy, failing) {
  const { Task } = await loadRapid()
  const count = 10 * MILLION
  const growth = new Growth(count)
  const sample = Task.promise(() => growth.sample())
  const failure = new Error("not yet")
  let runs = 0
  const once = Task.defer(() => {
    const end = ++runs < count && failing ? Task.fail(failure) : Task.pure(runs)
    return runs % growth.every === 0 ? sample.andThen(end) : end
  })
  const program = policy(once, count - 1)
  return async () => {
    expectEqual(await program, count, "the value of the last run")
    expectEqual(runs, count, "the number of runs")
    return growth.report()
  }
}
