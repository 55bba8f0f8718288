import { describe } from "../../data/index.ts"
import type { Open } from "../pull.ts"

/** Numbers from `start` up to `end`, which is not among them; counted, so that fractions do not add up to errors. */
export function range(start: number, end: number, step: number): Open<number> {
  mustBeNumber("start", start, Number.isFinite(start))
  mustBeNumber("end", end, !Number.isNaN(end))
  mustBeNumber("step", step, Number.isFinite(step) && step !== 0)
  const most = Math.max(Math.ceil((end - start) / step), 0)
  const last = start + step * (most - 1)
  // The quotient may have been rounded up.
  const count = step > 0 === last >= end && most > 0 ? most - 1 : most
  return (run) => {
    let nth = 0
    return { next: () => (nth >= count ? run.end() : run.may() ? start + step * nth++ : run.pause()) }
  }
}

function mustBeNumber(name: string, given: unknown, ok: boolean): void {
  if (typeof given === "number" && ok) return
  throw new RangeError(`Expected \`${name}\` of Stream.range to be a number, got ${describe(given)}.`)
}
