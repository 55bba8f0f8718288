import { describe } from "../data/index.ts"
import type { DeadlockReport, OnUnhandled } from "../fiber/index.ts"

/** What `Runtime.make` may be told. Everything has a default. */
export interface RuntimeOptions {
  /** Operations that a fiber may run while others are ready. An integer >= 1. Default 1024. */
  readonly budget?: number
  /** Milliseconds after which the loop lets the host see to input and output. > 0. Default 5. */
  readonly slice?: number
  /**
   * What sleeps rest on: "wheel" is one timer wheel behind one host timer, for any number of sleepers, and takes about
   * 340 KB at its first sleep; "platform" is one host timer per sleep: for a runtime per request, where a host ties timers
   * to requests. Default "wheel".
   */
  readonly clock?: "wheel" | "platform"
  /** The wheel's resolution in whole milliseconds; a sleep is rounded up to it. An integer >= 1. Default 1. */
  readonly tick?: number
  /** Sleepers that are woken before those that are ready run. An integer >= 1. Default 1024. */
  readonly batch?: number
  /** Numbers from 0 to less than 1, for jitter: a seeded generator makes runs repeatable. Default Math.random. */
  readonly random?: () => number
  /**
   * Called once for each failure that nobody observed by the host's next turn. Default: the host's own report of an
   * unhandled rejection, with the original object.
   */
  readonly onUnhandled?: OnUnhandled
  /**
   * Called once when fibers are left that wait for each other, or for a Completable that no fiber can complete any more:
   * nothing is ready, nobody sleeps but with `ref: false`, no callback and no promise is outstanding. The report says who waits for what;
   * `String(report)` is a list. A Completable that something outside of all fibers will complete looks the same, which
   * is why this is off by default. Waiting for `Task.never` is meant, and not reported. Costs nothing until all is quiet.
   */
  readonly onDeadlock?: (report: DeadlockReport) => void
}

/** The option if it is `ok`, the preset if it is missing. */
export function optionOf<T>(
  given: T | undefined,
  name: string,
  preset: T,
  expected: string,
  ok: (given: T) => boolean,
): T {
  if (given === undefined) return preset
  if (ok(given)) return given
  throw new RangeError(`Expected \`${name}\` to be ${expected}, got ${describe(given)}.`)
}

/** The option as an integer >= 1. */
export function countOf(given: number | undefined, name: string, preset: number): number {
  return optionOf(given, name, preset, "an integer >= 1", (count) => Number.isInteger(count) && count >= 1)
}
