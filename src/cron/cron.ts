import { Cron } from "croner"
import { describe } from "../data/index.ts"
import { Schedule } from "../task/index.ts"

export interface CronOptions {
  /** An IANA name such as "Europe/Berlin". Default: the time zone of the process. */
  readonly timezone?: string
}

/**
 * A schedule of the times of day that a cron expression names: `minute hour day month weekday`, with seconds before them
 * and a year behind them if you like, and with names (`MON-FRI`), steps, `L`, `W` and `#` as the package `croner` reads
 * them. It is a peer dependency, to be installed beside this one: `npm install croner`.
 *
 * `task.repeat(cron(…))` runs the task at once, then at each tick; to wait for the first tick, too, see the example. The
 * next tick is looked for when a run has ended, so ticks that a long run has missed are left out. The wall clock is looked
 * at again at least every minute: a wait is right when the clock has been set and when the machine has slept, and a tick
 * that is past by then runs at once. No tick runs twice, also when the clock is set back.
 *
 * Where a change to summer time leaves out a time of day, a daily run is made when the gap ends; where the change back
 * repeats it, at the first of the two. What runs every so often within the hours (`*` and steps) keeps its pace.
 *
 * @throws TypeError at the call, for an expression or a time zone that is none, and for a date that never comes.
 *
 * @example
 * ```ts
 * import { cron } from "rapid-fiber/cron"
 * const workdays = cron("0 9 * * MON-FRI", { timezone: "Europe/Berlin" })
 * const firstTick = Task.unit.repeat(workdays.and(Schedule.times(1)))
 * const reports = firstTick.andThen(Task.sync(() => console.log("report")).repeat(workdays)).run()
 * await reports.cancel()
 * ```
 */
export function cron(expression: string, options?: CronOptions): Schedule {
  const ticks = parse(expression, options?.timezone)
  return new Schedule((runtime) => {
    let last = -Infinity
    return () => {
      // After the last tick, even if the clock has been set back before it.
      const next = ticks.nextRun(new Date(Math.max(runtime.wall(), last)))
      if (next === null) return undefined
      last = next.getTime()
      return next
    }
  })
}

/** The expression as croner reads it; it starts no timer of its own. */
function parse(expression: string, timezone: string | undefined): Cron {
  if (typeof expression !== "string") throw wrong(`got ${describe(expression)}`)
  if (timezone !== undefined) mustBeTimezone(timezone)
  let ticks: Cron
  try {
    ticks = new Cron(expression, timezone === undefined ? {} : { timezone })
  } catch (error) {
    throw wrong(`got ${describe(expression)}: ${error instanceof Error ? error.message : String(error)}`, error)
  }
  // Croner takes a date, too.
  if (ticks.getPattern() === undefined) throw wrong(`got the date ${describe(expression)}; for one time: task.at(…)`)
  if (ticks.nextRun(new Date(0)) === null) throw wrong(`got ${describe(expression)}, which never comes`)
  return ticks
}

/** Croner would find out when it looks for a tick, and takes "" and numbers. */
function mustBeTimezone(given: unknown): void {
  try {
    if (typeof given === "string") return void new Intl.DateTimeFormat("en", { timeZone: given })
  } catch {
    // A RangeError, of another wording in each engine.
  }
  throw new TypeError(
    `Expected \`timezone\` of cron to be an IANA name such as "Europe/Berlin", got ${describe(given)}.`,
  )
}

function wrong(found: string, cause?: unknown): TypeError {
  return new TypeError(`Expected cron(expression) to get a cron expression such as "0 9 * * MON-FRI", ${found}.`, {
    cause,
  })
}
