/**
 * Fairness: how long one fiber may run, and how long the loop may run before the host gets its turn.
 *
 * A turn of the host opens when the first of our code runs in it and is closed by a macrotask that was armed then. It is
 * over when its slice of time is used up. An entry (a fiber, or what is left of one) asks for operations when it begins,
 * `enter`, and for more when those are used up, `more`; there it gives way if its budget is spent and others wait, or if
 * the turn is over.
 *
 * Time is read every `stride` operations. The stride doubles while that is well below a millisecond and shrinks as soon as
 * it is above, so that slow callbacks do not hide behind a count that was made for fast ones, and fast ones do not pay for
 * a reading each (tens of nanoseconds).
 */
import type { Host } from "../clock/index.ts"
import type { Pace } from "./seams.ts"

/** Where time does not move (a test's, or an edge host's), a turn is this many budgets long. */
const BUDGETS_WITHOUT_TIME = 64
/** An entry that gave way with a value in hand yields it again and then uses it: with fewer it would never get on. */
const FEWEST = 2
/** Milliseconds between two readings of the time that the stride aims at. */
const SELDOM = 1
const OFTEN = 0.5

export class Turn implements Pace {
  /** Some of our code has run in this turn of the host. */
  open = false
  /** The slice is used up: nothing more runs before the host has had its turn. */
  over = false

  readonly #host: Host
  readonly #budget: number
  readonly #slice: number
  #opened = 0
  #looked = 0
  #stride: number
  /** What an entry is granted when it begins. */
  #first: number
  /** Operations that were granted last. */
  #granted = 0
  /** Operations that the running entry has used of earlier grants. */
  #spent = 0
  /** Operations since the last look at the time, and in this turn before that. */
  #unlooked = 0
  #counted = 0

  constructor(host: Host, budget: number, slice: number) {
    this.#host = host
    this.#budget = budget
    this.#slice = slice
    this.#stride = Math.min(32, budget)
    this.#first = Math.max(this.#stride, FEWEST)
  }

  begin(): void {
    this.open = true
    this.over = false
    this.#counted = 0
    this.#opened = this.#looked = this.#host.now()
  }

  end(): void {
    this.open = false
    this.over = false
  }

  /** An entry begins: how many operations it may run before it asks again. */
  enter(): number {
    this.#spent = 0
    return (this.#granted = this.#first)
  }

  /** The entry has stopped with so many operations left. */
  leave(left: number): void {
    this.#count(this.#granted - left + 1)
  }

  /** The entry has used up what it was granted, but for `left`: how many more it may run, 0 if it must give way. */
  more(left: number, othersWait: boolean): number {
    const used = this.#granted - Math.max(left, 0)
    this.#spent += used
    this.#count(used)
    const spent = this.#spent >= this.#budget
    if (this.over || (spent && othersWait)) return (this.#granted = 0)
    if (spent) this.#spent = 0
    return (this.#granted = Math.max(Math.min(this.#stride, this.#budget - this.#spent), FEWEST))
  }

  #count(operations: number): void {
    this.#unlooked += operations
    if (this.#unlooked >= this.#stride) this.#look()
  }

  #look(): void {
    const now = this.#host.now()
    const took = now - this.#looked
    this.#looked = now
    this.#counted += this.#unlooked
    this.#unlooked = 0
    if (took > SELDOM) this.#stride = Math.max(Math.floor(this.#stride / took), 1)
    else if (took < OFTEN) this.#stride = Math.min(this.#stride * 2, this.#budget)
    this.#first = Math.max(this.#stride, FEWEST)
    const still = now === this.#opened && this.#counted >= this.#budget * BUDGETS_WITHOUT_TIME
    if (now - this.#opened >= this.#slice || (still && this.#slice !== Infinity)) this.over = true
  }
}
