import { type Policy, Task } from "../../task/index.ts"
import type { Open } from "../pull.ts"

/** 0, 1, 2 … each when the policy says, as if what it schedules had just ended. */
export function schedule(policy: Policy<number>): Open<number> {
  return (run) => {
    const { clock, random } = run.fiber.loop
    const step = policy.start({ random, wall: () => clock.wall() })
    const began = run.now()
    let nth = -1
    let due = false
    return {
      next() {
        if (due) {
          due = false
          return nth
        }
        const wait = step(++nth, run.now() - began)
        if (wait === undefined) return run.end()
        due = true
        return run.await(typeof wait === "number" ? Task.sleep(wait) : Task.unit.at(wait))
      },
    }
  }
}
