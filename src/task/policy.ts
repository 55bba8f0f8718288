import { describe, type Duration, toMillis } from "../data/index.ts"
import { mustBeFunction, mustKnow } from "./errors.ts"

/**
 * One run of a schedule. It is told how the last run of the task came out (the error for `retry`, the value for `repeat`)
 * and how many milliseconds have passed since the first began, and says when the next is due: in so many milliseconds, at
 * a time of day, or, undefined, never.
 */
export type Step<in Input> = (input: Input, elapsed: number) => number | Date | undefined

/** What a schedule may ask of the runtime. */
export interface ScheduleContext {
  /** A number from 0 to less than 1. */
  readonly random: () => number
  /** Milliseconds since 1970. */
  readonly wall: () => number
}

/** The literal form of a schedule. All that is given must agree: the longest wait counts, the first end ends. */
export interface ScheduleOptions<in Input = unknown> {
  /** How often it runs again after the first run: an integer >= 0, or Infinity. Default Infinity. */
  readonly times?: number
  /** The pause between the end of a run and the start of the next. Default 0. */
  readonly spaced?: Duration
  /** Runs start at multiples of this after the first start, without drift; what a long run has missed is left out. */
  readonly every?: Duration
  /** A pause that grows from run to run. */
  readonly backoff?: Backoff
  /** Ends when the next run would start later than this after the first. */
  readonly maxElapsed?: Duration
  /** Ends as soon as this is false of the error (`retry`) or the value (`repeat`). */
  readonly while?: (input: Input) => boolean
  /** Ends as soon as this is true of it. */
  readonly until?: (input: Input) => boolean
}

/** `initial`, then `factor` times as long each time, at most `max`. */
export interface Backoff extends BackoffOptions {
  readonly initial: Duration
}

export interface BackoffOptions {
  /** >= 1. Default 2. */
  readonly factor?: number
  /** Default Infinity. */
  readonly max?: Duration
  /** Takes each pause at a random 50 to 100 % of itself; with a seed the same ones in every run. Default false. */
  readonly jitter?: boolean | { readonly seed: number }
}

/** What `retry` and `repeat` follow: a Schedule, or anything else that makes a step for each run. */
export interface Policy<in Input> {
  readonly start: (context: ScheduleContext) => Step<Input>
}

/** A schedule as it is, literal options as a policy. Checked here, where they are written. */
export function policyOf<Input>(given: Policy<Input> | ScheduleOptions<Input>, where: string): Policy<Input> {
  if (typeof given !== "object" || given === null) {
    throw new TypeError(`Expected ${where} to get a Schedule or its options, got ${describe(given)}.`)
  }
  if ("start" in given) return given
  mustKnow(given, KNOWN, where)
  if (given.while !== undefined) mustBeFunction(given.while, "while")
  if (given.until !== undefined) mustBeFunction(given.until, "until")
  const { times = Infinity, spaced = 0, every = 0, backoff, maxElapsed = Infinity } = given
  mustBeNumber(
    "times",
    times,
    times === Infinity || (Number.isInteger(times) && times >= 0),
    "an integer >= 0 or Infinity",
  )
  const pause = toMillis(spaced, "spaced")
  const rate = toMillis(every, "every")
  const longest = toMillis(maxElapsed, "maxElapsed")
  const growth = backoff && growing(backoff)
  return {
    start(context) {
      let left = times
      const grown = growth?.(context)
      return (input, elapsed) => {
        if (left-- <= 0 || (given.while && !given.while(input)) || given.until?.(input)) return undefined
        const wait = Math.max(pause, rate && untilNext(rate, elapsed), grown?.() ?? 0)
        return elapsed + wait > longest ? undefined : wait
      }
    },
  }
}

/** Until the next multiple of a period. Who comes to one a rounding error early has come to it. */
function untilNext(period: number, elapsed: number): number {
  return (Math.floor(elapsed / period + 1e-9) + 1) * period - elapsed
}

const GROWTH = ["initial", "factor", "max", "jitter"]
const KNOWN = ["times", "spaced", "every", "backoff", "maxElapsed", "while", "until"]

function growing(backoff: Backoff): (context: ScheduleContext) => () => number {
  mustKnow(backoff, GROWTH, "backoff")
  const { initial, factor = 2, max = Infinity, jitter = false } = backoff
  const first = toMillis(initial, "backoff.initial")
  const longest = toMillis(max, "backoff.max")
  mustBeNumber("backoff.factor", factor, factor >= 1, "a number >= 1")
  const shaken = jitter && shaking(jitter)
  return (context) => {
    let next = first
    const shake = shaken && shaken(context)
    return () => {
      const wait = Math.min(next, longest)
      next = wait * factor
      return shake ? shake(wait) : wait
    }
  }
}

/** Half of a wait, and a random part of the other half ("equal jitter"), so that clients which failed together part. */
export function shaking(
  jitter: true | { readonly seed: number },
): (context: ScheduleContext) => (wait: number) => number {
  if (jitter !== true) mustBeNumber("seed", jitter.seed, Number.isFinite(jitter.seed), "a finite number")
  return (context) => {
    const random = jitter === true ? context.random : seeded(jitter.seed)
    return (wait) => wait * (0.5 + random() / 2)
  }
}

/** A small generator of numbers from 0 to 1 (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function mustBeNumber(name: string, given: number, ok: boolean, expected: string): void {
  if (typeof given === "number" && ok) return
  throw new RangeError(`Expected \`${name}\` to be ${expected}, got ${describe(given)}.`)
}
