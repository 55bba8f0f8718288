import type { Task } from "rapid-fiber"
import type { Watch } from "./watch.ts"

type AnyTask = Task<unknown, unknown>

/** For every change, or for once in a while. */
export type Form = "short" | "long"

/** How the rounds of a shape follow each other, without end. */
export type Rounds =
  /** In one fiber, one after the other. */
  | { readonly round: () => AnyTask }
  /** As the program says, which runs `step` once per round. */
  | { readonly program: (step: Task<void>) => AnyTask }
  /** From outside of all fibers. */
  | { readonly edge: () => Promise<unknown> | void }

/**
 * A way in which libraries of this kind have leaked: rounds of work, each of which ends, beside something that lives on.
 * After any number of them there is to be nothing of theirs: no memory, listener, timer, fiber or open thing.
 */
export interface Shape {
  /** In kebab-case: how the command line calls it. */
  readonly name: string
  /** Where users have met it. */
  readonly origin: string
  /** Rounds of the short and of the long form. */
  readonly rounds: Readonly<Record<Form, number>>
  /** How many times over a round does the same at once. Default 1. */
  readonly width?: number
  /** What the sleeps of its fibers rest on. Default "wheel". */
  readonly clock?: "wheel" | "platform"
  /** Makes what lives on, once, and says what a round is; `close` ends what keeps the process alive. */
  readonly open: (watch: Watch) => Rounds & { readonly close?: () => Promise<unknown> | void }
}

/** What a round costs decides how many there can be: about a microsecond, */
export const MANY = { short: 1_600, long: 2_000_000 } as const
/** several microseconds, */
export const SOME = { short: 800, long: 1_000_000 } as const
/** or hundreds of them. */
export const FEW = { short: 80, long: 10_000 } as const
