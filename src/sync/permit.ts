/** Where permits go back to. */
interface Giver {
  give(permits: number): void
}

/**
 * What `acquire` yields: permits that are held until they are released, once, by hand or by `using`.
 *
 * @example
 * ```ts
 * const semaphore = Semaphore.make(1)
 * const permit = await semaphore.acquire()
 * semaphore.available // 0
 * permit.release()
 * semaphore.available // 1
 * ```
 */
export class Permit implements Disposable, AsyncDisposable {
  /** How many permits this is. */
  readonly permits: number
  #line: Giver | undefined

  /** @internal */
  constructor(permits: number, line: Giver) {
    this.permits = permits
    this.#line = line
  }

  /** Not released yet. */
  get held(): boolean {
    return this.#line !== undefined
  }

  /** Gives the permits back, at once; a second call does nothing. */
  release(): void {
    const line = this.#line
    this.#line = undefined
    line?.give(this.permits)
  }

  /** For `using`: releases. */
  [Symbol.dispose](): void {
    this.release()
  }

  /** For `await using`: releases. */
  [Symbol.asyncDispose](): Promise<void> {
    this.release()
    return Promise.resolve()
  }
}
