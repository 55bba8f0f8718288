// @ts-check
import { expectEqual } from "../harness/expect.mjs"
import { loadMonitor, loadRapid } from "../harness/library.mjs"
import { rowsFor } from "../harness/rows.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const forms = ["", ", gen", ", fibers", ", waits"]

/**
 * What it costs to be watched, in programs that do nothing else: the floor is the same without anybody who watches.
 *
 * @type {About}
 */
export const about = {
  title:
    "what watching costs: 1M left-nested flatMaps, 1M yield* in a generator, 300k fibers of three maps, and 100 fibers of 2000 " +
    "yields each; with nobody, a StatsMonitor, watchStarvation without callbacks, and with",
  rows: () =>
    forms.flatMap((form) =>
      rowsFor({
        variants: ["rapid", "rapidStats", "rapidStarvation", "rapidCallbacks"],
        floor: `rapid${form}`,
        form,
        options: { form },
      }),
    ),
}

/** @type {Variant} */
export const rapid = ({ form }) => programOf(form)

/** @type {Variant} */
export async function rapidStats({ form }) {
  const { StatsMonitor } = await loadMonitor()
  StatsMonitor.attach()
  return programOf(form)
}

/** @type {Variant} */
export async function rapidStarvation({ form }) {
  const { watchStarvation } = await loadMonitor()
  watchStarvation({ threshold: 1000, callbacks: false })
  return programOf(form)
}

/** @type {Variant} */
export async function rapidCallbacks({ form }) {
  const { watchStarvation } = await loadMonitor()
  watchStarvation({ threshold: 1000 })
  return programOf(form)
}

/** @param {unknown} form */
async function programOf(form) {
  const { Task } = await loadRapid()
  if (form === ", gen") {
    const one = Task.sync(() => 1)
    const sum = Task.gen(function* () {
      let total = 0
      for (let i = 0; i < 1_000_000; i++) total += yield* one
      return total
    })
    return async () => expectEqual(await sum, 1_000_000, "the sum")
  }
  if (form === ", fibers") {
    return () =>
      new Promise((resolve) => {
        let left = 300_000
        const down = () => {
          if (--left === 0) resolve(undefined)
        }
        for (let i = 0; i < 300_000; i++) Task.pure(i).map(Math.sqrt).map(Math.round).map(down).runAndForget()
      })
  }
  if (form === ", waits") {
    const turns = Task.gen(function* () {
      for (let i = 0; i < 2000; i++) yield* Task.yield()
    })
    const all = Task.all(Array.from({ length: 100 }, () => turns))
    return async () => void (await all)
  }
  return async () => {
    /** @type {import("../../dist/index.js").Task<number>} */
    let task = Task.pure(0)
    for (let i = 0; i < 1_000_000; i++) task = task.flatMap((n) => Task.pure(n + 1))
    expectEqual(await task, 1_000_000, "the count")
  }
}
