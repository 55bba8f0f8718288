import type { SleepsOptions } from "./arguments.ts"

/** Which sleep comes when: drawn from a fixed seed, so that it can be drawn twice instead of being kept. */
export interface Plan {
  readonly count: number
  /** The distinct durations, in milliseconds, ascending. */
  readonly durations: readonly number[]
  /** How many sleeps have the duration of the same index. */
  readonly sizes: Uint32Array
  /** The longest duration that was drawn. */
  readonly longest: number
  /** Starts over; each call of the result gives the index of the next sleep's duration. */
  draw(): () => number
}

export function planSleeps(options: SleepsOptions): Plan {
  const step = options.uniform ? 1 : 1000
  const durations = Array.from({ length: (options.max * 1000) / step + 1 }, (_, index) => index * step)
  const draw = (): (() => number) => drawing(durations.length)
  const sizes = new Uint32Array(durations.length)
  const next = draw()
  for (let i = 0; i < options.count; i++) sizes[next()]++
  const longest = durations.findLast((_, index) => sizes[index] > 0) ?? 0
  return { count: options.count, durations, sizes, longest, draw }
}

/** Numerical Recipes' linear congruential generator: not random enough for much, but the same everywhere. */
function drawing(choices: number): () => number {
  let state = 20_261_123
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * choices)
  }
}
