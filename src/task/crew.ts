import type { Task } from "./task.ts"

type AnyTask = Task<unknown, unknown>

/**
 * What a combinator tells the interpreter of the fibers that it wants run side by side: which, how many at once, and what
 * their ends amount to. A Group node carries a function that makes one for each run. All the rest is the group's
 * (fiber/group.ts): starting, cancelling, waiting, and adding what fails in a cleanup.
 */
export interface Crew {
  /** Members at once: an integer >= 1 or Infinity. */
  readonly limit: number
  /** The program of the next member, its number given; undefined when there is none any more. */
  next(index: number): AnyTask | undefined
  /** A member has ended. What it returns is the group's outcome: no more are started, the others are cancelled. */
  settled(index: number, ok: boolean, value: unknown): AnyTask | undefined
  /** All have ended and none has decided: the outcome, or undefined to wait on, for the time or the signal. */
  ended(): AnyTask | undefined
  /** Called when the group is over before `next` has come to its end. */
  readonly close?: (() => void) | undefined
  /** Milliseconds until the group is over whatever its members do, and its outcome then. */
  readonly timeout?: number | undefined
  readonly late?: (() => AnyTask) | undefined
  /** Aborting it ends the group with the signal's reason as the failure. */
  readonly signal?: AbortSignal | undefined
}

/** What `all`, `forEach` and their like may be told. */
export interface ConcurrencyOptions extends SignalOptions {
  /** How many run at once: an integer >= 1, or Infinity. */
  readonly concurrency?: number
}

/** What every combinator may be told. */
export interface SignalOptions {
  /** When it aborts, everything is cancelled and awaited, and the failure is the signal's reason. */
  readonly signal?: AbortSignal
}
