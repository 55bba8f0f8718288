import { describe } from "../data/index.ts"
import type { OnUnhandled } from "../fiber/index.ts"

/** What `Runtime.make` may be told. Everything has a default. */
export interface RuntimeOptions {
  /** Operations that a fiber may run while others are ready. An integer >= 1. Default 1024. */
  readonly budget?: number
  /** Milliseconds after which the loop lets the host see to input and output. > 0. Default 5. */
  readonly slice?: number
  /**
   * What sleeps rest on: "wheel" is one timer wheel behind one host timer, for any number of sleepers; "platform" is one
   * host timer per sleep. Default "wheel".
   */
  readonly clock?: "wheel" | "platform"
  /** The wheel's resolution in whole milliseconds; a sleep is rounded up to it. An integer >= 1. Default 1. */
  readonly tick?: number
  /** Sleepers that are woken before those that are ready run. An integer >= 1. Default 1024. */
  readonly batch?: number
  /**
   * Called once for each failure that nobody observed by the host's next turn. Default: the host's own report of an
   * unhandled rejection, with the original object.
   */
  readonly onUnhandled?: OnUnhandled
}

/** The option as an integer >= 1. */
export function countOf(given: number | undefined, name: string, preset: number): number {
  if (given === undefined) return preset
  if (Number.isInteger(given) && given >= 1) return given
  throw new RangeError(`Expected \`${name}\` to be an integer >= 1, got ${describe(given)}.`)
}

/** The option as a number of milliseconds > 0. */
export function positiveOf(given: number | undefined, name: string, preset: number): number {
  if (given === undefined) return preset
  if (typeof given === "number" && given > 0) return given
  throw new RangeError(`Expected \`${name}\` to be a number of milliseconds > 0, got ${describe(given)}.`)
}

/** The option as one of some words. */
export function choiceOf<C extends string>(given: C | undefined, name: string, choices: readonly [C, ...C[]]): C {
  if (given === undefined) return choices[0]
  if (choices.includes(given)) return given
  const words = choices.map((choice) => JSON.stringify(choice)).join(" or ")
  throw new RangeError(`Expected \`${name}\` to be ${words}, got ${describe(given)}.`)
}
