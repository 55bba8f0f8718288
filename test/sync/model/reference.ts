/**
 * What the suites beside this file share: a runtime of the model, whose fibers are generators that yield where they
 * wait, and what compares it with the real one.
 *
 * The model runs as the guide says that Tasks do: what is run from outside goes on at once until it waits, and who is
 * woken goes on in the order of the waking when nobody runs, so not before the test lets the host have its turn.
 * Between two such turns a test can therefore act on fibers that have been woken and have not run: the moments that
 * matter.
 */
import { expect } from "vitest"
import { ClosedError, type Fiber, Task } from "rapid-fiber"
import { TestRuntime } from "rapid-fiber/testing"

/** A body of the model: it yields where it waits. */
export type Body<A> = Generator<undefined, A, undefined>

/** A failure that the model foresees; `reason` is in the words of `told`. */
export class Foreseen extends Error {
  readonly reason: string

  constructor(reason: string) {
    super(`The model foresees a failure: ${reason}`)
    this.reason = reason
  }
}

export type Outcome = "running" | "fulfilled" | "cancelled" | `rejected: ${string}`

/** A fiber of the model. */
export class ModelFiber {
  outcome: Outcome = "running"
  /** It has been woken and has not run yet. */
  woken = false
  /** It has been told to stop. */
  aborted = false
  readonly masked: boolean
  readonly log: unknown[] = []
  body: Body<void> | undefined
  /** Gives up what it waits for. */
  leave: (() => void) | undefined

  constructor(masked: boolean) {
    this.masked = masked
  }
}

export class ModelRuntime {
  readonly #ready: ModelFiber[] = []

  /** Runs a body until it waits. */
  run(body: (self: ModelFiber) => Body<void>, masked = false): ModelFiber {
    const fiber = new ModelFiber(masked)
    fiber.body = body(fiber)
    this.#step(fiber)
    return fiber
  }

  wake(fiber: ModelFiber): void {
    expect(fiber.woken, "The model wakes a fiber twice").toBe(false)
    fiber.woken = true
    this.#ready.push(fiber)
  }

  /** Who waits leaves at once, and cleans up when it is its turn to run; who has been woken already does both then. */
  abort(fiber: ModelFiber): void {
    if (fiber.outcome !== "running" || fiber.aborted) return
    fiber.aborted = true
    if (fiber.masked || fiber.woken) return
    leave(fiber)
    this.wake(fiber)
  }

  /** Everybody who can go on does. */
  settle(): void {
    for (let fiber = this.#ready.shift(); fiber !== undefined; fiber = this.#ready.shift()) {
      fiber.woken = false
      if (fiber.aborted && !fiber.masked) this.#stop(fiber)
      else this.#step(fiber)
    }
  }

  #step(fiber: ModelFiber): void {
    try {
      if (fiber.body?.next().done) fiber.outcome = fiber.aborted ? "cancelled" : "fulfilled"
    } catch (error) {
      if (!(error instanceof Foreseen)) throw error
      fiber.outcome = fiber.aborted ? "cancelled" : `rejected: ${error.reason}`
    }
  }

  #stop(fiber: ModelFiber): void {
    leave(fiber)
    fiber.outcome = "cancelled"
    fiber.body?.return()
  }
}

function leave(fiber: ModelFiber): void {
  const { leave } = fiber
  fiber.leave = undefined
  leave?.()
}

/** Suspends a body of the model; `left` is called where it is cancelled before it goes on. */
export function* wait(fiber: ModelFiber, left: () => void): Body<void> {
  fiber.leave = left
  yield
  fiber.leave = undefined
}

/** Takes an item out of an array that has it. */
export function takeOut<T>(items: T[], item: T): void {
  const at = items.indexOf(item)
  expect(at, "The model takes out what is not there").toBeGreaterThanOrEqual(0)
  items.splice(at, 1)
}

/** A real fiber, what it has written down, and what the model says of it. */
export interface Pair {
  readonly fiber: Fiber<unknown, unknown>
  readonly log: unknown[]
  readonly model: ModelFiber
}

/** A reason, in a word. */
function told(reason: unknown): string {
  if (reason instanceof ClosedError) return `closed ${reason.what}`
  return reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason)
}

export function outcomeOf(fiber: Fiber<unknown, unknown>): Outcome {
  const exit = fiber.poll()
  if (exit === undefined) return "running"
  return exit.status === "rejected" ? `rejected: ${told(exit.reason)}` : exit.status
}

/** Both runtimes, side by side. */
export class World {
  readonly unhandled: unknown[] = []
  readonly test = TestRuntime.make({ onUnhandled: (reason) => void this.unhandled.push(reason) })
  readonly model = new ModelRuntime()
  readonly pairs: Pair[] = []

  /** Runs a task and the body that foresees what it does; both write down what they have got. */
  run(
    task: (log: unknown[]) => Task<unknown, unknown>,
    body: (self: ModelFiber, log: unknown[]) => Body<void>,
    masked = false,
  ): Pair {
    const log: unknown[] = []
    const model = this.model.run((self) => body(self, self.log), masked)
    const whole = masked ? Task.uncancelable(() => task(log)) : task(log)
    const pair = { fiber: whole.run({ runtime: this.test }), log, model }
    // Somebody looks at its end, so that no failure is taken for one that nobody has seen.
    pair.fiber.onExit(() => {})
    this.pairs.push(pair)
    return pair
  }

  /** One of the fibers that have not ended. */
  pick(n: number): Pair | undefined {
    const running = this.pairs.filter(({ model }) => model.outcome === "running")
    return running.length === 0 ? undefined : running[n % running.length]
  }

  /** Tells a fiber to stop. */
  abort(pair: Pair | undefined): void {
    pair?.fiber.abort("stop")
    if (pair !== undefined) this.model.abort(pair.model)
  }

  async settle(): Promise<void> {
    this.model.settle()
    await this.test.advance(0)
  }

  /** Every fiber is where the model says, and has got what the model says. */
  compare(): void {
    const real = this.pairs.map(({ fiber, log }) => [outcomeOf(fiber), log])
    expect(real).toEqual(this.pairs.map(({ model }) => [model.outcome, model.log]))
  }

  /** Nobody is left in any line when all have been cancelled, and nothing was reported as seen by nobody. */
  async end(): Promise<void> {
    for (const pair of this.pairs) this.abort(pair)
    await this.settle()
    this.compare()
    await this.test.close()
    expect(this.unhandled).toEqual([])
  }
}
