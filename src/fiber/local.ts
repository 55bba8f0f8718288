import { mustBeTask, Task } from "../task/index.ts"
import * as Op from "../task/node.ts"
import type { FiberCore } from "./fiber.ts"

/** The value of a local, in a fiber's list of them; a child shares its parent's. */
export interface Binding {
  readonly local: Local<unknown>
  readonly value: unknown
  readonly outer: Binding | undefined
}

/**
 * A value that travels with the fiber: set for a part of a program, seen by everything that runs there, children and
 * detached fibers included, and as it was before afterwards. For request ids, loggers, tenants; what AsyncLocalStorage is
 * for promises, on every platform and without its cost. What is run at the edge, also from inside another fiber's function,
 * starts with the defaults; a memoized run sees what its first caller saw.
 *
 * @example
 * ```ts
 * const user = Local.make("nobody")
 * const greet = user.get().map((name) => `hello ${name}`)
 * await user.run("ada", Task.sleep(1).andThen(greet)) // "hello ada"
 * await greet // "hello nobody"
 * ```
 */
export class Local<T> {
  readonly #preset: T

  private constructor(preset: T) {
    this.#preset = preset
  }

  /** Makes a local. `defaultValue` is what is seen where no `run` is around. */
  static make<T>(defaultValue: T): Local<T> {
    return new Local(defaultValue)
  }

  /** Yields the value that the innermost `run` around here has given. */
  get(): Task<T> {
    return new Task<T>(Op.Access, (fiber: FiberCore) => Task.pure(this.in(fiber)))
  }

  /** Runs `task` with the value set. Finalizers in `task` see it, whoever cancels. */
  run<A, E>(value: T, task: Task<A, E>): Task<A, E> {
    mustBeTask(task, "the second argument of local.run")
    return new Task<A, E>(Op.Access, (fiber: FiberCore) => {
      const side = fiber.ownSide()
      const outer = side.locals
      side.locals = { local: this, value, outer }
      return new Task(Op.Leave, task, () => {
        side.locals = outer
      })
    })
  }

  /** @internal The value in this fiber now. */
  in(fiber: FiberCore): T {
    let binding = fiber.side?.locals
    while (binding !== undefined && binding.local !== this) binding = binding.outer
    return binding === undefined ? this.#preset : (binding.value as T)
  }
}
