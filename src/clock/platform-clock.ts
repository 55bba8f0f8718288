import { RingBuffer } from "../data/index.ts"
import type { Clock, Woken } from "./clock.ts"
import { HostTime } from "./host-time.ts"
import { HostTimer } from "./host-timer.ts"

/**
 * The plain clock: one host timer per sleep. It is slower and larger than the wheel by far; it is here for hosts whose
 * own timers must be seen (a debugger, a tracer of timers), and as the wheel's witness in the conformance suite.
 */
export class PlatformClock implements Clock {
  readonly #time = new HostTime()
  readonly #sleepers = new Map<number, Sleeper>()
  readonly #due = new RingBuffer<number>()
  /** Whose timers came too soon, and have been set again. */
  #early: number[] = []
  readonly #batch: number
  #tickets = 0
  #onDue: (stepped: boolean) => void = () => {}

  /** `batch` in sleepers; an integer >= 1. */
  constructor(batch: number) {
    this.#batch = batch
  }

  now(): number {
    return this.#time.now()
  }

  wall(): number {
    return Date.now()
  }

  add(ms: number, sleeper: unknown, ref: boolean): number {
    const ticket = this.#tickets++
    const timer = new HostTimer(() => this.#fired(ticket))
    timer.set(ms, ref)
    this.#sleepers.set(ticket, { sleeper, timer, deadline: this.#time.now() + ms, ref })
    return ticket
  }

  cancel(ticket: number): void {
    this.#sleepers.get(ticket)?.timer.stop()
    this.#sleepers.delete(ticket)
  }

  take(woken: Woken): boolean {
    for (let left = this.#batch; left > 0; left--) {
      const ticket = this.#due.shift()
      if (ticket === undefined) return false
      const held = this.#sleepers.get(ticket)
      if (held !== undefined) woken.push(held.sleeper)
      this.#sleepers.delete(ticket)
    }
    return this.#due.size > 0
  }

  connect(onDue: (stepped: boolean) => void): void {
    this.#onDue = onDue
  }

  get keeping(): number {
    let count = 0
    for (const { ref } of this.#sleepers.values()) if (ref) count++
    return count
  }

  forEach(visit: (sleeper: unknown, ticket: number) => void): void {
    for (const [ticket, held] of this.#sleepers) visit(held.sleeper, ticket)
  }

  #fired(ticket: number): void {
    const held = this.#sleepers.get(ticket)
    if (held === undefined) return
    this.#time.reached(held.deadline)
    const early = held.deadline - this.#time.now()
    // Hosts fire up to a millisecond early by their own clock (node#26578).
    if (early > 0) {
      if (!this.#early.includes(ticket)) this.#early.push(ticket)
      return held.timer.set(early, held.ref)
    }
    for (const before of this.#soonerThan(held, ticket)) this.#due.push(before)
    this.#due.push(ticket)
    this.#onDue(this.#time.faked)
  }

  /** Those among the early ones whose deadline was before this one's; they need their timers no more. */
  #soonerThan({ deadline }: Sleeper, ticket: number): number[] {
    const sooner: number[] = []
    const left: number[] = []
    for (const early of this.#early) {
      const held = this.#sleepers.get(early)
      if (early === ticket || held === undefined) continue
      const list = held.deadline <= deadline ? sooner : left
      list.push(early)
      if (list === sooner) held.timer.stop()
    }
    this.#early = left
    return sooner
  }
}

interface Sleeper {
  readonly sleeper: unknown
  readonly timer: HostTimer
  readonly deadline: number
  readonly ref: boolean
}
