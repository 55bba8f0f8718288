import type { Clock, Woken } from "./clock.ts"
import { HostTime } from "./host-time.ts"
import { HostTimer } from "./host-timer.ts"
import { Wheel } from "./wheel.ts"

/**
 * The production clock: every sleeper of the runtime on a timer wheel behind one host timer, armed for the wheel's next
 * event. A deadline is rounded up to a whole tick, so a sleep is never early and at most one tick late, plus what the
 * host adds.
 *
 * Sleepers with `ref: false` have a wheel and a timer of their own, so that the first timer keeps the process alive
 * exactly while someone waits. The lowest bit of a ticket tells the two apart.
 */
export class WheelClock implements Clock {
  readonly #time = new HostTime()
  readonly #kept: Lane
  readonly #loose: Lane

  /** `tick` in milliseconds, `batch` in sleepers; both integers >= 1. */
  constructor(tick: number, batch: number) {
    this.#kept = new Lane(this.#time, tick, batch, true)
    this.#loose = new Lane(this.#time, tick, batch, false)
  }

  get size(): number {
    return this.#kept.size + this.#loose.size
  }

  now(): number {
    return this.#time.now()
  }

  add(ms: number, sleeper: unknown, ref: boolean): number {
    return ref ? this.#kept.add(ms, sleeper) * 2 : this.#loose.add(ms, sleeper) * 2 + 1
  }

  cancel(ticket: number): void {
    const lane = ticket % 2 === 0 ? this.#kept : this.#loose
    lane.cancel(Math.floor(ticket / 2))
  }

  take(woken: Woken): boolean {
    const kept = this.#kept.take(woken)
    return this.#loose.take(woken) || kept
  }

  connect(onDue: () => void): void {
    this.#kept.onDue = onDue
    this.#loose.onDue = onDue
  }

  forEach(visit: (sleeper: unknown, ticket: number) => void): void {
    this.#kept.forEach((sleeper, entry) => visit(sleeper, entry * 2))
    this.#loose.forEach((sleeper, entry) => visit(sleeper, entry * 2 + 1))
  }
}

/** One wheel behind one host timer. */
class Lane {
  onDue: () => void = () => {}
  #wheel: Wheel | undefined = undefined
  #armedFor = Infinity
  readonly #timer: HostTimer
  readonly #time: HostTime
  readonly #tick: number
  readonly #batch: number
  readonly #ref: boolean

  constructor(time: HostTime, tick: number, batch: number, ref: boolean) {
    this.#time = time
    this.#tick = tick
    this.#batch = batch
    this.#ref = ref
    this.#timer = new HostTimer(() => this.#fired())
  }

  get size(): number {
    return this.#wheel === undefined ? 0 : this.#wheel.size
  }

  add(ms: number, sleeper: unknown): number {
    const now = this.#time.now()
    this.#wheel ??= new Wheel(Math.floor(now / this.#tick))
    const deadline = Math.max(Math.ceil((now + ms) / this.#tick), this.#wheel.current + 1)
    const entry = this.#wheel.add(deadline, sleeper)
    if (deadline < this.#armedFor) this.#arm(deadline, now)
    return entry
  }

  cancel(entry: number): void {
    this.#wheel?.remove(entry)
    if (this.size === 0) this.#disarm()
  }

  take(woken: Woken): boolean {
    if (this.#wheel === undefined || this.#wheel.size === 0) return false
    const now = this.#time.now()
    if (this.#wheel.take(Math.floor(now / this.#tick), this.#batch, woken)) return true
    const next = this.#wheel.nextEvent()
    if (next === Infinity) this.#disarm()
    else if (next !== this.#armedFor) this.#arm(next, now)
    return false
  }

  forEach(visit: (sleeper: unknown, entry: number) => void): void {
    this.#wheel?.forEach(visit)
  }

  #fired(): void {
    const target = this.#armedFor * this.#tick
    this.#armedFor = Infinity
    this.#time.reached(target)
    this.onDue()
  }

  #arm(tick: number, now: number): void {
    this.#armedFor = tick
    this.#timer.set(tick * this.#tick - now, this.#ref)
  }

  #disarm(): void {
    this.#armedFor = Infinity
    this.#timer.stop()
  }
}
