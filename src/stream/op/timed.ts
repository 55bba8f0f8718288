/** Stages that look at the clock. */
import { TimeoutError } from "../../data/index.ts"
import { Task } from "../../task/index.ts"
import { each } from "../each.ts"
import { type AnyTask, type None, NONE, type Open, type Plan, stage } from "../pull.ts"
import { Bell } from "../bell.ts"
import { filterWith } from "./elements.ts"
import { beside } from "./beside.ts"

/** Fails when the end has not come in time: also in the middle of a wait, which is cancelled then. */
export function timeout<A>(from: Plan<A>, ms: number): Open<A> {
  return stage(from, (next, run) => {
    let due: number | undefined
    const late = Task.defer(() => Task.fail(new TimeoutError(ms)))
    return () => {
      due ??= run.now() + ms
      const element = next()
      const left = due - run.now()
      if (left <= 0) throw new TimeoutError(ms)
      if (element === NONE && run.wait !== undefined) run.wait = run.wait.timeoutTo(left, late)
      return element
    }
  })
}

/** The first element, and then none before the time is over. */
export function throttle<A>(from: Plan<A>, ms: number): Open<A> {
  return (run) =>
    filterWith(from, () => {
      let free = -Infinity
      return () => {
        const now = run.now()
        if (now < free) return false
        free = now + ms
        return true
      }
    })(run)
}

/** The last element, when none has come for so long, or at the end. */
export function debounce<A>(from: Plan<A>, ms: number): Open<A> {
  return beside<A>("debounce", Infinity, (channel, run) => {
    let last: A | None = NONE
    let quietAt = 0
    const give = (): void => {
      // Who is slow gets the last one when it asks again.
      if (last === NONE) return
      channel.clear()
      channel.push(last)
      last = NONE
    }
    const arrived = new Bell("an element to debounce")
    const quiet = (): AnyTask => {
      const left = quietAt - run.now()
      if (left > 0) return Task.sleep(left).flatMap(quiet)
      give()
      return wait()
    }
    const wait = (): AnyTask => arrived.until(() => last !== NONE).flatMap(quiet)
    const feed = each(from, (element) => {
      last = element
      quietAt = run.now() + ms
      arrived.one()
    })
    return { work: Task.race([feed, Task.defer(wait)]).map(give) }
  })
}

/** The last element, every so often, if there is a new one. */
export function sample<A>(from: Plan<A>, ms: number): Open<A> {
  return beside<A>("sample", Infinity, (channel) => {
    let last: A | None = NONE
    const give = (): void => {
      // Who is slow gets the last one when it asks again.
      if (last === NONE) return
      channel.clear()
      channel.push(last)
      last = NONE
    }
    const feed = each(from, (element) => {
      last = element
    })
    const ticks = Task.sync(give).repeat({ every: ms }).delay(ms)
    return { work: Task.race([feed, ticks]).map(give) }
  })
}

/** Groups of so many, or of what has come in so long since the first of a group. */
export function chunkWithin<A>(from: Plan<A>, size: number, ms: number): Open<A[]> {
  return beside<A[]>("chunkWithin", 1, (channel, run) => {
    let group: A[] = []
    let due = 0
    const begun = new Bell("an element to group")
    // A group stays where it is until there is room for it: who waits for that may be cancelled.
    const give = (ready = group): AnyTask | undefined => {
      if (ready.length === 0 || ready !== group) return undefined
      if (channel.full) {
        return channel.room().flatMap(() => {
          if (ready !== group) channel.passRoomOn()
          return give(ready) ?? Task.unit
        })
      }
      channel.push(group)
      group = []
      return undefined
    }
    const wait = (): AnyTask => begun.until(() => group.length > 0).flatMap(ripen)
    const ripen = (): AnyTask => {
      if (group.length === 0) return wait()
      const left = due - run.now()
      return left > 0 ? Task.sleep(left).flatMap(ripen) : (give() ?? Task.unit).flatMap(wait)
    }
    const feed = each(from, (element) => {
      if (group.push(element) >= size) return give()
      if (group.length > 1) return undefined
      due = run.now() + ms
      begun.one()
      return undefined
    })
    return { work: Task.race([feed, Task.defer(wait)]).andThen(Task.defer(() => give() ?? Task.unit)) }
  })
}
