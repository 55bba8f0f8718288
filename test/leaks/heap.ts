import { turn } from "./host-timers.ts"
import { median } from "./slope.ts"

interface Hosted {
  readonly gc?: () => void
  readonly Bun?: { gc(force: boolean): void }
}

function collector(): (() => void) | undefined {
  const { gc, Bun } = globalThis as Hosted
  return Bun === undefined ? gc : () => Bun.gc(true)
}

/** Whether this process can tell what is garbage. */
export const canCollect = (): boolean => collector() !== undefined

/** Collects everything, with turns of the host between, in which weak references are cleared. */
export async function collect(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    await turn()
    collector()?.()
  }
}

/** Bytes in use after a full collection, the median of so many; what typed arrays hold is counted. */
export async function bytesInUse(collections: number): Promise<number> {
  const readings: number[] = []
  for (let i = 0; i < collections; i++) {
    await turn()
    collector()?.()
    const { heapUsed, external } = process.memoryUsage()
    readings.push(heapUsed + external)
  }
  return median(readings)
}
