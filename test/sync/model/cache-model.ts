import { type Body, Foreseen, type ModelFiber, type ModelRuntime, takeOut, wait } from "./reference.ts"

export interface CachePlan {
  readonly max: number
  readonly ttl: number
  readonly stale: number
  readonly negativeTtl: number
  /** How long each loading of a key takes, and whether it goes well, one after the other. */
  readonly loads: readonly { readonly takes: number; readonly well: boolean }[]
}

/** The n-th loading of a key. */
export const loadOf = (plan: CachePlan, key: number, n: number) => plan.loads[(key * 3 + n) % plan.loads.length]
export const nameOf = (key: number, n: number) => `${"abcd"[key]}${n}`

interface Entry {
  readonly key: number
  readonly value: string
  readonly failed: boolean
  readonly fresh: number
  readonly stale: number
}

interface Flight {
  readonly key: number
  readonly name: string
  readonly well: boolean
  readonly due: number
  /** Nobody waits for it, and it goes on all the same. */
  readonly background: boolean
  readonly waiting: ModelFiber[]
  over: boolean
}

export class CacheModel {
  readonly plan: CachePlan
  /** The one that has not been asked for longest in front. */
  readonly entries: Entry[] = []
  /** Those whose outcome will be kept. */
  readonly flights = new Map<number, Flight>()
  /** All that have not ended. */
  readonly aloft: Flight[] = []
  readonly loads: string[] = []
  readonly stopped: string[] = []
  now = 0
  readonly #runtime: ModelRuntime
  readonly #counts = new Map<number, number>()

  constructor(runtime: ModelRuntime, plan: CachePlan) {
    this.#runtime = runtime
    this.plan = plan
  }

  *get(fiber: ModelFiber, key: number): Body<string> {
    const entry = this.entries.find((entry) => entry.key === key)
    if (entry !== undefined && this.now < entry.stale) {
      takeOut(this.entries, entry)
      this.entries.push(entry)
      if (this.now >= entry.fresh && !this.flights.has(key)) this.#load(key, true)
      if (entry.failed) throw new Foreseen(entry.value)
      return entry.value
    }
    if (entry !== undefined) takeOut(this.entries, entry)
    return yield* this.#await(fiber, key)
  }

  *refresh(fiber: ModelFiber, key: number): Body<string> {
    return yield* this.#await(fiber, key)
  }

  set(key: number, value: string): void {
    this.delete(key)
    this.#keep(key, value, false)
  }

  delete(key: number): boolean {
    this.flights.delete(key)
    const entry = this.entries.find((entry) => entry.key === key)
    if (entry !== undefined) takeOut(this.entries, entry)
    return entry !== undefined
  }

  clear(): void {
    this.flights.clear()
    this.entries.length = 0
  }

  /** What is due next, if it is by `time`, comes to its end. */
  land(time: number): boolean {
    const next = this.aloft.toSorted((a, b) => a.due - b.due)[0]
    if (next === undefined || next.due > time) return false
    this.now = next.due
    this.#land(next)
    return true
  }

  /** The loading that is under way, or a new one. */
  *#await(fiber: ModelFiber, key: number): Body<string> {
    const flight = this.flights.get(key) ?? this.#load(key, false)
    if (!flight.over) {
      flight.waiting.push(fiber)
      yield* wait(fiber, () => {
        if (!flight.waiting.includes(fiber)) return
        takeOut(flight.waiting, fiber)
        if (flight.waiting.length > 0 || flight.background) return
        takeOut(this.aloft, flight)
        this.stopped.push(flight.name)
        if (this.flights.get(key) === flight) this.flights.delete(key)
      })
    }
    if (!flight.well) throw new Foreseen(flight.name)
    return flight.name
  }

  #load(key: number, background: boolean): Flight {
    const n = this.#counts.get(key) ?? 0
    this.#counts.set(key, n + 1)
    const { takes, well } = loadOf(this.plan, key, n)
    const flight: Flight = {
      key,
      name: nameOf(key, n),
      well,
      due: this.now + takes,
      background,
      waiting: [],
      over: false,
    }
    this.loads.push(flight.name)
    this.aloft.push(flight)
    this.flights.set(key, flight)
    if (takes === 0) this.#land(flight)
    return flight
  }

  #land(flight: Flight): void {
    const { key, name, well, waiting } = flight
    flight.over = true
    takeOut(this.aloft, flight)
    if (this.flights.get(key) === flight) {
      this.flights.delete(key)
      const old = this.entries.find((entry) => entry.key === key)
      const stays = old !== undefined && this.now < old.stale
      if (well) this.#keep(key, name, false)
      else if (!stays && this.plan.negativeTtl > 0) this.#keep(key, name, true)
    }
    for (const fiber of waiting.splice(0)) this.#runtime.wake(fiber)
  }

  /** A key that is there keeps its place among those that have been asked for. */
  #keep(key: number, value: string, failed: boolean): void {
    const fresh = this.now + (failed ? this.plan.negativeTtl : this.plan.ttl)
    const entry = { key, value, failed, fresh, stale: failed ? fresh : fresh + this.plan.stale }
    const at = this.entries.findIndex((entry) => entry.key === key)
    if (at === -1) this.entries.push(entry)
    else this.entries[at] = entry
    if (this.entries.length > this.plan.max) this.entries.shift()
  }
}
