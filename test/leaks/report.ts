import type { Findings } from "./measure.ts"

/** What a process says of the shape that it has measured. */
export interface Report extends Findings {
  readonly name: string
  readonly origin: string
  /** The process did not end by itself when all was over. */
  readonly lingers: boolean
}

/** All that is wrong, in words; nothing if the shape leaks nothing. */
export function leaksIn(report: Report): string[] {
  const { growth, listeners, timers, fibers, open, retained, closedAtOnce, lingers } = report
  const counts = { listeners, "host timers": timers, fibers, "open things": open, "retained things": retained }
  const left = Object.entries(counts).filter(([, count]) => count !== 0)
  return [
    ...(growth === undefined || growth.verdict === "flat" ? [] : [`${growth.verdict}: ${slopeIn(report)} bytes/round`]),
    ...left.map(([what, count]) => `${count} ${what} left`),
    ...(closedAtOnce ? [] : ["a runtime that had something left to cancel"]),
    ...(lingers ? ["a process that stays alive"] : []),
  ]
}

export function slopeIn({ growth }: Report): string {
  return growth === undefined ? "not measured" : `${growth.slope.toFixed(2)} ± ${growth.stderr.toFixed(2)}`
}
