import { type Duration, TimeoutError, toMillis } from "../data/index.ts"
import type { Crew } from "./crew.ts"
import { mustBeSignal } from "./errors.ts"
import * as Op from "./node.ts"
import { Task } from "./task.ts"

type AnyTask = Task<unknown, unknown>

/**
 * A task in a fiber of its own, that a time or a signal may end. The crew has no state, so one serves every run.
 */
class Solo implements Crew {
  readonly limit = 1
  readonly #task: AnyTask
  /** Milliseconds. */
  readonly timeout: number | undefined
  readonly late: (() => AnyTask) | undefined
  readonly signal: AbortSignal | undefined

  constructor(task: AnyTask, ms: number | undefined, late: (() => AnyTask) | undefined, signal?: AbortSignal) {
    this.#task = task
    this.timeout = ms
    this.late = late
    this.signal = signal
  }

  next(index: number): AnyTask | undefined {
    return index === 0 ? this.#task : undefined
  }

  settled(_index: number, ok: boolean, value: unknown): AnyTask {
    return ok ? Task.pure(value) : Task.fail(value)
  }

  ended(): undefined {
    return undefined
  }
}

const group = (solo: Solo): Task<never> => new Task<never>(Op.Group, () => solo)

export function timeout(task: AnyTask, duration: Duration, late?: AnyTask, name = "duration"): Task<never> {
  const ms = toMillis(duration, name)
  return ms === Infinity
    ? (task as Task<never>)
    : group(new Solo(task, ms, () => late ?? Task.fail(new TimeoutError(ms))))
}

export function abortOn(task: AnyTask, signal: AbortSignal): Task<never> {
  mustBeSignal(signal)
  return group(new Solo(task, undefined, undefined, signal))
}
