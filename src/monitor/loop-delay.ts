/** Milliseconds between two samples. */
const EVERY = 20

/** Samples how late a timer of the host comes: what a slow callback, or too much work, does to everybody. It keeps no process alive. */
export class LoopDelay {
  readonly #timer: ReturnType<typeof setInterval>
  #expected = performance.now() + EVERY
  #sum = 0
  #count = 0
  #max = 0

  constructor() {
    this.#timer = setInterval(() => {
      const now = performance.now()
      const late = Math.max(now - this.#expected, 0)
      this.#expected = now + EVERY
      this.#sum += late
      this.#count++
      this.#max = Math.max(this.#max, late)
    }, EVERY)
    ;(this.#timer as { unref?: () => void }).unref?.()
  }

  /** Milliseconds, of the samples since the last call. */
  read(): { readonly mean: number; readonly max: number } {
    const read = { mean: this.#count === 0 ? 0 : this.#sum / this.#count, max: this.#max }
    this.#sum = this.#count = this.#max = 0
    return read
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
