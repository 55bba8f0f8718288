/**
 * A priority queue in one array: the smallest item by `compare` leaves first, equal ones in the order of their coming. Each
 * entry is not greater than the two at 2i + 1 and 2i + 2.
 */
export class Heap<T> {
  readonly #entries: Entry<T>[] = []
  readonly #compare: (a: T, b: T) => number
  #coming = 0

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare
  }

  get size(): number {
    return this.#entries.length
  }

  push(item: T): void {
    const entry = { item, came: this.#coming++ }
    const entries = this.#entries
    let at = entries.length
    // Nothing changes if comparing throws.
    while (at > 0 && this.#before(entry, entries[(at - 1) >> 1])) at = (at - 1) >> 1
    let hole = entries.length
    for (; hole > at; hole = (hole - 1) >> 1) entries[hole] = entries[(hole - 1) >> 1]
    entries[at] = entry
  }

  /** The smallest item, or undefined when there is none. */
  shift(): T | undefined {
    const entries = this.#entries
    const [smallest] = entries
    if (smallest === undefined) return undefined
    const path = this.#pathOf(entries[entries.length - 1])
    const moved = entries.pop() as Entry<T>
    let hole = 0
    for (const from of path) {
      entries[hole] = entries[from]
      hole = from
    }
    if (entries.length > 0) entries[hole] = moved
    return smallest.item
  }

  /** Where the hole at the top goes when `last` comes to fill it. */
  #pathOf(last: Entry<T>): number[] {
    const entries = this.#entries
    const length = entries.length - 1
    const path: number[] = []
    for (let at = 0; ;) {
      let child = 2 * at + 1
      if (child >= length) return path
      if (child + 1 < length && this.#before(entries[child + 1], entries[child])) child++
      if (!this.#before(entries[child], last)) return path
      path.push(child)
      at = child
    }
  }

  #before(a: Entry<T>, b: Entry<T>): boolean {
    const order = this.#compare(a.item, b.item)
    return order < 0 || (order === 0 && a.came < b.came)
  }
}

interface Entry<T> {
  readonly item: T
  readonly came: number
}
