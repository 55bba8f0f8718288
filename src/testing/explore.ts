/** Looks for the schedule that breaks a program. */
import { type Host, PlatformHost } from "../clock/index.ts"
import { describe } from "../data/index.ts"
import { Replayed } from "./choosers.ts"
import { ExplorationError } from "./exploration-error.ts"
import { Cancelled, plan, type Strategy } from "./plan.ts"
import { Random } from "./random.ts"
import { shrink } from "./shrink.ts"
import { parseToken, type Replayable, tokenOf } from "./token.ts"
import { type Finding, MAIN, type Program, runTrial, type TrialResult } from "./trial.ts"

/** What `explore` may be told. Everything has a default. */
export interface ExploreOptions extends ReplayOptions {
  /** How many schedules are tried at most. An integer >= 1. Default 1000. */
  readonly runs?: number
  /** An integer, from which the random schedules come: another one tries others. Default 0. */
  readonly seed?: number
  /**
   * How schedules are chosen. "random": at each step at random. "pct": random priorities that change at few steps, which
   * finds bugs that need few changes among many steps. "exhaustive": every schedule with at most `preemptions`
   * preemptions, for small programs; the others never know that they have tried all. "mixed": something of each. Default
   * "mixed".
   */
  readonly strategy?: Strategy
  /** How often fibers give way in one run of the exhaustive search. An integer >= 0. Default 2. */
  readonly preemptions?: number
  /**
   * Cancels somebody in each run, before every step in turn and then at random: `true` the program itself, or the fibers
   * of these names (`start({ name })`). A cancellation is then no failure; what it leaves behind is. Default false.
   */
  readonly cancel?: boolean | string | ReadonlyArray<string>
}

/** What `explore` and `replay` may be told. */
export interface ReplayOptions {
  /** Steps after which a run is taken for endless. An integer >= 1. Default 20 000. */
  readonly maxSteps?: number
  /**
   * Turns of the host's event loop that a promise or a callback may take when nothing else can go on. More where programs
   * wait for real input and output. An integer >= 0. Default 10.
   */
  readonly patience?: number
}

/** What `explore` has done, when nothing was found. */
export interface Exploration {
  /** Schedules tried. */
  readonly runs: number
  /** Every schedule that the strategy knows has been tried. */
  readonly complete: boolean
}

/** Runs that shrinking may take. */
const SHRINKING = 2000
/** Milliseconds after which the host gets a turn. */
const SLICE = 20

/**
 * Runs a program under many schedules: who of those that are ready goes next, and where a fiber gives way, are chosen
 * anew each time, within what production may do; time is virtual. Rejects with an `ExplorationError` at the first failure,
 * deadlock, leak or run without end, after shrinking the schedule to the few choices that matter.
 *
 * Hand over a function that makes the program with fresh state: a state that outlives a run makes runs differ. The
 * program must be deterministic but for its schedule (no `Math.random`, no `Date.now`, no real timers).
 *
 * @throws TypeError, RangeError for options out of their range, as rejections.
 *
 * @example
 * ```ts
 * import { explore } from "rapid-fiber/testing"
 * const counting = (trial: Trial) => {
 *   let count = 0
 *   const increment = Task.gen(function* () {
 *     const read = yield* Task.sync(() => count)
 *     yield* Task.yield()
 *     count = read + 1
 *   })
 *   trial.check(() => {
 *     if (count !== 2) throw new Error(`Expected 2, got ${count}.`)
 *   })
 *   return Task.all([increment, increment])
 * }
 * const found = await explore(counting).catch((error) => error)
 * found.kind // "failure"
 * ```
 */
export async function explore(program: Program, options: ExploreOptions = {}): Promise<Exploration> {
  const limits = limitsOf(options)
  const runs = integer(options.runs, "runs", 1000, 1)
  const seed = integer(options.seed, "seed", 0, -Infinity)
  const preemptions = integer(options.preemptions, "preemptions", 2, 0)
  const strategy = options.strategy ?? "mixed"
  if (!["mixed", "random", "pct", "exhaustive"].includes(strategy)) {
    throw new RangeError(`Expected \`strategy\` to be mixed, random, pct or exhaustive, got ${describe(strategy)}.`)
  }
  const cancelled = new Cancelled(namesOf(options.cancel))
  const plans = plan({ strategy, runs, random: new Random(seed), preemptions, cancelled })
  const breathe = breather()
  let tried = 0
  let result: TrialResult | undefined
  for (;;) {
    // What the last run has shown is what the next is made of.
    const next = plans.next(result as TrialResult)
    if (next.done) {
      cancelled.expectMet(tried)
      return { runs: tried, complete: next.value }
    }
    const { chooser, injection } = next.value
    result = await runTrial(program, chooser, { ...limits, injection, trace: false })
    tried++
    cancelled.meet(result.fibers)
    if (result.finding !== undefined) {
      const found = { choices: result.choices, injection }
      throw await explained(program, found, result.finding, limits, ` (found in run ${tried} of ${runs}, seed ${seed})`)
    }
    await breathe()
  }
}

/**
 * Runs a program under the schedule of a token that `explore` has printed, and rejects as `explore` did. Resolves if
 * nothing is wrong any more. A token counts choices and steps: in a program that has changed they may lie elsewhere, so
 * keep `explore` itself in the test suite beside it.
 *
 * @throws TypeError for what is no token, as a rejection.
 */
export async function replay(token: string, program: Program, options: ReplayOptions = {}): Promise<void> {
  const { choices, injection } = parseToken(token)
  const { finding, slices } = await runTrial(program, new Replayed(choices), {
    ...limitsOf(options),
    injection,
    trace: true,
  })
  if (finding !== undefined) throw new ExplorationError(finding, token, slices, "")
}

/** Gives the host a turn whenever its time has come. */
function breather(): () => Promise<void> {
  let last = performance.now()
  return async () => {
    if (performance.now() - last <= SLICE) return
    await new Promise<void>((resolve) => setTimeout(resolve, 0))
    last = performance.now()
  }
}

/** Shrinks what was found and runs it once more to write down what happens. */
async function explained(
  program: Program,
  found: Replayable,
  finding: Finding,
  limits: Limits,
  where: string,
): Promise<ExplorationError> {
  const run = ({ choices, injection }: Replayable, trace: boolean): Promise<TrialResult> =>
    runTrial(program, new Replayed(choices), { ...limits, injection, trace })
  const breathe = breather()
  const fails = async (candidate: Replayable): Promise<boolean> => {
    await breathe()
    return same((await run(candidate, false)).finding, finding)
  }

  if (!(await fails(found))) {
    const message = `${finding.message}\n(The same choices went otherwise the second time: the program depends on more than its schedule.)`
    return new ExplorationError({ ...finding, message }, tokenOf(found), [], where)
  }
  const smallest = await shrink(found, fails, SHRINKING)
  const shown = await run(smallest, true)
  return new ExplorationError(shown.finding ?? finding, tokenOf(smallest), shown.slices, where)
}

/** The same thing goes wrong, as far as one can tell: values in messages may differ. */
function same(a: Finding | undefined, b: Finding): boolean {
  if (a === undefined || a.kind !== b.kind) return false
  return (a.cause as Error | undefined)?.constructor === (b.cause as Error | undefined)?.constructor
}

interface Limits {
  readonly host: Host
  readonly maxSteps: number
  readonly patience: number
}

function limitsOf(options: ReplayOptions): Limits {
  return {
    host: new PlatformHost(),
    maxSteps: integer(options.maxSteps, "maxSteps", 20_000, 1),
    patience: integer(options.patience, "patience", 10, 0),
  }
}

function integer(given: number | undefined, name: string, preset: number, least: number): number {
  const value = given ?? preset
  if (Number.isSafeInteger(value) && value >= least) return value
  const bound = least === -Infinity ? "" : ` >= ${least}`
  throw new RangeError(`Expected \`${name}\` to be an integer${bound}, got ${describe(given)}.`)
}

function namesOf(cancel: ExploreOptions["cancel"]): ReadonlyArray<string> {
  if (cancel === undefined || cancel === false) return []
  if (cancel === true) return [MAIN]
  const names = typeof cancel === "string" ? [cancel] : cancel
  if (Array.isArray(names) && names.every((name) => typeof name === "string")) return names
  throw new TypeError(`Expected \`cancel\` to be a boolean or names of fibers, got ${describe(cancel)}.`)
}
