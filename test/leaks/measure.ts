import { timersSet, turn } from "./host-timers.ts"
import { Runtime, Task } from "rapid-fiber"
import { type Growth, Sampler } from "./growth.ts"
import { canCollect, collect } from "./heap.ts"
import type { Form, Rounds, Shape } from "./shape.ts"
import { Watch } from "./watch.ts"

/** What is left of a shape after its rounds, while what it has made to live on is still there. */
export interface Findings {
  /** Undefined where the host cannot be told to collect. */
  readonly growth: Growth | undefined
  readonly rounds: number
  readonly listeners: number
  readonly timers: number
  readonly fibers: number
  readonly open: number
  readonly retained: number
  /** The runtime had nothing left to cancel: it was closed at once. */
  readonly closedAtOnce: boolean
}

/** Rounds from outside in one turn of the host. */
const TURN = 256

export async function measure(shape: Shape, form: Form): Promise<Findings> {
  const runtime = Runtime.make({ clock: shape.clock ?? "wheel", onUnhandled: () => {} })
  const watch = new Watch(runtime)
  const work = shape.open(watch)
  const timersOfItsOwn = timersSet()
  const pace = new Pace(shape, form)
  await ("edge" in work ? fromOutside(work.edge, pace) : inOneFiber(programOf(work), pace, runtime))
  await collect()
  const { listeners, fibers, open } = watch
  const retained = canCollect() ? watch.retained : 0
  const timers = timersSet() - timersOfItsOwn
  const closedAtOnce = await closesAtOnce(runtime)
  await work.close?.()
  return {
    growth: pace.growth,
    rounds: pace.rounds * (shape.width ?? 1),
    listeners,
    timers,
    fibers,
    open,
    retained,
    closedAtOnce,
  }
}

function programOf(work: Exclude<Rounds, { edge: unknown }>): (step: Task<void>) => Task<unknown, unknown> {
  if ("program" in work) return work.program
  return (step) =>
    Task.gen(function* () {
      for (;;) {
        yield* work.round()
        yield* step
      }
    })
}

async function inOneFiber(
  program: (step: Task<void>) => Task<unknown, unknown>,
  pace: Pace,
  runtime: Runtime,
): Promise<void> {
  // Several fibers may come to the step at once: all wait while a sample is taken.
  const pause = Task.promise(() => pace.sample())
  const step = Task.defer(() => (pace.isDue() ? pause : Task.unit))
  const fiber = program(step.flatMap(() => (pace.over ? Task.never : Task.unit))).run({ runtime })
  await Promise.race([pace.end, fiber])
  if (fiber.poll() !== undefined) throw new Error("Expected a program without end, got one that ended by itself")
  await fiber.cancel()
}

async function fromOutside(edge: () => Promise<unknown> | void, pace: Pace): Promise<void> {
  while (!pace.over) {
    await edge()
    if (pace.isDue()) await pace.sample()
    // Promises alone would never let the host have its turn, in which what has piled up is seen to.
    else if (pace.rounds % TURN === 0) await turn()
  }
}

/** Counts the rounds and says when to stop and look. */
class Pace {
  rounds = 0
  over = false
  readonly end: Promise<void>
  readonly #sampler: Sampler
  readonly #atMost: number
  #left: number
  #sampling: Promise<void> | undefined
  #finish: () => void = () => {}

  constructor(shape: Shape, form: Form) {
    this.#sampler = new Sampler(shape, form)
    this.#atMost = shape.rounds[form]
    this.#left = this.#sampler.every
    this.end = new Promise((resolve) => (this.#finish = resolve))
  }

  get growth(): Growth | undefined {
    return canCollect() ? this.#sampler.growth : undefined
  }

  /** Called once per round. */
  isDue(): boolean {
    if (this.#sampling !== undefined) return true
    this.rounds++
    return --this.#left <= 0
  }

  sample(): Promise<void> {
    return (this.#sampling ??= this.#sample())
  }

  async #sample(): Promise<void> {
    // Without a collector there is nothing to read, and the rounds are run for what else they leave.
    if (canCollect()) this.over = await this.#sampler.sample()
    else await turn()
    this.over ||= !canCollect() && this.rounds >= this.#atMost
    this.#left = this.#sampler.every
    this.#sampling = undefined
    if (this.over) this.#finish()
  }
}

/** With nothing to cancel, the promise is there at once; a fiber that is left takes at least a turn of the loop to end. */
async function closesAtOnce(runtime: Runtime): Promise<boolean> {
  let closed = false
  const closing = runtime.close().then(() => (closed = true))
  await Promise.resolve()
  const atOnce = closed
  await closing
  return atOnce
}
