import { expect, it } from "vitest"
import { type Fiber, Task } from "rapid-fiber"
import { explore, type Trial } from "rapid-fiber/testing"

/** Schedules for each program. */
const RUNS = 10_000

/** A test that tries a program under many schedules, with each of these fibers cancelled at every step. */
export function itHolds(
  name: string,
  program: (trial: Trial) => Task<unknown, unknown>,
  cancel: ReadonlyArray<string>,
): void {
  it(name, async () => {
    const found = await explore(program, { runs: RUNS, cancel })
    expect(found.runs).toBe(RUNS)
  })
}

/** Runs these side by side, each in a fiber of its name, and waits until all have ended, however that is. */
export function together(tasks: Readonly<Record<string, Task<unknown, unknown>>>): Task<void> {
  return Task.gen(function* () {
    const fibers: Fiber<unknown>[] = []
    for (const [name, task] of Object.entries(tasks)) fibers.push(yield* task.attempt().startDetached({ name }))
    for (const fiber of fibers) yield* fiber.join().attempt()
  })
}

/** Throws unless it holds: inside a program, so that the schedule is shown. */
export function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`Expected ${what}.`)
}

/** Counts who is inside, and complains about too many. */
export class Room {
  inside = 0
  entered = 0
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  /** Stays for some steps, and leaves whatever happens. */
  visit(places = 1): Task<void> {
    return Task.uncancelable((restore) =>
      Task.sync(() => {
        this.inside += places
        this.entered++
        must(this.inside <= this.#most, `at most ${this.#most} inside, got ${this.inside}`)
      })
        .andThen(restore(Task.yield()))
        .finally(() => {
          this.inside -= places
        }),
    )
  }
}
