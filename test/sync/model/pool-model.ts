import { type Body, Foreseen, type ModelFiber, type ModelRuntime, takeOut, wait } from "./reference.ts"

export interface PoolPlan {
  readonly max: number
  readonly min: number
  readonly idleTimeout: number
  /** Whether the making of a resource succeeds, by its number. */
  readonly creates: readonly boolean[]
  /** What is said of a resource that is to be used again: see `verdict`. */
  readonly checks: readonly ("yes" | "no" | "fail")[]
}

/** Resources are numbered as they are tried to be made. */
export const creates = (plan: PoolPlan, id: number) =>
  plan.creates.length === 0 || plan.creates[id % plan.creates.length]
export const verdict = (plan: PoolPlan, id: number, asked: number) =>
  plan.checks.length === 0 ? "yes" : plan.checks[(id + asked) % plan.checks.length]

interface Idle {
  readonly id: number
  readonly since: number
}

interface Place {
  readonly fiber: ModelFiber
  served: boolean
}

/** A pool whose resources take no time to be made, asked and destroyed. */
export class PoolModel {
  readonly plan: PoolPlan
  readonly line: Place[] = []
  /** The one that came back last is at the end. */
  readonly idle: Idle[] = []
  readonly destroyed: number[] = []
  closed = false
  inUse = 0
  /** Numbers that have been used up, also by what could not be made. */
  tried = 0
  readonly #runtime: ModelRuntime
  readonly #asked = new Map<number, number>()
  readonly #closers: ModelFiber[] = []
  #free: number

  constructor(runtime: ModelRuntime, plan: PoolPlan) {
    this.#runtime = runtime
    this.plan = plan
    this.#free = plan.max
  }

  get size(): number {
    return this.inUse + this.idle.length
  }

  /** Waits for a resource: its number. */
  *take(fiber: ModelFiber): Body<number> {
    if (this.closed) throw new Foreseen("closed pool")
    if (this.line.length === 0 && this.#free > 0) this.#free--
    else {
      const place: Place = { fiber, served: false }
      this.line.push(place)
      yield* wait(fiber, () => {
        if (place.served) this.#give()
        else takeOut(this.line, place)
      })
    }
    for (let idle = this.idle.pop(); idle !== undefined; idle = this.idle.pop()) {
      const asked = this.#asked.get(idle.id) ?? 0
      this.#asked.set(idle.id, asked + 1)
      if (verdict(this.plan, idle.id, asked) === "yes") {
        this.inUse++
        return idle.id
      }
      this.destroyed.push(idle.id)
    }
    const id = this.#make()
    if (id === undefined) {
      this.#give()
      throw new Foreseen(`cannot make ${this.tried - 1}`)
    }
    this.inUse++
    return id
  }

  giveBack(id: number, now: number): void {
    this.inUse--
    this.idle.push({ id, since: now })
    this.#give()
  }

  /** Does not wait. */
  *warm(now: number): Body<void> {
    if (this.closed) throw new Foreseen("closed pool")
    while (this.size < this.plan.min) {
      const id = this.#make()
      if (id === undefined) throw new Foreseen(`cannot make ${this.tried - 1}`)
      this.idle.push({ id, since: now })
    }
  }

  *close(fiber: ModelFiber): Body<void> {
    this.closed = true
    this.#closers.push(fiber)
    if (!this.#end()) {
      yield* wait(fiber, () => {
        if (this.#closers.includes(fiber)) takeOut(this.#closers, fiber)
      })
    }
  }

  /** The time has come to be `now`. */
  reap(now: number): void {
    while (this.idle.length > 0 && this.size > this.plan.min && now - this.idle[0].since > this.plan.idleTimeout) {
      const [{ id }] = this.idle.splice(0, 1)
      this.destroyed.push(id)
    }
  }

  #make(): number | undefined {
    const id = this.tried++
    return creates(this.plan, id) ? id : undefined
  }

  #give(): void {
    this.#free++
    if (this.line.length > 0) {
      const [place] = this.line.splice(0, 1)
      place.served = true
      this.#free--
      this.#runtime.wake(place.fiber)
    }
    this.#end()
  }

  /** When all have come back. */
  #end(): boolean {
    if (!this.closed || this.#free < this.plan.max || this.#closers.length === 0) return false
    this.destroyed.push(...this.idle.splice(0).map(({ id }) => id))
    for (const fiber of this.#closers.splice(0)) if (fiber.leave !== undefined) this.#runtime.wake(fiber)
    return true
  }
}
