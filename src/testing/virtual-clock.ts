import { type Clock, Wheel, type Woken } from "../clock/index.ts"

/** A sleeper and when it is due. */
export interface Held {
  readonly sleeper: unknown
  readonly due: number
}

/**
 * Time that stands still until it is moved. Sleepers rest on the same wheel as in production, in whole milliseconds, so
 * equal deadlines are served in the order of arrival.
 */
export class VirtualClock implements Clock {
  // Made at the first sleep: most explored programs need none, and it is large.
  #wheel: Wheel | undefined
  #now = 0
  #wallAtZero: number
  /** What `next` has found, until something changes. */
  #next: number | undefined = undefined
  readonly #batch: number
  #onDue: (stepped: boolean) => void = () => {}

  /** `startAt` is the time of day at the start, in milliseconds since 1970. */
  constructor(startAt: number, batch = 1024) {
    this.#wallAtZero = startAt
    this.#batch = batch
  }

  now(): number {
    return this.#now
  }

  wall(): number {
    return this.#wallAtZero + this.#now
  }

  setWall(time: number): void {
    this.#wallAtZero = time - this.#now
  }

  add(ms: number, sleeper: unknown, ref: boolean): number {
    const wheel = (this.#wheel ??= new Wheel(Math.floor(this.#now)))
    this.#next = undefined
    return wheel.add(Math.max(Math.ceil(this.#now + ms), wheel.current + 1), sleeper, ref)
  }

  cancel(ticket: number): void {
    this.#next = undefined
    this.#wheel?.remove(ticket)
  }

  take(woken: Woken): boolean {
    this.#next = undefined
    return this.#wheel !== undefined && this.#wheel.take(Math.floor(this.#now), this.#batch, woken)
  }

  connect(onDue: (stepped: boolean) => void): void {
    this.#onDue = onDue
  }

  get size(): number {
    return this.#wheel?.size ?? 0
  }

  /** How many sleepers somebody waits for: those that are not `ref: false`. */
  get keeping(): number {
    return this.#wheel?.keeping ?? 0
  }

  forEach(visit: (sleeper: unknown, ticket: number) => void): void {
    this.#wheel?.forEach(visit)
  }

  /** When somebody may become due; Infinity if nobody sleeps. */
  next(): number {
    return (this.#next ??= this.#wheel?.nextEvent() ?? Infinity)
  }

  /** Moves the time to `target`, if it is not past that, and wakes who is due by then. */
  moveTo(target: number): void {
    if (target > this.#now) this.#now = target
    if (this.next() <= this.#now) this.#onDue(true)
  }

  /** All sleepers, those who are due first in front. */
  held(): Held[] {
    const wheel = this.#wheel
    const all: Held[] = []
    // The wheel visits equal deadlines in the order of arrival, and the sorting keeps it.
    wheel?.forEach((sleeper, ticket) => all.push({ sleeper, due: wheel.deadlineOf(ticket) }))
    return all.toSorted((a, b) => a.due - b.due)
  }
}
