import { type FiberCore, SUSPENDED } from "../fiber/index.ts"
import { sitesOn } from "./frames.ts"
import type { Site } from "./site.ts"
import { trailOf } from "./traced.ts"
import { sitesOf } from "./trail.ts"

const MOST = 100

/** Where a fiber at rest is, innermost first, as lines: `<flatMap> loadUser (file:1:2)`. Nothing of one that runs. */
export function describeFiber(fiber: FiberCore): readonly string[] {
  // A registration carries the trail of its task; what else may be waited for has a frame.
  const sites = new Set<Site>(fiber.state & SUSPENDED ? sitesOf(trailOf(fiber.cur)) : [])
  const { frames } = fiber
  const stack = frames === undefined ? [] : Array.isArray(frames) ? frames : [frames]
  sitesOn(stack, stack.length, (site) => sites.add(site).size < MOST)
  return Array.from(sites, String)
}
