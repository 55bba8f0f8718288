import { describe, isThenable } from "../data/index.ts"
import { mustBeFunction, notATask, Task } from "../task/index.ts"
import { Mutex } from "./mutex.ts"

/**
 * A value that fibers share, and change one after the other: also where making the new value takes a Task. While one such
 * change is under way, other changes wait in line, first in, first out; reading does not wait and gives the last value
 * that was set.
 *
 * @example
 * ```ts
 * const total = Ref.make(0)
 * const add = (n: number) => total.update((sum) => Task.sleep(1).as(sum + n))
 * await Task.all([add(1), add(2), add(3)])
 * total.value // 6
 * ```
 */
export class Ref<A> {
  #value: A
  readonly #changing = Mutex.make()

  private constructor(value: A) {
    this.#value = value
  }

  /** Makes one that holds `value`. */
  static make<A>(value: A): Ref<A> {
    return new Ref(value)
  }

  /** What it holds now. */
  get value(): A {
    return this.#value
  }

  /** Yields what it holds at the time of the run. */
  get(): Task<A> {
    return Task.sync(() => this.#value)
  }

  /** Replaces the value. */
  set(value: A): Task<void> {
    return this.#change(() => {
      this.#value = value
      return Task.unit
    })
  }

  /**
   * Replaces the value by `f(value)`, or by what the Task that `f` returns yields, and yields the new one. If that fails or
   * is cancelled, the value stays.
   */
  update<E = never>(f: (value: A) => A | Task<A, E>): Task<A, E> {
    mustBeFunction(f, "ref.update")
    const keep = (next: A): A => (this.#value = next)
    return this.#change(() => settled(f(this.#value), keep, "ref.update"))
  }

  /**
   * The same with an answer: `f` makes a pair of the answer and the next value, or a Task of such a pair. Yields the answer.
   */
  modify<B, E = never>(f: (value: A) => readonly [answer: B, next: A] | Task<readonly [B, A], E>): Task<B, E> {
    mustBeFunction(f, "ref.modify")
    const keep = (pair: readonly [B, A]): B => {
      if (!Array.isArray(pair) || pair.length !== 2) throw noPair(pair)
      this.#value = pair[1]
      return pair[0]
    }
    return this.#change(() => settled(f(this.#value), keep, "ref.modify"))
  }

  #change<B, E>(f: () => Task<B, E>): Task<B, E> {
    return this.#changing.withLock(Task.defer(f))
  }
}

function settled<A, B, E>(made: A | Task<A, E>, keep: (made: A) => B, where: string): Task<B, E> {
  if (made instanceof Task) return made.map(keep)
  if (isThenable(made)) throw notATask(made, `what the function of ${where} returns`)
  return Task.pure(keep(made))
}

function noPair(given: unknown): TypeError {
  return new TypeError(`Expected the function of ref.modify to return [answer, next], got ${describe(given)}.`)
}
