import type { FiberCore } from "./fiber.ts"
import { LISTED } from "./state.ts"

/** The suspended roots of a scheduler, linked through the fibers themselves: how `close` finds them. */
export class Roots {
  #first: FiberCore | undefined = undefined

  add(root: FiberCore): void {
    if (root.state & LISTED) return
    root.state |= LISTED
    root.next = this.#first
    if (this.#first !== undefined) this.#first.prev = root
    this.#first = root
  }

  remove(root: FiberCore): void {
    if (!(root.state & LISTED)) return
    root.state &= ~LISTED
    if (root.prev === undefined) this.#first = root.next
    else root.prev.next = root.next
    if (root.next !== undefined) root.next.prev = root.prev
    root.prev = undefined
    root.next = undefined
  }

  forEach(visit: (root: FiberCore) => void): void {
    for (let root = this.#first; root !== undefined; root = root.next) visit(root)
  }
}
