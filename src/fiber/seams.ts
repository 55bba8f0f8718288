/** What a scheduler leaves to others: a test puts its own order of running in these two places. */
import type { Task } from "../task/index.ts"

/** Where those who are ready wait: first-in first-out in production; a test may choose another order. */
export interface ReadyQueue {
  readonly size: number
  push(entry: unknown): void
  shift(): unknown
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
