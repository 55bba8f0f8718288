import { describe } from "./describe.ts"

/**
 * A length of time: a number of milliseconds, or an object in the words of Temporal. Fractions are allowed, fields add
 * up, and `Infinity` means "never". Every place that takes a duration refuses NaN, negatives, unknown fields and an
 * empty object with a `RangeError` or `TypeError` at the call.
 *
 * @example
 * ```ts
 * Task.sleep(250)
 * Task.sleep({ minutes: 1, seconds: 30 })
 * ```
 */
export type Duration = number | DurationFields

export interface DurationFields {
  readonly days?: number
  readonly hours?: number
  readonly minutes?: number
  readonly seconds?: number
  readonly milliseconds?: number
}

const MILLIS: Readonly<Record<string, number>> = {
  days: 86_400_000,
  hours: 3_600_000,
  minutes: 60_000,
  seconds: 1_000,
  milliseconds: 1,
}

/** The duration in milliseconds. `name` is what the caller calls it in the message of the error. */
export function toMillis(duration: Duration, name: string): number {
  if (typeof duration === "number") return checked(duration, name, duration)
  // What is no object has no fields, or none with such names.
  const given = Object.entries((duration ?? {}) as Record<string, unknown>)
  const fields = given.filter(([, amount]) => amount !== undefined)
  if (fields.length === 0) throw wrongType(name, duration)
  let total = 0
  for (const [unit, amount] of fields) {
    const factor = Object.hasOwn(MILLIS, unit) ? MILLIS[unit] : undefined
    if (factor === undefined || typeof amount !== "number") throw wrongType(name, duration)
    total += checked(amount, `${name}.${unit}`, amount) * factor
  }
  return total
}

function checked(amount: number, name: string, given: unknown): number {
  if (amount >= 0) return amount
  throw new RangeError(expected(name, given))
}

function wrongType(name: string, given: unknown): TypeError {
  return new TypeError(expected(name, given))
}

function expected(name: string, given: unknown): string {
  return (
    `Expected \`${name}\` to be a number of milliseconds >= 0 or an object of days, hours, minutes, seconds, ` +
    `milliseconds, got ${describe(given)}. To wait forever: Infinity.`
  )
}
