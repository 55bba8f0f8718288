/**
 * A hierarchical timer wheel in typed arrays: ten million sleepers cost 20 bytes each and not one object.
 *
 * Levels. Time is counted in ticks. Four levels of 256 slots hold what is due within 128 blocks of 2^24 ticks, this one
 * included; what is further away waits in `far`, and is looked at again only when a block begins. An
 * entry lives where its deadline first differs from the current tick, read as four digits of eight bits:
 *
 *     current  = 00.00.02.F0
 *     deadline = 00.00.02.F7   differs in digit 0: level 0, slot F7, due at exactly that tick
 *     deadline = 00.00.05.10   differs in digit 1: level 1, slot 05, moves down when tick 00.00.05.00 comes
 *
 * Invariants.
 * 1. `current` never passes an occupied slot: it moves from event to event, where an event is an occupied slot's first
 *    tick. Hence the place of an entry is a function of its deadline and `current` at any moment, and `cancel` finds the
 *    slot without a field for it.
 * 2. Slots are first-in first-out, and an entry reaches level 0 of a block only after everything that waited for that
 *    block above has moved down. So equal deadlines come out in the order of arrival.
 * 3. Lower levels come first: the first occupied slot of the lowest occupied level is the next event. Level 3 alone
 *    wraps around: no deadline is further away than half its circle.
 *
 * Entries. An entry is a number: page and place within it. A page keeps `next`, `prev` and `deadline` (32 bits each, one
 * cache line) beside an array of sleepers. Pages that have emptied are dropped, so memory follows the number held. No
 * array is ever copied to grow.
 *
 * Proof of worth: `npm run bench -- many-sleeps`.
 */
import type { Woken } from "./clock.ts"

const PAGE_BITS = 14
const PAGE_SIZE = 1 << PAGE_BITS
const PAGE_MASK = PAGE_SIZE - 1
const FIELDS = 3
const NEXT = 0
const PREV = 1
const DEADLINE = 2
const NONE = -1

const LEVELS = 4
const SLOTS = 256
const WORDS = SLOTS / 32
/** What a slot of the highest level covers, and how many of those may be in the wheel: half the circle. */
const BLOCK = 2 ** 24
const BLOCKS = 128

class Page {
  readonly links = new Int32Array(PAGE_SIZE * FIELDS)
  readonly sleepers: unknown[] = new Array(PAGE_SIZE)
  free = NONE
  fresh = 0
  live = 0
  listed = true
}

/** Where the fields of an entry begin in the links of its page. */
function offset(entry: number): number {
  return (entry & PAGE_MASK) * FIELDS
}

/** The tick from which on a deadline is in the wheel. */
function nearFrom(deadline: number): number {
  return (Math.floor(deadline / BLOCK) - BLOCKS + 1) * BLOCK
}

export class Wheel {
  /** The tick up to which everything has been taken. */
  current: number
  /** How many entries are held. */
  size = 0

  readonly #heads = new Int32Array(LEVELS * SLOTS).fill(NONE)
  readonly #tails = new Int32Array(LEVELS * SLOTS).fill(NONE)
  readonly #occupied = new Int32Array(LEVELS * WORDS)
  readonly #pages: (Page | undefined)[] = []
  readonly #roomy: number[] = []
  readonly #vacant: number[] = []
  #empty = NONE
  /** Entries that do not keep the process alive: rare, so not a field of each. */
  readonly #loose = new Set<number>()
  readonly #far = new Map<number, number>()
  #farEvent = Infinity

  /** How many entries are to keep the process alive. */
  get keeping(): number {
    return this.size - this.#loose.size
  }

  constructor(current: number) {
    this.current = current
  }

  /** Holds `sleeper` until `deadline`, an integer tick after `current`; keeps the process alive unless `ref` is false. */
  add(deadline: number, sleeper: unknown, ref = true): number {
    const index = this.#roomyPage()
    const page = this.#pages[index]!
    let place = page.free
    if (place === NONE) place = page.fresh++
    else page.free = page.links[place * FIELDS + NEXT]!
    page.live++
    page.sleepers[place] = sleeper
    this.size++
    const entry = (index << PAGE_BITS) | place
    if (!ref) this.#loose.add(entry)
    if (this.#isNear(deadline)) this.#link(entry, page.links, place * FIELDS, deadline | 0)
    else this.#putFar(entry, deadline)
    return entry
  }

  /** Takes an entry out before its time. */
  remove(entry: number): void {
    if (this.#far.size === 0 || !this.#far.delete(entry)) this.#unlink(entry)
    this.#release(entry)
  }

  /** The tick of the next event (a slot that is due or must move down), Infinity if there is none. */
  nextEvent(): number {
    const low = this.current | 0
    for (let level = 0; level < LEVELS; level++) {
      const shift = level * 8
      const digit = (low >>> shift) & 255
      const slot = this.#nextOccupied(level, level === 0 ? digit : digit + 1)
      if (slot !== NONE) return Math.min(this.#tickOf(shift, digit, slot), this.#farEvent)
    }
    const wrapped = this.#nextOccupied(LEVELS - 1, 0)
    if (wrapped === NONE) return this.#farEvent
    return Math.min(this.#tickOf(24, (low >>> 24) & 255, wrapped + SLOTS), this.#farEvent)
  }

  /**
   * Moves `current` towards `target` and hands out what is due by then, at most `limit` sleepers. True if it stopped at
   * the limit.
   */
  take(target: number, limit: number, woken: Woken): boolean {
    let left = limit
    for (;;) {
      const slot = (this.current | 0) & 255
      while (this.#heads[slot] !== NONE) {
        if (left-- === 0) return true
        const entry = this.#heads[slot]
        woken.push(this.#pages[entry >>> PAGE_BITS]!.sleepers[entry & PAGE_MASK])
        this.#unlink(entry)
        this.#release(entry)
      }
      const event = this.nextEvent()
      if (event > target) break
      this.current = event
      this.#descend()
    }
    if (target > this.current) this.current = target
    return false
  }

  /** The tick at which an entry is due. */
  deadlineOf(entry: number): number {
    const far = this.#far.get(entry)
    if (far !== undefined) return far
    return this.current + ((this.#links(entry)[offset(entry) + DEADLINE] - this.current) | 0)
  }

  /** Visits every entry held. */
  forEach(visit: (sleeper: unknown, entry: number) => void): void {
    for (const entry of this.#far.keys()) visit(this.#sleeper(entry), entry)
    for (let slot = 0; slot < this.#heads.length; slot++) {
      for (let entry = this.#heads[slot]; entry !== NONE;) {
        const next = this.#links(entry)[offset(entry) + NEXT]
        visit(this.#sleeper(entry), entry)
        entry = next
      }
    }
  }

  #links(entry: number): Int32Array {
    return this.#pages[entry >>> PAGE_BITS]!.links
  }

  #sleeper(entry: number): unknown {
    return this.#pages[entry >>> PAGE_BITS]!.sleepers[entry & PAGE_MASK]
  }

  // --- slots ---------------------------------------------------------------------------------------------------------

  #slotOf(deadline: number): number {
    const low = this.current | 0
    const differing = deadline ^ low
    if (differing >>> 8 === 0) return deadline & 255
    const level = (31 - Math.clz32(differing)) >>> 3
    return level * SLOTS + ((deadline >>> (level * 8)) & 255)
  }

  #link(entry: number, links: Int32Array, at: number, deadline: number): void {
    const slot = this.#slotOf(deadline)
    const tail = this.#tails[slot]
    links[at + NEXT] = NONE
    links[at + PREV] = tail
    links[at + DEADLINE] = deadline
    this.#tails[slot] = entry
    if (tail === NONE) {
      this.#heads[slot] = entry
      this.#occupied[slot >>> 5] |= 1 << (slot & 31)
    } else {
      this.#links(tail)[offset(tail) + NEXT] = entry
    }
  }

  #unlink(entry: number): void {
    const links = this.#links(entry)
    const at = offset(entry)
    const next = links[at + NEXT]
    const prev = links[at + PREV]
    if (next !== NONE && prev !== NONE) {
      this.#links(prev)[offset(prev) + NEXT] = next
      this.#links(next)[offset(next) + PREV] = prev
      return
    }
    const slot = this.#slotOf(links[at + DEADLINE])
    if (prev === NONE) this.#heads[slot] = next
    else this.#links(prev)[offset(prev) + NEXT] = next
    if (next === NONE) this.#tails[slot] = prev
    else this.#links(next)[offset(next) + PREV] = prev
    if (prev === NONE && next === NONE) this.#occupied[slot >>> 5] &= ~(1 << (slot & 31))
  }

  /** `current` has come to the first tick of some slots: what waits in them belongs one level or more further down. */
  #descend(): void {
    if (this.current >= this.#farEvent) this.#bringNear()
    const low = this.current | 0
    for (let level = LEVELS - 1; level > 0; level--) {
      const shift = level * 8
      if ((low & ((1 << shift) - 1)) === 0) this.#spill(level * SLOTS + ((low >>> shift) & 255))
    }
  }

  #spill(slot: number): void {
    let entry = this.#heads[slot]
    this.#heads[slot] = NONE
    this.#tails[slot] = NONE
    this.#occupied[slot >>> 5] &= ~(1 << (slot & 31))
    while (entry !== NONE) {
      const links = this.#links(entry)
      const at = offset(entry)
      const next = links[at + NEXT]
      this.#link(entry, links, at, links[at + DEADLINE])
      entry = next
    }
  }

  #nextOccupied(level: number, from: number): number {
    const first = level * WORDS
    for (let word = from >>> 5; word < WORDS; word++) {
      const skipped = word === from >>> 5 ? from & 31 : 0
      const bits = this.#occupied[first + word] & (-1 << skipped)
      if (bits !== 0) return word * 32 + 31 - Math.clz32(bits & -bits)
    }
    return NONE
  }

  /** The first tick of a slot, given the digit of `current` at its level. */
  #tickOf(shift: number, digit: number, slot: number): number {
    const unit = 1 << shift
    return this.current - (this.current & (unit - 1)) + (slot - digit) * unit
  }

  // --- far away ------------------------------------------------------------------------------------------------------

  #putFar(entry: number, deadline: number): void {
    this.#far.set(entry, deadline)
    this.#farEvent = Math.min(this.#farEvent, nearFrom(deadline))
  }

  #isNear(deadline: number): boolean {
    return this.current >= nearFrom(deadline)
  }

  #bringNear(): void {
    this.#farEvent = Infinity
    for (const [entry, deadline] of this.#far) {
      if (!this.#isNear(deadline)) {
        this.#farEvent = Math.min(this.#farEvent, nearFrom(deadline))
        continue
      }
      this.#far.delete(entry)
      const links = this.#links(entry)
      this.#link(entry, links, offset(entry), deadline | 0)
    }
  }

  // --- pages ---------------------------------------------------------------------------------------------------------

  #roomyPage(): number {
    while (this.#roomy.length > 0) {
      const index = this.#roomy[this.#roomy.length - 1]
      const page = this.#pages[index]
      if (page !== undefined && (page.free !== NONE || page.fresh < PAGE_SIZE)) return index
      if (page !== undefined) page.listed = false
      this.#roomy.pop()
    }
    const index = this.#vacant.pop() ?? this.#pages.length
    this.#pages[index] = new Page()
    this.#roomy.push(index)
    return index
  }

  #release(entry: number): void {
    const index = entry >>> PAGE_BITS
    const page = this.#pages[index]!
    const place = entry & PAGE_MASK
    page.sleepers[place] = undefined
    page.links[place * FIELDS + NEXT] = page.free
    page.free = place
    this.size--
    if (this.#loose.size > 0) this.#loose.delete(entry)
    if (--page.live === 0) this.#emptied(page, index)
    else if (!page.listed) this.#list(page, index)
  }

  #list(page: Page, index: number): void {
    page.listed = true
    this.#roomy.push(index)
  }

  /** One empty page is kept for what comes next; the others are dropped, and `roomyPage` passes over their indexes. */
  #emptied(page: Page, index: number): void {
    const kept = this.#empty === NONE ? undefined : this.#pages[this.#empty]
    if (kept !== undefined && kept !== page && kept.live === 0) {
      this.#pages[index] = undefined
      this.#vacant.push(index)
      return
    }
    this.#empty = index
    page.free = NONE
    page.fresh = 0
    if (!page.listed) this.#list(page, index)
  }
}
