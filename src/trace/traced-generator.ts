import { start, stop, threw } from "./called.ts"
import type { Site } from "./site.ts"
import type { Trail } from "./trail.ts"

/** The generator whose body runs now. */
let running: TracedGenerator | undefined

type Step = IteratorResult<unknown, unknown>
/** What a body returns. */
export type Steps = Generator<unknown, unknown, unknown>

/**
 * A generator that knows where it is: `yield*` asks its task for an iterator from inside the body, and that place is kept
 * here while it waits.
 */
export class TracedGenerator {
  /** Where its task was made. */
  readonly trail: Trail
  /** The `yield*` at which it waits. */
  at: Site | undefined = undefined
  readonly #generator: Steps
  readonly #name: string

  constructor(generator: Steps, trail: Trail, name: string) {
    this.#generator = generator
    this.trail = trail
    this.#name = name
  }

  static get running(): TracedGenerator | undefined {
    return running
  }

  next(value?: unknown): Step {
    return this.#step((generator) => generator.next(value))
  }

  throw(error: unknown): Step {
    return this.#step((generator) => generator.throw(error))
  }

  return(): Step {
    return this.#step((generator) => generator.return(undefined))
  }

  #step(step: (generator: Steps) => Step): Step {
    const outer = running
    const from = this.at ?? this.trail.site
    const began = start()
    run(this)
    try {
      return step(this.#generator)
    } catch (error) {
      threw(error, this.trail)
      throw error
    } finally {
      run(outer)
      stop(began, from, this.#name)
    }
  }
}

function run(generator: TracedGenerator | undefined): void {
  running = generator
}
