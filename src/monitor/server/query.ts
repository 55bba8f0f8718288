import { describe } from "../../data/index.ts"
import type { FiberQuery, FiberState } from "../view.ts"

/** A request that cannot be meant: answered with 400 and this text. */
export class QueryError extends Error {
  override readonly name = "QueryError"
}

const states: readonly FiberState[] = ["running", "ready", "sleeping", "waiting", "ending"]
const sorts: readonly NonNullable<FiberQuery["sort"]>[] = ["id", "name", "state", "since", "children"]
const known = ["parent", "search", "state", "name", "waitsFor", "sort", "descending", "offset", "limit"]
const longest = 200

/** The query of `/api/fibers`, each part checked. */
export function queryOf(parameters: URLSearchParams): FiberQuery {
  for (const name of parameters.keys()) {
    if (!known.includes(name)) throw wrong("the parameters", `among ${known.join(", ")}`, `\`${name.slice(0, 40)}\``)
    if (parameters.getAll(name).length > 1) throw wrong(`\`${name}\``, "given once", "it more often")
  }
  const given = (name: string): string | undefined => parameters.get(name) ?? undefined
  return withoutGaps({
    parent: whole("parent", given("parent"), 0, Number.MAX_SAFE_INTEGER),
    search: text("search", given("search")),
    state: oneOf("state", given("state"), states),
    name: text("name", given("name")),
    waitsFor: text("waitsFor", given("waitsFor")),
    sort: oneOf("sort", given("sort"), sorts),
    descending: flag("descending", given("descending")),
    offset: whole("offset", given("offset"), 0, Number.MAX_SAFE_INTEGER),
    limit: whole("limit", given("limit"), 1, 1000),
  })
}

/** The id in a path. */
export function idOf(given: string): number {
  return whole("the id of a fiber", given, 1, Number.MAX_SAFE_INTEGER) ?? 0
}

function whole(name: string, given: string | undefined, least: number, most: number): number | undefined {
  if (given === undefined) return undefined
  const number = Number(given)
  if (/^\d{1,16}$/.test(given) && number >= least && number <= most) return number
  throw wrong(quoted(name), `an integer from ${least} to ${most}`, describe(given))
}

function text(name: string, given: string | undefined): string | undefined {
  if (given === undefined || given.length <= longest) return given
  throw wrong(quoted(name), `at most ${longest} characters`, `${given.length}`)
}

function flag(name: string, given: string | undefined): boolean | undefined {
  if (given === undefined) return undefined
  return oneOf(name, given, ["true", "false"]) === "true"
}

function oneOf<T extends string>(name: string, given: string | undefined, allowed: readonly T[]): T | undefined {
  if (given === undefined) return undefined
  const found = allowed.find((value) => value === given)
  if (found !== undefined) return found
  throw wrong(quoted(name), `one of ${allowed.join(", ")}`, describe(given))
}

function quoted(name: string): string {
  return name.includes(" ") ? name : `\`${name}\``
}

function wrong(what: string, expected: string, got: string): QueryError {
  return new QueryError(`Expected ${what} to be ${expected}, got ${got}.`)
}

/** Optional fields are absent rather than undefined. */
function withoutGaps<T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>
  }
}
