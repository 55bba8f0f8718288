import type { Frame } from "../fiber/index.ts"
import type { Site } from "./site.ts"
import { TracedGenerator } from "./traced-generator.ts"
import { trailOf } from "./traced.ts"
import { sitesOf } from "./trail.ts"

/** Beyond so many frames nobody looks: a stack may have millions. */
const DEEPEST = 1000

/** Gives the places of the frames below `sp`, innermost first, until one is refused. */
export function sitesOn(stack: readonly Frame[], sp: number, take: (site: Site) => boolean): void {
  for (let at = sp - 1; at >= Math.max(0, sp - DEEPEST); at--) {
    for (const site of sitesOfFrame(stack[at])) if (!take(site)) return
  }
}

function sitesOfFrame(frame: Frame): readonly Site[] {
  const generator: unknown = typeof frame === "function" ? undefined : frame.a
  if (!(generator instanceof TracedGenerator)) return sitesOf(trailOf(frame))
  const made = sitesOf(generator.trail)
  return generator.at === undefined ? made : [generator.at, ...made]
}
