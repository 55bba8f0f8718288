/** What a list's items carry: their own neighbours, so that being in a list costs nothing more. */
export interface Linked<T> {
  prev: T | undefined
  next: T | undefined
}

/** A doubly linked list through its items' own fields: any of them leaves in constant time. An item is in one list only. */
export class LinkedList<T extends Linked<T>> {
  first: T | undefined = undefined
  last: T | undefined = undefined
  size = 0

  push(item: T): void {
    item.prev = this.last
    if (this.last === undefined) this.first = item
    else this.last.next = item
    this.last = item
    this.size++
  }

  /** Takes out an item that is in this list. */
  remove(item: T): void {
    const { prev, next } = item
    if (prev === undefined) this.first = next
    else prev.next = next
    if (next === undefined) this.last = prev
    else next.prev = prev
    item.prev = undefined
    item.next = undefined
    this.size--
  }

  /** The first one, taken out, or undefined when there is none. */
  shift(): T | undefined {
    const { first } = this
    if (first !== undefined) this.remove(first)
    return first
  }
}
