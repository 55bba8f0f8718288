/** A run in a few characters: what was chosen, and who was cancelled when. To be read by `replay`, and by people. */
import { describe } from "../data/index.ts"
import type { Choices } from "./choosers.ts"
import type { Injection } from "./trial.ts"

const VERSION = "rf1"

export interface Replayable {
  readonly choices: Choices
  readonly injection: Injection | undefined
}

/** `rf1:4=1,9=2;cancel=main@17`: the fourth choice was 1, the ninth 2, and main was cancelled before step 17. */
export function tokenOf({ choices, injection }: Replayable): string {
  const chosen = [...choices].map(([number, choice]) => `${number}=${choice}`).join(",")
  const cancel = injection === undefined ? "" : `;cancel=${encodeURIComponent(injection.fiber)}@${injection.step}`
  return `${VERSION}:${chosen}${cancel}`
}

export function parseToken(token: string): Replayable {
  const parts = /^rf1:((?:\d+=\d+(?:,\d+=\d+)*)?)(?:;cancel=((?:[^@;%]|%[\dA-F]{2})+)@(\d+))?$/.exec(token)
  if (parts === null) throw notAToken(token)
  const [, chosen, fiber, step] = parts as unknown as [string, string, string | undefined, string]
  const pairs = chosen === "" ? [] : chosen.split(",").map((pair) => pair.split("=").map(Number) as [number, number])
  return {
    choices: new Map(pairs),
    injection: fiber === undefined ? undefined : { fiber: decoded(fiber, token), step: Number(step) },
  }
}

function decoded(name: string, token: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    throw notAToken(token)
  }
}

function notAToken(token: string): TypeError {
  return new TypeError(`Expected a token that explore has printed (${VERSION}:…), got ${describe(token)}.`)
}
