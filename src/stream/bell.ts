import { LinkedList } from "../data/index.ts"
import { type FiberCore, type Owner, perform, wait, Waiter } from "../fiber/index.ts"
import { Task } from "../task/index.ts"

/** It rings when something has changed, for the fibers of one stream that wait for that. It keeps nothing: who waits says what for. */
export class Bell implements Owner {
  readonly what: string
  readonly #waiters = new LinkedList<Waiter>()

  constructor(what: string) {
    this.what = what
  }

  get waiting(): number {
    return this.#waiters.size
  }

  /** Waits until it rings, unless `ready` says in the same step that it need not. */
  until(ready: () => boolean): Task<void> {
    return perform((fiber: FiberCore) => {
      if (ready()) return Task.unit
      const waiter = new Waiter(fiber, this, undefined, Task.unit)
      this.#waiters.push(waiter)
      return wait(waiter)
    }, undefined)
  }

  /** Lets the first one go on. */
  one(): void {
    this.#waiters.shift()?.serve()
  }

  all(): void {
    for (let waiter = this.#waiters.shift(); waiter !== undefined; waiter = this.#waiters.shift()) waiter.serve()
  }

  left(waiter: Waiter, served: boolean): void {
    // Who was woken and is gone may have been the only one who was told.
    if (served) this.one()
    else this.#waiters.remove(waiter)
  }
}
