/**
 * Where a node comes from: the place where it was written, then the places of those that returned it, and that are not on
 * the stack any more.
 *
 *     const load = (n) => query(n).flatMap((row) => parse(row))     A
 *     load(1).map(show)                                              B     parse(row) fails: A parse, A flatMap, B map
 *
 * The flatMap's frame is gone when `parse(row)` runs in its place, so what the callback returned carries it along. In a loop
 * of tail calls that list must not grow. A place that comes again takes it back to where the place was before; what is
 * longer all the same loses its middle: the way in and the last turns say most.
 */
import type { Site } from "./site.ts"

/** Innermost first. Never changed: tails are shared. */
export class Trail {
  readonly site: Site
  readonly outer: Trail | undefined
  readonly length: number

  constructor(site: Site, outer: Trail | undefined) {
    this.site = site
    this.outer = outer
    this.length = outer === undefined ? 1 : outer.length + 1
  }
}

const LONGEST = 32

/** `outer` with `site` in front of it. */
export function extended(site: Site, outer: Trail | undefined): Trail {
  for (let trail = outer; trail !== undefined; trail = trail.outer) if (trail.site === site) return trail
  return new Trail(site, outer?.length === LONGEST ? shortened(outer) : outer)
}

/** The first and the last quarter of it. */
function shortened(long: Trail): Trail | undefined {
  const sites = sitesOf(long)
  const kept = [...sites.slice(0, LONGEST / 4), ...sites.slice(-LONGEST / 4)]
  return kept.reduceRight<Trail | undefined>((outer, site) => new Trail(site, outer), undefined)
}

export function sitesOf(trail: Trail | undefined): Site[] {
  const sites: Site[] = []
  for (let rest = trail; rest !== undefined; rest = rest.outer) sites.push(rest.site)
  return sites
}
