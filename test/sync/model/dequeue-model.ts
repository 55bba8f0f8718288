import { type Body, Foreseen, type ModelFiber, type ModelRuntime, takeOut, wait } from "./reference.ts"

interface Taker {
  readonly fiber: ModelFiber
  promised: boolean
}

/** What queues and subscriptions have in common: items, and who waits for them. */
export abstract class DequeueModel {
  readonly items: number[] = []
  /** Of the items, those that woken takers will take. */
  promised = 0
  readonly takers: Taker[] = []
  readonly capacity: number
  /** What takers fail with when nothing is left. */
  ended: string | undefined
  protected readonly runtime: ModelRuntime
  readonly #drained: ModelFiber[] = []

  constructor(runtime: ModelRuntime, capacity: number) {
    this.runtime = runtime
    this.capacity = capacity
  }

  /** There may be room that was not there before. */
  protected abstract roomMade(): void

  get full(): boolean {
    return this.items.length >= this.capacity
  }

  get size(): number {
    return this.items.length - this.promised
  }

  /** All that is not promised, but at most so many. */
  remove(most: number): number[] {
    const taken = this.items.splice(0, Math.min(most, this.size))
    this.goOn()
    return taken
  }

  *take(fiber: ModelFiber, most: number): Body<number[]> {
    if (this.size > 0) return this.remove(most)
    if (this.#over) throw new Foreseen(this.ended ?? "")
    const taker: Taker = { fiber, promised: false }
    this.takers.push(taker)
    yield* wait(fiber, () => {
      if (taker.promised) this.promised--
      else if (this.takers.includes(taker)) takeOut(this.takers, taker)
      this.goOn()
    })
    if (!taker.promised) throw new Foreseen(this.ended ?? "")
    this.promised--
    // What was promised has been dropped since: the end has come first.
    if (this.items.length === 0) throw new Foreseen(this.ended ?? "")
    return this.remove(most)
  }

  *drained(fiber: ModelFiber): Body<void> {
    if (this.#over) return
    this.#drained.push(fiber)
    yield* wait(fiber, () => {
      if (this.#drained.includes(fiber)) takeOut(this.#drained, fiber)
    })
  }

  end(reason: string): boolean {
    if (this.ended !== undefined) return false
    this.ended = reason
    this.goOn()
    return true
  }

  /** An item has come to lie here. Of those who can go on in the same step, takers are woken before producers. */
  protected serveTakers(): void {
    while (this.size > 0 && this.takers.length > 0) {
      const [taker] = this.takers.splice(0, 1)
      taker.promised = true
      this.promised++
      this.runtime.wake(taker.fiber)
    }
  }

  goOn(): void {
    this.roomMade()
    this.serveTakers()
    if (!this.#over) return
    for (const { fiber } of this.takers.splice(0)) this.runtime.wake(fiber)
    for (const fiber of this.#drained.splice(0)) this.runtime.wake(fiber)
  }

  get #over(): boolean {
    return this.ended !== undefined && this.items.length === 0
  }
}
