/**
 * A first-in first-out queue of anything in one array.
 *
 *        head          tail
 *         v             v
 *   [ . . a b c d e f g . . . ]      size = (tail - head) & mask
 *
 * The capacity is a power of two, so an index wraps by masking. One slot always stays free: `head === tail` then
 * means empty and nothing else. Taken slots are cleared, so the queue never holds on to what left it, and a queue that
 * a burst made large gives its array back when it runs empty.
 */
const SMALLEST = 64
const LARGEST_KEPT = 1 << 16

export class RingBuffer<T> {
  #slots: (T | undefined)[] = new Array<T | undefined>(SMALLEST)
  #mask = SMALLEST - 1
  #head = 0
  #tail = 0

  get size(): number {
    return (this.#tail - this.#head) & this.#mask
  }

  push(item: T): void {
    this.#slots[this.#tail] = item
    this.#tail = (this.#tail + 1) & this.#mask
    if (this.#tail === this.#head) this.#resize(this.#slots.length, this.#slots.length * 2)
  }

  /** The oldest item, or undefined when there is none. */
  shift(): T | undefined {
    const head = this.#head
    if (head === this.#tail) return undefined
    const item = this.#slots[head]
    this.#slots[head] = undefined
    this.#head = (head + 1) & this.#mask
    if (this.#head === this.#tail && this.#mask >= LARGEST_KEPT) this.#resize(0, SMALLEST)
    return item
  }

  /** Moves its `count` items to an array of another length. */
  #resize(count: number, capacity: number): void {
    const slots = new Array<T | undefined>(capacity)
    for (let i = 0; i < count; i++) slots[i] = this.#slots[(this.#head + i) & this.#mask]
    this.#slots = slots
    this.#mask = capacity - 1
    this.#head = 0
    this.#tail = count
  }
}
