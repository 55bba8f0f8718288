// @ts-check
import { atMost } from "../harness/budget.mjs"
import { expectEqual } from "../harness/expect.mjs"
import { loadRapid, loadTesting } from "../harness/library.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const COUNT = 1_000_000
const MONTH = 30 * 86_400_000
const GOLDEN = 0.618_033_988_749_895
/** Spread evenly over a month of virtual time. @param {number} i */
const wait = (i) => Math.floor(((i * GOLDEN) % 1) * MONTH)

/** @type {About} */
export const about = {
  title: "1M sleepers over 30 days of virtual time, until the last has woken",
  variants: ["rapid"],
  budgets: [atMost(3000, "ms")],
}

/** @type {Variant} */
export async function rapid() {
  const { Task } = await loadRapid()
  const { TestRuntime } = await loadTesting()
  return async () => {
    const test = TestRuntime.make()
    let woken = 0
    const wake = () => void woken++
    for (let i = 1; i <= COUNT; i++) Task.sleep(wait(i)).map(wake).runAndForget({ runtime: test })
    await test.runAll()
    expectEqual(woken, COUNT, "the number of sleepers that woke")
    await test.close()
  }
}
