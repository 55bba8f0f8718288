/** The last millisecond that a Date can hold. */
const LAST = 8.64e15

/** "2026-01-31T12:00:00.000Z"; a virtual time beyond all dates as its number. */
export function isoTime(time: number): string {
  return Math.abs(time) <= LAST ? new Date(time).toISOString() : String(time)
}
