/**
 * The runtime's own time: milliseconds that never run backwards and that a suspended or adjusted wall clock does not
 * bend. It reads `performance.now()`, until a test replaces `setTimeout` (vitest, node:test, sinon): then time is
 * `Date.now()`, which such tests move, and at least the target of each host timer that fired. Going from one source to
 * the other continues where the last reading was.
 */
const hostSetTimeout: unknown = globalThis.setTimeout

export class HostTime {
  #offset = 0
  #last = 0
  /** The host's `setTimeout` at the last reading: each test brings one of its own. */
  #timers: unknown = hostSetTimeout
  #changes = 0

  /** True while a test has replaced the host's timers. */
  get faked(): boolean {
    return this.#timers !== hostSetTimeout
  }

  /** Counts the changes of source, so that who has set a host timer knows whether it is still the same host's. */
  get source(): number {
    return this.#changes
  }

  now(): number {
    if (globalThis.setTimeout !== this.#timers) this.#changeSource()
    const reading = (this.faked ? Date.now() : performance.now()) + this.#offset
    // A clock that runs backwards is clamped: the last reading stands until the host has caught up.
    return reading > this.#last ? (this.#last = reading) : this.#last
  }

  /** A host timer for `target` fired: where time is a test's, it has come at least that far. */
  reached(target: number): void {
    // Set, not moved: after a step back of the test's clock the reading lags behind the last one.
    if (this.now() < target && this.faked) this.#offset = target - Date.now()
  }

  /** Goes on where the last reading was; on whole milliseconds for a test's clock, which counts in those. */
  #changeSource(): void {
    this.#timers = globalThis.setTimeout
    this.#changes++
    this.#offset = this.faked ? Math.ceil(this.#last) - Date.now() : this.#last - performance.now()
  }
}
