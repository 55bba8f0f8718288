import { mustBeFunction, Task } from "../task/index.ts"
import { Stream } from "./stream.ts"

/** An element, and those before it. */
interface Cell<out A> {
  readonly item: A
  readonly rest: Cell<A> | undefined
  readonly size: number
}

/**
 * What has come of a stream so far, for the next element to look back at and to change: `Cursor.materialize`. It is a
 * value: each change is a new one, and costs as much as it looks back. `previous(1)` is the last element.
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
  /** The last one in front. */
  readonly #cell: Cell<A> | undefined

  private constructor(cell: Cell<A> | undefined) {
    this.#cell = cell
  }

  /** One that holds these. */
  static of<A>(...items: A[]): Cursor<A> {
    return new Cursor<A>(items.reduce<Cell<A> | undefined>(before, undefined))
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
    const last = stream.reduce((cursor, element) => f(element, cursor), Cursor.of<B>())
    return Stream.from(last.flatMap(atEnd)).flatMap((cursor) => cursor.toArray())
  }

  /** How many there are. */
  get size(): number {
    return this.#cell?.size ?? 0
  }

  get isEmpty(): boolean {
    return this.#cell === undefined
  }

  /** The last element, or undefined. */
  get last(): A | undefined {
    return this.#cell?.item
  }

  /** What was emitted so many elements ago, from 1; undefined where there is nothing. */
  previous(ago: number): A | undefined {
    return this.#at(ago)?.item
  }

  /** All of them, the oldest first. */
  toArray(): A[] {
    const items: A[] = []
    for (let cell = this.#cell; cell !== undefined; cell = cell.rest) items.push(cell.item)
    return items.toReversed()
  }

  /** One more. */
  add<B>(item: B): Cursor<A | B> {
    return new Cursor<A | B>(before<A | B>(this.#cell, item))
  }

  /** Replaces what was emitted so many elements ago by what `f` makes of it, and takes it out where that is undefined. */
  modifyPrevious<B, E>(ago: number, f: (item: A) => Task<B, E>): Task<Cursor<A | Exclude<B, undefined>>, E> {
    const cell = this.#at(ago)
    if (cell === undefined) return Task.pure(this)
    return f(cell.item).map((made) => this.#instead(ago, made === undefined ? [] : [made as Exclude<B, undefined>]))
  }

  /** The same with a function; where there is nothing, nothing changes. */
  previousMap<B>(ago: number, f: (item: A) => B): Cursor<A | B> {
    const cell = this.#at(ago)
    return cell === undefined ? this : this.#instead(ago, [f(cell.item)])
  }

  /** Takes out what was emitted so many elements ago. */
  deletePrevious(ago: number): Cursor<A> {
    return this.#at(ago) === undefined ? this : this.#instead<A>(ago, [])
  }

  /** All of them anew, by one Task after the other, the newest first; what becomes undefined is taken out. */
  mapHistory<B, E>(f: (item: A) => Task<B | undefined, E>): Task<Cursor<B>, E> {
    return Task.defer(() => {
      const made: B[] = []
      const step = (cell: Cell<A> | undefined): Task<Cursor<B>, E> => {
        if (cell === undefined) return Task.pure(Cursor.of<B>().#with(made.toReversed()))
        return f(cell.item).flatMap((item) => {
          if (item !== undefined) made.push(item)
          return step(cell.rest)
        })
      }
      return step(this.#cell)
    })
  }

  /** The newest that `matches`, or undefined. */
  findPrevious(matches: (item: A) => boolean): A | undefined {
    for (let cell = this.#cell; cell !== undefined; cell = cell.rest) if (matches(cell.item)) return cell.item
    return undefined
  }

  /** Those that were emitted at least `from` and fewer than `until` elements ago, the newest first. */
  previousSlice(from: number, until: number): A[] {
    const slice: A[] = []
    let ago = 1
    for (let cell = this.#cell; cell !== undefined && ago < until; cell = cell.rest)
      if (ago++ >= from) slice.push(cell.item)
    return slice
  }

  /** Only those that `keeps` is true of. */
  filter(keeps: (item: A) => boolean): Cursor<A> {
    return new Cursor<A>(undefined).#with(this.toArray().filter(keeps))
  }

  /** None. */
  clear(): Cursor<A> {
    return new Cursor<A>(undefined)
  }

  #at(ago: number): Cell<A> | undefined {
    if (!(ago >= 1)) return undefined
    let cell = this.#cell
    for (let far = 1; far < ago && cell !== undefined; far++) cell = cell.rest
    return cell
  }

  /** These in place of the one so many elements ago, and what came after it as it was. */
  #instead<B>(ago: number, instead: readonly B[]): Cursor<A | B> {
    const after = this.previousSlice(1, ago).toReversed()
    return new Cursor<A | B>(this.#at(ago)?.rest).#with<A | B>([...instead, ...after])
  }

  #with<B>(items: readonly B[]): Cursor<A | B> {
    return new Cursor<A | B>(items.reduce<Cell<A | B> | undefined>(before, this.#cell))
  }
}

function before<A>(rest: Cell<A> | undefined, item: A): Cell<A> {
  return { item, rest, size: (rest?.size ?? 0) + 1 }
}
