import { describe } from "../../data/index.ts"
import { mustKnow } from "../../task/index.ts"
import { isHostName, isLoopback } from "./names.ts"

/** How the live page is served. */
export interface ListenOptions {
  /** 0 takes a free one: see `url`. Default 0. */
  readonly port?: number
  /**
   * The address of this machine to listen on. One that others reach ("0.0.0.0", "::", an address of the network) requires a
   * `token`. Default "127.0.0.1": this machine only.
   */
  readonly host?: string
  /** What a visitor must know: at least 16 characters. Default: none is asked for, which only a loopback address allows. */
  readonly token?: string
  /** Further names by which a browser comes here, without port: that of a proxy, say. Addresses need not be named. */
  readonly names?: readonly string[]
  /** Allows visitors to cancel fibers. Default false: they can only look. */
  readonly actions?: boolean
  /** Milliseconds between two looks at the program, while somebody watches. An integer, 50 to 60 000. Default 1000. */
  readonly interval?: number
}

/** The options, each with a value. */
export interface Listen {
  readonly port: number
  readonly host: string
  readonly token: string | undefined
  readonly names: readonly string[]
  readonly actions: boolean
  readonly interval: number
}

export const listenOptions = ["port", "host", "token", "names", "actions", "interval"]

/** A token that can be tried out in a day is none. */
const shortest = 16

/** Checked at the call. `where` names the function of the API. */
export function listenOf(given: ListenOptions | undefined, where: string): Listen {
  mustKnow(given, listenOptions, where)
  const { port = 0, host = "127.0.0.1", token, names = [], actions = false, interval = 1000 } = given ?? {}
  must("port", port, "an integer from 0 to 65535", isWhole(port, 0, 65_535))
  must("host", host, 'a name or an address of this machine, such as "127.0.0.1"', isHostName(host))
  must("interval", interval, "an integer from 50 to 60000, in milliseconds", isWhole(interval, 50, 60_000))
  must("actions", actions, "true or false", typeof actions === "boolean")
  must("names", names, 'an array of host names without port, such as ["monitor.example"]', areNames(names))
  // What was given is not shown: it may be most of the real one.
  if (token !== undefined && !(typeof token === "string" && /^[\x21-\x7e]+$/.test(token) && token.length >= shortest)) {
    throw new RangeError(
      `Expected \`token\` of ${where} to be at least ${shortest} printable characters without spaces, got ` +
        `${typeof token === "string" ? `${token.length} characters, or others` : describe(token)}. ` +
        "To make one: crypto.randomUUID().",
    )
  }
  if (token === undefined && !isLoopback(host)) {
    throw new TypeError(
      `Expected a \`token\` with the host ${describe(host)} of ${where}, which others can reach, got none. ` +
        'Give one, token: crypto.randomUUID(), or listen on "127.0.0.1" and come through an SSH tunnel.',
    )
  }
  return { port, host, token, names, actions, interval }

  function must(name: string, value: unknown, expected: string, ok: boolean): void {
    if (!ok) throw new RangeError(`Expected \`${name}\` of ${where} to be ${expected}, got ${describe(value)}.`)
  }
}

function isWhole(given: unknown, least: number, most: number): boolean {
  return Number.isInteger(given) && (given as number) >= least && (given as number) <= most
}

function areNames(given: unknown): boolean {
  return Array.isArray(given) && given.every(isHostName)
}
