/** How the text of an error's stack and the places of its trace go together. */
import { isOwn } from "./own-files.ts"
import type { Site } from "./site.ts"

/** A trace, ready to be shown. */
export interface Shown {
  /** Innermost first. */
  readonly sites: readonly Site[]
  /** So many of them are those of the innermost function, which was called by another one in the same step. */
  readonly inner: number
}

/**
 *     Error: message
 *         at query (app.ts:3:9)                 frames of the user's, up to the runtime: who threw
 *         at <sync> query (app.ts:3:20)         places, innermost first
 *         at <flatMap> load (app.ts:9:5)
 *         at main (app.ts:12:8)                 the other frames of the user's: who ran it
 *
 * The runtime's own frames are left out, and what of the host lies between them. A generator in whose step a function was
 * called is on the engine's stack: its frames come behind those of that function.
 */
export function withSites(stack: string, message: unknown, { sites, inner }: Shown): string {
  const lines = stack.split("\n")
  // The message may have lines that look like frames.
  const after = typeof message === "string" ? message.split("\n").length - 1 : 0
  const begin = lines.findIndex((line, at) => at >= after && /^\s+at |^[^\s@]*@.*:\d+$/.test(line))
  const head = begin < 0 ? lines : lines.slice(0, begin)
  const { threw, between, ran } = parted(begin < 0 ? [] : lines.slice(begin))
  const others = begin >= 0 && !/^\s+at /.test(lines[begin])
  const places = sites.map(others ? likeOthers : likeV8)
  return [...head, ...threw, ...places.slice(0, inner), ...between, ...places.slice(inner), ...ran].join("\n")
}

const likeV8 = (site: Site): string => `    at ${String(site)}`
const likeOthers = ({ kind, name, location }: Site): string => `${kind} ${name}@${location}`

interface Parts {
  /** Up to the runtime. */
  readonly threw: readonly string[]
  /** Between frames of the runtime, down to its loop. */
  readonly between: readonly string[]
  /** Below. */
  readonly ran: readonly string[]
}

function parted(lines: readonly string[]): Parts {
  const first = lines.findIndex((line) => isOwn(line))
  if (first < 0) return { threw: lines, between: [], ran: [] }
  const loop = lines.findIndex((line) => /\badvance\b/.test(line) && isOwn(line))
  const hidden = lines.map(() => false)
  for (let at = lines.length - 1; at >= 0; at--) {
    // A function of the engine's, like the `next` of generators, belongs to who called it.
    const engine = /\(<anonymous>\)$|\bnative\b/.test(lines[at]) && hidden[at + 1]
    hidden[at] = isOwn(lines[at]) || engine || (at > first && lines[at].includes("node:internal"))
  }
  const shown = (from: number, to: number): string[] => lines.filter((_, at) => at >= from && at < to && !hidden[at])
  const below = loop < 0 ? first : loop
  return { threw: shown(0, first), between: shown(first, below), ran: shown(below, lines.length) }
}
