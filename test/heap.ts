/** Bytes in use after a collection. */
export function heapInUse(): number {
  const gc = (globalThis as { gc?: () => void }).gc
  if (gc === undefined) throw new Error("Run with --expose-gc")
  gc()
  return process.memoryUsage().heapUsed
}

/** By how much the heap grows in a later round of the same work, the least of some rounds: the collector is no clock. */
export async function growth(round: () => Promise<unknown>): Promise<number> {
  await round()
  await round()
  let least = Infinity
  for (let i = 0; i < 4; i++) {
    const before = heapInUse()
    await round()
    least = Math.min(least, heapInUse() - before)
  }
  return least
}
