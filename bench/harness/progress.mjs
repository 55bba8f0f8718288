// @ts-check

const WIDTH = 24

/**
 * Says on a terminal what is being measured, how far it is, and how long it will take; silent elsewhere. What a process
 * of a row took the last time, or the average, is what the next is expected to take.
 */
export class Progress {
  #total
  #done = 0
  #spent = 0
  #counted = 0

  /**
   * @param {number} total processes to run
   * @param {number} done processes that an earlier run has measured
   */
  constructor(total, done) {
    this.#total = total
    this.#done = done
  }

  /** @param {string} text what is being measured now */
  show(text) {
    if (!process.stderr.isTTY) return
    const share = this.#total === 0 ? 1 : this.#done / this.#total
    const bar = "█".repeat(Math.round(share * WIDTH)).padEnd(WIDTH, "░")
    process.stderr.write(`\r\u001b[K${bar} ${this.#done}/${this.#total}${this.#left()}  ${text}`)
  }

  /** @param {number} ms that a process took */
  add(ms) {
    this.#done++
    this.#counted++
    this.#spent += ms
  }

  end() {
    if (process.stderr.isTTY) process.stderr.write("\r\u001b[K")
  }

  #left() {
    if (this.#counted === 0) return ""
    const seconds = ((this.#total - this.#done) * this.#spent) / this.#counted / 1000
    return seconds < 90 ? `  ${Math.round(seconds)} s left` : `  ${Math.round(seconds / 60)} min left`
  }
}
