/** Milliseconds between two samples. */
const EVERY = 20
/** Samples that are looked at: of the last second, where nothing is late. */
const WINDOW = 50

/** Samples how late a timer of the host comes: what a slow callback, or too much work, does to everybody. It keeps no process alive. */
export class LoopDelay {
  readonly #timer: ReturnType<typeof setInterval>
  #expected = performance.now() + EVERY
  /** The oldest is overwritten. */
  readonly #late: number[] = []
  #next = 0

  constructor() {
    this.#timer = setInterval(() => {
      const now = performance.now()
      this.#late[this.#next++ % WINDOW] = Math.max(now - this.#expected, 0)
      this.#expected = now + EVERY
    }, EVERY)
    ;(this.#timer as { unref?: () => void }).unref?.()
  }

  /** Milliseconds, of the last second or so. Reading changes nothing. */
  read(): { readonly mean: number; readonly max: number } {
    const late = this.#late
    if (late.length === 0) return { mean: 0, max: 0 }
    return { mean: late.reduce((sum, ms) => sum + ms, 0) / late.length, max: Math.max(...late) }
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
