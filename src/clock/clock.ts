/**
 * The seam for time. A runtime has one clock; tests put another in its place. A clock does not know what a sleeper is:
 * it is handed something when a sleep starts and hands it back when the sleep is due.
 *
 * The conformance suite in test/conformance runs over every implementation.
 */
export interface Clock {
  /** Milliseconds from an arbitrary start; never runs backwards. */
  now(): number

  /** The time of day in milliseconds since 1970: it may be set, forwards and backwards. */
  wall(): number

  /**
   * Holds `sleeper` for `ms` milliseconds (more than 0, finite) and returns a ticket for `cancel`. Keeps the process
   * alive until then, unless `ref` is false.
   */
  add(ms: number, sleeper: unknown, ref: boolean): number

  /** Forgets a sleeper, at once and in constant time. The ticket must be one whose sleeper is still held. */
  cancel(ticket: number): void

  /**
   * Hands at most one batch of due sleepers to `woken`, in the order of their deadlines and, at equal deadlines, of their
   * arrival. True if more may be due.
   */
  take(woken: Woken): boolean

  /**
   * The scheduler's side of the seam: called when sleepers have become due. `stepped` says that a test moved the time to
   * this point, within one turn of the host: then a slice of time means nothing, and the step counts as a turn.
   */
  connect(onDue: (stepped: boolean) => void): void

  /** How many of those held are to keep the process alive. */
  readonly keeping: number

  /** Visits every sleeper held. */
  forEach(visit: (sleeper: unknown, ticket: number) => void): void
}

/** Where a clock puts those who are due. Their tickets are void from then on. */
export interface Woken {
  push(sleeper: unknown): void
}
