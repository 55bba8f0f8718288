/** What arguments of streams must be: asked where they are written. */
import { describe } from "../data/index.ts"
import { mustBeFunction, mustKnow } from "../task/index.ts"

export function mustBeFunctions(given: unknown, where: string): void {
  if (!Array.isArray(given)) throw wrong(`the argument of ${where} to be an array of functions`, given)
  for (const one of given) mustBeFunction(one, where)
}

export function bufferOf(options: { readonly buffer?: number } | undefined, where: string): number {
  mustKnow(options, ["buffer"], where)
  return countOf(options?.buffer ?? 16, "buffer", 1)
}

/** A count that is an integer from `least` on, or Infinity. */
export function countOf(given: number, name: string, least: number): number {
  if ((Number.isInteger(given) || given === Infinity) && given >= least) return given
  throw new RangeError(`Expected \`${name}\` to be an integer >= ${least} or Infinity, got ${describe(given)}.`)
}

export function mustBeWritable(given: unknown, where: string): void {
  if (typeof (given as { getWriter?: unknown } | undefined)?.getWriter === "function") return
  throw wrong(`${where} to be a WritableStream`, given)
}

export function mustDecode(encoding: string): void {
  try {
    void new TextDecoder(encoding)
  } catch {
    throw new RangeError(`Expected \`encoding\` to be a label such as "utf-8", got ${describe(encoding)}.`)
  }
}

function wrong(what: string, given: unknown): TypeError {
  return new TypeError(`Expected ${what}, got ${describe(given)}.`)
}
