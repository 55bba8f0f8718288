import { describe, type Duration, toMillis } from "../data/index.ts"
import { mustBeFunction } from "./errors.ts"
import {
  type BackoffOptions,
  type ScheduleContext,
  type Policy,
  policyOf,
  type ScheduleOptions,
  shaking,
  type Step,
} from "./policy.ts"

/**
 * When to run again: for `retry` (the input is the error) and `repeat` (the input is the value). A Schedule is an
 * immutable description; each run of a task that uses it counts anew. What is simple can be written as literal options in
 * its place.
 *
 * @example
 * ```ts
 * const polite = Schedule.exponential({ seconds: 1 }, { max: { minutes: 1 } }).jittered().and(Schedule.times(10))
 * let tries = 0
 * const flaky = Task.sync(() => {
 *   if (++tries < 3) throw new Error("not yet")
 *   return tries
 * })
 * await flaky.retry(Schedule.times(5).until((error) => error instanceof TypeError)) // 3
 * ```
 */
export class Schedule<in Input = unknown> implements Policy<Input> {
  /** Begins one run of it: what `retry` and `repeat` call. */
  readonly start: (context: ScheduleContext) => Step<Input>

  /**
   * Makes a schedule of your own: `start` is called when a retry or repeat begins, and the step that it returns is called
   * after each run of the task.
   */
  constructor(start: (context: ScheduleContext) => Step<Input>) {
    mustBeFunction(start, "new Schedule")
    this.start = start
  }

  /** The schedule that literal options stand for. */
  static of<Input = unknown>(options: ScheduleOptions<Input>): Schedule<Input> {
    return new Schedule(policyOf(options, "Schedule.of").start)
  }

  /** Again and again, at once. */
  static get forever(): Schedule {
    return Schedule.of({})
  }

  /** So often after the first run, at once. */
  static times(times: number): Schedule {
    return Schedule.of({ times })
  }

  /** Forever, with a pause after the end of each run. */
  static spaced(pause: Duration): Schedule {
    return Schedule.of({ spaced: pause })
  }

  /** Forever, at multiples of `period` after the start of the first run; what a long run has missed is left out. */
  static every(period: Duration): Schedule {
    return Schedule.of({ every: period })
  }

  /** Forever, with pauses of `initial`, then `factor` times as long each time (default 2), at most `max`. */
  static exponential(initial: Duration, options?: BackoffOptions): Schedule {
    return Schedule.of({ backoff: { initial, ...options } })
  }

  /** Takes each pause at a random 50 to 100 % of itself; with a seed the same ones in every run. */
  jittered(options?: { readonly seed: number }): Schedule<Input> {
    const shaken = shaking(options ?? true)
    return this.#then((context) => {
      const shake = shaken(context)
      return (wait) => (wait === undefined ? wait : shake(millisOf(wait, context)))
    })
  }

  /** Ends when the next run would start later than this after the first. */
  maxElapsed(duration: Duration): Schedule<Input> {
    const longest = toMillis(duration, "duration")
    return this.#then((context) => (wait, _input, elapsed) => {
      return wait !== undefined && elapsed + millisOf(wait, context) > longest ? undefined : wait
    })
  }

  /** Goes on while `predicate` is true of the input. */
  while<In extends Input>(predicate: (input: In) => boolean): Schedule<In> {
    mustBeFunction(predicate, "schedule.while")
    return (this as Schedule<In>).#then(() => (wait, input) => (predicate(input) ? wait : undefined))
  }

  /** Goes on until `predicate` is true of the input. */
  until<In extends Input>(predicate: (input: In) => boolean): Schedule<In> {
    mustBeFunction(predicate, "schedule.until")
    return this.while((input: In) => !predicate(input))
  }

  /** Goes on while both do, and takes the longer pause. */
  and<In>(other: Schedule<In>): Schedule<Input & In> {
    return this.#with(other, (left, right, millis) =>
      left === undefined || right === undefined ? undefined : millis(left) < millis(right) ? right : left,
    )
  }

  /** Goes on while one does, and takes the shorter pause. */
  or<In>(other: Schedule<In>): Schedule<Input & In> {
    return this.#with(other, (left, right, millis) =>
      left === undefined || right === undefined ? (left ?? right) : millis(right) < millis(left) ? right : left,
    )
  }

  /** Goes on as `next` when this ends. */
  andThen<In>(next: Schedule<In>): Schedule<Input & In> {
    mustBeSchedule(next, "schedule.andThen")
    return new Schedule((context) => {
      let step: Step<Input & In> = this.start(context)
      let since = 0
      let first = true
      return (input, elapsed) => {
        const wait = step(input, elapsed - since)
        if (wait !== undefined || !first) return wait
        first = false
        since = elapsed
        step = next.start(context)
        return step(input, 0)
      }
    })
  }

  #then(
    change: (
      context: ScheduleContext,
    ) => (wait: ReturnType<Step<Input>>, input: Input, elapsed: number) => ReturnType<Step<Input>>,
  ): Schedule<Input> {
    return new Schedule((context) => {
      const step = this.start(context)
      const changed = change(context)
      return (input, elapsed) => changed(step(input, elapsed), input, elapsed)
    })
  }

  #with<In>(
    other: Schedule<In>,
    choose: (left: Wait, right: Wait, millis: (wait: number | Date) => number) => Wait,
  ): Schedule<Input & In> {
    mustBeSchedule(other, "schedule.and and schedule.or")
    return new Schedule((context) => {
      const [left, right] = [this.start(context), other.start(context)]
      const millis = (wait: number | Date): number => millisOf(wait, context)
      return (input, elapsed) => choose(left(input, elapsed), right(input, elapsed), millis)
    })
  }
}

type Wait = ReturnType<Step<never>>

function mustBeSchedule(given: unknown, where: string): void {
  if (given instanceof Schedule) return
  throw new TypeError(`Expected ${where} to get a Schedule, got ${describe(given)}. Of options: Schedule.of(…).`)
}

function millisOf(wait: number | Date, context: ScheduleContext): number {
  return typeof wait === "number" ? wait : Math.max(wait.getTime() - context.wall(), 0)
}
