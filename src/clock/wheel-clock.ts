import type { Clock, Woken } from "./clock.ts"
import { HostTime } from "./host-time.ts"
import { HostTimer } from "./host-timer.ts"
import { Wheel } from "./wheel.ts"

/**
 * The production clock: every sleeper of the runtime on a timer wheel behind one host timer, armed for the wheel's next
 * event. A deadline is rounded up to a whole tick, so a sleep is never early and at most one tick late, plus what the
 * host adds. The host timer keeps the process alive exactly while a sleeper does that is not `ref: false`.
 */
export class WheelClock implements Clock {
  readonly #time = new HostTime()
  readonly #timer = new HostTimer(() => this.#fired())
  readonly #tick: number
  readonly #batch: number
  #wheel: Wheel | undefined
  /** The tick for which the host timer is set, and the source of time that it was set by. */
  #armedFor = Infinity
  #armedBy = 0
  #onDue: (stepped: boolean) => void = () => {}

  /** `tick` in milliseconds, `batch` in sleepers; both integers >= 1. */
  constructor(tick: number, batch: number) {
    this.#tick = tick
    this.#batch = batch
  }

  now(): number {
    return this.#time.now()
  }

  wall(): number {
    return Date.now()
  }

  add(ms: number, sleeper: unknown, ref: boolean): number {
    const now = this.#time.now()
    const wheel = (this.#wheel ??= new Wheel(Math.floor(now / this.#tick)))
    const deadline = Math.max(Math.ceil((now + ms) / this.#tick), wheel.current + 1)
    const ticket = wheel.add(deadline, sleeper, ref)
    try {
      // A timer that was set before a test replaced the host's, or after it gave them back, may never fire.
      if (this.#armedBy !== this.#time.source) this.#arm(wheel.nextEvent(), now)
      else if (deadline < this.#armedFor) this.#arm(deadline, now)
      else if (ref && wheel.keeping === 1) this.#timer.ref(true)
    } catch (refused) {
      // A host may forbid timers while a module is loaded: then there is no such sleeper.
      this.#armedFor = Infinity
      wheel.remove(ticket)
      throw refused
    }
    return ticket
  }

  cancel(ticket: number): void {
    const wheel = this.#wheel
    if (wheel === undefined) return
    wheel.remove(ticket)
    if (wheel.size === 0) this.#disarm()
    else if (wheel.keeping === 0) this.#timer.ref(false)
  }

  take(woken: Woken): boolean {
    const wheel = this.#wheel
    if (wheel === undefined || wheel.size === 0) return false
    const now = this.#time.now()
    if (wheel.take(Math.floor(now / this.#tick), this.#batch, woken)) return true
    const next = wheel.nextEvent()
    if (next === Infinity) this.#disarm()
    else this.#arm(next, now)
    return false
  }

  connect(onDue: (stepped: boolean) => void): void {
    this.#onDue = onDue
  }

  get keeping(): number {
    return this.#wheel?.keeping ?? 0
  }

  forEach(visit: (sleeper: unknown, ticket: number) => void): void {
    this.#wheel?.forEach(visit)
  }

  #fired(): void {
    const target = this.#armedFor * this.#tick
    this.#armedFor = Infinity
    this.#time.reached(target)
    this.#onDue(this.#time.faked)
  }

  #arm(tick: number, now: number): void {
    this.#armedFor = tick
    this.#armedBy = this.#time.source
    this.#timer.set(tick * this.#tick - now, (this.#wheel?.keeping ?? 0) > 0)
  }

  #disarm(): void {
    this.#armedFor = Infinity
    this.#timer.stop()
  }
}
