import type { Fiber } from "../task/index.ts"
import type { FiberCore } from "./fiber.ts"
import { OBSERVED } from "./state.ts"

/** Told of each failure that nobody else will hear of. `fiber` is missing where the failing code had no fiber. */
export type OnUnhandled = (reason: unknown, fiber: Fiber<unknown, unknown> | undefined) => void

/** Like any rejected promise that nobody handles: the host's `unhandledRejection` with the original object. */
export const rejectUnhandled: OnUnhandled = (reason) => {
  void Promise.reject(reason)
}

/**
 * Failures of roots that nobody has observed. They are kept until the host's next turn, so that whoever started the
 * fiber can still join it, and then reported once.
 */
export class Unhandled {
  #waiting: FiberCore[] = []
  /** Who is told. */
  hook: OnUnhandled

  constructor(hook: OnUnhandled) {
    this.hook = hook
  }

  add(fiber: FiberCore): void {
    this.#waiting.push(fiber)
  }

  check(): void {
    if (this.#waiting.length === 0) return
    const failed = this.#waiting
    this.#waiting = []
    for (const fiber of failed) {
      if (!(fiber.state & OBSERVED)) this.report(fiber.cur, fiber)
    }
  }

  /** Calls the hook; what the hook throws is the host's to report. */
  report(reason: unknown, fiber: FiberCore | undefined): void {
    try {
      this.hook(reason, fiber)
    } catch (error) {
      rejectUnhandled(error, fiber)
    }
  }
}
