import { mebibytes, seconds } from "./report.ts"
import type { Tally } from "./tally.ts"

const EVERY_MS = 100
const BAR = 20

/** A line on the terminal that is written over ten times a second; nothing where there is no terminal. */
export class Progress {
  readonly #timer: NodeJS.Timeout | undefined

  constructor(tally: Tally, count: number, shown: boolean) {
    const number = new Intl.NumberFormat("en-US")
    const began = performance.now()
    if (!shown) return
    this.#timer = setInterval(() => {
      const done = Math.floor((tally.woken / count) * BAR)
      const bar = "█".repeat(done) + "░".repeat(BAR - done)
      const sleeping = number.format(tally.started - tally.woken)
      const parts = [
        `${bar} ${seconds(performance.now() - began)}`,
        `sleeping ${sleeping}`,
        `woken ${number.format(tally.woken)}`,
        `RSS ${mebibytes(process.memoryUsage.rss())}`,
        `late p50 ${tally.lateness.p50.toFixed(1)} ms`,
      ]
      process.stderr.write(`\r\u001B[2K${parts.join("  ")}`)
    }, EVERY_MS)
  }

  stop(): void {
    if (this.#timer === undefined) return
    clearInterval(this.#timer)
    process.stderr.write("\r\u001B[2K")
  }
}
