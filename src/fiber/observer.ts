import type { Exit } from "../data/index.ts"
import type { FiberCore, Wait } from "./fiber.ts"

/**
 * Somebody who waits for a fiber's end, in the fiber's doubly linked list of them: another fiber that joins it, or a
 * callback. Taking one out is O(1), so a race against something long-lived leaves nothing behind.
 */
export class Observer implements Wait {
  prev: Observer | undefined
  next: Observer | undefined
  #linked = true
  readonly target: FiberCore
  readonly joiner: FiberCore | undefined
  readonly callback: ((exit: Exit<never>) => void) | undefined
  /** It hears of the outcome, so that a failure is not unhandled; who only waits for the end does not. */
  readonly heeds: boolean

  constructor(
    target: FiberCore,
    joiner: FiberCore | undefined,
    callback: ((exit: Exit<never>) => void) | undefined,
    heeds = true,
  ) {
    this.target = target
    this.joiner = joiner
    this.callback = callback
    this.heeds = heeds
    const side = target.ownSide()
    this.prev = side.lastObserver
    if (this.prev === undefined) side.firstObserver = this
    else this.prev.next = this
    side.lastObserver = this
  }

  /** What its fiber waits for, in the words of the API. */
  get what(): string {
    return "join"
  }

  leave(): void {
    if (!this.#linked) return
    this.#linked = false
    const side = this.target.ownSide()
    if (this.prev === undefined) side.firstObserver = this.next
    else this.prev.next = this.next
    if (this.next === undefined) side.lastObserver = this.prev
    else this.next.prev = this.prev
    // Who keeps the undo of `onExit` must not keep the neighbours of long ago.
    this.prev = undefined
    this.next = undefined
  }
}
