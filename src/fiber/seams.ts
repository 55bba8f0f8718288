/** What a scheduler leaves to others: a test puts its own order of running in the first two places; the others watch. */
import type { Task } from "../task/index.ts"
import type { FiberCore } from "./fiber.ts"
import type { Frame } from "./stack.ts"
import type { Mode } from "./state.ts"

/** Where those who are ready wait: first-in first-out in production; a test may choose another order. */
export interface ReadyQueue {
  readonly size: number
  push(entry: unknown): void
  shift(): unknown
  /** Shows what is in it, for who looks: a queue in which `push` after `shift` would change the order. */
  forEach?(visit: (entry: unknown) => void): void
}

/** What a scheduler asks of whoever deals out time: `Turn` in production, a test's in its place. */
export interface Pace {
  /** Some of our code has run in this turn of the host. */
  readonly open: boolean
  /** Nothing more is to run before the host has had its turn. */
  readonly over: boolean
  begin(): void
  end(): void
  /** An entry begins: how many operations it may run before it asks again. */
  enter(): number
  /** The entry has stopped with so many operations left. */
  leave(left: number): void
  /** How many more it may run, now that it is to go on with `next`; 0 if it must give way. */
  more(left: number, othersWait: boolean, next: Task<unknown, unknown> | undefined): number
}

/** Who watches a scheduler: told of the fibers that end. Where nobody does, that is one look at a field. */
export interface Watch {
  ended(fiber: FiberCore, how: Mode, value: unknown): void
  /** Milliseconds, by the clock, since when a suspended fiber waits. */
  since?(fiber: FiberCore): number | undefined
}

/** Who makes traces, of all schedulers: told of each failure where it begins, with the node and the frames that it meets. */
export const tracer: {
  failing?: (node: Task<unknown, unknown>, stack: readonly Frame[], sp: number) => void
  /** The tasks that wait for a suspended fiber to go on, innermost first, as lines. */
  describe?: (fiber: FiberCore) => readonly string[]
} = {}
