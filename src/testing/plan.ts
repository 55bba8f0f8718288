/** Which schedules are tried, one after the other. */
import { Depth, inOrder, Priority, Uniform } from "./choosers.ts"
import type { Chooser } from "./order.ts"
import type { Random } from "./random.ts"
import type { Injection, TrialResult } from "./trial.ts"

export type Strategy = "mixed" | "random" | "pct" | "exhaustive"

/** One schedule to try. */
interface Plan {
  readonly chooser: Chooser
  readonly injection?: Injection | undefined
}

/** Who is to be cancelled: those of the given names that were met so far. */
export class Cancelled {
  readonly fibers = new Set<string>()
  readonly #names: ReadonlySet<string>
  readonly #missing: Set<string>

  constructor(names: ReadonlyArray<string>) {
    this.#names = new Set(names)
    this.#missing = new Set(names)
  }

  meet(fibers: TrialResult["fibers"]): void {
    if (this.#names.size === 0) return
    for (const [name, given = name] of fibers) {
      if (!this.#names.has(given) && !this.#names.has(name)) continue
      this.fibers.add(name)
      this.#missing.delete(given)
      this.#missing.delete(name)
    }
  }

  expectMet(runs: number): void {
    if (this.#missing.size === 0) return
    throw new Error(
      `Expected \`cancel\` to name fibers of the program, got ${[...this.#missing].join(", ")}: ` +
        `there was none in ${runs} runs. Give the fiber its name: start({ name }).`,
    )
  }
}

export interface Planning {
  readonly strategy: Strategy
  readonly runs: number
  readonly random: Random
  readonly preemptions: number
  readonly cancelled: Cancelled
}

/** The plans, one after the other, given what the last run was like; at the end, whether that is all there is. */
export function* plan(of: Planning): Generator<Plan, boolean, TrialResult> {
  const { strategy, runs, random, preemptions, cancelled } = of
  let left = runs
  let steps = 0
  const tell = (result: TrialResult): void => {
    left--
    steps = Math.max(steps, result.steps)
  }
  tell(yield { chooser: inOrder })

  if (strategy === "exhaustive") {
    // Few preemptions first: most bugs need no more. Without a cancellation first, then with one before each step.
    for (let bound = 0; bound <= preemptions; bound++) {
      for (const injection of [undefined, ...before(cancelled.fibers, () => steps)]) {
        const chooser = new Depth(bound)
        do {
          if (left === 0) return false
          tell(yield { chooser, injection })
        } while (chooser.next())
      }
    }
    return true
  }

  // Somebody is cancelled before every step, where there is room for it; otherwise before some.
  const share = Math.ceil(left / 3)
  const stride = Math.max(1, (steps * cancelled.fibers.size) / share)
  for (const injection of before(cancelled.fibers, () => steps, stride)) {
    if (left === 0) return false
    tell(yield { chooser: inOrder, injection })
  }

  if (strategy === "mixed") {
    const last = left - share
    for (let bound = 0; bound <= preemptions; bound++) {
      const chooser = new Depth(bound)
      do {
        if (left <= last) break
        tell(yield { chooser })
      } while (chooser.next())
    }
  }

  for (let more = left; more > 0; more--) {
    const usesPriorities = strategy === "pct" || (strategy === "mixed" && more % 2 === 0)
    const chooser = usesPriorities ? new Priority(random, more % 4, steps) : new Uniform(random, random.next() ** 2)
    const fibers = [...cancelled.fibers]
    const injection =
      fibers.length > 0 && random.next() < 0.5
        ? { step: 1 + random.below(Math.max(steps, 1)), fiber: fibers[random.below(fibers.length)] }
        : undefined
    tell(yield { chooser, injection })
  }
  return false
}

/** A cancellation before each step, or before some, of each fiber, also of those that are met meanwhile. */
function* before(fibers: ReadonlySet<string>, steps: () => number, stride = 1): Generator<Injection> {
  for (const fiber of fibers) {
    for (let step = 1; step <= steps(); step += stride) yield { step: Math.floor(step), fiber }
  }
}
