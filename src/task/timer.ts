/**
 * A stopwatch that adds up: how often something ran, and for how long in all.
 *
 * @example
 * ```ts
 * const queries = Timer.make()
 * const query = Task.sleep(2).timed(queries)
 * await Task.all([query, query])
 * queries.count // 2
 * queries.elapsed >= 4 // true
 * ```
 */
export class Timer {
  #elapsed = 0
  #count = 0

  static make(): Timer {
    return new Timer()
  }

  /** Milliseconds in all, by the monotonic clock of the runtime. What runs side by side counts each. */
  get elapsed(): number {
    return this.#elapsed
  }

  /** How many runs have ended, by any outcome. */
  get count(): number {
    return this.#count
  }

  /** Counts one run of so many milliseconds: what `timed` calls. */
  add(milliseconds: number): void {
    this.#elapsed += milliseconds
    this.#count++
  }

  /** Back to nothing. */
  reset(): void {
    this.#elapsed = 0
    this.#count = 0
  }
}
