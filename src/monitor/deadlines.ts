// oxlint-disable typescript/unbound-method -- methods are taken off and put back as they were
import { type Clock, WheelClock } from "../clock/index.ts"

/** Milliseconds that are counted as one. */
const GRAIN = 250
/** After so many changes what has passed is dropped. */
const FORGET = 4096

/**
 * When sleepers wake: a clock does not say, and need not for those who do not look. It is kept from the moment on at which
 * this is put around the clock: by ticket, and as counts of those that wake at about the same time, so that a million
 * sleepers are as quick to look at as ten.
 */
export class Deadlines {
  readonly #clock: Clock
  /** Tickets are small numbers that are used again, so a list will do. */
  readonly #deadlines: number[] = []
  readonly #counts = new Map<number, number>()
  #changes = 0
  readonly #add: Clock["add"]
  readonly #cancel: Clock["cancel"]

  private constructor(clock: Clock) {
    this.#clock = clock
    this.#add = clock.add
    this.#cancel = clock.cancel
    clock.add = (ms, sleeper, ref) => {
      const ticket = this.#add.call(clock, ms, sleeper, ref)
      const deadline = clock.now() + ms
      this.#deadlines[ticket] = deadline
      this.#count(deadline, 1)
      return ticket
    }
    clock.cancel = (ticket) => {
      this.#cancel.call(clock, ticket)
      const deadline = this.#deadlines[ticket]
      if (deadline !== undefined) this.#count(deadline, -1)
    }
  }

  /** Undefined for a clock that is no wheel: its tickets are never used again. */
  static around(clock: Clock): Deadlines | undefined {
    return clock instanceof WheelClock ? new Deadlines(clock) : undefined
  }

  /** Takes it off the clock. */
  stop(): void {
    this.#clock.add = this.#add
    this.#clock.cancel = this.#cancel
  }

  /** Milliseconds until the sleeper with this ticket wakes; undefined for one from before. */
  left(ticket: number): number | undefined {
    const deadline = this.#deadlines[ticket]
    return deadline === undefined ? undefined : Math.max(deadline - this.#clock.now(), 0)
  }

  /** How many sleep for less than each of the rising `bounds` and not for less than the one before; then, how many longer. To about 250 ms. */
  counts(bounds: readonly number[]): number[] {
    this.#forget()
    const now = this.#clock.now()
    const counts = Array.from({ length: bounds.length + 1 }, () => 0)
    for (const [slot, count] of this.#counts) {
      const left = (slot + 1) * GRAIN - now
      const found = bounds.findIndex((bound) => left <= bound + GRAIN)
      const at = found === -1 ? bounds.length : found
      counts[at] += count
    }
    return counts
  }

  #count(deadline: number, change: number): void {
    const slot = Math.floor(deadline / GRAIN)
    const count = (this.#counts.get(slot) ?? 0) + change
    if (count > 0) this.#counts.set(slot, count)
    else this.#counts.delete(slot)
    if (++this.#changes % FORGET === 0) this.#forget()
  }

  /** Drops what has passed: nobody may look for a long time. */
  #forget(): void {
    const now = this.#clock.now()
    for (const slot of this.#counts.keys()) if ((slot + 1) * GRAIN <= now) this.#counts.delete(slot)
  }
}
