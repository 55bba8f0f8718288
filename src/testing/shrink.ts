/** Makes a failing run simpler, as long as it still fails in the same way: fewer choices off the beaten track, smaller ones. */
import type { Injection } from "./trial.ts"
import type { Replayable } from "./token.ts"

type Choice = readonly [number: number, chosen: number]

/** `fails` runs a candidate, and says whether it still fails in the same way. After `most` runs what there is must do. */
export async function shrink(
  run: Replayable,
  fails: (candidate: Replayable) => Promise<boolean>,
  most: number,
): Promise<Replayable> {
  let left = most
  let best = run
  const attempt = async (choices: ReadonlyArray<Choice>, injection: Injection | undefined): Promise<boolean> => {
    if (left-- <= 0) return false
    const candidate = { choices: new Map(choices), injection }
    if (!(await fails(candidate))) return false
    best = candidate
    return true
  }

  if (best.injection !== undefined) await attempt([...best.choices], undefined)
  const round = async (): Promise<void> => {
    const steps = [fewer, smaller, sooner]
    const found: boolean[] = []
    for (const step of steps) found.push(await step(() => best, attempt))
    if (found.includes(true) && left > 0) await round()
  }
  await round()
  return best
}

type Attempt = (choices: ReadonlyArray<Choice>, injection: Injection | undefined) => Promise<boolean>

/** Leaves choices out: halves first, then single ones (delta debugging). */
async function fewer(best: () => Replayable, attempt: Attempt): Promise<boolean> {
  let any = false
  for (let size = best().choices.size; size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < best().choices.size;) {
      const choices = [...best().choices]
      choices.splice(from, size)
      if (await attempt(choices, best().injection)) any = true
      else from += size
    }
  }
  return any
}

/** Takes the first alternative in place of a later one. */
async function smaller(best: () => Replayable, attempt: Attempt): Promise<boolean> {
  let any = false
  for (let i = 0; i < best().choices.size; i++) {
    const choices = [...best().choices]
    const [number, chosen] = choices[i]
    if (chosen > 1 && (await attempt(choices.with(i, [number, 1]), best().injection))) any = true
  }
  return any
}

/** Cancels earlier: as early as the same thing goes wrong. */
async function sooner(best: () => Replayable, attempt: Attempt): Promise<boolean> {
  const { injection, choices } = best()
  if (injection === undefined) return false
  for (let step = 1; step < injection.step; step++) {
    if (await attempt([...choices], { ...injection, step })) return true
  }
  return false
}
