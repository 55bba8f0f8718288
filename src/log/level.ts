/** The levels, the least first. */
export const LEVELS = ["trace", "debug", "info", "warn", "error"] as const

/** How grave what is logged is: "trace" is the least, "error" the most. */
export type LogLevel = (typeof LEVELS)[number]

/** True if `level` is `least` or graver. */
export function reaches(level: LogLevel, least: LogLevel): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(least)
}
