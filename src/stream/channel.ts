import { CancelledError, type Exit, RingBuffer } from "../data/index.ts"
import { Task } from "../task/index.ts"
import type { None, Run } from "./pull.ts"
import { Bell } from "./bell.ts"

/** Elements on their way from fibers that run beside a stream to the fiber that pulls it, so many at most. */
export class Channel<A> {
  readonly items = new RingBuffer<A>()
  #told = false
  readonly #capacity: number
  readonly #filled: Bell
  readonly #emptied: Bell
  #end: { readonly failure: unknown; readonly failed: boolean } | undefined
  readonly #hasRoom = (): boolean => this.items.size < this.#capacity || this.#end !== undefined
  readonly #hasNews = (): boolean => this.items.size > 0 || this.#end !== undefined

  constructor(capacity: number, what: string) {
    this.#capacity = capacity
    this.#filled = new Bell(`an element of ${what}`)
    this.#emptied = new Bell(`room in the buffer of ${what}`)
  }

  get ended(): boolean {
    return this.#end !== undefined
  }

  /** For who adds: yields when there is room, or when nobody takes any more. */
  room(): Task<void> {
    return this.#emptied.until(this.#hasRoom)
  }

  get full(): boolean {
    return !this.#hasRoom()
  }

  /** Adds one, also where there is no room. */
  push(item: A): void {
    if (this.#end !== undefined) return
    this.items.push(item)
    this.#filled.one()
  }

  /** Adds one when there is room: at once, or as the Task that is returned. */
  put(item: A): Task<void> | undefined {
    if (this.full) return this.room().flatMap(() => this.put(item) ?? Task.unit)
    this.push(item)
    return undefined
  }

  /** Who waited for room does not need it: the next one may have it. */
  passRoomOn(): void {
    this.#emptied.one()
  }

  /** Drops what it holds. */
  clear(): void {
    while (this.items.size > 0) void this.items.shift()
    this.#emptied.one()
  }

  /** Nothing is added any more. What it holds can be taken; then it is the end, or the failure. */
  end(): void {
    this.#over({ failed: false, failure: undefined })
  }

  fail(failure: unknown): void {
    this.#over({ failed: true, failure })
  }

  #over(end: { readonly failure: unknown; readonly failed: boolean }): void {
    this.#end ??= end
    this.#filled.all()
    this.#emptied.all()
  }

  /** For who takes: an element, or NONE. */
  next(run: Run): A | None {
    if (this.items.size > 0) {
      if (!run.may()) return run.pause()
      const item = this.items.shift() as A
      // Of several who wait for room the first has all of it, in turn: woken for each place, the first would always win. Who
      // is woken has an element in hand, so that this will be empty again.
      if (this.items.size === 0 || this.#emptied.waiting === 1) this.#emptied.one()
      return item
    }
    if (this.#end === undefined) return run.await(this.news())
    if (!this.#end.failed) return run.end()
    this.#told = true
    throw this.#end.failure
  }

  /** This has been thrown where elements are taken. */
  hasTold(failure: unknown): boolean {
    return this.#told && this.#end?.failure === failure
  }

  /** Yields when there is an element or the end. */
  news(): Task<void> {
    return this.#filled.until(this.#hasNews)
  }

  /** The end of the fiber that fills it, however it has ended. */
  readonly endAs = (exit: Exit<unknown>): void => {
    if (exit.status === "fulfilled") this.end()
    else this.fail(exit.status === "rejected" ? exit.reason : new CancelledError(exit.reason))
  }
}
