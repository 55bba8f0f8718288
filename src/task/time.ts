import { describe, type Duration, isThenable, toMillis } from "../data/index.ts"
import { mustBeTaskOrFunction, notATask } from "./errors.ts"
import { access } from "./running.ts"
import { Task } from "./task.ts"
import { Timer } from "./timer.ts"

type AnyTask = Task<unknown, unknown>

/** The wall clock may be set, and a machine may sleep: no wait for a time of day goes longer without a look. */
const LOOK_AGAIN = 60_000

export function at<A, E>(task: Task<A, E>, time: Date | number): Task<A, E> {
  const due = typeof time === "number" ? time : time instanceof Date ? time.getTime() : NaN
  if (Number.isNaN(due)) {
    throw new TypeError(`Expected \`time\` to be a Date or milliseconds since 1970, got ${describe(time)}.`)
  }
  if (due === Infinity) return Task.never
  const look: Task<A, E> = access(({ loop }) => {
    const left = due - loop.clock.wall()
    return left <= 0 ? task : Task.sleep(Math.min(left, LOOK_AGAIN)).andThen(look)
  })
  return look
}

/** Polls, at once and then every so often. */
export function until(condition: unknown, every: Duration): AnyTask {
  mustBeTaskOrFunction(condition, "Task.until")
  const check = condition instanceof Task ? condition : Task.sync(condition as () => unknown)
  const pause = Task.sleep(toMillis(every, "every"))
  const judge = (met: unknown): AnyTask => {
    if (met instanceof Task) return met.flatMap(judge)
    if (isThenable(met)) throw notATask(met, "what the condition of Task.until returns")
    if (typeof met === "boolean") return met ? Task.unit : poll
    throw new TypeError(`Expected the condition of Task.until to be a boolean, got ${describe(met)}.`)
  }
  const look = check.flatMap(judge)
  const poll = pause.andThen(look)
  return look
}

export function elapsed<A, E>(task: Task<A, E>): Task<[value: A, ms: number], E> {
  return stopwatch((read) => task.map((value): [A, number] => [value, read()]))
}

export function timed<A, E>(task: Task<A, E>, timer: Timer): Task<A, E> {
  if (!(timer instanceof Timer)) throw new TypeError(`Expected timed to get a Timer, got ${describe(timer)}.`)
  return stopwatch((read) => task.finally(() => timer.add(read())))
}

/** Starts the clock as the task begins. */
function stopwatch<A, E>(measured: (read: () => number) => Task<A, E>): Task<A, E> {
  return access(({ loop }) => {
    const began = loop.clock.now()
    return measured(() => loop.clock.now() - began)
  })
}
