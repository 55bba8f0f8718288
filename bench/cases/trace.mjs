// @ts-check
import { expectEqual } from "../harness/expect.mjs"
import { loadRapid, loadTrace } from "../harness/library.mjs"
import { rowsFor } from "../harness/rows.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const COUNT = 100_000

/**
 * What traces cost: the same programs with traces off and on. Each task that is made asks the engine for its caller, so the
 * factor is largest where making tasks is all that a program does.
 *
 * @type {About}
 */
export const about = {
  title:
    "100k left-nested flatMaps, tail calls, yield* of what waits and of a value, and starts with a join, with traces on; " +
    "the floor of each is the same with traces off",
  rows: () =>
    ["overhead", "tail", "gen", "genValues", "forkJoin"].flatMap((program) =>
      rowsFor({ variants: ["off", "rapid"], floor: `off ${program}`, form: ` ${program}`, options: { program } }),
    ),
}

/** @type {Variant} */
export const off = (options) => measured(options, false)

/** @type {Variant} */
export const rapid = (options) => measured(options, true)

/**
 * @param {Readonly<Record<string, unknown>>} options
 * @param {boolean} on
 */
async function measured({ program }, on) {
  const { Task } = await loadRapid()
  if (on) {
    const { enableTraces } = await loadTrace()
    enableTraces()
  }
  const run = programs(Task)[/** @type {keyof ReturnType<typeof programs>} */ (program)]
  return async () => expectEqual(await run(), COUNT, "the count")
}

/** @param {typeof import("../../dist/index.js").Task} Task */
function programs(Task) {
  /** @type {(left: number) => import("../../dist/index.js").Task<number>} */
  const loop = (left) => (left === 0 ? Task.pure(COUNT) : Task.pure(left).flatMap((n) => loop(n - 1)))
  const waits = Task.yield()
  const one = Task.pure(1)
  return {
    overhead: () => {
      let task = Task.pure(0)
      for (let i = 0; i < COUNT; i++) task = task.flatMap((x) => Task.pure(x + 1))
      return task.toPromise()
    },
    tail: () => loop(COUNT).toPromise(),
    gen: () =>
      Task.gen(function* () {
        let count = 0
        for (; count < COUNT; count++) yield* waits
        return count
      }).toPromise(),
    genValues: () =>
      Task.gen(function* () {
        let count = 0
        while (count < COUNT) count += yield* one
        return count
      }).toPromise(),
    forkJoin: () =>
      Task.gen(function* () {
        let sum = 0
        for (let i = 0; i < COUNT; i++) {
          const child = yield* one.start()
          sum += yield* child.join()
        }
        return sum
      }).toPromise(),
  }
}
