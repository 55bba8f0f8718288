/**
 * Ways of choosing a schedule.
 *
 *     Recorded   whatever another chooses, written down; and from what is written down the same again
 *     Uniform    at random, with a probability of giving way
 *     Priority   PCT (Burckhardt et al., "A randomized scheduler with probabilistic guarantees of finding bugs", 2010):
 *                fibers have random priorities, the highest runs, and at a few random steps the running one falls to the
 *                bottom; it finds a bug that needs d such changes among n steps with a probability known beforehand
 *     Depth      all of them, depth first, with at most so many times of giving way
 */
import { Group } from "../fiber/index.ts"
import type { Chooser } from "./order.ts"
import type { Random } from "./random.ts"

/** What was chosen, where it was not the default: the number of the choice, and what. */
export type Choices = ReadonlyMap<number, number>

/** First-in first-out, and nobody gives way. */
export const inOrder: Chooser = { pick: () => 0, preempt: () => false }

/** Numbers the choices, and keeps those that are not the default. */
export class Recorded implements Chooser {
  readonly choices = new Map<number, number>()
  #count = 0
  readonly #chooser: Chooser

  constructor(chooser: Chooser) {
    this.#chooser = chooser
  }

  pick(entries: ReadonlyArray<unknown>, from: number, count: number): number {
    return this.#keep(this.#chooser.pick(entries, from, count))
  }

  preempt(running: object | undefined, entries: ReadonlyArray<unknown>, from: number, count: number): boolean {
    return this.#keep(this.#chooser.preempt(running, entries, from, count) ? 1 : 0) === 1
  }

  #keep(chosen: number): number {
    if (chosen !== 0) this.choices.set(this.#count, chosen)
    this.#count++
    return chosen
  }
}

/** Chooses what was chosen before. */
export class Replayed implements Chooser {
  #count = 0
  readonly #choices: Choices

  constructor(choices: Choices) {
    this.#choices = choices
  }

  pick(_entries: ReadonlyArray<unknown>, _from: number, count: number): number {
    return Math.min(this.#next(), count - 1)
  }

  preempt(): boolean {
    return this.#next() > 0
  }

  #next(): number {
    return this.#choices.get(this.#count++) ?? 0
  }
}

export class Uniform implements Chooser {
  readonly #random: Random
  readonly #givesWay: number

  /** `givesWay` is the probability of it, before each operation. */
  constructor(random: Random, givesWay: number) {
    this.#random = random
    this.#givesWay = givesWay
  }

  pick(_entries: ReadonlyArray<unknown>, _from: number, count: number): number {
    return this.#random.below(count)
  }

  preempt(): boolean {
    return this.#random.next() < this.#givesWay
  }
}

export class Priority implements Chooser {
  readonly #random: Random
  readonly #priorities = new WeakMap<object, number>()
  readonly #changes: Set<number>
  #steps = 0
  #lowest = 0

  /** `changes` times the running fiber falls to the bottom, at steps below `steps`. */
  constructor(random: Random, changes: number, steps: number) {
    this.#random = random
    this.#changes = new Set(Array.from({ length: changes }, () => 1 + random.below(Math.max(steps, 1))))
  }

  pick(entries: ReadonlyArray<unknown>, from: number, count: number): number {
    let best = 0
    for (let i = 1; i < count; i++) {
      if (this.#of(entries[from + i]) > this.#of(entries[from + best])) best = i
    }
    return best
  }

  preempt(running: object | undefined, entries: ReadonlyArray<unknown>, from: number, count: number): boolean {
    if (running === undefined) return false
    if (this.#changes.has(++this.#steps)) {
      this.#priorities.set(running, --this.#lowest)
      return true
    }
    const own = this.#of(running)
    for (let i = 0; i < count; i++) if (this.#of(entries[from + i]) > own) return true
    return false
  }

  #of(entry: unknown): number {
    const key = whose(entry)
    let priority = this.#priorities.get(key)
    if (priority === undefined) this.#priorities.set(key, (priority = this.#random.next()))
    return priority
  }
}

/** A group counts as the fiber that waits for it. */
function whose(entry: unknown): object {
  return entry instanceof Group ? entry.fiber : (entry as object)
}

/** One chooser for many runs: after each, `next` says whether there is another schedule. */
export class Depth implements Chooser {
  readonly #path: { chosen: number; readonly count: number }[] = []
  readonly #bound: number
  #at = 0
  #givenWay = 0

  /** `bound` is how often fibers may give way in one run. */
  constructor(bound: number) {
    this.#bound = bound
  }

  pick(_entries: ReadonlyArray<unknown>, _from: number, count: number): number {
    return this.#choose(count)
  }

  preempt(): boolean {
    if (this.#givenWay === this.#bound) return false
    const chosen = this.#choose(2)
    this.#givenWay += chosen
    return chosen === 1
  }

  #choose(count: number): number {
    const place = (this.#path[this.#at] ??= { chosen: 0, count })
    this.#at++
    return Math.min(place.chosen, count - 1)
  }

  /** Goes back to the last choice that has an alternative left. */
  next(): boolean {
    this.#at = 0
    this.#givenWay = 0
    for (let last = this.#path.at(-1); last !== undefined; last = this.#path.at(-1)) {
      if (++last.chosen < last.count) return true
      this.#path.pop()
    }
    return false
  }
}
