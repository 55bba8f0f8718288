import { describe } from "../data/index.ts"

/** For numbers of things, where they are written. `most` is Infinity where any number will do. */
export function mustBeCount(given: unknown, name: string, least = 1, most = Infinity): asserts given is number {
  if (typeof given === "number" && Number.isSafeInteger(given) && given >= least && given <= most) return
  const range = most === Infinity ? `an integer >= ${least}` : `an integer from ${least} to ${most}`
  throw new RangeError(`Expected \`${name}\` to be ${range}, got ${describe(given)}.`)
}

/** The same where there may be no limit. */
export function mustBeCountOrInfinity(given: unknown, name: string, least = 1): asserts given is number {
  if (given === Infinity) return
  if (typeof given === "number" && Number.isSafeInteger(given) && given >= least) return
  throw new RangeError(`Expected \`${name}\` to be an integer >= ${least} or Infinity, got ${describe(given)}.`)
}
