import { mustBeFunction, Task } from "../task/index.ts"
import { Stream } from "./stream.ts"

/**
 * What has come of a stream so far, for the next element to look back at and to change: `Cursor.materialize`. It is a
 * value: each change is a new one. `previous(1)` is the last element.
 *
 * @example
 * ```ts
 * const cursor = Cursor.of("a", "b")
 * cursor.previous(1) // "b"
 * cursor.add("c").toArray() // ["a", "b", "c"]
 * cursor.toArray() // ["a", "b"]
 * ```
 */
export class Cursor<out A> {
  /** Shared by the cursors that were made of each other by `add`: what is behind `size` is another's. */
  readonly #items: unknown[]
  /** How many there are. */
  readonly size: number

  private constructor(items: unknown[], size: number) {
    this.#items = items
    this.size = size
  }

  /** One that holds these. */
  static of<A>(...items: A[]): Cursor<A> {
    return new Cursor<A>(items, items.length)
  }

  /**
   * The elements that are left when each element of `stream` has been seen together with all that were before it: `f` is
   * given the element and the cursor, and makes a Task of the next cursor. `atEnd` may have the last word. They are emitted
   * when the stream has ended.
   *
   * @example
   * ```ts
   * // A zero takes back the number before it.
   * const numbers = Cursor.materialize(Stream.of(1, 2, 0, 3), (n, cursor) =>
   *   Task.pure(n === 0 ? cursor.deletePrevious(1) : cursor.add(n)),
   * )
   * await numbers.toArray() // [1, 3]
   * ```
   */
  static materialize<A, E, B = A, E2 = never, E3 = never>(
    stream: Stream<A, E>,
    f: (element: A, cursor: Cursor<B>) => Task<Cursor<B>, E2>,
    atEnd: (cursor: Cursor<B>) => Task<Cursor<B>, E3> = (cursor) => Task.pure(cursor),
  ): Stream<B, E | E2 | E3> {
    mustBeFunction(f, "Cursor.materialize")
    mustBeFunction(atEnd, "Cursor.materialize (atEnd)")
    return Stream.defer(() => {
      const last = stream.reduce((cursor, element) => f(element, cursor), Cursor.of<B>())
      return Stream.from(last.flatMap(atEnd)).flatMap((cursor) => cursor.toArray())
    })
  }

  get isEmpty(): boolean {
    return this.size === 0
  }

  /** The last element, or undefined. */
  get last(): A | undefined {
    return this.previous(1)
  }

  /** What was emitted so many elements ago, from 1; undefined where there is nothing. */
  previous(ago: number): A | undefined {
    return this.#items[this.#at(ago)] as A | undefined
  }

  /** All of them, the oldest first. */
  toArray(): A[] {
    return this.#items.slice(0, this.size) as A[]
  }

  /** One more. */
  add<B>(item: B): Cursor<A | B> {
    const items = this.#items.length === this.size ? this.#items : this.toArray()
    items.push(item)
    return new Cursor<A | B>(items, this.size + 1)
  }

  /** Replaces what was emitted so many elements ago by what `f` makes of it, and takes it out where that is undefined. */
  modifyPrevious<B, E>(ago: number, f: (item: A) => Task<B, E>): Task<Cursor<A | Exclude<B, undefined>>, E> {
    const at = this.#at(ago)
    if (at < 0) return Task.pure(this)
    return f(this.#items[at] as A).map((made) =>
      this.#with(at, made === undefined ? [] : [made as Exclude<B, undefined>]),
    )
  }

  /** The same with a function; where there is nothing, nothing changes. */
  previousMap<B>(ago: number, f: (item: A) => B): Cursor<A | B> {
    const at = this.#at(ago)
    return at < 0 ? this : this.#with(at, [f(this.#items[at] as A)])
  }

  /** Takes out what was emitted so many elements ago. */
  deletePrevious(ago: number): Cursor<A> {
    const at = this.#at(ago)
    return at < 0 ? this : this.#with(at, [])
  }

  /** All of them anew, by one Task after the other, the newest first; what becomes undefined is taken out. */
  mapHistory<B, E>(f: (item: A) => Task<B | undefined, E>): Task<Cursor<B>, E> {
    return Task.defer(() => {
      const made: B[] = []
      const step = (at: number): Task<Cursor<B>, E> => {
        if (at < 0) return Task.pure(this.#over(made.toReversed()))
        return f(this.#items[at] as A).flatMap((item) => {
          if (item !== undefined) made.push(item)
          return step(at - 1)
        })
      }
      return step(this.size - 1)
    })
  }

  /** The newest that `matches`, or undefined. */
  findPrevious(matches: (item: A) => boolean): A | undefined {
    for (let at = this.size - 1; at >= 0; at--) if (matches(this.#items[at] as A)) return this.#items[at] as A
    return undefined
  }

  /** Those that were emitted at least `from` and fewer than `until` elements ago, the newest first. */
  previousSlice(from: number, until: number): A[] {
    const slice: A[] = []
    for (let ago = Math.max(from, 1); ago < until && ago <= this.size; ago++) slice.push(this.previous(ago) as A)
    return slice
  }

  /** Only those that `keeps` is true of. */
  filter(keeps: (item: A) => boolean): Cursor<A> {
    return this.#over(this.toArray().filter(keeps))
  }

  /** None. */
  clear(): Cursor<A> {
    return this.#over<A>([])
  }

  #at(ago: number): number {
    return ago >= 1 && ago <= this.size ? this.size - ago : -1
  }

  #with<B>(at: number, instead: readonly B[]): Cursor<A | B> {
    const items: unknown[] = this.toArray()
    items.splice(at, 1, ...instead)
    return this.#over<A | B>(items)
  }

  #over<B>(items: unknown[]): Cursor<B> {
    return new Cursor<B>(items, items.length)
  }
}
