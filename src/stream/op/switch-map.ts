import type { FiberCore } from "../../fiber/index.ts"
import { Task } from "../../task/index.ts"
import { each } from "../each.ts"
import { stopped } from "../closing.ts"
import type { AnyTask, Open, Plan } from "../pull.ts"
import { planOf } from "../source/from.ts"
import { beside } from "./beside.ts"

/** The elements of the stream that was made last; the one before is cancelled. */
export function switchMap<A, B>(from: Plan<A>, f: (element: A) => unknown): Open<B> {
  return beside<B>("switchMap", 1, (channel, run) => {
    let current: FiberCore | undefined
    let turning = false
    const stop = (): AnyTask => {
      turning = true
      return stopped(current, (reason) => channel.hasTold(reason)) ?? Task.unit
    }
    const turnTo = (element: A): Task<unknown, unknown> => {
      // It has failed: nothing more is to begin.
      if (channel.ended) return Task.never
      const plan = planOf<B>(f(element), "what the callback of switchMap returns")
      const begin = Task.sync(() => {
        turning = false
        if (channel.ended) return
        channel.clear()
        const own = run.start(
          each(plan, (inner) => channel.put(inner)),
          "switchMap",
          (exit) => {
            if (own !== current || turning || exit.status === "fulfilled") return
            channel.endAs(exit)
          },
        )
        current = own
      })
      return stop().andThen(begin)
    }
    const last = Task.defer(() => current?.afterwards() ?? Task.unit)
    const work = each(from, turnTo).andThen(last)
    return { work: work.finally(stop) }
  })
}
